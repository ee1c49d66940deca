// The running kernel, by raw system calls: no libc wrapper, no errno. Stateless: one may be shared
// between threads, and made again at no cost.
#ifndef PUREBPF_BPF_HOST_KERNEL_H_
#define PUREBPF_BPF_HOST_KERNEL_H_

#include "purebpf/bpf/kernel.h"

namespace purebpf {

class HostKernel final : public Kernel {
 public:
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
  std::optional<uint64_t> Capabilities() override;
  SysResult<ResourceLimit> GetResourceLimit(int resource) override;
  SysResult<void> SetResourceLimit(int resource, ResourceLimit limit) override;
  SysResult<int> NetlinkOpen(int protocol, uint32_t groups) override;
  SysResult<void> NetlinkSend(int fd, Bytes message) override;
  SysResult<size_t> NetlinkReceive(int fd, MutableBytes buffer, ReceiveMode mode) override;
  SysResult<size_t> Wait(std::span<Pollable> descriptors,
                         std::optional<std::chrono::milliseconds> timeout) override;
};

}  // namespace purebpf

#endif  // PUREBPF_BPF_HOST_KERNEL_H_
