// The verifier's log, read: which instruction failed, on which line of C, what the registers held,
// what is likely to be the cause and what to do about it. Pure. The log itself is always kept.
//
// Dialects: Linux 4.14 ("R1=inv") to 7.x ("R1=scalar()", "; line @ file.c:12"). The words are no
// ABI: what is not recognised is left out, never guessed. Source: kernel/bpf/verifier.c,
// kernel/bpf/log.c.
#ifndef PUREBPF_LOADER_VERIFIER_LOG_H_
#define PUREBPF_LOADER_VERIFIER_LOG_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace purebpf {

// Something that the loader knows of an instruction and the verifier does not: that it stands for a
// field, or a kernel function, which this kernel lacks.
struct InsnNote {
  uint32_t insn = 0;
  std::string text;  // "field 'comm' of struct task_struct does not exist on this kernel"
};

// Where an instruction came from, for logs without source lines. Ordered by `insn`.
struct InsnSource {
  uint32_t insn = 0;      // the first of the line
  std::string_view file;  // borrowed
  std::string_view text;
  uint32_t line = 0;
};

struct VerifierExplanation {
  std::string message;           // the verifier's own line that tells most
  std::optional<uint32_t> insn;  // the instruction at which it gave up
  std::string insn_text;         // "71: r1 = *(u8 *)(r1 +14)" as in the log
  std::string source;            // "prog.c:12: return d[14];"; empty where nobody knows
  // The last states of those concerned: "R1=pkt(r=0)". Before Linux 5.18 a log has them only at
  // VerifierLog::level 2.
  std::vector<std::string> registers;
  std::string cause;  // empty where the family is unknown
  std::string fix;

  // One line: message; at instruction ... (source); registers; cause.
  [[nodiscard]] std::string Summary() const;
};

// Reads `log` once, from its end as far as it must; any text gives an explanation, of which every
// part may be empty.
[[nodiscard]] VerifierExplanation ExplainVerifierLog(std::string_view log,
                                                     std::span<const InsnNote> notes = {},
                                                     std::span<const InsnSource> sources = {});

}  // namespace purebpf

#endif  // PUREBPF_LOADER_VERIFIER_LOG_H_
