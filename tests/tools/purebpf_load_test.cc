// purebpf load: what a kernel makes of objects. The objects are part of what was recorded, since
// the tool reads them through its kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/bpf/ids.h"
#include "purebpf/bpf/program.h"
#include "purebpf/tests/support/dual_test.h"
#include "purebpf/tests/support/result_matchers.h"
#include "purebpf/tests/tools/purebpf_fixture.h"
#include "tests/tools/tool_object.h"

namespace purebpf::tool {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;

// In the same folder each time, and with the same kernel configuration: both are recorded.
class LoadTest : public testing::DualTest {
 protected:
  void SetUp() override {
    DualTest::SetUp();
    if (IsSkipped() || !live()) return;
    std::filesystem::create_directory(kFolder);
    WriteFile(kSmall, SmallObject());
    WriteFile(kTool, tool_object::Object());
    WriteFile(kBad, ObjectWithABadMap());
    WriteFile(kConfig, "CONFIG_HZ=250\n");
  }
  void TearDown() override {
    if (live()) std::filesystem::remove_all(kFolder);
    DualTest::TearDown();
  }

  // The tool has a --record of its own, which takes the same variable.
  Ran Run(Kernel& kernel, const std::vector<std::string>& arguments) {
    const char* const variable = std::getenv("PUREBPF_RECORD");
    const std::string folder = variable == nullptr ? "" : variable;
    unsetenv("PUREBPF_RECORD");
    Ran ran = RunPurebpf(kernel, arguments);
    if (variable != nullptr) setenv("PUREBPF_RECORD", folder.c_str(), 1);
    return ran;
  }
  Ran Run(const std::vector<std::string>& arguments) { return Run(kernel_, arguments); }

  static constexpr const char* kFolder = "/tmp/purebpf_load_test";
  static constexpr const char* kSmall = "/tmp/purebpf_load_test/small.o";
  static constexpr const char* kTool = "/tmp/purebpf_load_test/tool.o";
  static constexpr const char* kBad = "/tmp/purebpf_load_test/bad.o";
  static constexpr const char* kConfig = "/tmp/purebpf_load_test/config";
};

// The part of a line of JSON about one program.
std::string ProgramOf(const std::string& line, const std::string& name) {
  const size_t at = line.find("{\"name\":\"" + name + "\",\"section\"");
  if (at == std::string::npos) return "";
  return line.substr(at, line.find("{\"name\":", at + 1) - at);
}

DUAL_TEST(LoadTest, SaysWhatTheKernelMadeOfIt) {
  const Ran ran = Run({"load", "--json", kSmall});
  EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
  EXPECT_EQ(WhyNotJsonLines(ran.out, 1), "");
  // Before Linux 5.16 a kernel does not tell how many it verified.
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr(R"("plan":"ok","insn_cnt":4,)"), HasSubstr(R"("load":"ok","tag":")"),
                    ContainsRegex("\"tag\":\"[0-9a-f]{16}\",\"verified_insns\":[03],"
                                  "\"func_info\":0,\"line_info\":0")));
  EXPECT_THAT(Run({"load", kSmall}).out, ContainsRegex("4 instructions, loaded, tag "));
}

DUAL_TEST(LoadTest, OfEachFailsOnlyWhatFails) {
  const std::vector<std::string> sized = {"load", "--each", "--json", "--default-max-entries", "8"};
  std::vector<std::string> arguments = sized;
  arguments.insert(arguments.end(), {"--kconfig", kConfig, kTool});
  const Ran ran = Run(arguments);
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(WhyNotJsonLines(ran.out, 1), "");
  for (const char* name : {"passes", "sized", "optional", "option", "guarded_call"}) {
    EXPECT_THAT(ProgramOf(ran.out, name),
                AllOf(HasSubstr(R"("plan":"ok")"), HasSubstr(R"("load":"ok")"),
                      ContainsRegex("\"func_info\":[1-9]"), ContainsRegex("\"line_info\":[1-9]")))
        << name;
  }
  // No kernel has a struct thing; the one program asks for it first.
  EXPECT_THAT(ProgramOf(ran.out, "guarded"), HasSubstr(R"("load":"ok")"));
  EXPECT_THAT(ProgramOf(ran.out, "unguarded"),
              AllOf(HasSubstr(R"("plan":"ok")"), HasSubstr(R"("load":{"code":)"),
                    HasSubstr("field 'always' of struct thing does not exist on this kernel"),
                    HasSubstr(R"("errno":22,"errno_name":"EINVAL")")));
  EXPECT_THAT(ProgramOf(ran.out, "unknown_kind"),
              AllOf(HasSubstr(R"("plan":{"code":)"), HasSubstr(R"("load":{"code":)")));
  if (!live()) return;
  // With this machine's own configuration.
  HostKernel host;
  arguments = sized;
  arguments.emplace_back(kTool);
  EXPECT_THAT(ProgramOf(Run(host, arguments).out, "option"), HasSubstr(R"("load":"ok")"));
}

DUAL_TEST(LoadTest, IsAllOrNothingOtherwise) {
  const Ran ran =
      Run({"load", "--json", "--default-max-entries", "8", "--kconfig", kConfig, kTool});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ProgramOf(ran.out, "passes"),
              AllOf(HasSubstr(R"("plan":"ok")"), HasSubstr(R"("load":{"code":)")));
}

DUAL_TEST(LoadTest, FailsForAMapThatNoProgramNeeds) {
  const Ran ran = Run({"load", "--json", kBad});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ProgramOf(ran.out, "passes"),
              AllOf(HasSubstr(R"("plan":"ok")"), HasSubstr(R"("load":{"code":)"),
                    HasSubstr("after its definition's map_flags is not zero")));
}

DUAL_TEST(LoadTest, RefusesWhatTheKernelRefuses) {
  const Ran ran = Run({"load", "--max-entries", "numbers=4294967295", kSmall});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("numbers"), HasSubstr("failed")));
}

DUAL_TEST(LoadTest, PlansWithoutLoading) {
  const Ran ran = Run({"plan", "--each", "--json", "--kconfig", kConfig, kTool});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(WhyNotJsonLines(ran.out, 1), "");
  EXPECT_THAT(ProgramOf(ran.out, "unknown_kind"), HasSubstr(R"("plan":{"code":)"));
  for (const char* name : {"passes", "optional", "option", "guarded", "guarded_call"})
    EXPECT_THAT(ProgramOf(ran.out, name), HasSubstr(R"("plan":"ok")")) << name;
  EXPECT_THAT(ran.out, Not(HasSubstr(R"("load":)")));
}

// A replay sees for itself to it that every descriptor is closed.
DUAL_TEST(LoadTest, LeavesNothingBehind) {
  const Ran ran = Run({"load", "--each", "--kconfig", kConfig, kSmall, kTool});
  EXPECT_THAT(ran.out, HasSubstr("loaded, tag "));
  if (!live()) return;
  HostKernel kernel;
  const auto ids = Ids(kernel, IdsOf::kPrograms);
  ASSERT_THAT(ids, IsOk());
  for (const uint32_t id : *ids) {
    const auto program = Program::FromId(kernel, id);
    if (!program) continue;  // somebody else's that is gone
    const auto info = program->Info();
    EXPECT_TRUE(!info || info->name != "guarded_call") << id;
  }
}

}  // namespace
}  // namespace purebpf::tool
