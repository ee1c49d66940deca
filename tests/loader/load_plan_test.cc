#include "purebpf/loader/load_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/kinds.h"
#include "tests/loader/kinds_foreign.h"
#include "tests/loader/unresolved.h"

namespace purebpf {
namespace {

using ::testing::ElementsAre;
using testing::Fails;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Pair;

CollectionSpec Parse(Bytes object, std::string_view name) {
  auto spec = CollectionSpec::Parse(object, name);
  EXPECT_THAT(spec, IsOk());
  return spec ? *spec : CollectionSpec{};
}

// The kinds object without what cannot be loaded as it is.
CollectionSpec Loadable() {
  CollectionSpec spec = Parse(kinds::Object(), "kinds");
  spec.FindProgram("untyped")->type = ProgType::kSocketFilter;
  return spec;
}

Result<LoadPlan> PlanWith(const CollectionSpec& spec, const LoadOptions& options = {}) {
  auto target = TargetKernel::Described({.page_size = 4096, .possible_cpus = 6});
  return LoadPlan::Make(spec, target, options);
}

Result<LoadPlan> Plan(const CollectionSpec& spec, std::vector<std::string> only) {
  return PlanWith(spec, {.only = std::move(only)});
}

// Of maps and programs.
std::vector<std::string> NamesOf(const LoadPlan& plan) {
  std::vector<std::string> names;
  for (const Step& step : plan.steps) {
    if (const auto* map = std::get_if<CreateMapStep>(&step)) names.push_back(map->name);
    if (const auto* program = std::get_if<LoadProgramStep>(&step))
      names.push_back(program->params.name);
  }
  return names;
}

TEST(LoadPlan, IsOnlyWhatIsNamedAndWhatThatNeeds) {
  const CollectionSpec spec = Loadable();
  auto plan = Plan(spec, {"second"});
  ASSERT_THAT(plan, IsOk());
  EXPECT_THAT(NamesOf(*plan), ::testing::UnorderedElementsAre("by_size", "old_style", "second"));
  EXPECT_EQ(NamesOf(*plan).back(), "second");

  plan = Plan(spec, {"older_style"});
  ASSERT_THAT(plan, IsOk());
  EXPECT_THAT(NamesOf(*plan), ElementsAre("older_style"));

  plan = Plan(spec, {});
  ASSERT_THAT(plan, IsOk());
  EXPECT_TRUE(plan->steps.empty());
}

TEST(LoadPlan, LeavesOutOptionalProgramsUnlessNamed) {
  const CollectionSpec spec = Loadable();
  auto plan = PlanWith(spec);
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(NamesOf(*plan).size(), spec.maps.size() + spec.programs.size() - 1);
  EXPECT_THAT(NamesOf(*plan), ::testing::Not(::testing::Contains("optional")));
  plan = Plan(spec, {"optional"});
  ASSERT_THAT(plan, IsOk());
  EXPECT_THAT(NamesOf(*plan), ElementsAre("optional"));
}

TEST(LoadPlan, LeavesASlotForEachMapsDescriptor) {
  const CollectionSpec spec = Loadable();
  const auto plan = Plan(spec, {"first"});
  ASSERT_THAT(plan, IsOk());
  const auto& step = std::get<LoadProgramStep>(plan->steps.back());
  const uint32_t at = spec.CodeOf(*spec.FindProgram("first")).references[0].insn;
  EXPECT_THAT(step.map_slots, ElementsAre(MapSlot{.insn = at, .step = 1}));
  const Insn& load = step.params.insns[at];
  EXPECT_EQ(load.code, kLoadImm64);
  EXPECT_EQ(load.src(), kPseudoMapFd);
  EXPECT_EQ(load.imm, 0);
  EXPECT_EQ(step.params.type, ProgType::kXdp);
  EXPECT_EQ(step.params.expected_attach_type, AttachType::kXdp);
  EXPECT_EQ(step.params.license, "Dual MIT/GPL");
  EXPECT_EQ(step.params.kern_version, 0x050a01U);
  // All else is as the object has it.
  auto insns = spec.CodeOf(*spec.FindProgram("first")).insns;
  insns[at].set_src(kPseudoMapFd);
  EXPECT_EQ(step.params.insns, insns);
}

TEST(LoadPlan, FitsMapsToTheKernel) {
  const CollectionSpec spec = Loadable();
  const auto plan = Plan(spec, {"ring", "events"});
  ASSERT_THAT(plan, IsOk());
  ASSERT_EQ(NamesOf(*plan).size(), 2U);
  for (const Step& step : plan->steps) {
    if (!std::holds_alternative<CreateMapStep>(step)) continue;
    const MapParams& map = std::get<CreateMapStep>(step).params;
    if (map.name == "ring") {
      EXPECT_EQ(map.max_entries, 8192U);  // 5000 rounded up to a power of two of pages
      EXPECT_EQ(map.key_size, 0U);
      EXPECT_EQ(map.value_size, 0U);
    } else {
      EXPECT_EQ(map.max_entries, 6U);  // one for each possible CPU
      EXPECT_EQ(map.key_size, 4U);
      EXPECT_EQ(map.value_size, 4U);
    }
  }
}

TEST(LoadPlan, HasTheDefaultSizeOnlyWhereNoneHasAMeaning) {
  CollectionSpec spec = Loadable();
  spec.FindMap("by_size")->params.max_entries = 0;
  spec.FindMap("by_type")->params.max_entries = 0;
  spec.FindMap("by_type")->params.type = MapType::kTaskStorage;
  const auto plan =
      PlanWith(spec, {.only = {{"by_size", "by_type", "events"}}, .default_max_entries = 77});
  ASSERT_THAT(plan, IsOk());
  std::map<std::string, uint32_t> entries;
  for (const Step& step : plan->steps) {
    if (const auto* map = std::get_if<CreateMapStep>(&step))
      entries[map->name] = map->params.max_entries;
  }
  EXPECT_THAT(entries, ElementsAre(Pair("by_size", 77U), Pair("by_type", 0U),
                                   Pair("events", 6U)));  // one for each possible CPU
}

TEST(LoadPlan, IsAFunctionOfItsArguments) {
  EXPECT_EQ(PlanWith(Loadable())->steps, PlanWith(Loadable())->steps);
}

TEST(LoadPlan, PrintsALineAStep) {
  const auto plan = Plan(Loadable(), {"first"});
  ASSERT_THAT(plan, IsOk());
  const auto& types = std::get<LoadBtfStep>(plan->steps[0]);
  const auto& program = std::get<LoadProgramStep>(plan->steps[2]);
  EXPECT_EQ(plan->ToString(),
            "load types: " + std::to_string(types.btf.size()) +
                " bytes, if the kernel takes them\n"
                "create map 'by_type': hash, key 4, value 24, 128 entries, flags 1\n"
                "load program 'first': xdp, " +
                std::to_string(program.params.insns.size()) + " instructions, map 'by_type' at " +
                std::to_string(program.map_slots[0].insn) + "\n");
}

TEST(LoadPlan, RefusesANameThatIsNotThere) {
  EXPECT_THAT(Plan(Loadable(), {"frist"}),
              Fails(Code::kInvalidArgument, "has no map or program 'frist'"));
  EXPECT_THAT(Plan(Loadable(), {"frist"}),
              Fails(Code::kInvalidArgument, "programs: first, second"));
}

TEST(LoadPlan, RefusesAProgramWithoutAType) {
  const CollectionSpec spec = Parse(kinds::Object(), "kinds");
  EXPECT_THAT(Plan(spec, {"untyped"}),
              Fails(Code::kInvalidArgument, "section 'nothing_known' says no program type"));
}

TEST(LoadPlan, RefusesTheOtherByteOrder) {
  const CollectionSpec spec = Parse(kinds_foreign::Object(), "kinds");
  EXPECT_THAT(PlanWith(spec),
              Fails(Code::kUnsupported, "the object is big-endian, the kernel little-endian"));
}

TEST(LoadPlan, DoesNotFailAProgramByAnothersNeeds) {
  const CollectionSpec spec = Parse(unresolved::Object(), "unresolved");
  // Of the kernel that is planned for nothing is known.
  EXPECT_THAT(Plan(spec, {"calls_extern"}), Fails(Code::kNotFound, "program 'calls_extern'"));
  EXPECT_THAT(Plan(spec, {"reads_kernel_type"}), Fails(Code::kNotFound, "types"));
  EXPECT_THAT(Plan(spec, {"uses_data", "calls_function", "needs_nothing"}), IsOk());
  EXPECT_THAT(PlanWith(spec), Fails(Code::kNotFound, "unresolved: program 'calls_extern'"));
  const auto partial = PlanWith(spec, {.partial = true});
  ASSERT_THAT(partial, IsOk());
  ASSERT_EQ(partial->failures.size(), 2U);
  EXPECT_EQ(partial->failures[0].program, "calls_extern");
  EXPECT_EQ(partial->failures[1].program, "reads_kernel_type");
  EXPECT_THAT(NamesOf(*partial),
              ::testing::IsSupersetOf({"uses_data", "calls_function", "needs_nothing"}));
}

TEST(LoadPlan, RefusesMapsThatWouldNotBeWhatTheyAreMeantToBe) {
  CollectionSpec spec = Loadable();
  spec.FindMap("old_style")->extra[4] = std::byte{2};
  EXPECT_THAT(Plan(spec, {"second"}),
              Fails(Code::kUnsupported, "byte 4 after its definition's map_flags is not zero"));
}

// A map that nobody needs, too.
TEST(LoadPlan, SaysOfEveryMapThatIsLeftOutWhy) {
  CollectionSpec spec = Loadable();
  spec.FindMap("older_style")->problem = "its definition is damaged";
  EXPECT_THAT(PlanWith(spec),
              Fails(Code::kMalformed, "map 'older_style': its definition is damaged"));
  const auto partial = PlanWith(spec, {.partial = true});
  ASSERT_THAT(partial, IsOk());
  ASSERT_EQ(partial->failures.size(), 1U);
  EXPECT_EQ(partial->failures[0].map, "older_style");
  EXPECT_EQ(partial->failures[0].program, "");
  EXPECT_THAT(partial->failures[0].error.ToString(), HasSubstr("its definition is damaged"));
  EXPECT_THAT(partial->ToString(), HasSubstr("leave out map 'older_style': "));
  EXPECT_THAT(NamesOf(*partial), ::testing::IsSupersetOf({"old_style", "first", "second"}));
}

// A slot for what is not there fails its map, and with it who needs that.
TEST(LoadPlan, LeavesOutAMapWhoseSlotIsForNothingThatIsThere) {
  CollectionSpec spec = Loadable();
  spec.FindMap("old_style")->slots.push_back({.index = 1, .target = "nowhere"});
  constexpr const char* kWhy = "map 'old_style': slot 1 is for 'nowhere', which the spec lacks";
  EXPECT_THAT(PlanWith(spec), Fails(Code::kInvalidArgument, kWhy));
  const auto partial = PlanWith(spec, {.partial = true});
  ASSERT_THAT(partial, IsOk());
  ASSERT_EQ(partial->failures.size(), 2U);
  EXPECT_EQ(partial->failures[0].map, "old_style");
  EXPECT_EQ(partial->failures[1].program, "second");
  EXPECT_THAT(partial->failures[1].error.ToString(), HasSubstr(kWhy));
  const auto names = NamesOf(*partial);
  EXPECT_THAT(names, ::testing::IsSupersetOf({"older_style", "by_size", "first", "probe"}));
  EXPECT_THAT(names, ::testing::Not(::testing::Contains("old_style")));
}

// Objects may have very many names: looking for each among all would take minutes.
TEST(LoadPlan, FindsTheMapsOfManySlots) {
  constexpr uint32_t kMaps = 60'000;
  CollectionSpec spec{.name = "many"};
  const auto name = [](uint32_t i) {
    return "a map of that number: " + std::to_string(1'000'000 + i);
  };
  for (uint32_t i = 0; i <= kMaps; ++i) {
    MapSpec map;
    map.name = name(i);
    map.params = {.name = map.name,
                  .type = i == kMaps ? MapType::kArray : MapType::kArrayOfMaps,
                  .key_size = 4,
                  .value_size = 4,
                  .max_entries = 1};
    if (i != kMaps) map.slots.push_back({.index = 0, .target = name(kMaps)});
    spec.maps.push_back(std::move(map));
  }
  const auto plan = PlanWith(spec);
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(plan->steps.size(), 2 * size_t{kMaps} + 1);
}

TEST(LoadPlan, RefusesAnEditedSpecThatContradictsItself) {
  CollectionSpec spec = Loadable();
  spec.CodeOf(*spec.FindProgram("first")).references[0].insn = 1000;
  EXPECT_THAT(Plan(spec, {"first"}),
              Fails(Code::kMalformed, "instruction 1000 of a reference is beyond the "));

  spec = Loadable();
  spec.CodeOf(*spec.FindProgram("first")).references[0].target = 77;
  EXPECT_THAT(Plan(spec, {"first"}), Fails(Code::kMalformed, "refers to map 77, of "));

  spec = Loadable();
  FunctionSpec& first = spec.CodeOf(*spec.FindProgram("first"));
  first.references[0].insn = static_cast<uint32_t>(first.insns.size() - 1);
  EXPECT_THAT(Plan(spec, {"first"}), Fails(Code::kMalformed, "but is no whole 64-bit load"));
}

}  // namespace
}  // namespace purebpf
