// Plans for what only new kernels have: arenas, jump tables, exception callbacks, freplace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/loader/load_options.h"
#include "purebpf/loader/load_plan.h"
#include "purebpf/tests/loader/written_objects.h"
#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/effects.h"

namespace purebpf {
namespace {

using testing::BtfBuilder;
using testing::Fails;
using testing::IsOk;

Result<LoadPlan> PlanOf(Bytes object, KernelSources sources = {}, const LoadOptions& options = {}) {
  auto spec = CollectionSpec::Parse(object, "object");
  EXPECT_THAT(spec, IsOk());
  if (!spec) return std::unexpected(std::move(spec).error());
  auto target = TargetKernel::Described(std::move(sources));
  return LoadPlan::Make(*spec, target, options);
}

const CreateMapStep& FirstMap(const LoadPlan& plan) {
  for (const Step& step : plan.steps)
    if (const auto* map = std::get_if<CreateMapStep>(&step)) return *map;
  ADD_FAILURE() << "no map";
  static const CreateMapStep kNone;
  return kNone;
}

const LoadProgramStep& LastProgram(const LoadPlan& plan) {
  return std::get<LoadProgramStep>(plan.steps.back());
}

TEST(Features, AnArenasGlobalsAreItsFirstBytes) {
  const auto plan = PlanOf(testing::ArenaObject());
  ASSERT_THAT(plan, IsOk());
  const CreateMapStep& arena = FirstMap(*plan);
  EXPECT_EQ(arena.params.type, MapType::kArena);
  const uint32_t globals[] = {1, 7};
  ASSERT_EQ(arena.contents.size(), sizeof globals);
  EXPECT_EQ(std::memcmp(arena.contents.data(), globals, sizeof globals), 0);
  const LoadProgramStep& program = LastProgram(*plan);
  EXPECT_EQ(program.params.insns[0].src(), kPseudoMapValue);
  EXPECT_EQ(program.params.insns[1].imm, 4);
  ASSERT_EQ(program.map_slots.size(), 1U);
  EXPECT_EQ(program.map_slots[0].insn, 0U);
}

TEST(Features, AJumpTableIsAMapOfInstructions) {
  const auto plan = PlanOf(testing::JumpTableObject());
  ASSERT_THAT(plan, IsOk());
  const CreateMapStep& table = FirstMap(*plan);
  EXPECT_EQ(table.params.type, MapType::kInsnArray);
  EXPECT_EQ(table.params.max_entries, 2U);
  EXPECT_TRUE(table.freeze);
  // Where each leads to, and what the kernel fills in.
  const uint32_t values[] = {8, 0, 0, 0, 10, 0, 0, 0};
  ASSERT_EQ(table.contents.size(), sizeof values);
  EXPECT_EQ(std::memcmp(table.contents.data(), values, sizeof values), 0);
  const LoadProgramStep& program = LastProgram(*plan);
  EXPECT_EQ(program.params.insns[3].src(), kPseudoMapValue);
  EXPECT_EQ(program.params.insns[4].imm, 0);
}

// It is in the program though nothing calls it, behind what is called.
TEST(Features, AnExceptionsCallbackIsAppended) {
  BtfBuilder btf;
  const uint32_t word = btf.Int("unsigned long long", 8);
  btf.Func("bpf_throw", btf.FuncProto(0, {{"cookie", word}}), 0);
  KernelSources sources;
  sources.btf = btf.Build();
  const auto plan = PlanOf(effects::Object(), std::move(sources), {.only = {{"throws"}}});
  ASSERT_THAT(plan, IsOk());
  const LoadProgramStep& program = LastProgram(*plan);
  EXPECT_EQ(program.params.func_info.records.size(), 2 * sizeof(FunctionInfo));
  EXPECT_EQ(program.params.insns.back().code, kExit);
  FunctionInfo callback;
  std::memcpy(&callback, program.params.func_info.records.data() + sizeof callback,
              sizeof callback);
  auto spec = CollectionSpec::Parse(effects::Object(), "effects");
  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(callback.insn, spec->CodeOf(*spec->FindProgram("throws")).insns.size());
  EXPECT_THAT(PlanOf(effects::Object(), {}, {.only = {{"throws"}}}),
              Fails(Code::kNotFound, "program 'throws': types"));
}

TEST(Features, AReplacementNeedsToKnowOfWhichProgram) {
  EXPECT_THAT(
      PlanOf(effects::Object(), {}, {.only = {{"replaces"}}}),
      Fails(Code::kInvalidArgument, "does not say which BPF program has the function 'replaced'"));
}

}  // namespace
}  // namespace purebpf
