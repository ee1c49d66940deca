// The kernel of a test: a fixture that is replayed, or the running kernel, which is recorded then.
//
//   HostKernel host;
//   auto test = TestKernel::Open(host, "CounterTest.CountsPackets");
//   ... code under test, with test->kernel() ...
//   auto ended = test->Finish();
//
// Which of them, the environment says:
//
//   PUREBPF_FIXTURES  the test's fixtures, files separated by spaces: the one that has the test's
//                     name, CounterTest.CountsPackets.fixture, answers. bpf_replay_test
//                     (tools/build/replay_test.bzl) sets it.
//   PUREBPF_RECORD    a folder: the running kernel answers, and the fixture is written there, with
//                     RecordingOptions::types_are_free.
//
// A GoogleTest has it made by bpf/testing/replay_test.h.
#ifndef PUREBPF_BPF_TESTING_TEST_KERNEL_H_
#define PUREBPF_BPF_TESTING_TEST_KERNEL_H_

#include <memory>
#include <string>
#include <string_view>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/bpf/testing/recording_kernel.h"
#include "purebpf/bpf/testing/replay_kernel.h"

namespace purebpf::testing {

// The file of that test among the environment's. kNotFound: there is none; the hint says how it is
// recorded.
[[nodiscard]] Result<std::string> FixturePath(std::string_view test);

class TestKernel {
 public:
  // Borrows `host`, which must outlive it: it reads and writes the file, and is what is recorded.
  // `name` is the test's, without "/". Of `options` the test's own name and command are filled in.
  // An Error as FixturePath and ReplayKernel::FromFile say.
  [[nodiscard]] static Result<TestKernel> Open(Kernel& host, const std::string& name,
                                               ReplayOptions options = {});

  [[nodiscard]] Kernel& kernel() const;
  // The running kernel answers.
  [[nodiscard]] bool live() const { return replay_ == nullptr; }

  // When all handles are gone. Of a replay: whether all went as recorded, to the end (kConflict,
  // and its log is the report). Of a recording: it is written.
  Result<void> Finish() const;

 private:
  explicit TestKernel(Kernel& host) : host_(&host) {}

  Kernel* host_;
  std::string file_;
  std::unique_ptr<ReplayKernel> replay_;
  std::unique_ptr<RecordingKernel> recorder_;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_BPF_TESTING_TEST_KERNEL_H_
