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

// The file's size, or nothing where it has none that is known beforehand, or too large a one.
std::optional<size_t> SizeOf(int fd, size_t max_bytes) {
  constexpr int kSeekSet = 0;
  constexpr int kSeekEnd = 2;
  const auto size = Call(Sys::kLseek, fd, 0, kSeekEnd);
  if (!size || !Call(Sys::kLseek, fd, 0, kSeekSet)) return std::nullopt;
  if (*size == 0 || static_cast<size_t>(*size) > max_bytes) return std::nullopt;
  return static_cast<size_t>(*size);
}

// Appends all that `fd` has to `bytes`. A file that has grown since it said its size, or never
// said one, is read all the same.
SysResult<void> ReadAll(int fd, size_t max_bytes, std::vector<std::byte>& bytes) {
  constexpr size_t kFirstRoom = 4096;
  size_t filled = 0;
  if (const auto size = SizeOf(fd, max_bytes)) bytes.resize(std::min(*size + 1, max_bytes));
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

SysResult<MutableBytes> OwnMemory(size_t size) {
  return Mmap(0, size, kProtRead | kProtWrite, kMapPrivate | kMapAnonymous, -1, 0);
}

// The file in memory of its own and nowhere else: a kernel with its debug information has hundreds
// of megabytes. Nothing where it is not as long as it said, being written meanwhile.
std::optional<Bytes> ReadWhole(int fd, size_t size) {
  const auto memory = OwnMemory(size);
  if (!memory) return std::nullopt;
  size_t filled = 0;
  std::byte beyond;
  while (true) {
    const bool full = filled == size;
    const auto got = Call(Sys::kRead, fd, full ? &beyond : memory->data() + filled,
                          full ? size_t{1} : size - filled);
    if (got && *got > 0 && !full) {
      filled += static_cast<size_t>(*got);
      continue;
    }
    if (got && *got == 0 && full) return *memory;
    (void)CallOnce(Sys::kMunmap, memory->data(), memory->size());
    return std::nullopt;
  }
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
  if (const auto read = ReadAll(file->get(), max_bytes, bytes); !read)
    return std::unexpected(read.error());
  return bytes;
}

SysResult<Bytes> HostKernel::OpenFile(const std::string& path, size_t max_bytes) {
  const auto file = OpenPath(*this, path, host::kNonblock);
  if (!file) return std::unexpected(file.error());
  if (const auto size = SizeOf(file->get(), max_bytes)) {
    if (NeverShrinks(path)) {
      if (const auto mapped = MapWhole(file->get(), *size)) return *mapped;
    }
    if (const auto whole = ReadWhole(file->get(), *size)) return *whole;
  }
  const auto read = ReadFile(path, max_bytes);
  if (!read) return std::unexpected(read.error());
  if (read->empty()) return Bytes();
  const auto memory = OwnMemory(read->size());
  if (!memory) return std::unexpected(memory.error());
  std::memcpy(memory->data(), read->data(), read->size());
  return *memory;
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
  const auto written = Call(Sys::kWrite, file->get(), bytes.data(), bytes.size());
  if (!written) return std::unexpected(written.error());
  if (static_cast<size_t>(*written) != bytes.size()) return std::unexpected(Errno{ENOSPC});
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
