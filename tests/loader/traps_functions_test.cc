// Functions that programs call are appended to each, once, with what is known of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "purebpf/loader/load_options.h"
#include "purebpf/loader/load_plan.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/traps.h"

namespace purebpf {
namespace {

using ::testing::ElementsAre;
using testing::Fails;
using testing::IsOk;

CollectionSpec Traps() {
  auto spec = CollectionSpec::Parse(traps::Object(), "traps");
  EXPECT_THAT(spec, IsOk());
  return spec ? *spec : CollectionSpec{};
}

Result<LoadPlan> PlanOf(const CollectionSpec& spec, std::string_view program) {
  auto target = TargetKernel::Described({});
  return LoadPlan::Make(spec, target, {.only = {{std::string(program)}}});
}

uint32_t SizeOf(const CollectionSpec& spec, std::string_view function) {
  for (const FunctionSpec& code : spec.functions)
    if (code.name == function) return static_cast<uint32_t>(code.insns.size());
  ADD_FAILURE() << "no function " << function;
  return 0;
}

// The words of records of `Size` words each, the first of each record alone.
template <size_t Size>
std::vector<uint32_t> Firsts(const InfoRecords& info) {
  EXPECT_EQ(info.record_size, Size * sizeof(uint32_t));
  std::vector<uint32_t> firsts;
  for (size_t at = 0; at < info.records.size(); at += Size * sizeof(uint32_t)) {
    uint32_t word = 0;
    std::memcpy(&word, info.records.data() + at, sizeof word);
    firsts.push_back(word);
  }
  return firsts;
}

// Where each call leads: the calling instruction's index, the immediate and 1.
std::vector<int64_t> Targets(const std::vector<Insn>& insns) {
  std::vector<int64_t> targets;
  for (size_t i = 0; i < insns.size(); ++i)
    if (insns[i].code == kCall && insns[i].src() == kPseudoCall)
      targets.push_back(static_cast<int64_t>(i) + insns[i].imm + 1);
  return targets;
}

// Trap 13.
TEST(Functions, AreAppendedOnceToEachProgramInOrderOfTheirFirstCall) {
  const CollectionSpec spec = Traps();
  const auto one = PlanOf(spec, "user_one");
  ASSERT_THAT(one, IsOk());
  const auto& step = std::get<LoadProgramStep>(one->steps.back());
  const uint32_t own = SizeOf(spec, "user_one"), outer = SizeOf(spec, "calls_shared"),
                 inner = SizeOf(spec, "shared");
  EXPECT_EQ(step.params.insns.size(), own + outer + inner);
  EXPECT_THAT(Targets(step.params.insns), ElementsAre(own, own + outer, own + outer, own + outer));
  const auto two = PlanOf(spec, "user_two");
  ASSERT_THAT(two, IsOk());
  EXPECT_EQ(std::get<LoadProgramStep>(two->steps.back()).params.insns.size(),
            SizeOf(spec, "user_two") + inner);
}

TEST(Functions, TakeTheirRecordsWithThem) {
  const CollectionSpec spec = Traps();
  const auto plan = PlanOf(spec, "user_one");
  ASSERT_THAT(plan, IsOk());
  const auto& params = std::get<LoadProgramStep>(plan->steps.back()).params;
  const uint32_t own = SizeOf(spec, "user_one"), outer = SizeOf(spec, "calls_shared");
  EXPECT_THAT(Firsts<2>(params.func_info), ElementsAre(0, own, own + outer));
  const std::vector<uint32_t> lines = Firsts<4>(params.line_info);
  EXPECT_TRUE(std::ranges::is_sorted(lines));
  for (const uint32_t begin : {uint32_t{0}, own, own + outer})
    EXPECT_THAT(lines, ::testing::Contains(begin)) << "the kernel wants each function's first line";
  EXPECT_LT(lines.back(), params.insns.size());
}

TEST(Functions, ThatCallThemselvesAreRefused) {
  EXPECT_THAT(PlanOf(Traps(), "recurses"),
              Fails(Code::kUnsupported, "'again' calls 'again'; BPF programs cannot recurse"));
}

TEST(Functions, ThatRecurseFailNoOtherProgram) {
  CollectionSpec spec = Traps();
  auto target = TargetKernel::Described({});
  const auto plan =
      LoadPlan::Make(spec, target, {.only = {{"recurses", "user_two"}}, .partial = true});
  ASSERT_THAT(plan, IsOk());
  ASSERT_EQ(plan->failures.size(), 1U);
  EXPECT_EQ(plan->failures[0].program, "recurses");
  EXPECT_EQ(std::get<LoadProgramStep>(plan->steps.back()).params.name, "user_two");
}

}  // namespace
}  // namespace purebpf
