// The interfaces of this network namespace, as the plan sees them.
#ifndef PUREBPF_TOOLS_XCONNECT_PORTS_H_
#define PUREBPF_TOOLS_XCONNECT_PORTS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/netlink/socket.h"
#include "purebpf/tools/xconnect/plan.h"

namespace purebpf::xconnect {

// By what xconnect's program is known.
struct Identity {
  uint32_t id = 0;   // of this process's own; 0: it has loaded none
  std::string name;  // as the kernel keeps it
  // Equal code has equal tags on one kernel. Nothing: the name alone decides.
  std::optional<std::array<uint8_t, 8>> tag;
};

// Those that `pairs` names, by name or altname, and those in `wiring`; by ifindex. Looking at a
// program that is not ours needs CAP_SYS_ADMIN: without, it counts as foreign and has no name.
[[nodiscard]] Result<std::vector<Port>> ReadPorts(netlink::Socket& socket,
                                                  std::span<const Pair> pairs, const Wiring& wiring,
                                                  const Identity& identity);

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_PORTS_H_
