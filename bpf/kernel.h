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
#include "purebpf/bpf/function_ref.h"

namespace purebpf {

enum class Command : uint32_t;  // bpf/abi.h

enum class Direction : uint8_t {
  kIn,     // the kernel reads it
  kOut,    // the kernel writes it
  kInOut,  // both
};

// One pointer hidden in a bpf(2) attribute, or in memory that such a pointer leads to: where it
// sits, and the memory it spans.
struct Region {
  uint32_t attr_offset;  // of the __u64 that holds the pointer, from the start of its holder
  Direction direction;
  MutableBytes bytes;  // never written through where direction is kIn
  int holder = -1;     // the region in which the pointer sits, an earlier one; -1: the attribute
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

// Whom a perf event counts for, and where.
struct PerfTarget {
  int pid = -1;        // a process; 0 this one, -1 all
  int cpu = -1;        // -1 all, where a process is given
  int group_fd = -1;   // the event whose group it joins; -1 none
  uint64_t flags = 0;  // PERF_FLAG_*
};

enum class WriteMode : uint8_t {
  kReplace,  // truncated, or made with mode 0644
  kAppend,   // to a file that is there: tracefs's kprobe_events
};

enum class Access : uint8_t { kRead, kReadWrite };

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
  // known beforehand, as well. Waits for what comes through a pipe, but not for ever: EAGAIN where
  // nothing came for 5 s.
  virtual SysResult<std::vector<std::byte>> ReadFile(const std::string& path, size_t max_bytes) = 0;

  // The whole file, in memory that CloseFile frees, and at best without copying it: the kernel's
  // own BTF, some megabytes, can be mapped since Linux 6.16.
  virtual SysResult<Bytes> OpenFile(const std::string& path, size_t max_bytes) = 0;
  // A running kernel does not call `reduce`; a recorder keeps what it gives instead of the whole
  // file: contents in which whoever looked at `contents` finds the same again.
  virtual void CloseFile(Bytes contents, FunctionRef<std::vector<std::byte>()> reduce) = 0;

  // All of `bytes`, in one write(2) but for a pipe that has no room, which is waited for as above.
  virtual SysResult<void> WriteFile(const std::string& path, Bytes bytes, WriteMode mode) = 0;

  // The names in a folder, sorted, without "." and "..".
  virtual SysResult<std::vector<std::string>> ListFolder(const std::string& path) = 0;

  // mkdir(2) with mode 0700, and unlink(2), how a pin is ended; of an empty folder rmdir(2).
  virtual SysResult<void> MakeFolder(const std::string& path) = 0;
  virtual SysResult<void> RemoveFile(const std::string& path) = 0;

  // statfs(2)'s f_type of what is at `path`: 0xcafe4a11 for the BPF file system.
  virtual SysResult<uint64_t> FileSystemType(const std::string& path) = 0;

  // open(2) for reading, of what a descriptor can be handed on: a cgroup's folder, a network
  // namespace, a BPF file system.
  virtual SysResult<int> Open(const std::string& path) = 0;

  // read(2), once: of an iterator, a perf event. 0 at the end.
  virtual SysResult<size_t> Read(int fd, MutableBytes buffer) = 0;

  // A second descriptor (F_DUPFD_CLOEXEC) for the same open file.
  virtual SysResult<int> Duplicate(int fd) = 0;

  // perf_event_open(2). `attr` is struct perf_event_attr of the size that it states itself; the
  // pointers in it point into `regions`. The descriptor is close-on-exec.
  virtual SysResult<int> PerfEventOpen(MutableBytes attr, std::span<const Region> regions,
                                       const PerfTarget& target) = 0;

  // ioctl(2) whose argument is a number or a descriptor: PERF_EVENT_IOC_SET_BPF, _ENABLE.
  virtual SysResult<int> Ioctl(int fd, uint32_t request, uint64_t argument) = 0;

  // setsockopt(2): SO_ATTACH_BPF.
  virtual SysResult<void> SetSocketOption(int fd, int level, int option, Bytes value) = 0;

  // mmap(2), MAP_SHARED, of a descriptor's memory; at `address` (MAP_FIXED_NOREPLACE) where it is
  // not 0: an arena's. Ended by UnmapMemory.
  virtual SysResult<MutableBytes> MapMemory(int fd, size_t size, uint64_t offset, Access access,
                                            uint64_t address = 0) = 0;
  virtual void UnmapMemory(MutableBytes memory) = 0;
  // Says that the caller is about to read `memory`, which lies in a mapping: the running kernel has
  // nothing to do, a recorder notes what is there, and a replay puts it there.
  virtual void Look(Bytes memory) = 0;

  // uname(2)'s release: "6.12.0-rc1".
  virtual SysResult<std::string> Release() = 0;

  // capget(2): the effective capabilities of the calling thread, a bit each; bpf/capabilities.h
  // reads them. Nothing where that is not known: no recording has it, since it depends on who
  // replays. Only errors' words depend on it.
  virtual std::optional<uint64_t> Capabilities() { return std::nullopt; }

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
