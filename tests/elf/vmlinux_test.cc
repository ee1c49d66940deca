// The types of the running kernel: the greatest BTF there is, by the kernel's own hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_reduce.h"
#include "purebpf/elf/btf_search.h"
#include "purebpf/elf/btf_writer.h"
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

TEST_F(RunningKernel, EveryStructHasAnAlignment) {
  for (uint32_t id = 1; id < btf_->type_count(); ++id) {
    const BtfType type = btf_->Type(TypeId{id});
    if (type.kind != BtfKind::kStruct && type.kind != BtfKind::kUnion) continue;
    const auto align = btf_->AlignOf(type.id);
    ASSERT_THAT(align, IsParsed()) << Describe(type);
    ASSERT_EQ(type.size % *align, 0U) << Describe(type);
  }
}

TEST_F(RunningKernel, IsSearchedInOnePassAsByManyLooks) {
  BtfSearch search;
  std::vector<std::string> names;
  for (uint32_t id = 1; id < btf_->type_count(); id += 499) {
    const BtfType type = btf_->Type(TypeId{id});
    if (type.kind == BtfKind::kStruct || type.kind == BtfKind::kFunc) names.emplace_back(type.name);
  }
  ASSERT_GT(names.size(), 100U);
  for (const std::string& name : names) search.WantExact(name, {BtfKind::kStruct, BtfKind::kFunc});
  const auto index = Btf::Index(bytes_, &search);
  ASSERT_THAT(index, IsParsed());
  EXPECT_EQ(index->type_count(), btf_->type_count());
  for (uint32_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) continue;
    std::vector<TypeId> slowly;
    for (const BtfType& type : btf_->FindAll(BtfKind::kStruct, names[i])) slowly.push_back(type.id);
    for (const BtfType& type : btf_->FindAll(BtfKind::kFunc, names[i])) slowly.push_back(type.id);
    std::ranges::sort(slowly);
    EXPECT_TRUE(std::ranges::equal(search.Found(i), slowly)) << names[i];
  }
}

TEST_F(RunningKernel, IsWrittenAgainAsItWas) {
  BtfWriter writer(btf_->order());
  for (uint32_t id = 1; id < btf_->type_count(); ++id) writer.Copy(*btf_, TypeId{id});
  const auto blob = writer.Build();
  ASSERT_THAT(blob, IsParsed());
  EXPECT_LE(blob->size(), bytes_.size()) << "each string once";
  const auto again = Btf::Parse(*blob);
  ASSERT_THAT(again, IsParsed());
  ASSERT_EQ(again->type_count(), btf_->type_count());
  for (uint32_t id = 1; id < btf_->type_count(); ++id) {
    const BtfType before = btf_->Type(TypeId{id});
    const BtfType after = again->Type(TypeId{id});
    ASSERT_EQ(after.name, before.name);
    ASSERT_EQ(after.kind, before.kind);
    ASSERT_EQ(after.count, before.count);
    ASSERT_EQ(after.target, before.target);
    ASSERT_TRUE(std::ranges::equal(again->Members(after), btf_->Members(before), {},
                                   &BtfMember::name, &BtfMember::name));
    ASSERT_TRUE(std::ranges::equal(again->Parameters(after), btf_->Parameters(before), {},
                                   &BtfParameter::type, &BtfParameter::type));
  }
}

TEST_F(RunningKernel, IsReducedToWhatWasLookedAt) {
  TypeIdSet visited(btf_->type_count());
  btf_->Track(&visited);
  const auto task = btf_->Find(BtfKind::kStruct, "task_struct");
  ASSERT_TRUE(task.has_value());
  const auto align = btf_->AlignOf(task->id);
  ASSERT_THAT(align, IsParsed());
  btf_->Track(nullptr);
  const auto blob = ReduceKeepingIds(*btf_, visited);
  ASSERT_THAT(blob, IsParsed());
  EXPECT_LT(blob->size(), 12 * size_t{btf_->type_count()} + 100'000);
  const auto small = Btf::Parse(*blob);
  ASSERT_THAT(small, IsParsed());
  const auto again = small->Find(BtfKind::kStruct, "task_struct");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->id, task->id);
  EXPECT_EQ(small->AlignOf(task->id).value_or(0), *align);
  std::cout << bytes_.size() << " bytes, " << blob->size() << " of them for task_struct\n";
}

TEST_F(RunningKernel, NoCutOfItIsTaken) {
  for (size_t size = 0; size < bytes_.size(); size += bytes_.size() / 100) {
    EXPECT_FALSE(Btf::Parse(Bytes(bytes_).first(size)).has_value());
  }
}

}  // namespace
}  // namespace purebpf::elf
