// xconnect as a process of its own, and what it says.
#ifndef PUREBPF_TESTS_TOOLS_XCONNECT_PROCESS_H_
#define PUREBPF_TESTS_TOOLS_XCONNECT_PROCESS_H_

#include <gtest/gtest.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace purebpf::testing {

// Where a process lives that is not to have what the test has.
struct Container {
  // chroot(2) into it comes first, in a mount namespace of its own; the program is looked up in
  // there.
  std::string root;
  // A bit each: as root, it never gets others (PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS).
  std::optional<uint64_t> capabilities;
};

// Runs in the network namespace of the thread that makes it. Killed when it is destroyed.
class XconnectProcess {
 public:
  // `arguments` without the program's name.
  XconnectProcess(const std::string& program, std::vector<std::string> arguments,
                  const Container& container = {});
  XconnectProcess(const XconnectProcess&) = delete;
  XconnectProcess& operator=(const XconnectProcess&) = delete;
  ~XconnectProcess();

  // The next line, after the one that was awaited last, that has `words` in it. Fails after 10
  // seconds or when the process ends, with all that it said.
  [[nodiscard]] ::testing::AssertionResult Await(std::string_view words);
  // Whether a line with `words` came so far, or comes within `quiet`.
  [[nodiscard]] bool Says(std::string_view words,
                          std::chrono::milliseconds quiet = std::chrono::milliseconds(0));

  void Signal(int number) const;
  // Its exit status, 128 + the signal that ended it, or -1 where it does not end in 10 seconds.
  [[nodiscard]] int Wait();
  // The reader of its output goes.
  void CloseOutput();

  // Everything it said so far, on both streams, in order.
  [[nodiscard]] const std::string& output() const { return output_; }

 private:
  // Takes what there is to read within `timeout`; false at the end.
  bool ReadSome(std::chrono::milliseconds timeout);

  pid_t pid_ = -1;
  int fd_ = -1;
  std::string output_;
  size_t cursor_ = 0;
};

// The binary that Bazel built, from the environment variable `name`.
[[nodiscard]] std::string BinaryFromEnvironment(const char* name);

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_TOOLS_XCONNECT_PROCESS_H_
