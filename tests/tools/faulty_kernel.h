// What the tests of xconnect's engine put before it and behind it: a kernel that refuses calls, and
// ears.
#ifndef PUREBPF_TESTS_TOOLS_FAULTY_KERNEL_H_
#define PUREBPF_TESTS_TOOLS_FAULTY_KERNEL_H_

#include <map>
#include <span>
#include <string>

#include "purebpf/bpf/forwarding_kernel.h"
#include "purebpf/tools/xconnect/report.h"

namespace purebpf::xconnect {

// A kernel that counts what may fail and refuses one of it when told: what it refuses is not said
// to the next, and so is in no recording.
class FaultyKernel final : public ForwardingKernel {
 public:
  using ForwardingKernel::ForwardingKernel;

  // From now on call number `nth` (from 0) is refused with `error`, and those that follow until
  // there are `times`.
  void RefuseAfter(int nth, int error, int times = 1) {
    countdown_ = nth;
    error_ = error;
    times_ = times;
  }
  // Whether one was.
  bool Refused() const { return countdown_ < 0; }
  void RefuseNothing() { error_ = 0; }

  std::map<Command, int> bpf_calls;

  SysResult<int> Bpf(Command command, MutableBytes attr, std::span<const Region> regions) override {
    ++bpf_calls[command];
    if (Refuse()) return std::unexpected(Errno{error_});
    return next().Bpf(command, attr, regions);
  }
  SysResult<void> NetlinkSend(int fd, Bytes message) override {
    if (Refuse()) return std::unexpected(Errno{error_});
    return next().NetlinkSend(fd, message);
  }

 private:
  bool Refuse() {
    if (error_ == 0) return false;
    --countdown_;
    return countdown_ < 0 && countdown_ >= -times_;
  }

  int countdown_ = 0;
  int error_ = 0;
  int times_ = 0;
};

class Listener final : public Report {
 public:
  void Tell(const Event& event) override { text += ToText(event); }
  std::string text;
};

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TESTS_TOOLS_FAULTY_KERNEL_H_
