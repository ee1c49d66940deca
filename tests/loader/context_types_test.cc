// Functions whose parameter is tagged as the context, for kernels that know tags and for others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/loader/load_plan.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/effects.h"

namespace purebpf {
namespace {

using testing::IsOk;

CollectionSpec Spec() {
  auto spec = CollectionSpec::Parse(effects::Object(), "effects");
  EXPECT_THAT(spec, IsOk());
  return spec ? *std::move(spec) : CollectionSpec{};
}

Result<LoadPlan> PlanFor(const CollectionSpec& spec, std::string release,
                         std::vector<std::string> only = {"asks_length"}) {
  auto target = TargetKernel::Described({.release = std::move(release)});
  return LoadPlan::Make(spec, target, {.only = std::move(only)});
}

std::vector<std::byte> TypesOf(const LoadPlan& plan) {
  for (const Step& step : plan.steps)
    if (const auto* types = std::get_if<LoadBtfStep>(&step)) return types->btf;
  ADD_FAILURE() << "no types are loaded";
  return {};
}

// The type of the last function of the program, as the kernel is told it.
elf::TypeId LastFunction(const LoadPlan& plan, std::string_view program) {
  for (const Step& step : plan.steps) {
    const auto* load = std::get_if<LoadProgramStep>(&step);
    if (load == nullptr || load->params.name != program) continue;
    FunctionInfo last;
    const auto& records = load->params.func_info.records;
    EXPECT_GE(records.size(), 2 * sizeof last);
    std::memcpy(&last, records.data() + records.size() - sizeof last, sizeof last);
    return elf::TypeId{last.type};
  }
  ADD_FAILURE() << "no program " << program;
  return elf::TypeId::kVoid;
}

// "struct __sk_buff", "void": what the function's first parameter points to.
std::string PointsTo(const elf::Btf& btf, elf::TypeId function) {
  const elf::BtfType prototype = btf.Type(btf.Type(function).target);
  EXPECT_EQ(prototype.kind, elf::BtfKind::kFuncProto);
  const auto pointer = btf.Resolve(btf.Parameter(prototype, 0).type);
  if (!pointer || pointer->kind != elf::BtfKind::kPtr) return "no pointer";
  const auto target = btf.Resolve(pointer->target);
  return target ? elf::Describe(*target) : "a loop";
}

TEST(ContextTypes, AreThoseOfTheObjectWhereTheKernelKnowsTheTag) {
  const CollectionSpec spec = Spec();
  for (const char* release : {"6.8.0", "7.2.1"}) {
    const auto plan = PlanFor(spec, release);
    ASSERT_THAT(plan, IsOk());
    EXPECT_EQ(TypesOf(*plan), spec.btf);
  }
  // Nor is anything known to be old of a kernel of which nothing is known.
  auto target = TargetKernel::Described({});
  const auto plan = LoadPlan::Make(spec, target, {.only = {{"asks_length"}}});
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(TypesOf(*plan), spec.btf);
}

TEST(ContextTypes, AreTheProgramsOwnBeforeLinux68) {
  const CollectionSpec spec = Spec();
  const auto plan = PlanFor(spec, "6.7.12");
  ASSERT_THAT(plan, IsOk());
  const auto types = TypesOf(*plan);
  const auto btf = elf::Btf::Parse(types);
  ASSERT_TRUE(btf);
  const elf::TypeId function = LastFunction(*plan, "asks_length");
  EXPECT_EQ(btf->Type(function).name, "length_of");
  EXPECT_EQ(btf->Type(function).linkage, elf::kGlobalLinkage);
  EXPECT_EQ(PointsTo(*btf, function), "struct __sk_buff");
  // The object's own stays, with its number, and every other one.
  const auto own = elf::Btf::Parse(spec.btf);
  ASSERT_TRUE(own);
  EXPECT_GE(static_cast<uint32_t>(function), own->type_count());
  const auto before = btf->Find(elf::BtfKind::kFunc, "length_of");
  ASSERT_TRUE(before);
  EXPECT_EQ(PointsTo(*btf, before->id), "void");
}

// One function, called by programs of two types.
TEST(ContextTypes, AreOneForEachContext) {
  CollectionSpec spec = Spec();
  ProgramSpec other = *spec.FindProgram("asks_length");
  other.name = "another";
  other.type = ProgType::kXdp;
  spec.programs.push_back(other);
  other.name = "same";
  other.type = ProgType::kSocketFilter;
  spec.programs.push_back(other);
  const auto plan = PlanFor(spec, "5.10.0", {"asks_length", "another", "same"});
  ASSERT_THAT(plan, IsOk());
  const auto types = TypesOf(*plan);
  const auto btf = elf::Btf::Parse(types);
  ASSERT_TRUE(btf);
  const elf::TypeId first = LastFunction(*plan, "asks_length");
  const elf::TypeId second = LastFunction(*plan, "another");
  EXPECT_EQ(PointsTo(*btf, first), "struct __sk_buff");
  EXPECT_EQ(PointsTo(*btf, second), "struct xdp_md");
  EXPECT_EQ(LastFunction(*plan, "same"), first);
}

TEST(ContextTypes, OfProgramsWithoutASuchStructureStayAsTheyAre) {
  CollectionSpec spec = Spec();
  spec.FindProgram("asks_length")->type = ProgType::kSyscall;
  const auto plan = PlanFor(spec, "6.1.0");
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(TypesOf(*plan), spec.btf);
}

}  // namespace
}  // namespace purebpf
