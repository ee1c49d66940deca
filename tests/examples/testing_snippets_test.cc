// What docs/TESTING.md shows beside examples/hermetic_test: compiled here, and run. The page has
// these lines as they are (testing_doc_test).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <string>

#include "examples/hermetic_test/counter.h"
#include "purebpf/bpf/testing/fault_kernel.h"
#include "purebpf/bpf/testing/recording_kernel.h"
#include "purebpf/bpf/testing/replay_kernel.h"
#include "purebpf/bpf/testing/replay_test.h"
#include "purebpf/bpf/testing/trace_kernel.h"
#include "purebpf/tests/support/fake_kernel.h"

namespace {

using purebpf::testing::FakeKernel;
using ::testing::HasSubstr;

// --- Orders -------------------------------------------------------------------------------------

class WorkersTest : public purebpf::testing::ReplayTest {
  [[nodiscard]] purebpf::testing::ReplayOptions Options() const override {
    return {.order = purebpf::testing::Order::kPerObject};
  }
};

// Its fixture has the two files the other way round.
TEST_F(WorkersTest, ReadInAnyOrder) {
  EXPECT_TRUE(kernel().ReadFile("/proc/one", 100).has_value());
  EXPECT_TRUE(kernel().ReadFile("/proc/two", 100).has_value());
}

// --- Faults -------------------------------------------------------------------------------------

TEST(Snippets, FailCalls) {
  FakeKernel host;
  purebpf::testing::FaultKernel kernel(host);
  kernel.FailCall(3, purebpf::Errno{ENOMEM});  // the third call, whatever it is
  kernel.FailEvery(2, purebpf::Command::kMapUpdateElem, purebpf::Errno{E2BIG});
  kernel.FailEvery(1, purebpf::testing::CallKind::kNetlinkSend, purebpf::Errno{EPERM});
  EXPECT_EQ(kernel.NetlinkSend(1, {}).error().value, EPERM);
  EXPECT_TRUE(kernel.Release().has_value());
  EXPECT_EQ(kernel.Release().error().value, ENOMEM);
}

// --- The trace ----------------------------------------------------------------------------------

TEST(Snippets, Trace) {
  FakeKernel next;
  ::testing::internal::CaptureStderr();
  {
    purebpf::testing::TraceKernel kernel(
        next, [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); });
    EXPECT_TRUE(kernel.Release().has_value());
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "uname = \"6.1.0\"\n");
}

// --- Without Bazel or GoogleTest ----------------------------------------------------------------

std::optional<purebpf::Error> Replay(FakeKernel& host) {
  auto replay = purebpf::testing::ReplayKernel::FromFile(host, "counter.fixture");
  if (!replay) return replay.error();  // no such file, or no fixture
  const auto replayed = Counter::Load(*replay);
  if (!replayed) return replayed.error();
  return std::nullopt;
}

TEST(Snippets, RecordAndReplay) {
  FakeKernel host;
  {
    purebpf::testing::RecordingKernel recorder(host, {.about = "load the counter"});
    const auto recorded = Counter::Load(recorder);
    const auto saved = recorder.Save(host, "counter.fixture");  // or recorder.Text()
    EXPECT_TRUE(recorded.has_value());
    EXPECT_TRUE(saved.has_value());
  }
  EXPECT_THAT(host.files["counter.fixture"], HasSubstr("about load the counter\n"));
  EXPECT_FALSE(Replay(host).has_value());
}

}  // namespace
