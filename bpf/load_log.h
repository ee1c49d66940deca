// Internal. The words of the kernel's verifiers, of programs and of BTF: how room is made for them,
// and what they say in one line.
#ifndef PUREBPF_BPF_LOAD_LOG_H_
#define PUREBPF_BPF_LOAD_LOG_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/function_ref.h"

namespace purebpf::internal {

// One attempt to load, or several with a growing log.
struct Loaded {
  SysResult<int> answer;
  std::string log;
  bool whole = true;  // false: `log` is the part that fitted (its end since Linux 6.4)
};

// One call, and how much room its log takes by what the kernel says: 0 before Linux 6.4.
struct LoadAnswer {
  SysResult<int> answer;
  uint32_t true_size;
};

// Issues the call with a log, and again with a larger one for as long as the kernel answers ENOSPC
// and `max_bytes` allows.
Loaded LoadWithLog(uint32_t max_bytes, FunctionRef<LoadAnswer(MutableBytes log)> issue);

// Whether the verifier may have been asked at all: where it was not, a second try with a log would
// tell nothing, and may make it worse.
bool VerifierMayHaveSaid(Errno error);

// The last line that is no statistics: what the verifier rejected the load for.
std::string_view TellingLine(std::string_view log);

// The telling line and the number of lines; `whole` where no line is missing.
std::string LogDetail(std::string_view log, bool whole);

}  // namespace purebpf::internal

#endif  // PUREBPF_BPF_LOAD_LOG_H_
