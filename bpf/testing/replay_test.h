// For GoogleTest: a test whose kernel is a fixture, in a target of bpf_replay_test
// (tools/build/replay_test.bzl).
//
//   using CounterTest = purebpf::testing::ReplayTest;
//
//   TEST_F(CounterTest, CountsPackets) {                // CounterTest.CountsPackets.fixture
//     auto counter = Counter::Load(kernel());
//     ...
//   }
//
// With PUREBPF_RECORD=FOLDER in the environment the same test has the running kernel, and what was
// said is written to FOLDER when it has passed (bpf/testing/test_kernel.h).
#ifndef PUREBPF_BPF_TESTING_REPLAY_TEST_H_
#define PUREBPF_BPF_TESTING_REPLAY_TEST_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/bpf/testing/test_kernel.h"

namespace purebpf::testing {

class ReplayTest : public ::testing::Test {
 protected:
  // A derived class's SetUp calls this first, and returns where HasFatalFailure() then.
  void SetUp() override {
    const ::testing::TestInfo& info = *::testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string(info.test_suite_name()) + "." + info.name();
    std::ranges::replace(name, '/', '_');
    Result<TestKernel> opened = TestKernel::Open(host_, name, Options());
    if (!opened) FAIL() << opened.error().ToString();
    test_.emplace(std::move(*opened));
  }
  // A derived class's TearDown lets go of all handles, then calls this.
  void TearDown() override {
    // Nothing is recorded of a test that failed, nor of one that was skipped.
    if (!test_ || IsSkipped() || (live() && HasFailure())) return;
    const Result<void> ended = test_->Finish();
    if (ended) return;
    const Error& error = ended.error();
    ADD_FAILURE() << (error.log.empty() ? error.ToString() : error.log);
  }

  [[nodiscard]] Kernel& kernel() { return test_->kernel(); }
  [[nodiscard]] bool live() const { return test_->live(); }

  // How this test is replayed, where that is not strictly in order.
  [[nodiscard]] virtual ReplayOptions Options() const { return {}; }

 private:
  HostKernel host_;
  std::optional<TestKernel> test_;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_BPF_TESTING_REPLAY_TEST_H_
