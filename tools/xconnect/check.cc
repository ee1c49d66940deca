#include "purebpf/tools/xconnect/check.h"

#include <array>
#include <string>
#include <vector>

#include "purebpf/bpf/capabilities.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/try.h"
#include "purebpf/tools/xconnect/config.h"
#include "purebpf/tools/xconnect/config_file.h"
#include "purebpf/tools/xconnect/event.h"
#include "purebpf/tools/xconnect/plan.h"
#include "purebpf/tools/xconnect/ports.h"

namespace purebpf::xconnect {
namespace {

struct Answer {
  Plan plan;
  std::vector<Port> ports;
};

Result<Answer> Ask(Kernel& kernel, const Config& config, const Options& options) {
  netlink::Socket socket = PUREBPF_TRY(netlink::Socket::Open(kernel));
  const Wiring nothing;
  // No program is loaded whose tag could be compared: the name must do.
  const Identity identity{.name = KernelName("xdp_xconnect")};
  Answer answer;
  answer.ports = PUREBPF_TRY(ReadPorts(socket, config.pairs, nothing, identity));
  answer.plan = MakePlan({.pairs = config.pairs,
                          .ports = answer.ports,
                          .wiring = &nothing,
                          .policy = options.mode,
                          .force = options.force});
  return answer;
}

// What a run would need: to make the map and the program, and to attach it.
Needs AskCapabilities(Kernel& kernel) {
  constexpr std::array kWanted = {Capability::kBpf, Capability::kNetAdmin};
  Needs needs{.needed = {kWanted.begin(), kWanted.end()},
              .missing = MissingCapabilities(kernel, kWanted)};
  if (!needs.missing) return needs;
  needs.needed = CapabilitiesOf(kernel, kWanted);
  constexpr std::array kLook = {Capability::kSysAdmin};
  const auto blind = MissingCapabilities(kernel, kLook);
  needs.sees_programs = blind && blind->empty();
  return needs;
}

}  // namespace

int RunCheck(Kernel& kernel, const Options& options, Report& report) {
  const Result<std::string> text = ReadConfigFile(kernel, options.config);
  if (!text) {
    report.Tell(Refused(options.config, text.error()));
    return 1;
  }
  const auto config = ParseConfig(*text);
  if (!config) {
    report.Tell(Refused(options.config, config.error()));
    return 1;
  }
  const Result<Answer> answer = Ask(kernel, *config, options);
  if (!answer) {
    report.Tell(Failed(answer.error()));
    return 1;
  }
  Counts counts;
  for (size_t i = 0; i < config->pairs.size(); ++i) {
    const PairPlan& pair = answer->plan.pairs[i];
    counts.connected += pair.standing == Standing::kConnected ? 1U : 0U;
    counts.waiting += pair.standing == Standing::kWaiting ? 1U : 0U;
    counts.blocked += pair.standing == Standing::kBlocked ? 1U : 0U;
    report.Tell(Would(config->pairs[i], pair));
  }
  for (const Action& action : answer->plan.actions)
    if (action.verb == Verb::kAttach) report.Tell(WouldAttach(action));
  report.Tell(Needed(AskCapabilities(kernel)));
  report.Tell(Checked(options.config, counts));
  return counts.blocked == 0 ? 0 : 1;
}

}  // namespace purebpf::xconnect
