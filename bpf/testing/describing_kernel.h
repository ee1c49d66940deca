// A Kernel that hands every call on to another and puts it into words, with what was answered: the
// base of RecordingKernel and TraceKernel, which say what becomes of the words.
#ifndef PUREBPF_BPF_TESTING_DESCRIBING_KERNEL_H_
#define PUREBPF_BPF_TESTING_DESCRIBING_KERNEL_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "purebpf/bpf/forwarding_kernel.h"
#include "purebpf/bpf/testing/fixture.h"

namespace purebpf::testing {

namespace internal {
struct Conversation;
}

class DescribingKernel : public ForwardingKernel {
 public:
  ~DescribingKernel() override;

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

 protected:
  // `shorten`: of bytes that are too many for a line only the beginning is told. `aside` is asked
  // what this wants to know for itself.
  DescribingKernel(Kernel& next, bool shorten, Kernel& aside);

  // A call that was made and answered.
  virtual void Said(Call call) = 0;
  // The same of OpenFile, whose contents are not in it yet: they may be many.
  virtual void SaidOpenFile(Call call, Bytes contents) = 0;
  // Those contents are about to be closed; `view` is the result of the call that opened them.
  virtual void SaidCloseFile(const std::string& view, Bytes contents,
                             FunctionRef<std::vector<std::byte>()> reduce) = 0;

  [[nodiscard]] internal::Conversation& conversation() const { return *conversation_; }

 private:
  Kernel& aside_;
  std::unique_ptr<internal::Conversation> conversation_;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_BPF_TESTING_DESCRIBING_KERNEL_H_
