// What BTF types come down to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/tests/elf/parse_matchers.h"
#include "purebpf/tests/support/btf_builder.h"

namespace purebpf::elf {
namespace {

using ::purebpf::testing::BtfBuilder;

TEST(BtfResolve, TakesTypedefsAndModifiersAway) {
  BtfBuilder builder;
  builder.Int("int", 4);             // 1
  builder.TypeTag("rcu", 1);         // 2
  builder.Restrict(2);               // 3
  builder.Volatile(3);               // 4
  builder.Const(4);                  // 5
  builder.Typedef("t", 5);           // 6
  builder.Ptr(6);                    // 7
  builder.Typedef("to_nothing", 0);  // 8
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  for (uint32_t id = 1; id <= 6; ++id) {
    const auto resolved = btf->Resolve(TypeId{id});
    ASSERT_THAT(resolved, IsParsed());
    EXPECT_EQ(resolved->id, TypeId{1});
  }
  EXPECT_EQ(btf->Resolve(TypeId{7})->kind, BtfKind::kPtr);
  EXPECT_EQ(btf->Resolve(TypeId{8})->kind, BtfKind::kVoid);
  EXPECT_EQ(btf->Resolve(TypeId::kVoid)->kind, BtfKind::kVoid);
}

TEST(BtfResolve, EndsAtThirtyTwoInARow) {
  BtfBuilder builder;
  builder.Int("int", 4);                                        // 1
  for (uint32_t id = 2; id <= 34; ++id) builder.Const(id - 1);  // 34 has 33 in a row
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_THAT(btf->Resolve(TypeId{33}), IsParsed());
  EXPECT_THAT(btf->Resolve(TypeId{34}),
              IsMalformed("BTF: type 34: more than 32 typedefs and modifiers in a row, or a loop"));
  EXPECT_THAT(btf->SizeOf(TypeId{34}), IsMalformed("more than 32 typedefs and modifiers"));
}

TEST(BtfResolve, RefusesLoops) {
  BtfBuilder builder;
  builder.Typedef("self", 1);  // 1
  builder.Typedef("ping", 3);  // 2
  builder.Const(2);            // 3
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_THAT(btf->Resolve(TypeId{1}), IsMalformed("BTF: type 1: more than 32"));
  EXPECT_THAT(btf->Resolve(TypeId{2}), IsMalformed("BTF: type 2: more than 32"));
}

TEST(BtfResolve, RefusesAnIdThatIsNotThere) {
  BtfBuilder builder;
  builder.Int("int", 4);
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_THAT(btf->Resolve(TypeId{2}), IsMalformed("BTF: type 2: there is none, the last is 1"));
  EXPECT_THAT(btf->SizeOf(TypeId{99}), IsMalformed("BTF: type 99: there is none"));
}

TEST(BtfSizeOf, IsInBytesThroughModifiersAndArrays) {
  BtfBuilder builder;
  builder.Int("char", 1);             // 1
  builder.Struct("s", 24, {});        // 2
  builder.Array(2, 1, 3);             // 3
  builder.Typedef("rows", 3);         // 4
  builder.Const(4);                   // 5
  builder.Array(5, 1, 2);             // 6: const rows [2]
  builder.Ptr(6);                     // 7
  builder.Union("u", 12, {});         // 8
  builder.Enum("e", 2, {});           // 9
  builder.Enum64("w", {});            // 10
  builder.Float("f", 10);             // 11
  builder.Array(2, 1, 0);             // 12
  builder.Var("v", 6, 1);             // 13
  builder.Datasec(".data", 144, {});  // 14
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  const std::vector<uint64_t> sizes = {1, 24, 72, 72, 72, 144, 8, 12, 2, 8, 10, 0, 144, 144};
  for (uint32_t id = 1; id <= sizes.size(); ++id) {
    SCOPED_TRACE(id);
    const auto size = btf->SizeOf(TypeId{id});
    ASSERT_THAT(size, IsParsed());
    EXPECT_EQ(*size, sizes[id - 1]);
  }
}

TEST(BtfSizeOf, RefusesWhatHasNone) {
  BtfBuilder builder;
  builder.FuncProto(0, {});    // 1
  builder.Func("f", 1, 0);     // 2
  builder.Fwd("later");        // 3
  builder.Array(3, 3, 2);      // 4
  builder.Const(0);            // 5
  builder.DeclTag("t", 1, 0);  // 6
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_THAT(btf->SizeOf(TypeId{0}), IsMalformed("BTF: type 0: void has no size"));
  EXPECT_THAT(btf->SizeOf(TypeId{1}), IsMalformed("function prototype (anonymous, type 1) has no"));
  EXPECT_THAT(btf->SizeOf(TypeId{2}), IsMalformed("BTF: type 2: func f has no size"));
  EXPECT_THAT(btf->SizeOf(TypeId{3}), IsMalformed("BTF: type 3: forward later has no size"));
  EXPECT_THAT(btf->SizeOf(TypeId{4}), IsMalformed("BTF: type 4: forward later has no size"));
  EXPECT_THAT(btf->SizeOf(TypeId{5}), IsMalformed("BTF: type 5: void has no size"));
  EXPECT_THAT(btf->SizeOf(TypeId{6}), IsMalformed("BTF: type 6: decl_tag t has no size"));
}

TEST(BtfSizeOf, RefusesArraysThatDoNotFit) {
  BtfBuilder builder;
  builder.Int("char", 1);           // 1
  builder.Struct("s", 3, {});       // 2
  builder.Array(1, 1, 0xffffffff);  // 3
  builder.Array(3, 1, 0xffffffff);  // 4: 2^64 - 2^33 + 1, the greatest square
  builder.Array(4, 1, 2);           // 5
  builder.Array(2, 1, 0xffffffff);  // 6
  builder.Array(6, 1, 0xffffffff);  // 7: the counts fit, the bytes do not
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_EQ(btf->SizeOf(TypeId{4}).value_or(0), 0xfffffffe00000001U);
  EXPECT_THAT(btf->SizeOf(TypeId{5}), IsMalformed("type 5: the array's size does not fit 64 bits"));
  EXPECT_THAT(btf->SizeOf(TypeId{7}), IsMalformed("type 7: the array's size does not fit 64 bits"));
}

TEST(BtfSizeOf, EndsAtThirtyTwoDimensions) {
  BtfBuilder builder;
  builder.Int("char", 1);                                             // 1
  for (uint32_t id = 2; id <= 34; ++id) builder.Array(id - 1, 1, 1);  // 34 has 33
  builder.Array(35, 1, 1);                                            // 35: of itself
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_EQ(btf->SizeOf(TypeId{33}).value_or(0), 1U);
  EXPECT_THAT(btf->SizeOf(TypeId{34}), IsMalformed("type 34: more than 32 array dimensions"));
  EXPECT_THAT(btf->SizeOf(TypeId{35}), IsMalformed("type 35: more than 32 array dimensions"));
}

TEST(BtfAlignOf, IsWhatACompilerGives) {
  BtfBuilder builder;
  builder.Int("char", 1);                                              // 1
  builder.Int("long", 8);                                              // 2
  builder.Int("__int128", 16);                                         // 3: 8, as in BPF
  builder.Ptr(1);                                                      // 4
  builder.Typedef("t", 2);                                             // 5
  builder.Array(6, 1, 3);                                              // 6: replaced below
  builder.Struct("s", 16, {{"c", 1, 0}, {"l", 5, 64}});                // 7
  builder.Struct("packed", 9, {{"c", 1, 0}, {"l", 2, 8}});             // 8
  builder.Struct("short_of_its_end", 9, {{"l", 2, 0}, {"c", 1, 64}});  // 9
  builder.Union("u", 8, {{"c", 1, 0}, {"p", 4, 0}});                   // 10
  builder.Struct("holds_packed", 10, {{"c", 1, 0}, {"p", 8, 8}});      // 11
  builder.Struct("bits", 8, {{"a", 2, 0, 3}, {"b", 2, 3, 7}});         // 12
  builder.Struct("empty", 0, {});                                      // 13
  builder.Enum("e", 4, {});                                            // 14
  builder.Float("double", 8);                                          // 15
  builder.Var("v", 14, 1);                                             // 16
  builder.Array(14, 1, 0);                                             // 17
  builder.Float("long double", 10);                                    // 18
  builder.BreakTypeWord(4 + 4 + 4 + 3 + 3 + 3, 2);                     // 6: of longs
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  const std::vector<uint32_t> aligns = {1, 8, 8, 8, 8, 8, 8, 1, 1, 8, 1, 8, 1, 4, 8, 4, 4, 8};
  for (uint32_t id = 1; id <= aligns.size(); ++id) {
    SCOPED_TRACE(id);
    const auto align = btf->AlignOf(TypeId{id});
    ASSERT_THAT(align, IsParsed());
    EXPECT_EQ(*align, aligns[id - 1]);
  }
}

TEST(BtfAlignOf, RefusesWhatHasNone) {
  BtfBuilder builder;
  builder.FuncProto(0, {});               // 1
  builder.Fwd("later");                   // 2
  builder.Struct("s", 4, {{"m", 2, 0}});  // 3
  builder.Datasec(".data", 4, {});        // 4
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_THAT(btf->AlignOf(TypeId{0}), IsMalformed("BTF: type 0: void has no alignment"));
  EXPECT_THAT(btf->AlignOf(TypeId{1}),
              IsMalformed("function prototype (anonymous, type 1) has no"));
  EXPECT_THAT(btf->AlignOf(TypeId{3}), IsMalformed("BTF: type 2: forward later has no alignment"));
  EXPECT_THAT(btf->AlignOf(TypeId{4}), IsMalformed("datasec .data has no alignment"));
  EXPECT_THAT(btf->AlignOf(TypeId{5}), IsMalformed("BTF: type 5: there is none"));
}

TEST(BtfAlignOf, EndsWhereStructsHoldThemselves) {
  BtfBuilder builder;
  builder.Struct("s", 8, {{"s", 1, 0}});  // 1
  builder.Struct("leaf", 0, {});          // 2
  for (uint32_t id = 3; id < 30; ++id) {  // 2^27 ways to the leaf
    builder.Struct("s", 0, {{"a", id - 1, 0}, {"b", id - 1, 0}});
  }
  builder.Array(30, 30, 1);  // 30: of itself
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_THAT(btf->AlignOf(TypeId{1}), IsMalformed("more than 32 levels of members in a row"));
  EXPECT_THAT(btf->AlignOf(TypeId{29}), IsMalformed("hangs on more than 65536 members"));
  EXPECT_EQ(btf->AlignOf(TypeId{10}).value_or(0), 1U);
  EXPECT_THAT(btf->AlignOf(TypeId{30}), IsMalformed("levels of members"));
}

}  // namespace
}  // namespace purebpf::elf
