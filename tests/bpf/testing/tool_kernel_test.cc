// The kernels of programs and of tests, which options and the environment choose.
#include "purebpf/bpf/testing/tool_kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "purebpf/bpf/testing/test_kernel.h"
#include "purebpf/tests/support/fake_kernel.h"

namespace purebpf::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// NOLINTBEGIN(concurrency-mt-unsafe): the test is alone

constexpr const char* kVariables[] = {"PUREBPF_RECORD", "PUREBPF_REPLAY", "PUREBPF_REPLAYED",
                                      "PUREBPF_FIXTURES", "PUREBPF_RECORD_COMMAND"};

class ToolKernelTest : public ::testing::Test {
 protected:
  ToolKernelTest() {
    for (const char* name : kVariables) unsetenv(name);
  }
  ~ToolKernelTest() override {
    for (const char* name : kVariables) unsetenv(name);
  }
  // "uname" in a file.
  void WriteFixture(const std::string& path) {
    host_.files[path] =
        "purebpf fixture 1\nkernel 5.10.0\narch x86_64\nabout a test\n\nuname = \"5.10.0\"\n";
  }

  FakeKernel host_;
};

TEST_F(ToolKernelTest, IsTheHostWhereNothingIsAsked) {
  const auto tool = ToolKernel::Open(host_, {});
  ASSERT_TRUE(tool.has_value());
  EXPECT_EQ(&tool->kernel(), &host_);
  EXPECT_TRUE(tool->Finish().has_value());
}

TEST_F(ToolKernelTest, WritesWhatIsRecordedAtTheEnd) {
  const auto tool = ToolKernel::Open(host_, {.record = "x.fixture", .about = "a test"});
  ASSERT_TRUE(tool.has_value());
  EXPECT_EQ(tool->kernel().Release().value_or(""), "6.1.0");
  EXPECT_TRUE(tool->Finish().has_value());
  EXPECT_THAT(host_.files["x.fixture"], HasSubstr("about a test\n\nuname = \"6.1.0\"\n"));
}

TEST_F(ToolKernelTest, AnswersFromAFixtureAndSaysWhatDiffers) {
  WriteFixture("x.fixture");
  std::string told;
  const auto tool = ToolKernel::Open(host_, {.replay = "x.fixture",
                                             .trace = [&](std::string_view text) { told += text; },
                                             .about = "",
                                             .record_again = "again!"});
  ASSERT_TRUE(tool.has_value());
  EXPECT_EQ(tool->kernel().Release().value_or(""), "5.10.0");
  EXPECT_EQ(told, "uname = \"5.10.0\"\n");
  EXPECT_TRUE(tool->Finish().has_value());
  EXPECT_FALSE(tool->kernel().Open("/sys/fs/bpf").has_value());
  const auto ended = tool->Finish();
  ASSERT_FALSE(ended.has_value());
  EXPECT_THAT(ended.error().log, HasSubstr("call 2 is not what was recorded"));
  EXPECT_THAT(ended.error().log, HasSubstr("record it again: again!"));
}

TEST_F(ToolKernelTest, RefusesToRecordAReplay) {
  const auto tool = ToolKernel::Open(host_, {.record = "x", .replay = "y"});
  ASSERT_FALSE(tool.has_value());
  EXPECT_EQ(tool.error().code, Code::kInvalidArgument);
}

TEST_F(ToolKernelTest, TakesFilesFromTheEnvironmentAndOutOfIt) {
  setenv("PUREBPF_REPLAY", "x.fixture", 1);
  setenv("PUREBPF_REPLAYED", "report", 1);
  ToolKernelOptions options;
  AddEnvironment(options);
  EXPECT_EQ(options.replay, "x.fixture");
  EXPECT_EQ(options.replayed, "report");
  EXPECT_EQ(std::getenv("PUREBPF_REPLAY"), nullptr);
  EXPECT_EQ(std::getenv("PUREBPF_REPLAYED"), nullptr);

  setenv("PUREBPF_RECORD", "y.fixture", 1);
  ToolKernelOptions record;
  AddEnvironment(record);
  EXPECT_EQ(record.record, "y.fixture");

  // Options come first.
  setenv("PUREBPF_RECORD", "y.fixture", 1);
  ToolKernelOptions own{.record = "z.fixture"};
  AddEnvironment(own);
  EXPECT_EQ(own.record, "z.fixture");
}

// So that who runs it knows that there was a replay, and how it went.
TEST_F(ToolKernelTest, ReportsWhereItIsAskedTo) {
  WriteFixture("x.fixture");
  const auto tool = ToolKernel::Open(host_, {.replay = "x.fixture", .replayed = "report"});
  ASSERT_TRUE(tool.has_value());
  EXPECT_FALSE(tool->Finish().has_value());
  EXPECT_THAT(host_.files["report"], HasSubstr("1 call was never made"));
  EXPECT_TRUE(tool->kernel().Release().has_value());
  EXPECT_TRUE(tool->Finish().has_value());
  EXPECT_EQ(host_.files["report"], "");
}

TEST_F(ToolKernelTest, OfATestIsTheFixtureOfItsName) {
  WriteFixture("a/Other.Test.fixture");
  WriteFixture("a/Suite.Test.fixture");
  setenv("PUREBPF_FIXTURES", "a/Other.Test.fixture a/Suite.Test.fixture", 1);
  EXPECT_EQ(FixturePath("Suite.Test").value_or(""), "a/Suite.Test.fixture");
  const auto test = TestKernel::Open(host_, "Suite.Test");
  ASSERT_TRUE(test.has_value());
  EXPECT_FALSE(test->live());
  EXPECT_FALSE(test->Finish().has_value());
  EXPECT_EQ(test->kernel().Release().value_or(""), "5.10.0");
  EXPECT_TRUE(test->Finish().has_value());
}

TEST_F(ToolKernelTest, OfATestWithoutAFixtureSaysHowOneIsMade) {
  setenv("PUREBPF_RECORD_COMMAND", "sudo PUREBPF_RECORD=a bazel-bin/a/x_test", 1);
  EXPECT_EQ(TestKernel::Open(host_, "Suite.Test").error().ToString(),
            "replay 'Suite.Test.fixture': PUREBPF_FIXTURES is empty: this is no run of a "
            "bpf_replay_test, or that has no fixtures; record it, on a machine where the code "
            "works: sudo PUREBPF_RECORD=a bazel-bin/a/x_test --gtest_filter=Suite.Test");
  setenv("PUREBPF_FIXTURES", "a/Suite.TestA.fixture", 1);
  const auto test = TestKernel::Open(host_, "Suite.Test_1");
  ASSERT_FALSE(test.has_value());
  EXPECT_EQ(test.error().code, Code::kNotFound);
  EXPECT_THAT(test.error().ToString(), HasSubstr("not among the fixtures: a/Suite.TestA.fixture"));
  EXPECT_THAT(test.error().ToString(), HasSubstr("--gtest_filter='Suite.Test?1'"));
}

TEST_F(ToolKernelTest, OfATestIsRecordedIntoTheFolder) {
  setenv("PUREBPF_RECORD", "folder", 1);
  const auto test = TestKernel::Open(host_, "Suite.Test");
  ASSERT_TRUE(test.has_value());
  EXPECT_TRUE(test->live());
  EXPECT_EQ(test->kernel().Release().value_or(""), "6.1.0");
  ASSERT_TRUE(test->Finish().has_value());
  const std::string text = host_.files["folder/Suite.Test.fixture"];
  EXPECT_THAT(text, StartsWith("purebpf fixture 1\nkernel 6.1.0\narch "));
  EXPECT_THAT(text, EndsWith("\nabout Suite.Test\n\nuname = \"6.1.0\"\n"));
}

// NOLINTEND(concurrency-mt-unsafe)

}  // namespace
}  // namespace purebpf::testing
