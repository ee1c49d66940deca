// Of a kernel's types, what objects need. The object is the benchmark's, with 171 relocations.
#include "purebpf/loader/min_core_btf.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/elf/btf.h"
#include "purebpf/loader/load_plan.h"

namespace purebpf {
namespace {

std::string object_path;  // this test's argument

CollectionSpec Object() {
  HostKernel files;
  auto spec = CollectionSpec::FromFile(files, object_path);
  if (!spec) ADD_FAILURE() << spec.error().ToString();
  return spec ? std::move(*spec) : CollectionSpec();
}

// The instructions of all programs, planned for a kernel with these types.
std::vector<std::vector<Insn>> PlanWith(const CollectionSpec& spec, std::vector<std::byte> btf) {
  auto target = TargetKernel::Described({.btf = std::move(btf)});
  const auto plan = LoadPlan::Make(spec, target);
  if (!plan) ADD_FAILURE() << plan.error().ToString();
  std::vector<std::vector<Insn>> all;
  if (!plan) return all;
  for (const Step& step : plan->steps)
    if (const auto* program = std::get_if<LoadProgramStep>(&step))
      all.push_back(program->params.insns);
  return all;
}

TEST(MinCoreBtf, GivesTheSameInstructionsAsTheRunningKernelsWholeTypes) {
  HostKernel host;
  const auto whole = host.ReadFile("/sys/kernel/btf/vmlinux", size_t{64} << 20);
  if (!whole) GTEST_SKIP() << "this kernel does not tell its types";
  const CollectionSpec spec = Object();
  const auto least = MinCoreBtf({&spec, 1}, *whole);
  ASSERT_TRUE(least) << least.error().ToString();
  EXPECT_LT(least->size(), size_t{32} << 10);
  EXPECT_EQ(PlanWith(spec, *least), PlanWith(spec, *whole));
  // And what is left is all needed: reduced again, it stays as it is.
  const auto again = MinCoreBtf({&spec, 1}, *least);
  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_EQ(again->size(), least->size());
}

TEST(MinCoreBtf, GivesTheSameInstructionsWithTheObjectsOwnTypesAsTheKernels) {
  const CollectionSpec spec = Object();
  const auto least = MinCoreBtf({&spec, 1}, spec.btf);
  ASSERT_TRUE(least) << least.error().ToString();
  EXPECT_LT(least->size(), spec.btf.size());
  const auto programs = PlanWith(spec, *least);
  EXPECT_EQ(programs.size(), 5u);
  EXPECT_EQ(programs, PlanWith(spec, spec.btf));
}

TEST(MinCoreBtf, LeavesOutMembersThatNobodyAsksFor) {
  CollectionSpec spec = Object();
  spec.functions.resize(1);
  spec.functions[0].core.resize(1);
  spec.programs.clear();
  const auto least = MinCoreBtf({&spec, 1}, spec.btf);
  ASSERT_TRUE(least) << least.error().ToString();
  const auto btf = elf::Btf::Parse(*least);
  ASSERT_TRUE(btf) << btf.error().message;
  const auto task = btf->Find(elf::BtfKind::kStruct, "task_struct");
  ASSERT_TRUE(task);
  EXPECT_EQ(task->count, 1u);
  EXPECT_EQ(btf->Member(*task, 0).name, "pid");
  EXPECT_FALSE(btf->Find(elf::BtfKind::kStruct, "sk_buff"));
}

TEST(MinCoreBtf, IsEmptyForObjectsWithoutRelocations) {
  const CollectionSpec spec = Object();
  const auto least = MinCoreBtf({}, spec.btf);
  ASSERT_TRUE(least) << least.error().ToString();
  const auto btf = elf::Btf::Parse(*least);
  ASSERT_TRUE(btf) << btf.error().message;
  EXPECT_EQ(btf->type_count(), 1u);
}

TEST(MinCoreBtf, RefusesTypesThatCannotBeRead) {
  const CollectionSpec spec = Object();
  const std::vector<std::byte> damaged(24, std::byte{0x9f});
  const auto least = MinCoreBtf({&spec, 1}, damaged);
  ASSERT_FALSE(least);
  EXPECT_EQ(least.error().code, Code::kMalformed);
}

}  // namespace
}  // namespace purebpf

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc > 1) purebpf::object_path = argv[1];
  return RUN_ALL_TESTS();
}
