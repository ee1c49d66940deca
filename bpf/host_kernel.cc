// The system calls of the library but those on files and memory (host_files.cc), and with them the
// only place where EINTR and EAGAIN are answered by trying again. Structures are the kernel's,
// defined here: a libc's headers may be older than the kernel, or define them otherwise (musl's
// msghdr).
#include "purebpf/bpf/host_kernel.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/fd.h"
#include "purebpf/bpf/host_syscall.h"

namespace purebpf {

using host::Call;
using host::CallOnce;
using host::Done;
using host::Sys;

namespace {

// include/uapi/linux/utsname.h: new_utsname.
struct Utsname {
  std::array<char, 65> sysname, nodename, release, version, machine, domainname;
};

// include/linux/socket.h, include/uapi/linux/netlink.h.
constexpr int kAfNetlink = 16;
constexpr int kSockRawCloexec = 3 | 02000000;
constexpr int kMsgTrunc = 0x20;
constexpr int kMsgDontwait = 0x40;
constexpr int kSolNetlink = 270;
// Wanted, and done without where the kernel is older (ENOPROTOOPT).
constexpr std::array kNetlinkOptions = {
    10,  // NETLINK_CAP_ACK, Linux 4.3: an acknowledgement does not repeat the request
    11,  // NETLINK_EXT_ACK, Linux 4.12: it has the kernel's words
    12,  // NETLINK_GET_STRICT_CHK, Linux 4.20: a dump's filter is honoured or refused
};

struct SockaddrNl {
  uint16_t nl_family = kAfNetlink;
  uint16_t nl_pad = 0;
  uint32_t nl_pid = 0;
  uint32_t nl_groups = 0;
};

// The kernel answers EAGAIN where a signal came while it verified (kernel/bpf/verifier.c:
// do_check), so this too is tried again; but a timer faster than the verifier must not hold us for
// ever.
constexpr int kProgLoadTries = 5;

SysResult<void> SetUpNetlink(int fd, uint32_t groups) {
  const int on = 1;
  for (const int option : kNetlinkOptions) {
    const auto set = Call(Sys::kSetsockopt, fd, kSolNetlink, option, &on, sizeof on);
    if (!set && set.error().value != ENOPROTOOPT) return std::unexpected(set.error());
  }
  const SockaddrNl address{.nl_groups = groups};
  return Done(Call(Sys::kBind, fd, &address, sizeof address));
}

}  // namespace

SysResult<int> HostKernel::Bpf(Command command, MutableBytes attr, std::span<const Region>) {
  int tries = command == Command::kProgLoad ? kProgLoadTries : 1;
  while (true) {
    const auto answer = Call(Sys::kBpf, static_cast<uint32_t>(command), attr.data(), attr.size());
    if (answer) return static_cast<int>(*answer);
    if (answer.error().value != EAGAIN || --tries == 0) return std::unexpected(answer.error());
  }
}

void HostKernel::Close(int fd) {
  // Linux has closed it even where it answers EINTR: trying again could close another's.
  (void)CallOnce(Sys::kClose, fd);
}

SysResult<std::string> HostKernel::Release() {
  Utsname names{};
  if (const auto got = Call(Sys::kUname, &names); !got) return std::unexpected(got.error());
  std::string release(names.release.data(), strnlen(names.release.data(), names.release.size()));
  // A process of the personality UNAME26 (setarch --uname-2.6) is told that every kernel is a 2.6
  // (kernel/sys.c: override_release). /proc does not take part in that.
  if (!release.starts_with("2.6.")) return release;
  const auto file = ReadFile("/proc/sys/kernel/osrelease", names.release.size() + 1);
  if (!file || file->empty()) return release;
  release.assign(reinterpret_cast<const char*>(file->data()), file->size());
  if (release.back() == '\n') release.pop_back();
  return release;
}

std::optional<uint64_t> HostKernel::Capabilities() {
  // include/uapi/linux/capability.h: the version, and 0 for the calling thread; then effective,
  // permitted and inheritable ones, the lower halves first.
  constexpr uint32_t kVersion3 = 0x20080522;
  std::array<uint32_t, 2> header = {kVersion3, 0};
  std::array<uint32_t, 6> sets{};
  if (!Call(Sys::kCapget, header.data(), sets.data())) return std::nullopt;
  return uint64_t{sets[3]} << 32U | sets[0];
}

SysResult<ResourceLimit> HostKernel::GetResourceLimit(int resource) {
  std::array<uint64_t, 2> limit{};  // rlimit64: soft, hard
  const auto got = Call(Sys::kPrlimit64, 0, resource, 0, limit.data());
  if (!got) return std::unexpected(got.error());
  return ResourceLimit{.soft = limit[0], .hard = limit[1]};
}

SysResult<void> HostKernel::SetResourceLimit(int resource, ResourceLimit limit) {
  const std::array<uint64_t, 2> wanted = {limit.soft, limit.hard};
  return Done(Call(Sys::kPrlimit64, 0, resource, wanted.data(), 0));
}

SysResult<int> HostKernel::NetlinkOpen(int protocol, uint32_t groups) {
  const auto opened = Call(Sys::kSocket, kAfNetlink, kSockRawCloexec, protocol);
  if (!opened) return std::unexpected(opened.error());
  Fd fd(*this, static_cast<int>(*opened));
  if (const auto set_up = SetUpNetlink(fd.get(), groups); !set_up)
    return std::unexpected(set_up.error());
  return fd.Release();
}

SysResult<void> HostKernel::NetlinkSend(int fd, Bytes message) {
  // No address: a socket that is not connected sends to the kernel.
  return Done(Call(Sys::kSendto, fd, message.data(), message.size(), 0, 0, 0));
}

SysResult<size_t> HostKernel::NetlinkReceive(int fd, MutableBytes buffer, ReceiveMode mode) {
  // MSG_TRUNC: the length of the datagram, not of what fitted.
  const int flags = kMsgTrunc | (mode == ReceiveMode::kDontWait ? kMsgDontwait : 0);
  while (true) {
    SockaddrNl sender;
    uint32_t sender_size = sizeof sender;
    const auto got =
        Call(Sys::kRecvfrom, fd, buffer.data(), buffer.size(), flags, &sender, &sender_size);
    if (!got) return std::unexpected(got.error());
    // 0 is the kernel. A process with CAP_NET_ADMIN may send as well, and pretend to be it.
    if (sender.nl_pid == 0) return static_cast<size_t>(*got);
  }
}

SysResult<size_t> HostKernel::Wait(std::span<Pollable> descriptors,
                                   std::optional<std::chrono::milliseconds> timeout) {
  std::vector<host::PollFd> polled;
  polled.reserve(descriptors.size());
  for (const Pollable& descriptor : descriptors)
    polled.push_back({descriptor.fd, host::kPollIn, 0});
  host::Timespec time{};
  if (timeout) {
    const int64_t left = std::max<int64_t>(timeout->count(), 0);
    time = {.seconds = left / 1000, .nanoseconds = left % 1000 * 1000000};
  }
  const auto ready =
      CallOnce(Sys::kPpoll, polled.data(), polled.size(), timeout ? &time : nullptr, 0, 0);
  if (!ready) return std::unexpected(ready.error());
  for (size_t i = 0; i < polled.size(); ++i) descriptors[i].readable = polled[i].revents != 0;
  return static_cast<size_t>(*ready);
}

}  // namespace purebpf
