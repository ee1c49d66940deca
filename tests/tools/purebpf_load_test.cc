// purebpf load: what the running kernel makes of objects. Needs root.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/bpf/ids.h"
#include "purebpf/bpf/program.h"
#include "purebpf/tests/support/result_matchers.h"
#include "purebpf/tests/tools/purebpf_fixture.h"
#include "purebpf/tests/tools/temp_folder.h"
#include "tests/tools/tool_object.h"

namespace purebpf::tool {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::TempFolder;

class LoadTest : public ::testing::Test {
 protected:
  LoadTest() {
    WriteFile(small_, SmallObject());
    WriteFile(tool_, tool_object::Object());
  }

  TempFolder folder_;
  std::string small_ = folder_ / "small.o";
  std::string tool_ = folder_ / "tool.o";
};

// The part of a line of JSON about one program.
std::string ProgramOf(const std::string& line, const std::string& name) {
  const size_t at = line.find("{\"name\":\"" + name + "\",\"section\"");
  if (at == std::string::npos) return "";
  return line.substr(at, line.find("{\"name\":", at + 1) - at);
}

TEST_F(LoadTest, SaysWhatTheKernelMadeOfIt) {
  const Ran ran = RunPurebpf({"load", "--json", small_});
  EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
  EXPECT_EQ(WhyNotJsonLines(ran.out, 1), "");
  // Before Linux 5.16 a kernel does not tell how many it verified.
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr(R"("plan":"ok","insn_cnt":4,)"), HasSubstr(R"("load":"ok","tag":")"),
                    ContainsRegex("\"tag\":\"[0-9a-f]{16}\",\"verified_insns\":[03],"
                                  "\"func_info\":0,\"line_info\":0")));
  EXPECT_THAT(RunPurebpf({"load", small_}).out, ContainsRegex("4 instructions, loaded, tag "));
}

TEST_F(LoadTest, OfEachFailsOnlyWhatFails) {
  const Ran ran = RunPurebpf({"load", "--each", "--json", "--default-max-entries", "8", tool_});
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
}

TEST_F(LoadTest, IsAllOrNothingOtherwise) {
  const Ran ran = RunPurebpf({"load", "--json", "--default-max-entries", "8", tool_});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ProgramOf(ran.out, "passes"),
              AllOf(HasSubstr(R"("plan":"ok")"), HasSubstr(R"("load":{"code":)")));
}

TEST_F(LoadTest, FailsForAMapThatNoProgramNeeds) {
  const std::string bad = folder_ / "bad.o";
  WriteFile(bad, ObjectWithABadMap());
  const Ran ran = RunPurebpf({"load", "--json", bad});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ProgramOf(ran.out, "passes"),
              AllOf(HasSubstr(R"("plan":"ok")"), HasSubstr(R"("load":{"code":)"),
                    HasSubstr("after its definition's map_flags is not zero")));
}

TEST_F(LoadTest, RefusesWhatTheKernelRefuses) {
  const Ran ran = RunPurebpf({"load", "--max-entries", "numbers=4294967295", small_});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("numbers"), HasSubstr("failed")));
}

TEST_F(LoadTest, LeavesNothingBehind) {
  (void)RunPurebpf({"load", "--each", small_, tool_});
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
