#include "purebpf/elf/btf_reduce.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/tests/elf/parse_matchers.h"
#include "purebpf/tests/support/btf_builder.h"

namespace purebpf::elf {
namespace {

using ::purebpf::testing::BtfBuilder;
using ::testing::SizeIs;

// A kernel in small.
std::vector<std::byte> Kernel(std::endian order = std::endian::native) {
  BtfBuilder btf(order);
  btf.Int("int", 4, 1);  // 1
  btf.Ptr(3);            // 2
  btf.Struct("task", 64,
             {{"pid", 1, 0},
              {"parent", 2, 64},
              {"flags", 1, 160, 3},
              {"name", 4, 192},
              {"", 6, 320},
              {"state", 5, 448}});                              // 3
  btf.Array(7, 1, 16);                                          // 4
  btf.Typedef("state_t", 8);                                    // 5
  btf.Union("", 16, {{"first", 1, 0}, {"second", 9, 0}});       // 6
  btf.Int("char", 1);                                           // 7
  btf.Enum("state", 4, {{"RUNNING", 0}, {"DEAD", 2}});          // 8
  btf.Struct("pair", 16, {{"a", 1, 0}, {"b", 1, 64}});          // 9
  btf.FuncProto(1, {{"task", 2}, {"pair", 9}});                 // 10
  btf.Func("kill", 10, 1);                                      // 11
  btf.DeclTag("member tag", 3, 3);                              // 12
  btf.DeclTag("struct tag", 3, -1);                             // 13
  btf.Var("jiffies", 1, 1);                                     // 14
  btf.Datasec(".data..percpu", 64, {{14, 8, 4}, {15, 16, 4}});  // 15
  return btf.Build();
}

struct Reduced {
  std::vector<std::byte> blob;
  std::vector<TypeId> ids;
  Result<Btf> btf = Malformed("not reduced");
};

TEST(BtfReduceKeepingIds, LeavesWhatWasLookedAtAsItWas) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    const auto blob = Kernel(order);
    auto kernel = Btf::Parse(blob);
    ASSERT_THAT(kernel, IsParsed());
    TypeIdSet visited(kernel->type_count());
    kernel->Track(&visited);
    const auto task = kernel->Find(BtfKind::kStruct, "task");
    ASSERT_TRUE(task.has_value());
    EXPECT_EQ(kernel->SizeOf(kernel->Member(*task, 5).type).value(), 4U);
    kernel->Track(nullptr);
    static_cast<void>(kernel->Type(TypeId{9}));

    const auto small = ReduceKeepingIds(*kernel, visited);
    ASSERT_THAT(small, IsParsed());
    EXPECT_LT(small->size(), blob.size());
    const auto btf = Btf::Parse(*small);
    ASSERT_THAT(btf, IsParsed());
    EXPECT_EQ(btf->order(), order);
    ASSERT_EQ(btf->type_count(), kernel->type_count());
    const auto again = btf->Find(BtfKind::kStruct, "task");
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->id, TypeId{3});
    EXPECT_EQ(again->size, 64U);
    ASSERT_EQ(again->count, 6U);
    EXPECT_EQ(btf->Member(*again, 2).bit_size, 3U);
    EXPECT_EQ(btf->Member(*again, 5).name, "state");
    EXPECT_EQ(btf->Member(*again, 5).bit_offset, 448U);
    EXPECT_EQ(btf->Type(TypeId{5}).name, "state_t") << "on the way to the size";
    EXPECT_EQ(btf->Type(TypeId{8}).name, "state");
    for (const uint32_t id : {1U, 2U, 4U, 6U, 7U, 9U, 10U, 11U, 15U}) {
      EXPECT_EQ(btf->Type(TypeId{id}).kind, BtfKind::kPtr) << id;
      EXPECT_EQ(btf->Type(TypeId{id}).target, TypeId::kVoid) << id;
    }
    EXPECT_FALSE(btf->Find(BtfKind::kStruct, "pair").has_value());
  }
}

TEST(BtfReduceKeepingIds, OfNothingHasNoNames) {
  const auto blob = Kernel();
  const auto kernel = Btf::Parse(blob);
  const auto small = ReduceKeepingIds(*kernel, TypeIdSet(kernel->type_count()));
  ASSERT_THAT(small, IsParsed());
  EXPECT_THAT(*small, SizeIs(24 + 15 * 12 + 1));
}

TEST(BtfReduceKeepingIds, OfAModuleStandsOnTheReducedKernel) {
  const auto blob = Kernel();
  const auto kernel = Btf::Parse(blob);
  // A module's struct, with a name and a type of the kernel's.
  BtfBuilder builder;
  builder.Raw({1, 4U << 24 | 1, 8, 5, 3, 0});  // struct "int" { struct task "har"; }: offsets there
  builder.Struct("unused", 4, {});
  std::vector<std::byte> module_blob = builder.Build();
  const auto module = Btf::Parse(module_blob, &*kernel);
  ASSERT_THAT(module, IsParsed());
  ASSERT_EQ(module->first_id(), 16U);
  ASSERT_EQ(module->Type(TypeId{16}).name, "int");

  TypeIdSet used(module->type_count());
  used.Add(TypeId{3});
  used.Add(TypeId{16});
  const auto small_kernel = ReduceKeepingIds(*kernel, used);
  ASSERT_THAT(small_kernel, IsParsed());
  const auto kernel_btf = Btf::Parse(*small_kernel);
  ASSERT_THAT(kernel_btf, IsParsed());
  const auto small_module = ReduceKeepingIds(*module, used, &*kernel_btf);
  ASSERT_THAT(small_module, IsParsed());
  const auto btf = Btf::Parse(*small_module, &*kernel_btf);
  ASSERT_THAT(btf, IsParsed());
  ASSERT_EQ(btf->type_count(), 18U);
  EXPECT_EQ(btf->Type(TypeId{16}).name, "int");
  EXPECT_EQ(btf->Member(btf->Type(TypeId{16}), 0).name, module->Name(5));
  EXPECT_EQ(btf->Type(TypeId{3}).name, "task");
  EXPECT_EQ(btf->Type(TypeId{17}).kind, BtfKind::kPtr);

  BtfBuilder foreign;
  foreign.Int("int", 4);
  const auto foreign_blob = foreign.Build();
  const auto other = Btf::Parse(foreign_blob);
  EXPECT_THAT(ReduceKeepingIds(*module, used, &*other),
              IsMalformed("the reduced base ends at type 1, but the types above it begin at 16"));
}

Reduced ReduceTo(const std::vector<std::byte>& blob, const std::vector<uint32_t>& used,
                 const std::vector<MemberUse>& members) {
  const auto kernel = Btf::Parse(blob);
  EXPECT_THAT(kernel, IsParsed());
  TypeIdSet set(kernel->type_count());
  for (const uint32_t id : used) set.Add(TypeId{id});
  auto result = ReduceToUse(*kernel, set, members);
  EXPECT_THAT(result, IsParsed());
  Reduced reduced{.blob = std::move(result->blob), .ids = std::move(result->ids)};
  reduced.btf = Btf::Parse(reduced.blob);
  EXPECT_THAT(reduced.btf, IsParsed());
  return reduced;
}

TEST(BtfReduceToUse, KeepsTheUsedMembersWhereTheyWere) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    const Reduced reduced =
        ReduceTo(Kernel(order), {}, {{TypeId{3}, 5}, {TypeId{3}, 2}, {TypeId{3}, 5}});
    const Btf& btf = *reduced.btf;
    const auto task = btf.Find(BtfKind::kStruct, "task");
    ASSERT_TRUE(task.has_value());
    EXPECT_EQ(task->id, reduced.ids[3]);
    EXPECT_EQ(task->size, 64U);
    ASSERT_EQ(task->count, 2U);
    EXPECT_EQ(btf.Member(*task, 0).name, "flags");
    EXPECT_EQ(btf.Member(*task, 0).bit_offset, 160U);
    EXPECT_EQ(btf.Member(*task, 0).bit_size, 3U);
    EXPECT_EQ(btf.Member(*task, 1).name, "state");
    EXPECT_EQ(btf.Member(*task, 1).bit_offset, 448U);
    EXPECT_EQ(btf.Type(btf.Member(*task, 1).type).name, "state_t");
    EXPECT_EQ(btf.SizeOf(btf.Member(*task, 1).type).value(), 4U);
    EXPECT_EQ(btf.type_count(), 5U) << "void, int, task, state_t and state";
    EXPECT_EQ(reduced.ids[9], TypeId::kVoid);
  }
}

TEST(BtfReduceToUse, CutsAtPointersAndKeepsSizes) {
  // task::parent, and task's anonymous union with its second member, of which none is used.
  const Reduced reduced =
      ReduceTo(Kernel(), {}, {{TypeId{3}, 1}, {TypeId{3}, 3}, {TypeId{3}, 4}, {TypeId{6}, 1}});
  const Btf& btf = *reduced.btf;
  const BtfType task = btf.Type(reduced.ids[3]);
  ASSERT_EQ(task.count, 3U);
  const BtfType parent = btf.Type(btf.Member(task, 0).type);
  EXPECT_EQ(parent.kind, BtfKind::kPtr);
  EXPECT_EQ(parent.target, task.id) << "kept for another reason";
  EXPECT_EQ(btf.SizeOf(btf.Member(task, 1).type).value(), 16U) << "char name[16]";
  const BtfType anonymous = btf.Type(btf.Member(task, 2).type);
  EXPECT_EQ(anonymous.kind, BtfKind::kUnion);
  ASSERT_EQ(anonymous.count, 1U);
  const BtfType pair = btf.Type(btf.Member(anonymous, 0).type);
  EXPECT_EQ(pair.name, "pair");
  EXPECT_EQ(pair.count, 0U);
  EXPECT_EQ(pair.size, 16U);

  const Reduced pointer = ReduceTo(Kernel(), {2}, {});
  EXPECT_EQ(pointer.btf->type_count(), 2U);
  EXPECT_EQ(pointer.btf->Type(TypeId{1}).target, TypeId::kVoid);
}

TEST(BtfReduceToUse, KeepsWholeEnumsAndFunctions) {
  const Reduced reduced = ReduceTo(Kernel(), {8, 11}, {});
  const Btf& btf = *reduced.btf;
  EXPECT_EQ(btf.Enumerators(btf.Type(reduced.ids[8])).size(), 2U);
  const BtfType prototype = btf.Type(btf.Type(reduced.ids[11]).target);
  ASSERT_EQ(prototype.kind, BtfKind::kFuncProto);
  EXPECT_EQ(btf.Parameter(prototype, 0).name, "task");
  EXPECT_EQ(btf.Parameter(prototype, 0).type, TypeId::kVoid);
  EXPECT_EQ(btf.type_count(), 4U);
}

TEST(BtfReduceToUse, TagsFollowTheirMember) {
  const Reduced with = ReduceTo(Kernel(), {12, 13}, {{TypeId{3}, 0}, {TypeId{3}, 3}});
  const BtfType tag = with.btf->Type(with.ids[12]);
  EXPECT_EQ(tag.name, "member tag");
  EXPECT_EQ(tag.component, 1) << "was 3";
  EXPECT_EQ(with.btf->Type(with.ids[13]).component, -1);
  const Reduced without = ReduceTo(Kernel(), {12, 13}, {{TypeId{3}, 0}});
  EXPECT_EQ(without.ids[12], TypeId::kVoid);
  EXPECT_EQ(without.btf->Type(without.ids[13]).name, "struct tag");
}

TEST(BtfReduceToUse, SectionsHaveTheVariablesThatAreKept) {
  const Reduced reduced = ReduceTo(Kernel(), {14, 15}, {});
  const BtfType section = reduced.btf->Type(reduced.ids[15]);
  ASSERT_EQ(section.count, 2U) << "it names itself";
  EXPECT_EQ(reduced.btf->Variable(section, 0).variable, reduced.ids[14]);
  EXPECT_EQ(reduced.btf->Variable(section, 0).offset, 8U);
  const Reduced bare = ReduceTo(Kernel(), {15}, {});
  EXPECT_EQ(bare.btf->Type(bare.ids[15]).count, 1U);
}

TEST(BtfReduceToUse, LeavesOutWhatIsNotThere) {
  const Reduced reduced =
      ReduceTo(Kernel(), {}, {{TypeId{3}, 6}, {TypeId{999}, 0}, {TypeId{1}, 0}, {TypeId{0}, 0}});
  EXPECT_EQ(reduced.btf->type_count(), 3U) << "void, int and task";
  EXPECT_EQ(reduced.btf->Type(reduced.ids[3]).count, 0U);
}

}  // namespace
}  // namespace purebpf::elf
