#include "purebpf/loader/verifier_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace purebpf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Linux 6.18.
constexpr std::string_view kPacket =
    "0: R1=ctx() R10=fp0\n"
    "; unsigned char *d = (void *)(long)ctx->data; @ a.bpf.c:5\n"
    "0: (61) r1 = *(u32 *)(r1 +0)          ; R1=pkt(r=0)\n"
    "; return d[14] == 1 ? XDP_DROP : XDP_PASS; @ a.bpf.c:6\n"
    "1: (71) r1 = *(u8 *)(r1 +14)\n"
    "invalid access to packet, off=14 size=1, R1(id=0,off=14,r=0)\n"
    "R1 offset is outside of the packet\n"
    "processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 "
    "mark_read 0\n";

TEST(VerifierLog, NamesInstructionLineRegistersCauseAndFix) {
  const VerifierExplanation found = ExplainVerifierLog(kPacket);
  EXPECT_EQ(found.message, "invalid access to packet, off=14 size=1, R1(id=0,off=14,r=0)");
  EXPECT_EQ(found.insn, 1u);
  EXPECT_EQ(found.insn_text, "1: (71) r1 = *(u8 *)(r1 +14)");
  EXPECT_EQ(found.source, "a.bpf.c:6: return d[14] == 1 ? XDP_DROP : XDP_PASS;");
  EXPECT_THAT(found.registers, ElementsAre("R1=pkt(r=0)"));
  EXPECT_THAT(found.cause, HasSubstr("packet is that long"));
  EXPECT_THAT(found.fix, HasSubstr("data_end"));
  EXPECT_EQ(found.Summary(),
            "invalid access to packet, off=14 size=1, R1(id=0,off=14,r=0); at 1: (71) r1 = *(u8 "
            "*)(r1 +14) (a.bpf.c:6: return d[14] == 1 ? XDP_DROP : XDP_PASS;); where R1=pkt(r=0); "
            "nothing on this path has shown that the packet is that long");
}

// Linux 5.10: other words for the states, and no place behind the source line.
TEST(VerifierLog, ReadsTheDialectOfOlderKernels) {
  const VerifierExplanation found = ExplainVerifierLog(
      "func#0 @0\n"
      "0: R1=ctx(id=0,off=0,imm=0) R10=fp0\n"
      "; *v += 1;\n"
      "6: (85) call bpf_map_lookup_elem#1\n"
      "7: R0_w=map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0) R10=fp0 fp-8=mmmm????\n"
      "7: (79) r1 = *(u64 *)(r0 +0)\n"
      "R0 invalid mem access 'map_value_or_null'\n"
      "processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0\n");
  EXPECT_EQ(found.insn, 7u);
  EXPECT_EQ(found.source, "*v += 1;");
  EXPECT_THAT(found.registers, ElementsAre("R0_w=map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0)"));
  EXPECT_THAT(found.fix, HasSubstr("if (!value)"));
}

TEST(VerifierLog, LooksPastTheStatesOfAnEndlessLoop) {
  const VerifierExplanation found = ExplainVerifierLog(
      "10: (65) if r2 s> 0xffffffff goto pc+1 ; R2=scalar(smin=-5,smax=-1)\n"
      "11: (63) *(u32 *)(r10 -4) = r1\n"
      "infinite loop detected at insn 12\n"
      "cur state: R1=0 R2=scalar() R10=fp0\n"
      "old state: R1=P0 R2=scalar() R10=fp0\n"
      "processed 23 insns (limit 1000000) max_states_per_insn 0\n");
  EXPECT_EQ(found.message, "infinite loop detected at insn 12");
  EXPECT_THAT(found.fix, HasSubstr("bpf_loop"));
}

TEST(VerifierLog, TellsWhatTheLoaderKnowsOfAPoisonedInstruction) {
  const InsnNote notes[] = {
      {.insn = 3, .text = "field 'comm' of struct nobody does not exist on this kernel"}};
  const VerifierExplanation found = ExplainVerifierLog(
      "3: (85) call unknown#195896080\n"
      "invalid func unknown#195896080\n",
      notes);
  EXPECT_EQ(found.cause, "field 'comm' of struct nobody does not exist on this kernel");
  EXPECT_THAT(found.fix, HasSubstr("bpf_core_field_exists"));
}

TEST(VerifierLog, TakesSourceLinesFromTheObjectWhereTheKernelPrintsNone) {
  const InsnSource sources[] = {
      {.insn = 0, .file = "/src/a.bpf.c", .text = "int x = 0;", .line = 3},
      {.insn = 5, .file = "/src/a.bpf.c", .text = "\treturn *p;", .line = 9}};
  EXPECT_EQ(
      ExplainVerifierLog("7: (61) r0 = *(u32 *)(r1 +0)\nR1 invalid mem access 'inv'\n", {}, sources)
          .source,
      "a.bpf.c:9: return *p;");
  EXPECT_EQ(
      ExplainVerifierLog("4: (61) r0 = *(u32 *)(r1 +0)\nR1 invalid mem access 'inv'\n", {}, sources)
          .source,
      "a.bpf.c:3: int x = 0;");
  // Linux 4.20 to 6.8 prints the line, but not where it is.
  const std::string log =
      "; return *p;\n7: (61) r0 = *(u32 *)(r1 +0)\nR1 invalid mem access 'inv'\n";
  EXPECT_EQ(ExplainVerifierLog(log, {}, sources).source, "a.bpf.c:9: return *p;");
  EXPECT_EQ(ExplainVerifierLog(log).source, "return *p;");
}

TEST(VerifierLog, TakesTheInstructionThatTheMessageNames) {
  const InsnSource sources[] = {{.insn = 0, .file = "a.bpf.c", .text = "for (;;)", .line = 3},
                                {.insn = 9, .file = "a.bpf.c", .text = "++i;", .line = 4}};
  // Found before any instruction was walked.
  const VerifierExplanation found = ExplainVerifierLog(
      "func#0 @0\nback-edge from insn 9 to 3\nprocessed 0 insns (limit 131072)\n", {}, sources);
  EXPECT_EQ(found.insn, 9u);
  EXPECT_EQ(found.insn_text, "");
  EXPECT_EQ(found.source, "a.bpf.c:4: ++i;");
}

TEST(VerifierLog, BlamesNoInstructionForAllOfTheProgram) {
  const VerifierExplanation found = ExplainVerifierLog(
      "; return sum; @ a.bpf.c:9\n"
      "14: (95) exit\n"
      "combined stack size of 2 calls is 608. Too large\n"
      "processed 15 insns (limit 1000000)\n");
  EXPECT_EQ(found.insn, std::nullopt);
  EXPECT_EQ(found.source, "");
  EXPECT_THAT(found.fix, HasSubstr("per-CPU array"));
}

TEST(VerifierLog, TakesTheLineThatSaysMoreAndTheRegisterFromTheOther) {
  const VerifierExplanation found = ExplainVerifierLog(
      "13: (0f) r0 += r1                     ; R0=map_value(ks=4,vs=32,smax=56) "
      "R1=scalar(smax=56)\n"
      "14: (79) r1 = *(u64 *)(r0 +0)\n"
      "invalid access to map value, value_size=32 off=56 size=8\n"
      "R0 max value is outside of the allowed memory range\n"
      "processed 14 insns (limit 1000000)\n");
  EXPECT_EQ(found.message, "invalid access to map value, value_size=32 off=56 size=8");
  EXPECT_THAT(found.registers, ElementsAre("R0=map_value(ks=4,vs=32,smax=56)"));
  EXPECT_THAT(found.fix, HasSubstr("bound the index"));
}

TEST(VerifierLog, KeepsAnUnknownMessageWithoutGuessing) {
  const VerifierExplanation found =
      ExplainVerifierLog("0: (95) exit\nsomething new in Linux 9\nprocessed 1 insns\n");
  EXPECT_EQ(found.message, "something new in Linux 9");
  EXPECT_EQ(found.cause, "");
  EXPECT_EQ(found.fix, "");
}

TEST(VerifierLog, MakesNothingOfNothing) {
  for (const std::string_view log :
       {"", "\n", "\n\n\n", "processed 1 insns\n", ";", "; ", ":", "1:", "R", "R1", "from ",
        "99999999999999999999: (95) exit\n"}) {
    const VerifierExplanation found = ExplainVerifierLog(log);
    EXPECT_THAT(found.registers, IsEmpty()) << log;
    EXPECT_EQ(found.cause, "") << log;
  }
}

struct Row {
  const char* name;
  const char* line;
  const char* fix;
};

constexpr Row kRows[] = {
    {"PacketMath", "math between pkt pointer and register with unbounded min value is not allowed",
     "bound it"},
    {"MapValueBounds", "invalid access to map value, value_size=8 off=8 size=8", "bound the index"},
    {"Unbounded", "R0 unbounded memory access, make sure to bounds check any such access",
     "as an unsigned value"},
    {"Negative", "R2 min value is negative, either use unsigned or 'var &= const'", "unsigned"},
    {"NullMemory", "R1 invalid mem access 'mem_or_null'", "NULL"},
    {"Number", "R1 invalid mem access 'scalar'", "BPF_CORE_READ"},
    {"StackDepth", "combined stack size of 2 calls is 608. Too large", "per-CPU array"},
    {"StackGarbage", "invalid indirect read from stack R2 off -16+4 size 16", "memset"},
    {"NoReturn", "R0 !read_ok", "every path"},
    {"NoHelper", "invalid func unknown#999", "BPF_FUNC"},
    {"WrongHelper", "program of this type cannot use helper bpf_get_current_comm#16", "another"},
    {"WrongKfunc", "calling kernel function bpf_x is not allowed", "kfunc"},
    {"MissingKfunc", "invalid func unknown#2002000003", "bpf_ksym_exists"},
    {"Gpl", "cannot call GPL-restricted function from non-GPL compatible program", "license"},
    {"OldGpl", "cannot call GPL only function from proprietary program", "license"},
    {"BackEdge", "back-edge from insn 9 to 3", "unroll"},
    {"TooLarge", "BPF program is too large. Processed 1000001 insn", "bpf_loop"},
    {"TooComplex", "The sequence of 8193 jumps is too complex.", "tail calls"},
    {"Reference", "Unreleased reference id=2 alloc_insn=4", "release function"},
    {"Context", "invalid bpf_context access off=76 size=4", "context"},
    {"Leak", "R0 leaks addr as return value", "CAP_PERFMON"},
    {"Exit", "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]",
     "values in the message"},
};

class VerifierFamilies : public ::testing::TestWithParam<Row> {};

TEST_P(VerifierFamilies, HaveACauseAndAFix) {
  const std::string log = std::string("3: (85) call bpf_x#3\n") + GetParam().line +
                          "\nprocessed 4 insns (limit 1000000)\n";
  const VerifierExplanation found = ExplainVerifierLog(log);
  EXPECT_EQ(found.message, GetParam().line);
  EXPECT_NE(found.cause, "");
  EXPECT_THAT(found.fix, HasSubstr(GetParam().fix));
}

INSTANTIATE_TEST_SUITE_P(Rows, VerifierFamilies, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(VerifierLog, BoundsWhatItLooksAt) {
  std::string log;
  for (int i = 0; i < 200000; ++i) log += "1: R1=scalar() R2=scalar()\n";
  log += "R7 !read_ok\n";
  EXPECT_EQ(ExplainVerifierLog(log).message, "R7 !read_ok");
}

TEST(VerifierLog, TakesEveryPrefix) {
  for (size_t size = 0; size <= kPacket.size(); ++size)
    (void)ExplainVerifierLog(kPacket.substr(0, size)).Summary();
}

}  // namespace
}  // namespace purebpf
