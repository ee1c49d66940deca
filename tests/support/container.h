// What a container is made of, for tests that need root: a cgroup, and a user namespace with a BPF
// file system.
//
// Pretended ones are for a test that replays a recording: nothing is made, and all succeeds.
#ifndef PUREBPF_TESTS_SUPPORT_CONTAINER_H_
#define PUREBPF_TESTS_SUPPORT_CONTAINER_H_

#include <functional>
#include <string>

namespace purebpf::testing {

// A cgroup (version 2) that no process is in, so that programs which are attached to it see
// nothing. Removed with this, and what is still attached with it.
class TempCgroup {
 public:
  explicit TempCgroup(bool pretended = false);
  TempCgroup(const TempCgroup&) = delete;
  TempCgroup& operator=(const TempCgroup&) = delete;
  ~TempCgroup();

  // Its folder, the same in every run.
  static constexpr const char* kPath = "/sys/fs/cgroup/purebpf_test";
  // Why there is none; empty: it is there.
  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  bool made_ = false;
  std::string reason_;
};

// Runs `inside` in a user namespace of its own: it has all capabilities there, and none outside. On
// /sys/fs/bpf is a BPF file system of that namespace, for which everything may be asked of a token
// (Linux 6.9; before, it is an ordinary one). Descriptors and memory are the caller's, who waits.
// Returns why that could not be; empty: it has run.
[[nodiscard]] std::string RunInUserNamespace(const std::function<void()>& inside,
                                             bool pretended = false);

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_SUPPORT_CONTAINER_H_
