// A Kernel that answers from a fixture (bpf/testing/fixture.h): no root, no kernel, the same answer
// every time.
//
//   auto kernel = ReplayKernel::FromFile(host, "drop.fixture");
//   ... code under test, with `*kernel` ...
//   EXPECT_TRUE(Finished(*kernel));                       // bpf/testing/gtest.h
//
// Every call must be one that was recorded, byte for byte, but for what the format declares free:
// pointers, the contents of log buffers, process ids, times, sequence numbers, trailing zeros of an
// attribute, the order of a netlink message's attributes. The first call that differs answers
// EPROTO, and so does every call after it; Report() then shows both calls side by side. Descriptors
// that it hands out mean nothing to a real kernel. Not thread-safe: one call at a time.
#ifndef PUREBPF_BPF_TESTING_REPLAY_KERNEL_H_
#define PUREBPF_BPF_TESTING_REPLAY_KERNEL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf::testing {

enum class Order : uint8_t {
  kStrict,     // as recorded
  kPerObject,  // calls on one descriptor or file as recorded; those on several in any order
  // For code that leaves the recorded way, as where a fault was put in: a call is answered as the
  // next recorded one that is equal, else as the last one; what was never recorded succeeds.
  kLoose,
};

struct ReplayOptions {
  Order order = Order::kStrict;
  std::string name;             // of the fixture, for reports: its path
  std::string record_again;     // the command that records it anew, for reports
  bool may_leave_open = false;  // descriptors, mappings and files that are not ended are no error
};

class ReplayKernel final : public Kernel {
 public:
  // kMalformed, kUnsupported: as ParseFixture; also values that do not fit their call.
  [[nodiscard]] static Result<ReplayKernel> FromText(std::string_view text,
                                                     ReplayOptions options = {});
  // Reads it by way of `files`, which is not used afterwards. `name` is the path where it is empty.
  [[nodiscard]] static Result<ReplayKernel> FromFile(Kernel& files, const std::string& path,
                                                     ReplayOptions options = {});
  ReplayKernel(ReplayKernel&&) noexcept;
  ReplayKernel& operator=(ReplayKernel&&) noexcept;
  ~ReplayKernel() override;

  // Whether all went as recorded, to the end: every call was made, and what was opened is closed.
  // kConflict: its log is Report().
  Result<void> Finish() const;
  // What Finish would say, for people; empty where it would be content.
  [[nodiscard]] std::string Report() const;
  // A call differed: everything answers EPROTO since.
  [[nodiscard]] bool failed() const;
  // How many were answered, and how many the fixture has.
  [[nodiscard]] size_t made() const;
  [[nodiscard]] size_t size() const;

  SysResult<int> Bpf(Command command, MutableBytes attr, std::span<const Region> regions) override;
  void Close(int fd) override;
  SysResult<std::vector<std::byte>> ReadFile(const std::string& path, size_t max_bytes) override;
  SysResult<Bytes> OpenFile(const std::string& path, size_t max_bytes) override;
  void CloseFile(Bytes contents, FunctionRef<std::vector<std::byte>()> reduce) override;
  SysResult<void> WriteFile(const std::string& path, Bytes bytes, WriteMode mode) override;
  SysResult<std::vector<std::string>> ListFolder(const std::string& path) override;
  SysResult<void> MakeFolder(const std::string& path) override;
  SysResult<void> RemoveFile(const std::string& path) override;
  SysResult<uint64_t> FileSystemType(const std::string& path) override;
  SysResult<int> Open(const std::string& path) override;
  SysResult<size_t> Read(int fd, MutableBytes buffer) override;
  SysResult<int> Duplicate(int fd) override;
  SysResult<int> PerfEventOpen(MutableBytes attr, std::span<const Region> regions,
                               const PerfTarget& target) override;
  SysResult<int> Ioctl(int fd, uint32_t request, uint64_t argument) override;
  SysResult<void> SetSocketOption(int fd, int level, int option, Bytes value) override;
  SysResult<MutableBytes> MapMemory(int fd, size_t size, uint64_t offset, Access access,
                                    uint64_t address) override;
  void UnmapMemory(MutableBytes memory) override;
  void Look(Bytes memory) override;
  SysResult<std::string> Release() override;
  SysResult<ResourceLimit> GetResourceLimit(int resource) override;
  SysResult<void> SetResourceLimit(int resource, ResourceLimit limit) override;
  SysResult<int> NetlinkOpen(int protocol, uint32_t groups) override;
  SysResult<void> NetlinkSend(int fd, Bytes message) override;
  SysResult<size_t> NetlinkReceive(int fd, MutableBytes buffer, ReceiveMode mode) override;
  SysResult<size_t> Wait(std::span<Pollable> descriptors,
                         std::optional<std::chrono::milliseconds> timeout) override;

 private:
  struct State;
  explicit ReplayKernel(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_BPF_TESTING_REPLAY_KERNEL_H_
