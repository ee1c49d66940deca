// A kernel whose netlink socket is scripted: each line of the script answers one receive, and what
// was sent and asked is counted. bpf(2) is answered as FakeKernel does.
#ifndef PUREBPF_TESTS_NETLINK_FAKE_NETLINK_H_
#define PUREBPF_TESTS_NETLINK_FAKE_NETLINK_H_

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/tests/netlink/hex.h"
#include "purebpf/tests/support/fake_kernel.h"

namespace purebpf::testing {

class FakeNetlink final : public FakeKernel {
 public:
  // The next receive gives these bytes, or this error.
  void Datagram(std::vector<std::byte> bytes) { script_.emplace_back(std::move(bytes)); }
  void Datagram(std::string_view hex) { Datagram(Hex(hex)); }
  void Fails(int error) { script_.emplace_back(std::unexpected(Errno{error})); }
  // Once the script is at its end, its last line is given again and again.
  void RepeatForEver() { repeats_ = true; }

  int open_error = 0;
  int send_error = 0;

  [[nodiscard]] int receives() const { return receives_; }           // that waited
  [[nodiscard]] int nonblocking() const { return nonblocking_; }     // that did not
  [[nodiscard]] size_t buffer_size() const { return buffer_size_; }  // of the last receive
  [[nodiscard]] uint32_t groups() const { return groups_; }          // of the last open

  SysResult<int> NetlinkOpen(int protocol, uint32_t groups) override {
    if (open_error != 0) return std::unexpected(Errno{open_error});
    groups_ = groups;
    return FakeKernel::NetlinkOpen(protocol, groups);
  }

  SysResult<void> NetlinkSend(int fd, Bytes message) override {
    if (send_error != 0) return std::unexpected(Errno{send_error});
    return FakeKernel::NetlinkSend(fd, message);
  }

  SysResult<size_t> NetlinkReceive(int, MutableBytes buffer, ReceiveMode mode) override {
    ++(mode == ReceiveMode::kBlock ? receives_ : nonblocking_);
    buffer_size_ = buffer.size();
    // A real socket would wait for ever: EDEADLK tells the test so.
    if (script_.empty())
      return std::unexpected(Errno{mode == ReceiveMode::kBlock ? EDEADLK : EAGAIN});
    const SysResult<std::vector<std::byte>> next = script_.front();
    if (!repeats_ || script_.size() > 1) script_.pop_front();
    if (!next) return std::unexpected(next.error());
    std::copy_n(next->begin(), std::min(next->size(), buffer.size()), buffer.begin());
    return next->size();
  }

 private:
  std::deque<SysResult<std::vector<std::byte>>> script_;
  bool repeats_ = false;
  int receives_ = 0;
  int nonblocking_ = 0;
  size_t buffer_size_ = 0;
  uint32_t groups_ = 0;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_NETLINK_FAKE_NETLINK_H_
