// The command line.
#ifndef PUREBPF_TOOLS_XCONNECT_OPTIONS_H_
#define PUREBPF_TOOLS_XCONNECT_OPTIONS_H_

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "purebpf/tools/xconnect/plan.h"
#include "purebpf/tools/xconnect/report.h"

namespace purebpf::xconnect {

enum class Task : uint8_t { kRun, kCheck, kVersion, kHelp };

struct Options {
  Task task = Task::kRun;
  std::string config;  // the file's path
  ModePolicy mode = ModePolicy::kSkb;
  bool force = false;
  Format format = Format::kText;
  std::string record;  // a file for the conversation with the kernel; empty: none
  std::string replay;  // a file to answer from instead of the kernel; empty: none
  bool trace = false;  // that conversation to stderr
};

// The arguments after the program's name, or what is wrong with them.
[[nodiscard]] std::expected<Options, std::string> ParseOptions(
    std::span<const char* const> arguments);

[[nodiscard]] std::string_view PolicyName(ModePolicy policy);

inline constexpr std::string_view kVersion = "xconnect 0.1.0 (purebpf)\n";
inline constexpr std::string_view kUsage =
    R"(usage: xconnect --config FILE [OPTIONS]

Cross-connects pairs of network interfaces: what arrives on one leaves by the other. Runs until
SIGTERM or SIGINT, then detaches everything. Follows changes of FILE; SIGHUP reads it again.

  --config FILE  (-conf FILE)  the pairs, as YAML:
                                   links:
                                       eth0: tap0
                                       veth2: veth3
  --mode skb|native|auto       where the XDP program runs; skb (generic, any interface) unless said
                               otherwise; auto: native where both of a pair can, else skb
  --force                      replace XDP programs that are not xconnect's
  --check                      validate FILE, say what would be done, and do nothing
  --json                       one JSON object a line instead of text
  --record FIXTURE             write the conversation with the kernel into a file
  --replay FIXTURE             answer from such a file, without root; the kernel is not touched
  --trace                      tell that conversation on stderr, as it goes
                               (these three are not in the static build)
  --version, --help

exit status: 0 stopped by a signal, or FILE is good; 1 failed or FILE is bad; 2 wrong usage
)";

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_OPTIONS_H_
