#include "purebpf/bpf/testing/fault_kernel.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace purebpf::testing {
namespace {

std::string_view NameOf(CallKind kind) {
  constexpr std::string_view kNames[] = {
      "bpf",         "ReadFile",         "OpenFile",
      "WriteFile",   "ListFolder",       "MakeFolder",
      "RemoveFile",  "FileSystemType",   "Open",
      "Read",        "Duplicate",        "PerfEventOpen",
      "Ioctl",       "SetSocketOption",  "MapMemory",
      "Release",     "GetResourceLimit", "SetResourceLimit",
      "NetlinkOpen", "NetlinkSend",      "NetlinkReceive",
      "Wait",
  };
  return kNames[static_cast<size_t>(kind)];
}

// The path that BPF_OBJ_PIN pins at.
std::string PathOf(std::span<const Region> regions) {
  for (const Region& region : regions) {
    if (region.attr_offset != 0 || region.holder >= 0) continue;
    const auto* const text = reinterpret_cast<const char*>(region.bytes.data());
    return {text, strnlen(text, region.bytes.size())};
  }
  return "";
}

bool MakesFd(Command command) {
  switch (command) {
    case Command::kMapCreate:
    case Command::kProgLoad:
    case Command::kObjGet:
    case Command::kProgGetFdById:
    case Command::kMapGetFdById:
    case Command::kRawTracepointOpen:
    case Command::kBtfLoad:
    case Command::kBtfGetFdById:
    case Command::kLinkCreate:
    case Command::kLinkGetFdById:
    case Command::kEnableStats:
    case Command::kIterCreate:
    case Command::kTokenCreate:
      return true;
    default:
      return false;
  }
}

template <typename Set, typename Text>
void AppendLeaks(std::string& leaks, std::string_view one, std::string_view many, const Set& left,
                 Text text) {
  if (left.empty()) return;
  if (!leaks.empty()) leaks += ", ";
  leaks += std::to_string(left.size()) + " " + std::string(left.size() == 1 ? one : many) + " (";
  bool first = true;
  for (const auto& each : left) {
    if (!first) leaks += ", ";
    first = false;
    leaks += text(each);
  }
  leaks += ")";
}

}  // namespace

void FaultKernel::FailCall(size_t n, Errno error) { nth_ = {n, error}; }

void FaultKernel::FailEvery(size_t n, CallKind kind, Errno error) {
  rules_.push_back({.every = n, .kind = kind, .command = std::nullopt, .error = error});
}

void FaultKernel::FailEvery(size_t n, Command command, Errno error) {
  rules_.push_back({.every = n, .kind = CallKind::kBpf, .command = command, .error = error});
}

void FaultKernel::Heal() {
  nth_.reset();
  rules_.clear();
}

std::optional<Errno> FaultKernel::Fault(CallKind kind, std::optional<Command> command,
                                        const std::string& path) {
  ++calls_;
  std::optional<Errno> error;
  if (nth_ && nth_->first == calls_) error = nth_->second;
  for (Rule& rule : rules_) {
    if (rule.kind != kind || (rule.command && rule.command != command)) continue;
    if (++rule.seen % std::max<size_t>(rule.every, 1) == 0) error = rule.error;
  }
  if (!error) return std::nullopt;
  ++faults_;
  const std::string_view name = command ? KernelSpelling(*command) : NameOf(kind);
  last_fault_ = std::string(name) + (path.empty() ? "" : " '" + path + "'") + ", call " +
                std::to_string(calls_) + ": " + ErrnoName(error->value);
  failed_ = {.kind = kind, .command = command, .path = path, .error = *error};
  return error;
}

FaultKernel::Held FaultKernel::held() const {
  return {.fds = fds_.size(),
          .mappings = mappings_.size(),
          .files = files_.size(),
          .pins = pins_.size(),
          .folders = folders_.size(),
          .wrong_closes = wrong_closes_};
}

std::string FaultKernel::Leaks() const {
  std::string leaks;
  AppendLeaks(leaks, "descriptor", "descriptors", fds_, [](int fd) { return std::to_string(fd); });
  AppendLeaks(leaks, "mapping", "mappings", mappings_,
              [](const auto& mapping) { return std::to_string(mapping.second) + " bytes"; });
  if (!files_.empty()) {
    if (!leaks.empty()) leaks += ", ";
    leaks += std::to_string(files_.size()) + " open file contents";
  }
  const auto itself = [](const std::string& path) { return path; };
  AppendLeaks(leaks, "pin", "pins", pins_, itself);
  AppendLeaks(leaks, "folder", "folders", folders_, itself);
  if (wrong_closes_ != 0) {
    if (!leaks.empty()) leaks += ", ";
    leaks += "closed what was not open: " + std::to_string(wrong_closes_) + " times";
  }
  return leaks;
}

SysResult<int> FaultKernel::Opened(SysResult<int> fd) {
  if (fd) fds_.insert(*fd);
  return fd;
}

SysResult<int> FaultKernel::Bpf(Command command, MutableBytes attr,
                                std::span<const Region> regions) {
  if (const auto error = Fault(CallKind::kBpf, command)) return std::unexpected(*error);
  const SysResult<int> answer = next().Bpf(command, attr, regions);
  if (answer && command == Command::kObjPin) pins_.insert(PathOf(regions));
  return MakesFd(command) ? Opened(answer) : answer;
}

void FaultKernel::Close(int fd) {
  if (fds_.erase(fd) == 0) ++wrong_closes_;
  next().Close(fd);
}

SysResult<std::vector<std::byte>> FaultKernel::ReadFile(const std::string& path, size_t max_bytes) {
  if (const auto error = Fault(CallKind::kReadFile, {}, path)) return std::unexpected(*error);
  return next().ReadFile(path, max_bytes);
}

SysResult<Bytes> FaultKernel::OpenFile(const std::string& path, size_t max_bytes) {
  if (const auto error = Fault(CallKind::kOpenFile, {}, path)) return std::unexpected(*error);
  const auto contents = next().OpenFile(path, max_bytes);
  if (contents) files_.insert(contents->data());
  return contents;
}

void FaultKernel::CloseFile(Bytes contents, FunctionRef<std::vector<std::byte>()> reduce) {
  if (const auto open = files_.find(contents.data()); open != files_.end())
    files_.erase(open);
  else
    ++wrong_closes_;
  next().CloseFile(contents, reduce);
}

SysResult<void> FaultKernel::WriteFile(const std::string& path, Bytes bytes, WriteMode mode) {
  if (const auto error = Fault(CallKind::kWriteFile, {}, path)) return std::unexpected(*error);
  return next().WriteFile(path, bytes, mode);
}

SysResult<std::vector<std::string>> FaultKernel::ListFolder(const std::string& path) {
  if (const auto error = Fault(CallKind::kListFolder, {}, path)) return std::unexpected(*error);
  return next().ListFolder(path);
}

SysResult<void> FaultKernel::MakeFolder(const std::string& path) {
  if (const auto error = Fault(CallKind::kMakeFolder, {}, path)) return std::unexpected(*error);
  const auto made = next().MakeFolder(path);
  if (made) folders_.insert(path);
  return made;
}

SysResult<void> FaultKernel::RemoveFile(const std::string& path) {
  if (const auto error = Fault(CallKind::kRemoveFile, {}, path)) return std::unexpected(*error);
  const auto removed = next().RemoveFile(path);
  if (!removed) return removed;
  pins_.erase(path);
  folders_.erase(path);
  return removed;
}

SysResult<uint64_t> FaultKernel::FileSystemType(const std::string& path) {
  if (const auto error = Fault(CallKind::kFileSystemType, {}, path)) return std::unexpected(*error);
  return next().FileSystemType(path);
}

SysResult<int> FaultKernel::Open(const std::string& path) {
  if (const auto error = Fault(CallKind::kOpen, {}, path)) return std::unexpected(*error);
  return Opened(next().Open(path));
}

SysResult<size_t> FaultKernel::Read(int fd, MutableBytes buffer) {
  if (const auto error = Fault(CallKind::kRead)) return std::unexpected(*error);
  return next().Read(fd, buffer);
}

SysResult<int> FaultKernel::Duplicate(int fd) {
  if (const auto error = Fault(CallKind::kDuplicate)) return std::unexpected(*error);
  return Opened(next().Duplicate(fd));
}

SysResult<int> FaultKernel::PerfEventOpen(MutableBytes attr, std::span<const Region> regions,
                                          const PerfTarget& target) {
  if (const auto error = Fault(CallKind::kPerfEventOpen)) return std::unexpected(*error);
  return Opened(next().PerfEventOpen(attr, regions, target));
}

SysResult<int> FaultKernel::Ioctl(int fd, uint32_t request, uint64_t argument) {
  if (const auto error = Fault(CallKind::kIoctl)) return std::unexpected(*error);
  return next().Ioctl(fd, request, argument);
}

SysResult<void> FaultKernel::SetSocketOption(int fd, int level, int option, Bytes value) {
  if (const auto error = Fault(CallKind::kSetSocketOption)) return std::unexpected(*error);
  return next().SetSocketOption(fd, level, option, value);
}

SysResult<MutableBytes> FaultKernel::MapMemory(int fd, size_t size, uint64_t offset, Access access,
                                               uint64_t address) {
  if (const auto error = Fault(CallKind::kMapMemory)) return std::unexpected(*error);
  const auto mapped = next().MapMemory(fd, size, offset, access, address);
  if (mapped) mappings_[mapped->data()] = mapped->size();
  return mapped;
}

void FaultKernel::UnmapMemory(MutableBytes memory) {
  if (mappings_.erase(memory.data()) == 0) ++wrong_closes_;
  next().UnmapMemory(memory);
}

SysResult<std::string> FaultKernel::Release() {
  if (const auto error = Fault(CallKind::kRelease)) return std::unexpected(*error);
  return next().Release();
}

SysResult<ResourceLimit> FaultKernel::GetResourceLimit(int resource) {
  if (const auto error = Fault(CallKind::kGetResourceLimit)) return std::unexpected(*error);
  return next().GetResourceLimit(resource);
}

SysResult<void> FaultKernel::SetResourceLimit(int resource, ResourceLimit limit) {
  if (const auto error = Fault(CallKind::kSetResourceLimit)) return std::unexpected(*error);
  return next().SetResourceLimit(resource, limit);
}

SysResult<int> FaultKernel::NetlinkOpen(int protocol, uint32_t groups) {
  if (const auto error = Fault(CallKind::kNetlinkOpen)) return std::unexpected(*error);
  return Opened(next().NetlinkOpen(protocol, groups));
}

SysResult<void> FaultKernel::NetlinkSend(int fd, Bytes message) {
  if (const auto error = Fault(CallKind::kNetlinkSend)) return std::unexpected(*error);
  return next().NetlinkSend(fd, message);
}

SysResult<size_t> FaultKernel::NetlinkReceive(int fd, MutableBytes buffer, ReceiveMode mode) {
  if (const auto error = Fault(CallKind::kNetlinkReceive)) return std::unexpected(*error);
  return next().NetlinkReceive(fd, buffer, mode);
}

SysResult<size_t> FaultKernel::Wait(std::span<Pollable> descriptors,
                                    std::optional<std::chrono::milliseconds> timeout) {
  if (const auto error = Fault(CallKind::kWait)) return std::unexpected(*error);
  return next().Wait(descriptors, timeout);
}

}  // namespace purebpf::testing
