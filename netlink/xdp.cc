#include "purebpf/netlink/xdp.h"

#include <cerrno>
#include <string>
#include <utility>

#include "purebpf/bpf/capabilities.h"
#include "purebpf/bpf/try.h"
#include "purebpf/netlink/link.h"

namespace purebpf::netlink {
namespace {

// Which modes a hint is for.
enum ModeSet : uint8_t {
  kSkb = 1,
  kNative = 2,
  kHardware = 4,
  kDefault = 8,
  kInDriver = kNative | kDefault,  // by default the driver's mode where it has one
  kAny = 15,
};

// What the kernel's answer means and what to do about it; the first row that fits. `says` is a part
// of the extended ack: dev_xdp_attach (net/core/dev.c) speaks since Linux 5.9, drivers as they
// like.
struct Row {
  int error;
  uint8_t modes;
  std::string_view says;  // "" fits whatever is said
  Code code;
  std::string_view hint;
};

constexpr std::string_view kTrySkb = "try SKB mode, which every interface has";

constexpr Row kRows[] = {
    {EPERM, kAny, "", Code::kPermission, "needs CAP_NET_ADMIN"},
    {EBUSY, kAny, "BPF XDP link", Code::kConflict,
     "a bpf_link holds this interface: end the process that has it, or unpin the link"},
    {EBUSY, kAny, "", Code::kConflict,
     "another XDP program is attached: detach it first, or displace it"},
    {EEXIST, kAny, "match expected", Code::kConflict,
     "somebody else changed the XDP program of this interface"},
    {EEXIST, kAny, "at the same time", Code::kConflict,
     "a program is attached in the other mode, SKB or native: detach it first"},
    {EEXIST, kAny, "upper device", Code::kConflict,
     "detach the program of the bond or team above this interface"},
    {EEXIST, kAny, "", Code::kConflict, ""},
    {EOPNOTSUPP, kHardware, "", Code::kUnsupported,
     "this interface runs no programs itself: use native or SKB mode"},
    {EOPNOTSUPP, kInDriver, "", Code::kUnsupported, kTrySkb},
    {EINVAL, kHardware, "", Code::kInvalidArgument,
     "hardware mode needs a device that runs programs, and one that was loaded for it"},
    {ERANGE, kInDriver, "", Code::kInvalidArgument,
     "the MTU is too large for native mode: lower it (a veth's is its peer's), or use SKB mode"},
    {EINVAL, kInDriver, "MTU", Code::kInvalidArgument,
     "the MTU is too large for native mode: lower it, or use SKB mode"},
    {ENOSPC, kInDriver, "", Code::kUnsupported,
     "the driver needs more queues for native mode: add queues, or use SKB mode"},
    {ENOMEM, kInDriver, "queue", Code::kUnsupported,
     "the driver needs more queues for native mode: add queues, or use SKB mode"},
    {ENODEV, kAny, "", Code::kNotFound, "the interface is gone"},
};

uint8_t ModeBit(XdpMode mode) {
  switch (mode) {
    case XdpMode::kDefault:
      return kDefault;
    case XdpMode::kSkb:
      return kSkb;
    case XdpMode::kNative:
      return kNative;
    case XdpMode::kHardware:
      return kHardware;
  }
  std::unreachable();
}

uint32_t ModeFlags(XdpMode mode) {
  switch (mode) {
    case XdpMode::kDefault:
      return 0;
    case XdpMode::kSkb:
      return kXdpSkbMode;
    case XdpMode::kNative:
      return kXdpDrvMode;
    case XdpMode::kHardware:
      return kXdpHwMode;
  }
  std::unreachable();
}

void Explain(Error& error, XdpMode mode) {
  for (const Row& row : kRows) {
    if (error.sys_errno != row.error || (ModeBit(mode) & row.modes) == 0 ||
        error.log.find(row.says) == std::string::npos)
      continue;
    error.code = row.code;
    error.hint = row.hint;
    return;
  }
}

// One RTM_SETLINK:
//
//   nlmsghdr | ifinfomsg | IFLA_XDP { IFLA_XDP_FD, IFLA_XDP_EXPECTED_FD?, IFLA_XDP_FLAGS }
//
// No program detaches. `expected` makes the kernel compare first (XDP_FLAGS_REPLACE, Linux 5.7).
struct Change {
  std::string_view operation;
  XdpMode mode;
  const Program* program = nullptr;
  const Program* expected = nullptr;
  uint32_t flags = 0;
};

// Where a program of that mode is; by default native where the driver has it.
uint32_t Attached(const XdpState& state, XdpMode mode) {
  switch (mode) {
    case XdpMode::kSkb:
      return state.skb;
    case XdpMode::kNative:
      return state.native;
    case XdpMode::kHardware:
      return state.hardware;
    case XdpMode::kDefault:
      return state.native != 0 ? state.native : state.skb;
  }
  std::unreachable();
}

Result<bool> IsDone(Socket& socket, uint32_t ifindex, const Change& change) {
  const XdpState state = PUREBPF_TRY(QueryXdp(socket, ifindex));
  const uint32_t attached = Attached(state, change.mode);
  const Program* const program = change.program != nullptr ? change.program : change.expected;
  if (program == nullptr) return attached == 0;
  const ProgramInfo info = PUREBPF_TRY(program->Info());
  return (attached == info.id) == (change.program != nullptr);
}

// The acknowledgement was lost: the interface itself tells whether the change was made, so that an
// Error never stands for a program that is attached all the same.
Result<void> FindOut(Socket& socket, uint32_t ifindex, const Change& change, Error lost) {
  const Result<bool> done = IsDone(socket, ifindex, change);
  if (done && *done) return {};
  if (!done) {
    if (!lost.detail.empty()) lost.detail += "; ";
    lost.detail += "it is not known whether it was done: " + done.error().ToString();
  }
  return std::unexpected(std::move(lost));
}

Result<void> Apply(Socket& socket, uint32_t ifindex, const Change& change) {
  uint32_t flags = change.flags | ModeFlags(change.mode);
  MessageBuilder request(kRtmSetLink);
  request.Header(IfInfo{.ifi_index = static_cast<int32_t>(ifindex)})
      .Begin(kIflaXdp)
      .Int(kXdpFd, static_cast<int32_t>(change.program != nullptr ? change.program->fd() : -1));
  if (change.expected != nullptr) {
    flags |= kXdpReplace;
    request.Int(kXdpExpectedFd, static_cast<int32_t>(change.expected->fd()));
  }
  request.Int(kXdpFlags, flags).End();
  const std::string object = LinkObject(ifindex);
  Result<void> result =
      socket.Request(std::move(request), {.operation = change.operation, .object = object});
  if (!result && socket.fate() == Socket::Fate::kUnknown)
    return FindOut(socket, ifindex, change, std::move(result).error());
  if (!result && socket.fate() == Socket::Fate::kAnswered) {
    Explain(result.error(), change.mode);
    NameMissingCapabilities(socket.kernel(), result.error());
    if (change.expected != nullptr && result.error().sys_errno == EINVAL &&
        result.error().hint.empty())
      result.error().hint =
          "comparing with an expected program needs Linux 5.7, and both to be XDP programs";
  }
  return result;
}

}  // namespace

Result<void> AttachXdp(Socket& socket, uint32_t ifindex, const Program& program,
                       const AttachOptions& options) {
  return Apply(socket, ifindex,
               {.operation = "attach XDP program",
                .mode = options.mode,
                .program = &program,
                .flags = options.if_attached == IfAttached::kRefuse ? kXdpUpdateIfNoExist : 0U});
}

Result<void> ReplaceXdp(Socket& socket, uint32_t ifindex, const Program& program,
                        const Program& expected, XdpMode mode) {
  return Apply(socket, ifindex,
               {.operation = "replace XDP program",
                .mode = mode,
                .program = &program,
                .expected = &expected});
}

Result<void> DetachXdp(Socket& socket, uint32_t ifindex, const Program& expected, XdpMode mode) {
  return Apply(socket, ifindex,
               {.operation = "detach XDP program", .mode = mode, .expected = &expected});
}

Result<void> DetachAnyXdp(Socket& socket, uint32_t ifindex, XdpMode mode) {
  return Apply(socket, ifindex, {.operation = "detach XDP program", .mode = mode});
}

Result<XdpState> QueryXdp(Socket& socket, uint32_t ifindex) {
  return PUREBPF_TRY(LinkByIndex(socket, ifindex)).xdp;
}

}  // namespace purebpf::netlink
