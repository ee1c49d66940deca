// Internal. What a verifier's log says in one line.
#ifndef PUREBPF_BPF_PROGRAM_LOG_H_
#define PUREBPF_BPF_PROGRAM_LOG_H_

#include <string>
#include <string_view>

namespace purebpf::internal {

// The last line that is no statistics: what the verifier rejected the program for.
std::string_view TellingLine(std::string_view log);

// The telling line and the number of lines; `whole` where no line is missing.
std::string LogDetail(std::string_view log, bool whole);

}  // namespace purebpf::internal

#endif  // PUREBPF_BPF_PROGRAM_LOG_H_
