// What the object uses of the kernel and the kernel may lack.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "purebpf/loader/load_options.h"
#include "purebpf/loader/load_plan.h"
#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/traps.h"

namespace purebpf {
namespace {

using testing::BtfBuilder;
using testing::Fails;
using ::testing::HasSubstr;
using testing::IsOk;

// A kernel with a variable `int number` and HZ of 250, without a function that programs may call.
KernelSources Sources() {
  BtfBuilder btf;
  const uint32_t word = btf.Int("int", 4, 1);
  btf.Datasec(".data..percpu", 4, {{btf.Var("number", word, 1), 0, 4}});
  KernelSources sources;
  sources.btf = btf.Build();
  sources.kconfig = "CONFIG_HZ=250\n";
  sources.kallsyms = "ffffffff81000000 T other\n";
  return sources;
}

Result<LoadPlan> PlanOf(std::string_view program, KernelSources sources = Sources()) {
  auto spec = CollectionSpec::Parse(traps::Object(), "traps");
  EXPECT_THAT(spec, IsOk());
  if (!spec) return std::unexpected(std::move(spec).error());
  auto target = TargetKernel::Described(std::move(sources));
  return LoadPlan::Make(*spec, target, {.only = {{std::string(program)}}});
}

const LoadProgramStep& Program(const Result<LoadPlan>& plan) {
  return std::get<LoadProgramStep>(plan->steps.back());
}

// The first instruction that is a 64-bit load, and its second half.
std::pair<Insn, Insn> FirstLoad(const LoadProgramStep& step) {
  for (size_t i = 0; i + 1 < step.params.insns.size(); ++i)
    if (step.params.insns[i].code == kLoadImm64)
      return {step.params.insns[i], step.params.insns[i + 1]};
  ADD_FAILURE() << "no 64-bit load";
  return {};
}

// Trap 6.
TEST(Externs, AWeakOptionThatIsNotSetIsZero) {
  const auto plan = PlanOf("reads_options");
  ASSERT_THAT(plan, IsOk());
  for (const Step& step : plan->steps) {
    const auto* map = std::get_if<CreateMapStep>(&step);
    if (map == nullptr) continue;
    EXPECT_EQ(map->name, ".kconfig");
    // By alignment, as libbpf lays them out: CONFIG_NOT_SET (8 bytes), then CONFIG_HZ.
    std::vector<std::byte> expected(12);
    expected[8] = std::byte{250};
    EXPECT_EQ(map->contents, expected);
    EXPECT_TRUE(map->freeze);
  }
}

TEST(Externs, AnOptionThatIsNotWeakMustBeSet) {
  KernelSources sources = Sources();
  sources.kconfig = "# CONFIG_HZ is not set\n";
  EXPECT_THAT(PlanOf("reads_options", sources), Fails(Code::kNotFound, "CONFIG_HZ"));
  EXPECT_THAT(PlanOf("asks_for_symbol", sources), IsOk()) << "which asks for no option";
}

// Found by fuzzing: an extern's type may say that it has gigabytes.
TEST(Externs, OptionsOfAHostileSizeAreRefused) {
  auto spec = CollectionSpec::Parse(traps::Object(), "traps");
  ASSERT_THAT(spec, IsOk());
  spec->FindMap(".kconfig")->params.value_size = 0x7fffffff;
  auto target = TargetKernel::Described(Sources());
  EXPECT_THAT(LoadPlan::Make(*spec, target, {.only = {{"reads_options"}}}),
              Fails(Code::kMalformed, "2147483647 bytes, more than 1048576"));
  EXPECT_THAT(LoadPlan::Make(*spec, target, {.only = {{"asks_for_symbol"}}}), IsOk());
}

TEST(Externs, AWeakSymbolThatIsAbsentIsZero) {
  const auto plan = PlanOf("asks_for_symbol");
  ASSERT_THAT(plan, IsOk());
  const auto [first, second] = FirstLoad(Program(plan));
  EXPECT_EQ(first.src(), 0);
  EXPECT_EQ(first.imm, 0);
  EXPECT_EQ(second.imm, 0);
}

TEST(Externs, ASymbolThatIsThereIsItsAddress) {
  KernelSources sources = Sources();
  sources.kallsyms = "ffffffff81002000 D no_such_symbol\n";
  const auto plan = PlanOf("asks_for_symbol", sources);
  ASSERT_THAT(plan, IsOk());
  const auto [first, second] = FirstLoad(Program(plan));
  EXPECT_EQ(static_cast<uint32_t>(first.imm), 0x81002000U);
  EXPECT_EQ(static_cast<uint32_t>(second.imm), 0xffffffffU);
}

TEST(Externs, AVariableMayBeConstWhereTheKernelsIsNot) {
  const auto plan = PlanOf("reads_number");
  ASSERT_THAT(plan, IsOk());
  const auto [first, second] = FirstLoad(Program(plan));
  EXPECT_EQ(first.src(), kPseudoBtfId);
  EXPECT_EQ(first.imm, 2);  // the VAR among the kernel's types
  EXPECT_EQ(second.imm, 0);
}

TEST(Externs, AVariableOfAnotherTypeIsRefused) {
  BtfBuilder btf;
  const uint32_t word = btf.Struct("other", 4, {});
  btf.Datasec(".data..percpu", 4, {{btf.Var("number", word, 1), 0, 4}});
  KernelSources sources;
  sources.btf = btf.Build();
  EXPECT_THAT(PlanOf("reads_number", sources),
              Fails(Code::kUnsupported, "is declared as int, but is struct other in the kernel"));
}

TEST(Externs, AWeakFunctionThatIsAbsentIsAPoisonedCallBehindAGuard) {
  const auto plan = PlanOf("asks_for_function");
  ASSERT_THAT(plan, IsOk());
  const LoadProgramStep& step = Program(plan);
  EXPECT_EQ(FirstLoad(step).first.imm, 0) << "the guard's answer";
  size_t poisoned = 0;
  for (const Insn& insn : step.params.insns)
    if (insn.code == kCall) {
      EXPECT_GE(insn.imm, 2002000000);
      EXPECT_EQ(insn.src(), 0);
      ++poisoned;
    }
  EXPECT_EQ(poisoned, 1U);
  ASSERT_EQ(step.notes.size(), 1U);
  EXPECT_THAT(step.notes[0].text, HasSubstr("'no_such_function' does not exist on this kernel"));
}

TEST(Externs, AFunctionThatOneProgramNeedsFailsNoOther) {
  EXPECT_THAT(PlanOf("needs_function"), Fails(Code::kNotFound, "'needed_function'"));
  EXPECT_THAT(PlanOf("tail"), IsOk());
}

}  // namespace
}  // namespace purebpf
