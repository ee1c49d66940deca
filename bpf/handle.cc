#include "purebpf/bpf/handle.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/explain.h"
#include "purebpf/bpf/try.h"

namespace purebpf::internal {
namespace {

[[gnu::cold]] std::unexpected<Error> Refused(Kernel& kernel, Command command, Errno answer,
                                             std::string_view operation, const ObjectKind& kind,
                                             std::string_view object) {
  Error error = SystemError(answer, std::string(operation).append(kind.name), object);
  Explain(kernel, kHandleHints, {.command = command, .error = answer}, error);
  return std::unexpected(std::move(error));
}

Bytes PathBytes(const std::string& path) {
  return std::as_bytes(std::span(path.c_str(), path.size() + 1));  // with its NUL
}

// A path ends at its first NUL for the kernel: that would be another pin.
Result<void> CheckPath(const std::string& path, std::string_view operation,
                       const ObjectKind& kind) {
  if (!path.empty() && path.find('\0') == std::string::npos) return {};
  return std::unexpected(
      Error{.code = Code::kInvalidArgument,
            .operation = std::string(operation).append(kind.name),
            .object = path,
            .detail = path.empty() ? "the path is empty" : "the path has a NUL in it"});
}

constexpr uint64_t kBpfFs = 0xcafe4a11;  // include/uapi/linux/magic.h: BPF_FS_MAGIC

// Why a pin is refused: asked only afterwards.
std::string WhyNoPin(Kernel& kernel, const std::string& path, Errno answer) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : path.substr(0, slash);
  const auto type = kernel.FileSystemType(folder);
  if (!type) return type.error() == Errno{ENOENT} ? "there is no folder " + folder : std::string();
  if (*type != kBpfFs) return folder + " is not in a BPF file system: mount -t bpf bpf /sys/fs/bpf";
  // kernel/bpf/inode.c: bpf_lookup.
  if (answer == Errno{EPERM} &&
      path.find('.', slash == std::string::npos ? 0 : slash + 1) != std::string::npos)
    return "a name in a BPF file system may have no dot";
  return {};
}

}  // namespace

std::string NameOfId(uint32_t id) { return "id " + std::to_string(id); }

Result<Fd> OpenById(Kernel& kernel, Command command, const ObjectKind& kind, uint32_t id,
                    uint32_t open_flags) {
  GetFdByIdAttr attr{.id = id, .open_flags = open_flags};
  const auto fd = BpfCall(command, attr).Issue(kernel);
  if (!fd) return Refused(kernel, command, fd.error(), "open ", kind, NameOfId(id));
  return Fd(kernel, *fd);
}

Result<uint32_t> AskInfo(Kernel& kernel, int fd, MutableBytes info, const ObjectKind& kind,
                         std::string_view object, std::span<const Region> nested) {
  constexpr Command kCommand = Command::kObjGetInfoByFd;
  GetInfoByFdAttr attr{.bpf_fd = static_cast<uint32_t>(fd),
                       .info_len = static_cast<uint32_t>(info.size()),
                       .info = reinterpret_cast<uintptr_t>(info.data())};
  std::vector<Region> regions;
  regions.reserve(1 + nested.size());
  regions.push_back({.attr_offset = offsetof(GetInfoByFdAttr, info),
                     .direction = Direction::kInOut,
                     .bytes = info});
  regions.insert(regions.end(), nested.begin(), nested.end());
  const auto answer = kernel.Bpf(kCommand, MutableBytesOf(attr), regions);
  if (!answer) return Refused(kernel, kCommand, answer.error(), "ask about ", kind, object);
  return attr.info_len;
}

std::string TextOf(std::span<const char> field) {
  return {field.data(), strnlen(field.data(), field.size())};
}

Result<Fd> OpenPin(Kernel& kernel, const std::string& path, const ObjectKind& kind,
                   uint32_t file_flags) {
  constexpr std::string_view kOperation = "open pinned ";
  PUREBPF_TRY(CheckPath(path, kOperation, kind));
  ObjAttr attr{.file_flags = file_flags};
  const auto opened =
      BpfCall(Command::kObjGet, attr).In(&ObjAttr::pathname, PathBytes(path)).Issue(kernel);
  if (!opened) return Refused(kernel, Command::kObjGet, opened.error(), kOperation, kind, path);
  Fd fd(kernel, *opened);
  PUREBPF_TRY(CheckKind(kernel, fd.get(), kind, path));
  return fd;
}

Result<void> Pin(Kernel& kernel, int fd, const std::string& path, const ObjectKind& kind,
                 std::string_view object) {
  constexpr std::string_view kOperation = "pin ";
  PUREBPF_TRY(CheckPath(path, kOperation, kind));
  ObjAttr attr{.bpf_fd = static_cast<uint32_t>(fd)};
  const auto answer =
      BpfCall(Command::kObjPin, attr).In(&ObjAttr::pathname, PathBytes(path)).Issue(kernel);
  if (answer) return {};
  auto refused = Refused(kernel, Command::kObjPin, answer.error(), kOperation, kind, object);
  refused.error().detail = "at " + path;
  if (std::string why = WhyNoPin(kernel, path, answer.error()); !why.empty())
    refused.error().hint = std::move(why);
  return refused;
}

Result<void> Unpin(Kernel& kernel, const std::string& path, const ObjectKind& kind) {
  const auto removed = kernel.RemoveFile(path);
  if (removed) return {};
  return std::unexpected(
      SystemError(removed.error(), std::string("unpin ").append(kind.name), path));
}

Result<Fd> Duplicate(const Fd& fd, const ObjectKind& kind, std::string_view object) {
  const auto copy = fd.kernel().Duplicate(fd.get());
  if (copy) return Fd(fd.kernel(), *copy);
  return std::unexpected(
      SystemError(copy.error(), std::string("duplicate ").append(kind.name), object));
}

std::string FdInfo(Kernel& kernel, int fd) {
  const auto bytes = kernel.ReadFile("/proc/self/fdinfo/" + std::to_string(fd), 65536);
  if (!bytes) return {};
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

std::string_view FdInfoField(std::string_view fdinfo, std::string_view name) {
  while (!fdinfo.empty()) {
    std::string_view line = fdinfo.substr(0, fdinfo.find('\n'));
    fdinfo.remove_prefix(std::min(line.size() + 1, fdinfo.size()));
    if (!line.starts_with(name)) continue;
    line.remove_prefix(name.size());
    const size_t start = line.find_first_not_of(" \t");
    return start == std::string_view::npos ? std::string_view() : line.substr(start);
  }
  return {};
}

Result<void> CheckKind(Kernel& kernel, int fd, const ObjectKind& kind, std::string_view object) {
  const std::string fdinfo = FdInfo(kernel, fd);
  if (!FdInfoField(fdinfo, kind.fdinfo_line).empty()) return {};
  for (const ObjectKind& other : {kLinkKind, kMapKind, kProgramKind, kBtfKind})
    if (!FdInfoField(fdinfo, other.fdinfo_line).empty())
      return std::unexpected(Error{.code = Code::kInvalidArgument,
                                   .operation = std::string("open ").append(kind.name),
                                   .object = std::string(object),
                                   .detail = std::string("it is a ").append(other.name)});
  return {};
}

}  // namespace purebpf::internal
