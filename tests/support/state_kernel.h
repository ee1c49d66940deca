// A Kernel that hands every call on and keeps what these calls have changed in the world outside of
// the process, so that a test can say that all is as before: what is attached where, what is
// pinned, what is in which map.
//
//   StateKernel kernel(next);
//   const StateKernel::State before = kernel.state();
//   ... something that fails ...
//   EXPECT_EQ(kernel.state(), before);
//
// It models what it has seen, and knows nothing of what was there before. A request by netlink
// counts from when it is sent, and no more once its answer says that it was refused.
#ifndef PUREBPF_TESTS_SUPPORT_STATE_KERNEL_H_
#define PUREBPF_TESTS_SUPPORT_STATE_KERNEL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/forwarding_kernel.h"

namespace purebpf::testing {

class StateKernel final : public ForwardingKernel {
 public:
  using ForwardingKernel::ForwardingKernel;

  struct State {
    std::map<uint32_t, uint64_t> xdp;  // ifindex -> which program is attached by netlink
    std::set<std::string> attached;    // the other attachments, in words
    std::set<std::string> files;       // pins, folders and files that were made
    // Of maps that are open: what was put and not deleted.
    std::map<uint64_t, std::map<std::vector<std::byte>, std::vector<std::byte>>> maps;

    bool operator==(const State&) const = default;
  };
  [[nodiscard]] const State& state() const { return state_; }
  // What differs, in words; empty where nothing does.
  static std::string Difference(const State& before, const State& after);

  SysResult<int> Bpf(Command command, MutableBytes attr, std::span<const Region> regions) override;
  void Close(int fd) override;
  SysResult<int> Duplicate(int fd) override;
  SysResult<void> MakeFolder(const std::string& path) override;
  SysResult<void> RemoveFile(const std::string& path) override;
  SysResult<void> NetlinkSend(int fd, Bytes message) override;
  SysResult<size_t> NetlinkReceive(int fd, MutableBytes buffer, ReceiveMode mode) override;

 private:
  // What a descriptor stands for: it is used again, that is not.
  uint64_t ObjectOf(int fd);
  void NoteBpf(Command command, Bytes attr, std::span<const Region> regions, int result);
  void NoteElement(Command command, Bytes attr, std::span<const Region> regions);
  void NoteAttach(Bytes attr, bool attach);
  void NoteXdp(Bytes message);
  void NoteTraffic(uint16_t type, Bytes message);

  State state_;
  uint64_t last_object_ = 0;
  std::map<int, uint64_t> objects_;  // by descriptor
  struct Request {
    int fd;
    uint32_t sequence;
    State before;
  };
  std::optional<Request> request_;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_SUPPORT_STATE_KERNEL_H_
