// A Kernel without a kernel: bpf(2) and files are answered by the test, and every call is kept. It
// counts descriptors, so that a test can say that none leaked.
//
//   FakeKernel kernel;
//   kernel.Answer(Command::kMapCreate, Errno{EPERM});        // the first; then the default
//   ... code under test ...
//   EXPECT_EQ(kernel.Count(Command::kMapCreate), 2u);
//   EXPECT_TRUE(kernel.open_fds().empty());
#ifndef PUREBPF_TESTS_SUPPORT_FAKE_KERNEL_H_
#define PUREBPF_TESTS_SUPPORT_FAKE_KERNEL_H_

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf::testing {

// One bpf(2), as it was asked and before it was answered.
struct FakeCall {
  Command command;
  std::vector<std::byte> attr;

  struct Memory {
    uint32_t attr_offset;
    Direction direction;
    std::vector<std::byte> bytes;
  };
  std::vector<Memory> regions;

  // The attribute as its structure.
  template <Attr A>
  A As() const {
    A value{};
    std::memcpy(&value, attr.data(), std::min(attr.size(), sizeof value));
    return value;
  }
};

class FakeKernel : public Kernel {
 public:
  // May write into the attribute and the regions, as the kernel would.
  using Handler = std::function<SysResult<int>(MutableBytes attr, std::span<const Region> regions)>;

  // What the next calls of `command` answer, one after the other. When there are no more: a new
  // descriptor where the command makes one, else 0.
  FakeKernel& Answer(Command command, Errno error) {
    return Answer(command, [error](MutableBytes, std::span<const Region>) -> SysResult<int> {
      return std::unexpected(error);
    });
  }
  FakeKernel& Answer(Command command, Handler handler) {
    handlers_[command].push_back(std::move(handler));
    return *this;
  }
  // What all calls of `command` answer that Answer leaves.
  FakeKernel& Always(Command command, Handler handler) {
    defaults_[command] = std::move(handler);
    return *this;
  }
  FakeKernel& Always(Command command, Errno error) {
    return Always(command, [error](MutableBytes, std::span<const Region>) -> SysResult<int> {
      return std::unexpected(error);
    });
  }

  // The world around; free to set.
  std::map<std::string, std::string> files;  // others are ENOENT
  SysResult<std::string> release = std::string("6.1.0");
  std::optional<uint64_t> capabilities;  // what the process has; nothing: not known
  ResourceLimit limit = {.soft = 65536, .hard = 65536};
  bool may_raise_hard_limit = true;
  std::deque<std::vector<std::byte>> replies;  // the datagrams to be received
  std::deque<std::string> readable;            // what Read gives, one after the other
  uint64_t file_system = 0xcafe4a11;           // BPF_FS_MAGIC
  std::function<void(Bytes)> on_look;

  struct Mapping {
    std::vector<std::byte> memory;
    uint64_t offset;
    Access access;
  };
  std::deque<Mapping> mappings;  // all that were made, in order; stay where they are
  std::vector<std::string> folders;
  std::vector<std::string> opened_paths;
  std::vector<std::vector<std::byte>> perf_events;
  std::vector<std::pair<uint32_t, uint64_t>> ioctls;

  // What was asked.
  [[nodiscard]] const std::vector<FakeCall>& calls() const { return calls_; }
  [[nodiscard]] size_t Count(Command command) const {
    size_t count = 0;
    for (const FakeCall& call : calls_) count += call.command == command ? 1 : 0;
    return count;
  }
  // The n-th call (from 0) of `command`, which must be there.
  [[nodiscard]] const FakeCall& Nth(Command command, size_t n) const {
    for (const FakeCall& call : calls_)
      if (call.command == command && n-- == 0) return call;
    std::abort();
  }
  [[nodiscard]] const std::vector<std::string>& read_paths() const { return read_paths_; }
  [[nodiscard]] size_t release_count() const { return release_count_; }
  [[nodiscard]] size_t get_limit_count() const { return get_limit_count_; }
  [[nodiscard]] const std::vector<ResourceLimit>& set_limits() const { return set_limits_; }
  [[nodiscard]] const std::vector<std::vector<std::byte>>& sent() const { return sent_; }
  [[nodiscard]] const std::set<int>& open_fds() const { return open_fds_; }
  // Closed though it was not open: twice, or never made.
  [[nodiscard]] size_t wrong_closes() const { return wrong_closes_; }
  // Files and mappings not ended; negative where one was ended twice.
  [[nodiscard]] int open_views() const { return open_views_; }
  [[nodiscard]] int open_mappings() const { return open_mappings_; }

  // For handlers: a descriptor that counts as open.
  int NewFd() {
    open_fds_.insert(++last_fd_);
    return last_fd_;
  }

  SysResult<int> Bpf(Command command, MutableBytes attr, std::span<const Region> regions) override {
    FakeCall call{.command = command, .attr = {attr.begin(), attr.end()}, .regions = {}};
    for (const Region& region : regions)
      call.regions.push_back({.attr_offset = region.attr_offset,
                              .direction = region.direction,
                              .bytes = {region.bytes.begin(), region.bytes.end()}});
    calls_.push_back(std::move(call));
    if (auto& queue = handlers_[command]; !queue.empty()) {
      const Handler handler = std::move(queue.front());
      queue.pop_front();
      return handler(attr, regions);
    }
    if (const auto found = defaults_.find(command); found != defaults_.end())
      return found->second(attr, regions);
    return MakesFd(command) ? NewFd() : 0;
  }
  void Close(int fd) override { wrong_closes_ += open_fds_.erase(fd) == 0 ? 1 : 0; }
  SysResult<std::vector<std::byte>> ReadFile(const std::string& path, size_t max_bytes) override {
    read_paths_.push_back(path);
    const auto found = files.find(path);
    if (found == files.end()) return std::unexpected(Errno{ENOENT});
    if (found->second.size() > max_bytes) return std::unexpected(Errno{EFBIG});
    const auto bytes = std::as_bytes(std::span(found->second));
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  }
  // Views of `files`, which must not change while one is open.
  SysResult<Bytes> OpenFile(const std::string& path, size_t max_bytes) override {
    read_paths_.push_back(path);
    const auto found = files.find(path);
    if (found == files.end()) return std::unexpected(Errno{ENOENT});
    if (found->second.size() > max_bytes) return std::unexpected(Errno{EFBIG});
    ++open_views_;
    return std::as_bytes(std::span(found->second));
  }
  void CloseFile(Bytes, FunctionRef<std::vector<std::byte>()>) override { --open_views_; }
  SysResult<void> WriteFile(const std::string& path, Bytes bytes, WriteMode mode) override {
    if (mode == WriteMode::kAppend && !files.contains(path)) return std::unexpected(Errno{ENOENT});
    if (mode == WriteMode::kReplace) files[path].clear();
    files[path].append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }
  // A folder is there where a file lies in it.
  SysResult<std::vector<std::string>> ListFolder(const std::string& path) override {
    std::set<std::string> names;
    for (const auto& [file, contents] : files) {
      if (!file.starts_with(path + "/")) continue;
      const std::string below = file.substr(path.size() + 1);
      names.insert(below.substr(0, below.find('/')));
    }
    if (names.empty()) return std::unexpected(Errno{ENOENT});
    return std::vector<std::string>(names.begin(), names.end());
  }
  SysResult<void> MakeFolder(const std::string& path) override {
    folders.push_back(path);
    return {};
  }
  SysResult<void> RemoveFile(const std::string& path) override {
    if (files.erase(path) == 0) return std::unexpected(Errno{ENOENT});
    return {};
  }
  SysResult<uint64_t> FileSystemType(const std::string&) override { return file_system; }
  SysResult<int> Open(const std::string& path) override {
    opened_paths.push_back(path);
    return NewFd();
  }
  // What handlers of bpf(2) put into `readable`, one datagram a call.
  SysResult<size_t> Read(int, MutableBytes buffer) override {
    if (readable.empty()) return 0;
    const std::string text = std::move(readable.front());
    readable.pop_front();
    const size_t size = std::min(text.size(), buffer.size());
    if (size != 0) std::memcpy(buffer.data(), text.data(), size);
    return size;
  }
  SysResult<int> Duplicate(int) override { return NewFd(); }
  SysResult<int> PerfEventOpen(MutableBytes attr, std::span<const Region>,
                               const PerfTarget&) override {
    perf_events.emplace_back(attr.begin(), attr.end());
    return NewFd();
  }
  SysResult<int> Ioctl(int, uint32_t request, uint64_t argument) override {
    ioctls.emplace_back(request, argument);
    return 0;
  }
  SysResult<void> SetSocketOption(int, int, int, Bytes) override { return {}; }
  // Zeroed memory of the fake's own; `OnLook` may write it.
  SysResult<MutableBytes> MapMemory(int, size_t size, uint64_t offset, Access access,
                                    uint64_t) override {
    mappings.push_back(
        {.memory = std::vector<std::byte>(size), .offset = offset, .access = access});
    ++open_mappings_;
    return MutableBytes(mappings.back().memory);
  }
  void UnmapMemory(MutableBytes) override { --open_mappings_; }
  void Look(Bytes memory) override {
    if (on_look) on_look(memory);
  }
  std::optional<uint64_t> Capabilities() override { return capabilities; }
  SysResult<std::string> Release() override {
    ++release_count_;
    return release;
  }
  SysResult<ResourceLimit> GetResourceLimit(int) override {
    ++get_limit_count_;
    return limit;
  }
  SysResult<void> SetResourceLimit(int, ResourceLimit wanted) override {
    set_limits_.push_back(wanted);
    if (wanted.hard > limit.hard && !may_raise_hard_limit) return std::unexpected(Errno{EPERM});
    if (wanted.soft > wanted.hard) return std::unexpected(Errno{EINVAL});
    limit = wanted;
    return {};
  }
  SysResult<int> NetlinkOpen(int, uint32_t) override { return NewFd(); }
  SysResult<void> NetlinkSend(int, Bytes message) override {
    sent_.emplace_back(message.begin(), message.end());
    return {};
  }
  SysResult<size_t> NetlinkReceive(int, MutableBytes buffer, ReceiveMode) override {
    if (replies.empty()) return std::unexpected(Errno{EAGAIN});
    const std::vector<std::byte> reply = std::move(replies.front());
    replies.pop_front();
    if (const size_t size = std::min(reply.size(), buffer.size()); size != 0)
      std::memcpy(buffer.data(), reply.data(), size);
    return reply.size();
  }
  SysResult<size_t> Wait(std::span<Pollable> descriptors,
                         std::optional<std::chrono::milliseconds>) override {
    for (Pollable& descriptor : descriptors) descriptor.readable = !replies.empty();
    return replies.empty() ? 0 : descriptors.size();
  }

 private:
  static bool MakesFd(Command command) {
    switch (command) {
      case Command::kMapCreate:
      case Command::kProgLoad:
      case Command::kBtfLoad:
      case Command::kObjGet:
      case Command::kLinkCreate:
      case Command::kProgGetFdById:
      case Command::kMapGetFdById:
      case Command::kBtfGetFdById:
      case Command::kLinkGetFdById:
      case Command::kRawTracepointOpen:
      case Command::kIterCreate:
      case Command::kEnableStats:
      case Command::kTokenCreate:
        return true;
      default:
        return false;
    }
  }

  std::map<Command, std::deque<Handler>> handlers_;
  std::map<Command, Handler> defaults_;
  std::vector<FakeCall> calls_;
  std::vector<std::string> read_paths_;
  size_t release_count_ = 0;
  size_t get_limit_count_ = 0;
  std::vector<ResourceLimit> set_limits_;
  std::vector<std::vector<std::byte>> sent_;
  std::set<int> open_fds_;
  int last_fd_ = 100;
  size_t wrong_closes_ = 0;
  int open_views_ = 0;
  int open_mappings_ = 0;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_SUPPORT_FAKE_KERNEL_H_
