// The seam: the only way from this library to the operating system, at the level of system calls
// and bytes. It is passed explicitly and every handle remembers the Kernel it came from, so a
// Kernel must outlive all handles made through it. There is no global one: a function that takes
// no Kernel& cannot do I/O.
//
// HostKernel (bpf/host_kernel.h) is the running kernel. Anything else that answers these calls will
// do in its place: that is how loading code is tested without root.
//
// Thread-safety: as the implementation says; HostKernel has no state and may be shared.
#ifndef PUREBPF_BPF_KERNEL_H_
#define PUREBPF_BPF_KERNEL_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"

namespace purebpf {

enum class Command : uint32_t;  // bpf/abi.h

enum class Direction : uint8_t {
  kIn,     // the kernel reads it
  kOut,    // the kernel writes it
  kInOut,  // both
};

// One pointer hidden in a bpf(2) attribute: where it sits, and the memory it spans.
struct Region {
  uint32_t attr_offset;  // of the __u64 that holds the pointer, from the attribute's start
  Direction direction;
  MutableBytes bytes;  // never written through where direction is kIn
};

// One descriptor of Wait.
struct Pollable {
  int fd = -1;
  bool readable = false;  // set by Wait; also on error or hang-up: reading then tells
};

// In the resource's unit.
struct ResourceLimit {
  static constexpr uint64_t kInfinity = ~uint64_t{0};  // RLIM_INFINITY

  uint64_t soft = 0;  // what counts
  uint64_t hard = 0;  // how far the soft one may be raised

  bool operator==(const ResourceLimit&) const = default;
};

enum class ReceiveMode : uint8_t {
  kBlock,    // until a datagram is there
  kDontWait  // EAGAIN where none is there
};

class Kernel {
 public:
  virtual ~Kernel() = default;

  // bpf(2): the command's non-negative result. `attr` is a command's structure (bpf/attr.h) whose
  // pointers all point into `regions`; the kernel may write both.
  // A PROG_LOAD that answers EAGAIN, and what a signal interrupted, is tried again here.
  virtual SysResult<int> Bpf(Command command, MutableBytes attr,
                             std::span<const Region> regions) = 0;

  // close(2). Never fails visibly: the descriptor is gone whatever the kernel answers.
  virtual void Close(int fd) = 0;

  // The whole file, up to `max_bytes` (EFBIG beyond). Files of /proc and /sys, whose size is not
  // known beforehand, as well. Never blocks on a FIFO.
  virtual SysResult<std::vector<std::byte>> ReadFile(const std::string& path, size_t max_bytes) = 0;

  // uname(2)'s release: "6.12.0-rc1".
  virtual SysResult<std::string> Release() = 0;

  // prlimit(2) of this process: the limits of `resource` (RLIMIT_*), and setting both.
  virtual SysResult<ResourceLimit> GetResourceLimit(int resource) = 0;
  virtual SysResult<void> SetResourceLimit(int resource, ResourceLimit limit) = 0;

  // A bound netlink socket of `protocol` (NETLINK_ROUTE is 0) that has joined `groups` (the bit
  // mask of sockaddr_nl), with extended acknowledgements, which do not repeat the request, and
  // strict checking, each where the kernel knows it.
  virtual SysResult<int> NetlinkOpen(int protocol, uint32_t groups) = 0;

  // One datagram to the kernel.
  virtual SysResult<void> NetlinkSend(int fd, Bytes message) = 0;

  // One datagram from the kernel. The result is its full length, which is larger than `buffer`
  // where it did not fit: what does not fit is lost. A datagram that another process sent is
  // skipped. ENOBUFS: messages of a group were lost.
  virtual SysResult<size_t> NetlinkReceive(int fd, MutableBytes buffer, ReceiveMode mode) = 0;

  // poll(2) for readability: how many became readable, 0 after `timeout` (none: wait for ever).
  // A signal ends it with EINTR: unlike the other calls it is not tried again, so that a caller
  // may react.
  virtual SysResult<size_t> Wait(std::span<Pollable> descriptors,
                                 std::optional<std::chrono::milliseconds> timeout) = 0;
};

}  // namespace purebpf

#endif  // PUREBPF_BPF_KERNEL_H_
