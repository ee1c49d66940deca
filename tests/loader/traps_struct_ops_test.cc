// Instances of kernel structures, some of whose members the kernel may lack.
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
using ::testing::ElementsAre;
using testing::Fails;
using testing::IsOk;

// A kernel whose struct made_up_ops has `limit` before `start`, and nothing else.
KernelSources Sources() {
  BtfBuilder btf;
  const uint32_t word = btf.Int("unsigned int", 4);
  const uint32_t number = btf.Int("int", 4, 1);
  const uint32_t function = btf.Ptr(btf.FuncProto(number, {}));
  const uint32_t ops = btf.Struct("made_up_ops", 16, {{"limit", word, 0}, {"start", function, 64}});
  const uint32_t common = btf.Struct("bpf_struct_ops_common", 8, {});
  btf.Struct("bpf_struct_ops_made_up_ops", 80, {{"common", common, 0}, {"data", ops, 512}});
  KernelSources sources;
  sources.btf = btf.Build();
  return sources;
}

Result<LoadPlan> PlanOf(std::string_view map) {
  auto spec = CollectionSpec::Parse(traps::Object(), "traps");
  EXPECT_THAT(spec, IsOk());
  if (!spec) return std::unexpected(std::move(spec).error());
  auto target = TargetKernel::Described(Sources());
  return LoadPlan::Make(*spec, target, {.only = {{std::string(map)}}});
}

std::vector<std::string> Programs(const LoadPlan& plan) {
  std::vector<std::string> names;
  for (const Step& step : plan.steps)
    if (const auto* program = std::get_if<LoadProgramStep>(&step))
      names.push_back(program->params.name);
  return names;
}

TEST(StructOps, MembersGoWhereTheKernelHasThem) {
  const auto plan = PlanOf("without");
  ASSERT_THAT(plan, IsOk());
  EXPECT_THAT(Programs(*plan), ElementsAre("start"));
  const auto& step = std::get<StructOpsStep>(plan->steps.back());
  ASSERT_EQ(step.value.size(), 80U);
  EXPECT_EQ(step.value[64], std::byte{7});
  ASSERT_EQ(step.members.size(), 1U);
  EXPECT_EQ(step.members[0].offset, 72U);
}

// Trap 31.
TEST(StructOps, AFunctionThatTheKernelHasNoPlaceForIsNotLoaded) {
  const auto plan = PlanOf("with");
  ASSERT_THAT(plan, IsOk());
  EXPECT_THAT(Programs(*plan), ElementsAre("start"));
}

TEST(StructOps, AMemberThatTheKernelLacksMustBeZero) {
  EXPECT_THAT(PlanOf("with_number"),
              Fails(Code::kUnsupported,
                    "member 'not_yet_limit' is not zero, and this kernel's structure has no such"));
}

}  // namespace
}  // namespace purebpf
