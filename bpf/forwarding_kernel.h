// A Kernel that hands every call on to another: the base of those that count, record or refuse
// some of them.
#ifndef PUREBPF_BPF_FORWARDING_KERNEL_H_
#define PUREBPF_BPF_FORWARDING_KERNEL_H_

#include "purebpf/bpf/kernel.h"

namespace purebpf {

// Borrows `next`, which must outlive it.
class ForwardingKernel : public Kernel {
 public:
  explicit ForwardingKernel(Kernel& next) : next_(next) {}

  SysResult<int> Bpf(Command command, MutableBytes attr, std::span<const Region> regions) override {
    return next_.Bpf(command, attr, regions);
  }
  void Close(int fd) override { next_.Close(fd); }
  SysResult<std::vector<std::byte>> ReadFile(const std::string& path, size_t max_bytes) override {
    return next_.ReadFile(path, max_bytes);
  }
  SysResult<Bytes> OpenFile(const std::string& path, size_t max_bytes) override {
    return next_.OpenFile(path, max_bytes);
  }
  void CloseFile(Bytes contents, FunctionRef<std::vector<std::byte>()> reduce) override {
    next_.CloseFile(contents, reduce);
  }
  SysResult<void> WriteFile(const std::string& path, Bytes bytes, WriteMode mode) override {
    return next_.WriteFile(path, bytes, mode);
  }
  SysResult<std::vector<std::string>> ListFolder(const std::string& path) override {
    return next_.ListFolder(path);
  }
  SysResult<void> MakeFolder(const std::string& path) override { return next_.MakeFolder(path); }
  SysResult<void> RemoveFile(const std::string& path) override { return next_.RemoveFile(path); }
  SysResult<uint64_t> FileSystemType(const std::string& path) override {
    return next_.FileSystemType(path);
  }
  SysResult<int> Open(const std::string& path) override { return next_.Open(path); }
  SysResult<size_t> Read(int fd, MutableBytes buffer) override { return next_.Read(fd, buffer); }
  SysResult<int> Duplicate(int fd) override { return next_.Duplicate(fd); }
  SysResult<int> PerfEventOpen(MutableBytes attr, std::span<const Region> regions,
                               const PerfTarget& target) override {
    return next_.PerfEventOpen(attr, regions, target);
  }
  SysResult<int> Ioctl(int fd, uint32_t request, uint64_t argument) override {
    return next_.Ioctl(fd, request, argument);
  }
  SysResult<void> SetSocketOption(int fd, int level, int option, Bytes value) override {
    return next_.SetSocketOption(fd, level, option, value);
  }
  SysResult<MutableBytes> MapMemory(int fd, size_t size, uint64_t offset, Access access,
                                    uint64_t address) override {
    return next_.MapMemory(fd, size, offset, access, address);
  }
  void UnmapMemory(MutableBytes memory) override { next_.UnmapMemory(memory); }
  void Look(Bytes memory) override { next_.Look(memory); }
  SysResult<std::string> Release() override { return next_.Release(); }
  std::optional<uint64_t> Capabilities() override { return next_.Capabilities(); }
  SysResult<ResourceLimit> GetResourceLimit(int resource) override {
    return next_.GetResourceLimit(resource);
  }
  SysResult<void> SetResourceLimit(int resource, ResourceLimit limit) override {
    return next_.SetResourceLimit(resource, limit);
  }
  SysResult<int> NetlinkOpen(int protocol, uint32_t groups) override {
    return next_.NetlinkOpen(protocol, groups);
  }
  SysResult<void> NetlinkSend(int fd, Bytes message) override {
    return next_.NetlinkSend(fd, message);
  }
  SysResult<size_t> NetlinkReceive(int fd, MutableBytes buffer, ReceiveMode mode) override {
    return next_.NetlinkReceive(fd, buffer, mode);
  }
  SysResult<size_t> Wait(std::span<Pollable> descriptors,
                         std::optional<std::chrono::milliseconds> timeout) override {
    return next_.Wait(descriptors, timeout);
  }

 protected:
  [[nodiscard]] Kernel& next() const { return next_; }

 private:
  Kernel& next_;
};

}  // namespace purebpf

#endif  // PUREBPF_BPF_FORWARDING_KERNEL_H_
