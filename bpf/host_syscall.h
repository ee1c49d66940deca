// Raw system calls: no libc wrapper, no errno. Internal to HostKernel.
#ifndef PUREBPF_BPF_HOST_SYSCALL_H_
#define PUREBPF_BPF_HOST_SYSCALL_H_

#include <array>
#include <cerrno>
#include <cstdint>
#include <type_traits>

#include "purebpf/bpf/error.h"

namespace purebpf::host {

// One system call: the kernel's answer, -4095 .. -1 for an errno. Numbers from
// arch/x86/entry/syscalls/syscall_64.tbl, and include/uapi/asm-generic/unistd.h for the others.
#if defined(__x86_64__) && !defined(__ILP32__)

enum class Sys : long {
  kRead = 0,
  kWrite = 1,
  kClose = 3,
  kLseek = 8,
  kMmap = 9,
  kMunmap = 11,
  kIoctl = 16,
  kMremap = 25,
  kSocket = 41,
  kSendto = 44,
  kRecvfrom = 45,
  kBind = 49,
  kSetsockopt = 54,
  kUname = 63,
  kFcntl = 72,
  kCapget = 125,
  kStatfs = 137,
  kGetdents64 = 217,
  kOpenat = 257,
  kMkdirat = 258,
  kUnlinkat = 263,
  kPpoll = 271,
  kPerfEventOpen = 298,
  kPrlimit64 = 302,
  kBpf = 321,
};

inline long RawSyscall(long number, long a, long b, long c, long d, long e, long f) {
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
  kFcntl = 25,
  kIoctl = 29,
  kMkdirat = 34,
  kUnlinkat = 35,
  kStatfs = 43,
  kOpenat = 56,
  kClose = 57,
  kGetdents64 = 61,
  kLseek = 62,
  kRead = 63,
  kWrite = 64,
  kPpoll = 73,
  kCapget = 90,
  kUname = 160,
  kSocket = 198,
  kBind = 200,
  kSendto = 206,
  kRecvfrom = 207,
  kSetsockopt = 208,
  kMunmap = 215,
  kMremap = 216,
  kMmap = 222,
  kPerfEventOpen = 241,
  kPrlimit64 = 261,
  kBpf = 280,
};

#if defined(__aarch64__)
inline long RawSyscall(long number, long a, long b, long c, long d, long e, long f) {
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
inline long RawSyscall(long number, long a, long b, long c, long d, long e, long f) {
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

inline SysResult<void> Done(SysResult<long> answer) {
  if (!answer) return std::unexpected(answer.error());
  return {};
}

// include/uapi/asm-generic/fcntl.h.
inline constexpr int kAtFdcwd = -100;
inline constexpr int kCloexec = 02000000;
inline constexpr int kNonblock = 04000;
inline constexpr int kReadOnlyNonblockCloexec = kNonblock | kCloexec;

// include/uapi/asm-generic/poll.h: struct pollfd.
struct PollFd {
  int fd;
  int16_t events;
  int16_t revents;
};
struct Timespec {  // include/uapi/linux/time_types.h: __kernel_timespec
  int64_t seconds;
  int64_t nanoseconds;
};
inline constexpr int16_t kPollIn = 1;
inline constexpr int16_t kPollOut = 4;

}  // namespace purebpf::host

#endif  // PUREBPF_BPF_HOST_SYSCALL_H_
