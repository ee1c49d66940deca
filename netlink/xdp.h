// Attach XDP programs by rtnetlink. Such an attachment belongs to the interface: it outlives the
// process until it is detached or the interface goes.
//
// The first attachment of a *program* and its last detachment each wait for a grace period of the
// kernel (about 16 ms); the same program on a further interface costs microseconds.
// All need CAP_NET_ADMIN (and CAP_BPF for the program). Linux 4.8; 5.7 for Replace and Detach with
// an expected program. Source: net/core/dev.c: dev_xdp_attach.
#ifndef PUREBPF_NETLINK_XDP_H_
#define PUREBPF_NETLINK_XDP_H_

#include <cstdint>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/program.h"
#include "purebpf/netlink/socket.h"
#include "purebpf/netlink/xdp_state.h"

namespace purebpf::netlink {

// What may happen to a program that is attached already in that mode.
enum class IfAttached : uint8_t {
  kRefuse,    // XDP_FLAGS_UPDATE_IF_NOEXIST: kConflict (EBUSY), and it stays
  kDisplace,  // it is replaced, whatever it is
};

struct AttachOptions {
  XdpMode mode = XdpMode::kDefault;
  IfAttached if_attached = IfAttached::kRefuse;
};

// Errors: kConflict (EBUSY: another program is there; EEXIST: one in another mode, or a bpf_link),
// kNotFound (ENODEV), kUnsupported (EOPNOTSUPP: the driver has no native mode), kInvalidArgument
// (MTU too large for native, wrong program type); `log` has the kernel's or the driver's words.
Result<void> AttachXdp(Socket& socket, uint32_t ifindex, const Program& program,
                       const AttachOptions& options = {});

// Puts `program` in the place of `expected`, atomically: no packet sees neither. kConflict (EEXIST)
// where `expected` is not what is attached in that mode.
Result<void> ReplaceXdp(Socket& socket, uint32_t ifindex, const Program& program,
                        const Program& expected, XdpMode mode);

// Takes `expected` off, and nothing else: kConflict (EEXIST) where another program, or none, is
// there.
Result<void> DetachXdp(Socket& socket, uint32_t ifindex, const Program& expected, XdpMode mode);

// Takes off whatever is attached in that mode. No error where nothing is.
Result<void> DetachAnyXdp(Socket& socket, uint32_t ifindex, XdpMode mode);

// What is attached, by mode.
[[nodiscard]] Result<XdpState> QueryXdp(Socket& socket, uint32_t ifindex);

}  // namespace purebpf::netlink

#endif  // PUREBPF_NETLINK_XDP_H_
