// HostKernel's calls on files, descriptors and memory.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "purebpf/bpf/fd.h"
#include "purebpf/bpf/host_kernel.h"
#include "purebpf/bpf/host_syscall.h"

namespace purebpf {

using host::Call;
using host::CallOnce;
using host::Done;
using host::Sys;

namespace {

// A path ends at its first NUL for the kernel: that would be another file.
bool IsPath(const std::string& path) { return path.find('\0') == std::string::npos; }

SysResult<Fd> OpenPath(HostKernel& kernel, const std::string& path, int flags, int mode = 0) {
  if (!IsPath(path)) return std::unexpected(Errno{EINVAL});
  const auto opened =
      Call(Sys::kOpenat, host::kAtFdcwd, path.c_str(), flags | host::kCloexec, mode);
  if (!opened) return std::unexpected(opened.error());
  return Fd(kernel, static_cast<int>(*opened));
}

// include/uapi/asm-generic/mman-common.h, include/uapi/linux/mman.h.
constexpr int kProtRead = 1;
constexpr int kProtWrite = 2;
constexpr int kMapShared = 1;
constexpr int kMapPrivate = 2;
constexpr int kMapAnonymous = 0x20;
constexpr int kMapFixedNoreplace = 0x100000;

SysResult<MutableBytes> Mmap(uint64_t address, size_t size, int protection, int flags, int fd,
                             uint64_t offset) {
  const auto mapped = Call(Sys::kMmap, address, size, protection, flags, fd, offset);
  if (!mapped) return std::unexpected(mapped.error());
  // NOLINTNEXTLINE(performance-no-int-to-ptr): mmap(2) without libc answers with an address
  return MutableBytes(reinterpret_cast<std::byte*>(*mapped), size);
}

// The file's size; nothing where it has none that is known beforehand.
std::optional<size_t> SizeOf(int fd) {
  constexpr int kSeekSet = 0;
  constexpr int kSeekEnd = 2;
  const auto size = Call(Sys::kLseek, fd, 0, kSeekEnd);
  if (!size || !Call(Sys::kLseek, fd, 0, kSeekSet) || *size == 0) return std::nullopt;
  return static_cast<size_t>(*size);
}

// All files of sysfs say that they have a page, which may be more than the limit, and have less.
bool IsTooLarge(std::optional<size_t> size, size_t max_bytes) {
  constexpr size_t kLargestPage = 65536;
  return size && *size > max_bytes && max_bytes >= kLargestPage;
}

// Descriptors that never block are waited for here: a pipe's other end takes its time. Not for
// ever: a daemon that is given a FIFO in place of its file is not to stand still.
bool WaitFor(int fd, int16_t events) {
  host::Timespec patience{.seconds = 5, .nanoseconds = 0};
  host::PollFd polled{.fd = fd, .events = events, .revents = 0};
  return Call(Sys::kPpoll, &polled, 1, &patience, 0, 0).value_or(0) > 0;
}

SysResult<size_t> ReadSome(int fd, std::byte* to, size_t size) {
  while (true) {
    const auto got = Call(Sys::kRead, fd, to, size);
    if (got) return static_cast<size_t>(*got);
    if (got.error() != Errno{EAGAIN} || !WaitFor(fd, host::kPollIn))
      return std::unexpected(got.error());
  }
}

// All that `fd` has, into memory that `room` gives: so many bytes, which begin with what it gave
// before. A file that has grown since it said its size, or never said one, is read all the same.
SysResult<size_t> ReadAll(int fd, size_t max_bytes,
                          FunctionRef<SysResult<MutableBytes>(size_t)> room) {
  const auto size = SizeOf(fd);
  std::byte beyond;
  if (IsTooLarge(size, max_bytes)) {
    // Folders seem large, and are refused by another name.
    const auto got = ReadSome(fd, &beyond, 1);
    return std::unexpected(got ? Errno{EFBIG} : got.error());
  }
  constexpr size_t kFirstRoom = 4096;
  size_t wanted = size ? *size + 1 : kFirstRoom;
  MutableBytes memory;
  size_t filled = 0;
  while (true) {
    if (filled == memory.size() && filled < max_bytes) {
      const auto more = room(std::min(wanted, max_bytes));
      if (!more) return std::unexpected(more.error());
      memory = *more;
      wanted = memory.size() > max_bytes / 2 ? max_bytes : 2 * memory.size();
    }
    // At the limit one byte more tells whether the file ends there.
    const bool full = filled == max_bytes;
    const auto got = ReadSome(fd, full ? &beyond : memory.data() + filled,
                              full ? size_t{1} : memory.size() - filled);
    if (!got) return std::unexpected(got.error());
    if (*got == 0) return filled;
    if (full) return std::unexpected(Errno{EFBIG});
    filled += *got;
  }
}

// Whether a file of this path can be mapped without fear: one on a disk that is cut while it is
// mapped ends the process with SIGBUS.
bool NeverShrinks(const std::string& path) { return path.starts_with("/sys/kernel/btf/"); }

// The mapping, or nothing where the kernel has none for this file.
std::optional<Bytes> MapWhole(int fd, size_t size) {
  // kernel/bpf/sysfs_btf.c takes private read-only mappings alone.
  const auto mapped = Mmap(0, size, kProtRead, kMapPrivate, fd, 0);
  if (!mapped) return std::nullopt;
  return *mapped;
}

// The file in memory of its own and nowhere else: a kernel with its debug information has hundreds
// of megabytes.
SysResult<Bytes> ReadIntoOwnMemory(int fd, size_t max_bytes) {
  constexpr int kMayMove = 1;
  MutableBytes memory;
  const auto resize = [&memory](size_t size) -> SysResult<MutableBytes> {
    if (memory.empty()) {
      const auto mapped = Mmap(0, size, kProtRead | kProtWrite, kMapPrivate | kMapAnonymous, -1, 0);
      if (mapped) memory = *mapped;
      return mapped;
    }
    const auto moved = Call(Sys::kMremap, memory.data(), memory.size(), size, kMayMove);
    if (!moved) return std::unexpected(moved.error());
    // NOLINTNEXTLINE(performance-no-int-to-ptr): as in Mmap
    memory = {reinterpret_cast<std::byte*>(*moved), size};
    return memory;
  };
  const auto filled = ReadAll(fd, max_bytes, resize);
  // Whoever gives it back knows of what was filled.
  if (filled && *filled != 0) return resize(*filled);
  if (!memory.empty()) (void)CallOnce(Sys::kMunmap, memory.data(), memory.size());
  if (!filled) return std::unexpected(filled.error());
  return Bytes();
}

// include/linux/dirent.h: linux_dirent64, whose name follows its fixed part.
struct Dirent {
  uint64_t inode;
  int64_t offset;
  uint16_t record_length;
  uint8_t type;
};
constexpr size_t kDirentName = 19;  // without the structure's tail padding

void AppendNames(Bytes records, std::vector<std::string>& names) {
  while (records.size() > kDirentName) {
    uint16_t length;
    std::memcpy(&length, records.data() + offsetof(Dirent, record_length), sizeof length);
    if (length <= kDirentName || length > records.size()) return;
    const auto* name = reinterpret_cast<const char*>(records.data()) + kDirentName;
    std::string_view text(name, strnlen(name, length - kDirentName));
    if (text != "." && text != "..") names.emplace_back(text);
    records = records.subspan(length);
  }
}

}  // namespace

SysResult<std::vector<std::byte>> HostKernel::ReadFile(const std::string& path, size_t max_bytes) {
  // Without O_NONBLOCK, opening a FIFO waits for its writer.
  const auto file = OpenPath(*this, path, host::kNonblock);
  if (!file) return std::unexpected(file.error());
  std::vector<std::byte> bytes;
  const auto filled =
      ReadAll(file->get(), max_bytes, [&bytes](size_t size) -> SysResult<MutableBytes> {
        bytes.resize(size);
        return MutableBytes(bytes);
      });
  if (!filled) return std::unexpected(filled.error());
  bytes.resize(*filled);
  return bytes;
}

SysResult<Bytes> HostKernel::OpenFile(const std::string& path, size_t max_bytes) {
  const auto file = OpenPath(*this, path, host::kNonblock);
  if (!file) return std::unexpected(file.error());
  if (NeverShrinks(path)) {
    const auto size = SizeOf(file->get());
    if (size && *size <= max_bytes)
      if (const auto mapped = MapWhole(file->get(), *size)) return *mapped;
  }
  return ReadIntoOwnMemory(file->get(), max_bytes);
}

void HostKernel::CloseFile(Bytes contents, FunctionRef<std::vector<std::byte>()>) {
  if (!contents.empty()) (void)CallOnce(Sys::kMunmap, contents.data(), contents.size());
}

SysResult<void> HostKernel::WriteFile(const std::string& path, Bytes bytes, WriteMode mode) {
  constexpr int kWriteOnly = 01;
  constexpr int kCreate = 0100;
  constexpr int kTruncate = 01000;
  constexpr int kAppend = 02000;
  const int how = mode == WriteMode::kAppend ? kAppend : kCreate | kTruncate;
  const auto file = OpenPath(*this, path, kWriteOnly | host::kNonblock | how, 0644);
  if (!file) return std::unexpected(file.error());
  // In one call where it can be: a control file of the kernel's takes a command so. A pipe takes
  // what it has room for.
  do {
    const auto written = Call(Sys::kWrite, file->get(), bytes.data(), bytes.size());
    if (!written) {
      if (written.error() != Errno{EAGAIN} || !WaitFor(file->get(), host::kPollOut))
        return std::unexpected(written.error());
      continue;
    }
    if (*written == 0 && !bytes.empty()) return std::unexpected(Errno{ENOSPC});
    bytes = bytes.subspan(static_cast<size_t>(*written));
  } while (!bytes.empty());
  return {};
}

SysResult<std::vector<std::string>> HostKernel::ListFolder(const std::string& path) {
  const auto folder = OpenPath(*this, path, host::kNonblock);
  if (!folder) return std::unexpected(folder.error());
  std::vector<std::string> names;
  std::vector<std::byte> records(32768);
  while (true) {
    const auto got = Call(Sys::kGetdents64, folder->get(), records.data(), records.size());
    if (!got) return std::unexpected(got.error());
    if (*got == 0) break;
    AppendNames(Bytes(records).first(static_cast<size_t>(*got)), names);
  }
  std::ranges::sort(names);
  return names;
}

SysResult<void> HostKernel::MakeFolder(const std::string& path) {
  if (!IsPath(path)) return std::unexpected(Errno{EINVAL});
  return Done(Call(Sys::kMkdirat, host::kAtFdcwd, path.c_str(), 0700));
}

SysResult<void> HostKernel::RemoveFile(const std::string& path) {
  if (!IsPath(path)) return std::unexpected(Errno{EINVAL});
  constexpr int kRemoveFolder = 0x200;  // AT_REMOVEDIR
  const SysResult<void> removed = Done(Call(Sys::kUnlinkat, host::kAtFdcwd, path.c_str(), 0));
  if (removed || removed.error() != Errno{EISDIR}) return removed;
  return Done(Call(Sys::kUnlinkat, host::kAtFdcwd, path.c_str(), kRemoveFolder));
}

SysResult<uint64_t> HostKernel::FileSystemType(const std::string& path) {
  if (!IsPath(path)) return std::unexpected(Errno{EINVAL});
  std::array<uint64_t, 15> statfs{};  // include/uapi/asm-generic/statfs.h; f_type is the first
  const auto got = Call(Sys::kStatfs, path.c_str(), statfs.data());
  if (!got) return std::unexpected(got.error());
  return statfs[0];
}

SysResult<int> HostKernel::Open(const std::string& path) {
  auto fd = OpenPath(*this, path, host::kNonblock);
  if (!fd) return std::unexpected(fd.error());
  return fd->Release();
}

SysResult<size_t> HostKernel::Read(int fd, MutableBytes buffer) {
  const auto got = Call(Sys::kRead, fd, buffer.data(), buffer.size());
  if (!got) return std::unexpected(got.error());
  return static_cast<size_t>(*got);
}

SysResult<int> HostKernel::Duplicate(int fd) {
  constexpr int kDupfdCloexec = 1030;  // F_DUPFD_CLOEXEC
  constexpr int kLowest = 3;           // never in the place of a closed stdin, stdout or stderr
  const auto got = Call(Sys::kFcntl, fd, kDupfdCloexec, kLowest);
  if (!got) return std::unexpected(got.error());
  return static_cast<int>(*got);
}

SysResult<int> HostKernel::PerfEventOpen(MutableBytes attr, std::span<const Region>,
                                         const PerfTarget& target) {
  constexpr uint64_t kFlagCloexec = 8;  // PERF_FLAG_FD_CLOEXEC, Linux 3.14
  const auto got = Call(Sys::kPerfEventOpen, attr.data(), target.pid, target.cpu, target.group_fd,
                        target.flags | kFlagCloexec);
  if (!got) return std::unexpected(got.error());
  return static_cast<int>(*got);
}

SysResult<int> HostKernel::Ioctl(int fd, uint32_t request, uint64_t argument) {
  const auto got = Call(Sys::kIoctl, fd, request, argument);
  if (!got) return std::unexpected(got.error());
  return static_cast<int>(*got);
}

SysResult<void> HostKernel::SetSocketOption(int fd, int level, int option, Bytes value) {
  return Done(Call(Sys::kSetsockopt, fd, level, option, value.data(), value.size()));
}

SysResult<MutableBytes> HostKernel::MapMemory(int fd, size_t size, uint64_t offset, Access access,
                                              uint64_t address) {
  const int protection = access == Access::kReadWrite ? kProtRead | kProtWrite : kProtRead;
  const int flags = kMapShared | (address != 0 ? kMapFixedNoreplace : 0);
  return Mmap(address, size, protection, flags, fd, offset);
}

void HostKernel::UnmapMemory(MutableBytes memory) {
  (void)CallOnce(Sys::kMunmap, memory.data(), memory.size());
}

void HostKernel::Look(Bytes) {}

}  // namespace purebpf
