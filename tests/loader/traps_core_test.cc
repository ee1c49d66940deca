// CO-RE relocations in a plan, against a kernel that has the types otherwise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "purebpf/loader/load_options.h"
#include "purebpf/loader/load_plan.h"
#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/traps_core.h"

namespace purebpf {
namespace {

using testing::BtfBuilder;
using testing::Fails;
using ::testing::HasSubstr;
using testing::IsOk;

constexpr uint8_t kLoadWord = 0x61, kLoadDouble = 0x79;  // BPF_LDX | BPF_MEM | BPF_W, BPF_DW
constexpr int32_t kPoison = 0xbad2310;

std::vector<std::byte> KernelTypes() {
  BtfBuilder btf;
  const uint32_t u32 = btf.Int("unsigned int", 4);
  const uint32_t u64 = btf.Int("unsigned long", 8);
  const uint32_t s64 = btf.Int("long", 8, 1);
  btf.Struct("grown", 16, {{"before", u64, 0}, {"counter", u64, 64}});
  btf.Struct("signed_one", 8, {{"value", s64, 0}});
  btf.Struct("twice", 12, {{"same", u32, 32}, {"other", u32, 64}});
  btf.Struct("twice", 12, {{"other", u32, 0}, {"same", u32, 32}});
  btf.Struct("in", 8, {{"field", u32, 32}});
  btf.Enum("numbers", 4, {{"ANOTHER", 1}});
  return btf.Build();
}

Result<LoadPlan> PlanOf(std::string_view program) {
  auto spec = CollectionSpec::Parse(traps_core::Object(), "traps_core");
  EXPECT_THAT(spec, IsOk());
  if (!spec) return std::unexpected(std::move(spec).error());
  KernelSources sources;
  sources.btf = KernelTypes();
  auto target = TargetKernel::Described(std::move(sources));
  return LoadPlan::Make(*spec, target, {.only = {{std::string(program)}}});
}

const LoadProgramStep& Program(const Result<LoadPlan>& plan) {
  return std::get<LoadProgramStep>(plan->steps.back());
}

// Trap 9.
TEST(CoreTraps, ALoadIsAsWideAsTheKernelsField) {
  const auto plan = PlanOf("widens");
  ASSERT_THAT(plan, IsOk());
  const Insn& load = Program(plan).params.insns[0];
  EXPECT_EQ(load.code, kLoadDouble);
  EXPECT_EQ(load.off, 8);
}

TEST(CoreTraps, ASignedFieldOfAnotherWidthIsPoisoned) {
  const auto plan = PlanOf("is_signed");
  ASSERT_THAT(plan, IsOk());
  const LoadProgramStep& step = Program(plan);
  EXPECT_NE(step.params.insns[0].code, kLoadWord);
  EXPECT_EQ(step.params.insns[0], (Insn{.code = kCall, .imm = kPoison}));
  ASSERT_EQ(step.notes.size(), 1U);
}

// Trap 8: what asks for the size of a type that is not there gets 0, so that guards work.
TEST(CoreTraps, TheSizeOfATypeThatIsAbsentIsZero) {
  const auto plan = PlanOf("sizes");
  ASSERT_THAT(plan, IsOk());
  const LoadProgramStep& step = Program(plan);
  EXPECT_EQ(step.params.insns[0].imm, 0);
  EXPECT_TRUE(step.notes.empty());
}

// Trap 10.
TEST(CoreTraps, BothHalvesOfA64BitLoadArePoisoned) {
  const auto plan = PlanOf("enumerates");
  ASSERT_THAT(plan, IsOk());
  const LoadProgramStep& step = Program(plan);
  const Insn poison{.code = kCall, .imm = kPoison};
  ASSERT_GE(step.params.insns.size(), 3U);
  EXPECT_EQ(step.params.insns[0], poison);
  EXPECT_EQ(step.params.insns[1], poison);
  ASSERT_EQ(step.notes.size(), 1U);
  EXPECT_THAT(step.notes[0].text, HasSubstr("NUMBER"));
}

// Trap 11.
TEST(CoreTraps, TypesThatTheKernelHasTwiceMayAgree) {
  const auto plan = PlanOf("agrees");
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(Program(plan).params.insns[0].off, 4);
}

TEST(CoreTraps, TypesThatTheKernelHasTwiceMustAgree) {
  EXPECT_THAT(PlanOf("disagrees"),
              Fails(Code::kUnsupported,
                    "disagree on field_byte_offset other: 8 by struct twice (type 6 of vmlinux), 0 "
                    "by struct twice (type 7 of vmlinux)"));
}

// Trap 7: what follows the last "___" between letters is the flavour.
TEST(CoreTraps, AFlavourIsNoPartOfTheKernelsName) {
  const auto plan = PlanOf("has_flavour");
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(Program(plan).params.insns[0].off, 4);
}

}  // namespace
}  // namespace purebpf
