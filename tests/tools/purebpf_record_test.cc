// purebpf record and purebpf replay of programs that are not its own verbs: what they are handed in
// the environment, and what is said of those that do nothing with it. A shell plays the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "purebpf/tests/tools/purebpf_fixture.h"
#include "purebpf/tests/tools/temp_folder.h"

namespace purebpf::tool {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::TempFolder;

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Record, KeepsWhatTheProgramWritesAndEndsAsItDoes) {
  for (const int status : {0, 3}) {
    const TempFolder folder;
    const std::string file = folder / "x.fixture";
    const Ran ran = RunPurebpf({"record", "-o", file, "--", "sh", "-c",
                                "echo said >\"$PUREBPF_RECORD\"; exit " + std::to_string(status)});
    EXPECT_EQ(ran.status, status) << ran.err;
    EXPECT_EQ(ran.err, "");
    EXPECT_EQ(Contents(file), "said\n");
  }
}

TEST(Record, LeavesTheFileAloneWhereNothingIsRecorded) {
  const TempFolder folder;
  const std::string file = folder / "x.fixture";
  WriteFile(file, "before");
  const Ran ran = RunPurebpf({"record", "-o", file, "--", "true"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, StartsWith("purebpf: 'true' recorded nothing: "));
  EXPECT_EQ(Contents(file), "before");
}

TEST(Record, LeavesNothingBesideAFileThatCannotBeWritten) {
  const TempFolder folder;
  const std::string file = folder / "x.fixture";
  std::filesystem::create_directory(file);
  const Ran ran =
      RunPurebpf({"record", "-o", file, "--", "sh", "-c", "echo said >\"$PUREBPF_RECORD\""});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.err, "purebpf: cannot write '" + file + "': EISDIR\n");
  EXPECT_FALSE(std::filesystem::exists(file + ".part"));
}

TEST(Record, SaysThatAProgramCannotBeRun) {
  for (const char* verb : {"record", "replay"}) {
    const TempFolder folder;
    const std::string program = folder / "missing";
    std::vector<std::string> arguments{verb};
    if (arguments[0] == "replay") arguments.push_back(folder / "x.fixture");
    arguments.insert(arguments.end(), {"--", program});
    const Ran ran = RunPurebpf(arguments);
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err, "purebpf: cannot run '" + program + "': ENOENT\n");
  }
}

TEST(Replay, NamesTheFileFromTheRootAndEndsAsTheProgramDoes) {
  const Ran ran = RunPurebpf({"replay", "x.fixture", "--", "sh", "-c",
                              "case $PUREBPF_REPLAY in /*/x.fixture) exit 3;; esac"});
  EXPECT_EQ(ran.status, 3) << ran.err;
}

TEST(Replay, IsContentWhereTheProgramFoundNothing) {
  const Ran ran =
      RunPurebpf({"replay", "x.fixture", "--", "sh", "-c", "true >\"$PUREBPF_REPLAYED\""});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
}

TEST(Replay, FailsWhereTheProgramReplaysNothing) {
  const Ran ran = RunPurebpf({"replay", "x.fixture", "--", "true"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, AllOf(StartsWith("purebpf: 'true' replayed nothing: "),
                             HasSubstr("purebpf/bpf/testing/tool_kernel.h")));
}

TEST(Replay, FailsWhereTheProgramFoundADifferenceAndEndsWell) {
  const Ran ran = RunPurebpf(
      {"replay", "x.fixture", "--", "sh", "-c", "echo call 2 is another >\"$PUREBPF_REPLAYED\""});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.err, "purebpf: 'sh' did not go as recorded: call 2 is another\n");
}

TEST(Replay, LeavesNoFolderBehind) {
  const TempFolder folder;
  const std::string seen = folder / "seen";
  const Ran ran =
      RunPurebpf({"replay", "x.fixture", "--", "sh", "-c",
                  "echo >\"$PUREBPF_REPLAYED\"; dirname \"$PUREBPF_REPLAYED\" >" + seen});
  EXPECT_EQ(ran.status, 1);
  std::string path = Contents(seen);
  ASSERT_FALSE(path.empty());
  path.pop_back();  // the line's end
  EXPECT_FALSE(std::filesystem::exists(path)) << path;
}

}  // namespace
}  // namespace purebpf::tool
