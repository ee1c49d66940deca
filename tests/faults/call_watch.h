// A Kernel that hands every call on, knows which removals failed, and ends a loop that has no end.
#ifndef PUREBPF_TESTS_FAULTS_CALL_WATCH_H_
#define PUREBPF_TESTS_FAULTS_CALL_WATCH_H_

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/forwarding_kernel.h"

namespace purebpf::testing {

class CallWatch final : public ForwardingKernel {
 public:
  using ForwardingKernel::ForwardingKernel;

  // Something that only another call can take away may be left: unlink or BPF_PROG_DETACH failed,
  // or a request by netlink, which may have been to detach.
  [[nodiscard]] bool removal_failed() const { return removal_failed_; }

  SysResult<int> Bpf(Command command, MutableBytes attr, std::span<const Region> regions) override {
    Count();
    SysResult<int> answer = next().Bpf(command, attr, regions);
    return command == Command::kProgDetach ? Removed(std::move(answer)) : std::move(answer);
  }
  SysResult<std::vector<std::byte>> ReadFile(const std::string& path, size_t max_bytes) override {
    Count();
    return next().ReadFile(path, max_bytes);
  }
  SysResult<size_t> Read(int fd, MutableBytes buffer) override {
    Count();
    return next().Read(fd, buffer);
  }
  SysResult<void> MakeFolder(const std::string& path) override {
    Count();
    return next().MakeFolder(path);
  }
  SysResult<void> RemoveFile(const std::string& path) override {
    Count();
    return Removed(next().RemoveFile(path));
  }
  SysResult<int> NetlinkOpen(int protocol, uint32_t groups) override {
    Count();
    return next().NetlinkOpen(protocol, groups);
  }
  SysResult<void> NetlinkSend(int fd, Bytes message) override {
    Count();
    return Removed(next().NetlinkSend(fd, message));
  }
  SysResult<size_t> NetlinkReceive(int fd, MutableBytes buffer, ReceiveMode mode) override {
    Count();
    return Removed(next().NetlinkReceive(fd, buffer, mode));
  }
  SysResult<size_t> Wait(std::span<Pollable> descriptors,
                         std::optional<std::chrono::milliseconds> timeout) override {
    Count();
    return next().Wait(descriptors, timeout);
  }

 private:
  // No scenario makes a tenth of it.
  static constexpr size_t kMostCalls = 20000;

  template <typename T>
  SysResult<T> Removed(SysResult<T> answer) {
    if (!answer) removal_failed_ = true;
    return answer;
  }
  void Count() {
    if (++calls_ < kMostCalls) return;
    std::fprintf(stderr, "%zu calls: it goes on for ever\n", calls_);
    std::abort();
  }

  size_t calls_ = 0;
  bool removal_failed_ = false;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_FAULTS_CALL_WATCH_H_
