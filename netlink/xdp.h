// Attach XDP programs by rtnetlink. Such an attachment belongs to the interface: it outlives the
// process until it is detached or the interface goes.
//
// The first attachment of a *program* and its last detachment each wait for a grace period of the
// kernel (about 16 ms); the same program on a further interface costs microseconds. Each call is
// one request: one send, one receive.
// All but QueryXdp need CAP_NET_ADMIN in the interface's network namespace. Linux 4.8, SKB mode
// 4.12, hardware mode 4.16; 5.7 for ReplaceXdp and DetachXdp.
//
// Errors of all that change something: `code` and `hint` come from one table in xdp.cc, `log` and
// `detail` have the kernel's or the driver's own words, which the kernel has for most refusals
// since Linux 5.9.
//   kNotFound         ENODEV: no interface has that index (any more)
//   kPermission       EPERM
//   kConflict         EBUSY, EEXIST: as each function says; EEXIST also where an interface above
//                     this one (a bond's, a team's) has a program
//   kUnsupported      EOPNOTSUPP: native mode asked of an interface without a driver for it, or
//                     hardware mode of one without ndo_bpf; ENOSPC: the driver lacks queues for it
//   kInvalidArgument  EINVAL: not an XDP program; hardware mode that the driver does not know, or
//                     with a program that was not loaded for that device; ERANGE or EINVAL by
//                     driver: the MTU is too large for native mode
// Source: net/core/dev.c: dev_change_xdp_fd, dev_xdp_attach.
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
  kRefuse,    // XDP_FLAGS_UPDATE_IF_NOEXIST: EBUSY, and it stays
  kDisplace,  // it is replaced, whatever it is; but never one that a bpf_link holds
};

struct AttachOptions {
  XdpMode mode = XdpMode::kDefault;
  IfAttached if_attached = IfAttached::kRefuse;
};

// kConflict: EBUSY where a program is there already in that mode (the same one too) and may not be
// displaced, or where a bpf_link holds it; EEXIST where one is there in the other of SKB and native
// mode. XdpMode::kDefault is native mode on every interface whose driver has it at all, and does
// not fall back to SKB mode where the driver then refuses: for that, ask twice.
Result<void> AttachXdp(Socket& socket, uint32_t ifindex, const Program& program,
                       const AttachOptions& options = {});

// Puts `program` in the place of `expected`, atomically: no packet sees neither. kConflict: EEXIST
// where `expected` is not what is attached in that mode (nothing, or another program), EBUSY where
// a bpf_link holds it.
Result<void> ReplaceXdp(Socket& socket, uint32_t ifindex, const Program& program,
                        const Program& expected, XdpMode mode);

// Takes `expected` off, and nothing else. kConflict as for ReplaceXdp.
Result<void> DetachXdp(Socket& socket, uint32_t ifindex, const Program& expected, XdpMode mode);

// Takes off whatever is attached in that mode; success where nothing is. kConflict: EBUSY where a
// bpf_link holds it.
Result<void> DetachAnyXdp(Socket& socket, uint32_t ifindex, XdpMode mode);

// What is attached, by mode. Needs no privilege.
[[nodiscard]] Result<XdpState> QueryXdp(Socket& socket, uint32_t ifindex);

}  // namespace purebpf::netlink

#endif  // PUREBPF_NETLINK_XDP_H_
