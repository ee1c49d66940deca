// The only system calls of the library, and the only place where EINTR and EAGAIN are answered by
// trying again. Structures are the kernel's, defined here: a libc's headers may be older than the
// kernel, or define them otherwise (musl's msghdr).
#include "purebpf/bpf/host_kernel.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/fd.h"

namespace purebpf {
namespace {

// One system call: the kernel's answer, -4095 .. -1 for an errno. Numbers from
// arch/x86/entry/syscalls/syscall_64.tbl, and include/uapi/asm-generic/unistd.h for the others.
#if defined(__x86_64__) && !defined(__ILP32__)

enum class Sys : long {
  kRead = 0,
  kClose = 3,
  kSocket = 41,
  kSendto = 44,
  kRecvfrom = 45,
  kBind = 49,
  kSetsockopt = 54,
  kUname = 63,
  kOpenat = 257,
  kPpoll = 271,
  kPrlimit64 = 302,
  kBpf = 321,
};

long RawSyscall(long number, long a, long b, long c, long d, long e, long f) {
  long answer;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(answer)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return answer;
}

#elif defined(__aarch64__) || (defined(__riscv) && __riscv_xlen == 64)

enum class Sys : long {
  kOpenat = 56,
  kClose = 57,
  kRead = 63,
  kPpoll = 73,
  kUname = 160,
  kSocket = 198,
  kBind = 200,
  kSendto = 206,
  kRecvfrom = 207,
  kSetsockopt = 208,
  kPrlimit64 = 261,
  kBpf = 280,
};

#if defined(__aarch64__)
long RawSyscall(long number, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
}
#else
long RawSyscall(long number, long a, long b, long c, long d, long e, long f) {
  register long a7 __asm__("a7") = number;
  register long a0 __asm__("a0") = a;
  register long a1 __asm__("a1") = b;
  register long a2 __asm__("a2") = c;
  register long a3 __asm__("a3") = d;
  register long a4 __asm__("a4") = e;
  register long a5 __asm__("a5") = f;
  __asm__ volatile("ecall"
                   : "+r"(a0)
                   : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
                   : "memory");
  return a0;
}
#endif

#else
#error "purebpf's HostKernel knows the system calls of x86-64, aarch64 and riscv64 only"
#endif

template <typename T>
long Argument(T value) {
  if constexpr (std::is_pointer_v<T>)
    return static_cast<long>(reinterpret_cast<uintptr_t>(value));
  else
    return static_cast<long>(value);
}

// Without any policy. A null pointer is written 0.
template <typename... T>
SysResult<long> CallOnce(Sys number, T... arguments) {
  static_assert(sizeof...(T) <= 6);
  std::array<long, 6> words{Argument(arguments)...};
  const long answer = RawSyscall(static_cast<long>(number), words[0], words[1], words[2], words[3],
                                 words[4], words[5]);
  if (answer < 0) return std::unexpected(Errno{static_cast<int>(-answer)});
  return answer;
}

// Tried again for as long as signals interrupt it.
template <typename... T>
SysResult<long> Call(Sys number, T... arguments) {
  while (true) {
    auto answer = CallOnce(number, arguments...);
    if (answer || answer.error().value != EINTR) return answer;
  }
}

SysResult<void> Done(SysResult<long> answer) {
  if (!answer) return std::unexpected(answer.error());
  return {};
}

// include/uapi/asm-generic/fcntl.h. O_DIRECTORY and the like differ between architectures; these
// are the same on all three.
constexpr int kAtFdcwd = -100;
constexpr int kReadOnlyNonblockCloexec = 04000 | 02000000;

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

// include/uapi/asm-generic/poll.h.
struct PollFd {
  int fd;
  int16_t events;
  int16_t revents;
};
constexpr int16_t kPollIn = 1;

struct Timespec {
  int64_t seconds;
  int64_t nanoseconds;
};

// The kernel answers EAGAIN where a signal came while it verified (kernel/bpf/verifier.c:
// do_check), so this too is tried again; but a timer faster than the verifier must not hold us for
// ever.
constexpr int kProgLoadTries = 5;

// Appends all that `fd` has to `bytes`.
SysResult<void> ReadAll(int fd, size_t max_bytes, std::vector<std::byte>& bytes) {
  constexpr size_t kFirstRoom = 16384;  // most objects and every small /sys file, in one read
  size_t filled = 0;
  while (true) {
    if (filled == bytes.size() && filled < max_bytes)
      bytes.resize(std::min(max_bytes,
                            std::max(kFirstRoom, filled > max_bytes / 2 ? max_bytes : 2 * filled)));
    // At the limit one byte more tells whether the file ends there.
    std::byte beyond;
    const bool full = filled == max_bytes;
    const auto got = Call(Sys::kRead, fd, full ? &beyond : bytes.data() + filled,
                          full ? size_t{1} : bytes.size() - filled);
    if (!got) return std::unexpected(got.error());
    if (*got == 0) break;
    if (full) return std::unexpected(Errno{EFBIG});
    filled += static_cast<size_t>(*got);
  }
  bytes.resize(filled);
  return {};
}

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

SysResult<std::vector<std::byte>> HostKernel::ReadFile(const std::string& path, size_t max_bytes) {
  // A path ends at its first NUL for the kernel: that would be another file.
  if (path.find('\0') != std::string::npos) return std::unexpected(Errno{EINVAL});
  // Without O_NONBLOCK, opening a FIFO waits for its writer.
  const auto opened = Call(Sys::kOpenat, kAtFdcwd, path.c_str(), kReadOnlyNonblockCloexec, 0);
  if (!opened) return std::unexpected(opened.error());
  const Fd file(*this, static_cast<int>(*opened));
  std::vector<std::byte> bytes;
  if (const auto read = ReadAll(file.get(), max_bytes, bytes); !read)
    return std::unexpected(read.error());
  return bytes;
}

SysResult<std::string> HostKernel::Release() {
  Utsname names{};
  if (const auto got = Call(Sys::kUname, &names); !got) return std::unexpected(got.error());
  return std::string(names.release.data(), strnlen(names.release.data(), names.release.size()));
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
  std::vector<PollFd> polled;
  polled.reserve(descriptors.size());
  for (const Pollable& descriptor : descriptors) polled.push_back({descriptor.fd, kPollIn, 0});
  Timespec time{};
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
