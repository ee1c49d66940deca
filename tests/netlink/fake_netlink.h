// A kernel that has nothing but a scripted netlink socket: each datagram of the script answers one
// receive, and what was sent and asked is counted.
#ifndef PUREBPF_TESTS_NETLINK_FAKE_NETLINK_H_
#define PUREBPF_TESTS_NETLINK_FAKE_NETLINK_H_

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/kernel.h"
#include "purebpf/tests/netlink/hex.h"

namespace purebpf::testing {

class FakeNetlink final : public Kernel {
 public:
  static constexpr int kFd = 7;

  // The next receive gives these bytes, or this error.
  void Datagram(std::vector<std::byte> bytes) { script_.emplace_back(std::move(bytes)); }
  void Datagram(std::string_view hex) { Datagram(Hex(hex)); }
  void Fails(int error) { script_.emplace_back(std::unexpected(Errno{error})); }
  // Once the script is at its end, its last line is given again and again.
  void RepeatForEver() { repeats_ = true; }

  std::vector<std::vector<std::byte>> sent;
  int receives = 0;        // that waited
  int nonblocking = 0;     // that did not
  size_t buffer_size = 0;  // of the last receive
  uint32_t groups = 0;
  int closed = 0;
  int open_error = 0;
  int send_error = 0;

  SysResult<int> NetlinkOpen(int protocol, uint32_t joined) override {
    if (open_error != 0) return std::unexpected(Errno{open_error});
    groups = joined;
    return protocol == 0 ? SysResult<int>(kFd) : std::unexpected(Errno{EPROTONOSUPPORT});
  }

  SysResult<void> NetlinkSend(int fd, Bytes message) override {
    if (fd != kFd) return std::unexpected(Errno{EBADF});
    if (send_error != 0) return std::unexpected(Errno{send_error});
    sent.emplace_back(message.begin(), message.end());
    return {};
  }

  SysResult<size_t> NetlinkReceive(int fd, MutableBytes buffer, ReceiveMode mode) override {
    if (fd != kFd) return std::unexpected(Errno{EBADF});
    ++(mode == ReceiveMode::kBlock ? receives : nonblocking);
    buffer_size = buffer.size();
    // A real socket would wait for ever: EDEADLK tells the test so.
    if (script_.empty())
      return std::unexpected(Errno{mode == ReceiveMode::kBlock ? EDEADLK : EAGAIN});
    const SysResult<std::vector<std::byte>> next = script_.front();
    if (!repeats_ || script_.size() > 1) script_.pop_front();
    if (!next) return std::unexpected(next.error());
    std::copy_n(next->begin(), std::min(next->size(), buffer.size()), buffer.begin());
    return next->size();
  }

  void Close(int fd) override { closed += fd == kFd ? 1 : 0; }

  // The rest of the seam, which nothing here calls.
  SysResult<int> Bpf(Command, MutableBytes, std::span<const Region>) override { return Refused(); }
  SysResult<std::vector<std::byte>> ReadFile(const std::string&, size_t) override {
    return Refused();
  }
  SysResult<std::string> Release() override { return Refused(); }
  SysResult<ResourceLimit> GetResourceLimit(int) override { return Refused(); }
  SysResult<void> SetResourceLimit(int, ResourceLimit) override { return Refused(); }
  SysResult<size_t> Wait(std::span<Pollable>, std::optional<std::chrono::milliseconds>) override {
    return Refused();
  }

 private:
  static std::unexpected<Errno> Refused() { return std::unexpected(Errno{ENOSYS}); }

  std::deque<SysResult<std::vector<std::byte>>> script_;
  bool repeats_ = false;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_NETLINK_FAKE_NETLINK_H_
