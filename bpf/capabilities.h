// Which capabilities(7) the kernel asks of those who use BPF, and which of them this process lacks.
//
//   since Linux 5.8   CAP_BPF (maps, programs), CAP_NET_ADMIN (network programs, attaching them),
//                     CAP_PERFMON (tracing programs, attaching them); CAP_SYS_ADMIN includes
//                     CAP_BPF and CAP_PERFMON
//   before            CAP_SYS_ADMIN in their place, and CAP_NET_ADMIN
//
// Source: include/linux/capability.h, bpf_capable and perfmon_capable; kernel/bpf/syscall.c.
// Thread-safety: free functions.
#ifndef PUREBPF_BPF_CAPABILITIES_H_
#define PUREBPF_BPF_CAPABILITIES_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf {

// include/uapi/linux/capability.h: the number of the bit.
enum class Capability : uint8_t {
  kNetAdmin = 12,
  kSysAdmin = 21,
  kSysResource = 24,
  kSyslog = 34,
  kPerfmon = 38,
  kBpf = 39,
};

// "CAP_BPF".
[[nodiscard]] std::string_view NameOf(Capability capability);

// What this kernel asks for where others ask for `wanted`: before Linux 5.8 CAP_SYS_ADMIN stands
// for CAP_BPF and CAP_PERFMON. Reads the release.
[[nodiscard]] std::vector<Capability> CapabilitiesOf(Kernel& kernel,
                                                     std::span<const Capability> wanted);

// Those of CapabilitiesOf that the process lacks. Nothing where the Kernel does not know what it
// has, as in a replay. The release is read only where something is lacking.
[[nodiscard]] std::optional<std::vector<Capability>> MissingCapabilities(
    Kernel& kernel, std::span<const Capability> wanted);

// Whether this process lacks a capability of a hint that begins "needs CAP_A and CAP_B". False for
// other hints, and where it is not known what the process has.
[[nodiscard]] bool LacksCapabilityIn(Kernel& kernel, std::string_view hint);

// Adds to a hint that begins "needs CAP_A and CAP_B" which of the two this process lacks, or that
// it lacks none. What stands in parentheses there is of other kernels. Leaves other hints alone.
void NameMissingCapabilities(Kernel& kernel, Error& error);

}  // namespace purebpf

#endif  // PUREBPF_BPF_CAPABILITIES_H_
