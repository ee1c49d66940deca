// purebpf as a whole process, without a kernel: what kernels said to its verbs in purebpf_load_test
// is played to the program by its own --replay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/testing/replay_kernel.h"
#include "purebpf/tests/support/dual_test.h"
#include "purebpf/tests/support/fixture_bundle.h"
#include "purebpf/tests/tools/purebpf_fixture.h"
#include "purebpf/tests/tools/temp_folder.h"
#include "purebpf/tests/tools/xconnect_process.h"

namespace purebpf::tool {
namespace {

using ::testing::AllOf;
using testing::BinaryFromEnvironment;
using ::testing::HasSubstr;
using testing::TempFolder;
using testing::XconnectProcess;

// A test of purebpf_load_test that runs the tool once, and how.
struct Row {
  const char* test;
  std::vector<std::string> arguments;
};

const std::string kObjects = "/tmp/purebpf_load_test/";  // where they were; nothing is there now

const std::vector<Row>& Rows() {
  static const std::vector<Row> rows = {
      {"OfEachFailsOnlyWhatFails",
       {"load", "--each", "--json", "--default-max-entries", "8", "--kconfig", kObjects + "config",
        kObjects + "tool.o"}},
      {"IsAllOrNothingOtherwise",
       {"load", "--json", "--default-max-entries", "8", "--kconfig", kObjects + "config",
        kObjects + "tool.o"}},
      {"FailsForAMapThatNoProgramNeeds", {"load", "--json", kObjects + "bad.o"}},
      {"RefusesWhatTheKernelRefuses",
       {"load", "--max-entries", "numbers=4294967295", kObjects + "small.o"}},
      {"LeavesNothingBehind",
       {"load", "--each", "--kconfig", kObjects + "config", kObjects + "small.o",
        kObjects + "tool.o"}},
      {"PlansWithoutLoading",
       {"plan", "--each", "--json", "--kconfig", kObjects + "config", kObjects + "tool.o"}},
  };
  return rows;
}

class Process : public ::testing::TestWithParam<std::string> {
 protected:
  // What that test had recorded of this kernel; the file has it too.
  std::string Recorded(const std::string& test) {
    const auto bundle =
        testing::FixtureBundle::Read(testing::FixturePath("purebpf_load_test", GetParam()));
    const std::string* const fixture = bundle.Find("LoadTest." + test);
    EXPECT_NE(fixture, nullptr) << test;
    if (fixture == nullptr) return "";
    WriteFile(file_, *fixture);
    return *fixture;
  }

  // The program's exit status, and what it said on both of its streams.
  std::pair<int, std::string> Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, {"--replay", file_});
    XconnectProcess process(std::filesystem::absolute(BinaryFromEnvironment("PUREBPF")), arguments);
    const int status = process.Wait();
    static_cast<void>(process.Says("never said"));  // reads what is left
    return {status, process.output()};
  }

  TempFolder folder_;
  std::string file_ = folder_ / "kernel.fixture";
};

TEST_P(Process, SaysWhatItsVerbsSay) {
  for (const Row& row : Rows()) {
    SCOPED_TRACE(row.test);
    auto kernel = testing::ReplayKernel::FromText(Recorded(row.test));
    ASSERT_TRUE(kernel.has_value()) << kernel.error().ToString();
    const Ran ran = RunPurebpf(*kernel, row.arguments);
    EXPECT_NE(ran.out, "");
    EXPECT_EQ(Run(row.arguments), std::pair(ran.status, ran.out + ran.err));
  }
}

TEST_P(Process, SaysWhereItGoesAnotherWay) {
  ASSERT_NE(Recorded("RefusesWhatTheKernelRefuses"), "");
  const auto [status, said] = Run({"load", "--max-entries", "numbers=5", kObjects + "small.o"});
  EXPECT_EQ(status, 1);
  EXPECT_THAT(said, AllOf(HasSubstr("->    max_entries"), HasSubstr("4294967295"),
                          HasSubstr("if what the code does now is right, record it again: ")));
}

INSTANTIATE_TEST_SUITE_P(Kernels, Process, ::testing::ValuesIn(testing::RecordedReleases()),
                         [](const auto& kernel) { return testing::KernelTestName(kernel.param); });

}  // namespace
}  // namespace purebpf::tool
