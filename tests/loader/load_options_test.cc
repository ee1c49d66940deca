// What LoadOptions make of a plan. (Replacements, tokens: execution_test. Pins: traps_pins_test.
// The log: bpf/program_calls_test. Types and options of other kernels: traps_core_test,
// traps_externs_test.)
#include "purebpf/loader/load_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/load_plan.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/data.h"

namespace purebpf {
namespace {

using ::testing::ElementsAre;
using testing::Fails;
using testing::FakeKernel;
using testing::IsOk;
using ::testing::UnorderedElementsAre;

Result<LoadPlan> PlanWith(const LoadOptions& options) {
  auto spec = CollectionSpec::Parse(data::Object(), "data");
  if (!spec) return std::unexpected(std::move(spec).error());
  auto target = TargetKernel::Described();
  return LoadPlan::Make(*spec, target, options);
}

uint32_t EntriesOf(const Result<LoadPlan>& plan, std::string_view map) {
  if (!plan) return ~0U;
  for (const Step& step : plan->steps)
    if (const auto* made = std::get_if<CreateMapStep>(&step); made != nullptr && made->name == map)
      return made->params.max_entries;
  return ~0U;
}

std::vector<std::string> ProgramsOf(const Result<LoadPlan>& plan) {
  std::vector<std::string> names;
  if (!plan) return {plan.error().ToString()};
  for (const Step& step : plan->steps)
    if (const auto* load = std::get_if<LoadProgramStep>(&step)) names.push_back(load->params.name);
  return names;
}

TEST(LoadOptions, SizesAreGivenMapByMap) {
  EXPECT_EQ(EntriesOf(PlanWith({}), "open_size"), 0U);
  EXPECT_EQ(EntriesOf(PlanWith({.max_entries = {{"open_size", 33}}}), "open_size"), 33U);
  EXPECT_THAT(
      PlanWith({.max_entries = {{"no_such_map", 33}}}),
      Fails(Code::kInvalidArgument, "has no map or program 'no_such_map'; maps: open_size"));
}

TEST(LoadOptions, AReplacementOfNoMapIsRefused) {
  EXPECT_THAT(PlanWith({.replace = {{.map = "no_such_map"}}}),
              Fails(Code::kInvalidArgument, "has no map or program 'no_such_map'"));
}

TEST(LoadOptions, TheDefaultSizeIsForMapsThatHaveNone) {
  const auto plan = PlanWith({.default_max_entries = 44});
  EXPECT_EQ(EntriesOf(plan, "open_size"), 44U);
  EXPECT_EQ(EntriesOf(plan, ".bss"), 1U);
  EXPECT_EQ(EntriesOf(PlanWith({.max_entries = {{"open_size", 33}}, .default_max_entries = 44}),
                      "open_size"),
            33U);
}

TEST(LoadOptions, WhatIsSkippedIsLeftOut) {
  EXPECT_THAT(ProgramsOf(PlanWith({})), UnorderedElementsAre("counts", "looks_up"));
  EXPECT_THAT(ProgramsOf(PlanWith({.skip = {"counts"}})), ElementsAre("looks_up"));
  EXPECT_THAT(PlanWith({.skip = {"no_such_program"}}),
              Fails(Code::kInvalidArgument, "has no map or program 'no_such_program'"));
}

TEST(LoadOptions, ReferencesToASkippedMapArePoisoned) {
  const auto plan = PlanWith({.skip = {"open_size"}});
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(EntriesOf(plan, "open_size"), ~0U) << "it is not made";
  for (const Step& step : plan->steps) {
    const auto* load = std::get_if<LoadProgramStep>(&step);
    if (load == nullptr || load->params.name != "looks_up") continue;
    EXPECT_TRUE(load->map_slots.empty());
    ASSERT_EQ(load->notes.size(), 1U);
    EXPECT_NE(load->notes[0].text.find("open_size"), std::string::npos);
    const Insn& poison = load->params.insns[load->notes[0].insn];
    EXPECT_EQ(poison.code, 0x85);  // BPF_JMP | BPF_CALL
    EXPECT_EQ(poison.imm / 1'000'000, 2001);
  }
}

TEST(LoadOptions, TheVerifiersStatisticsAreThereOnSuccess) {
  FakeKernel kernel;
  kernel.Always(Command::kProgLoad,
                [&](MutableBytes, std::span<const Region> regions) -> SysResult<int> {
                  constexpr std::string_view kWords = "processed 9 insns";
                  for (const Region& region : regions)
                    if (region.attr_offset == offsetof(ProgLoadAttr, log_buf))
                      std::memcpy(region.bytes.data(), kWords.data(), kWords.size() + 1);
                  return kernel.NewFd();
                });
  auto spec = CollectionSpec::Parse(data::Object(), "data");
  ASSERT_THAT(spec, IsOk());
  const auto collection =
      spec->Load(kernel, {.only = {{"counts"}}, .log = {.level = 4, .max_bytes = 1 << 16}});
  ASSERT_THAT(collection, IsOk());
  const auto asked = kernel.Nth(Command::kProgLoad, 0).As<ProgLoadAttr>();
  EXPECT_EQ(asked.log_level, 4U);
  EXPECT_LE(asked.log_size, 1U << 16);
  EXPECT_EQ(collection->FindProgram("counts")->log(), "processed 9 insns");
}

}  // namespace
}  // namespace purebpf
