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
  SysResult<std::string> Release() override;
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
