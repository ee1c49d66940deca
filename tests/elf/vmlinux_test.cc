// The types of the running kernel: the greatest BTF there is, by the kernel's own hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/tests/elf/parse_matchers.h"
#include "purebpf/tests/elf/test_objects.h"
#include "purebpf/tests/elf/walk.h"

namespace purebpf::elf {
namespace {

class RunningKernel : public ::testing::Test {
 protected:
  void SetUp() override {
    bytes_ = ReadFile("/sys/kernel/btf/vmlinux");
    if (bytes_.empty()) GTEST_SKIP() << "no /sys/kernel/btf/vmlinux: CONFIG_DEBUG_INFO_BTF";
    btf_ = Btf::Parse(bytes_);
    ASSERT_THAT(btf_, IsParsed());
  }
  std::vector<std::byte> bytes_;
  Result<Btf> btf_ = Malformed("not read");
};

TEST_F(RunningKernel, KnowsItsTaskStruct) {
  const auto task = btf_->Find(BtfKind::kStruct, "task_struct");
  ASSERT_TRUE(task.has_value());
  EXPECT_EQ(btf_->SizeOf(task->id).value_or(0), task->size);
  const auto members = btf_->Members(*task);
  EXPECT_EQ(members.size(), task->count);
  const auto comm = std::ranges::find(members, "comm", &BtfMember::name);
  ASSERT_NE(comm, members.end());
  EXPECT_EQ(btf_->SizeOf(comm->type).value_or(0), 16U) << "TASK_COMM_LEN";
  EXPECT_LT(comm->bit_offset / 8, task->size);
}

TEST_F(RunningKernel, KnowsItsEnumsAndFunctions) {
  const auto map_type = btf_->Find(BtfKind::kEnum, "bpf_map_type");
  ASSERT_TRUE(map_type.has_value());
  const auto enumerators = btf_->Enumerators(*map_type);
  const auto devmap = std::ranges::find(enumerators, "BPF_MAP_TYPE_DEVMAP", &BtfEnumerator::name);
  ASSERT_NE(devmap, enumerators.end());
  EXPECT_EQ(devmap->value, 14U);
  const auto schedule = btf_->Find(BtfKind::kFunc, "schedule");
  ASSERT_TRUE(schedule.has_value());
  EXPECT_EQ(btf_->Type(schedule->target).kind, BtfKind::kFuncProto);
  EXPECT_EQ(btf_->SizeOf(btf_->Find(BtfKind::kTypedef, "u64")->id).value_or(0), 8U);
}

TEST_F(RunningKernel, EveryTypeCanBeLookedAt) {
  const Walk walk = WalkBtf(bytes_);
  EXPECT_TRUE(walk.parsed);
  EXPECT_EQ(walk.violation, "");
  uint32_t unsized = 0;
  for (uint32_t id = 1; id < btf_->type_count(); ++id) {
    EXPECT_THAT(btf_->Resolve(TypeId{id}), IsParsed());
    const BtfType type = btf_->Type(TypeId{id});
    if (type.kind == BtfKind::kStruct) {
      EXPECT_THAT(btf_->SizeOf(type.id), IsParsed());
    }
    if (!btf_->SizeOf(type.id)) ++unsized;
  }
  EXPECT_LT(unsized, btf_->type_count());
  std::cout << btf_->type_count() << " types, " << unsized << " without a size\n";
}

TEST_F(RunningKernel, NoCutOfItIsTaken) {
  for (size_t size = 0; size < bytes_.size(); size += bytes_.size() / 100) {
    EXPECT_FALSE(Btf::Parse(Bytes(bytes_).first(size)).has_value());
  }
}

}  // namespace
}  // namespace purebpf::elf
