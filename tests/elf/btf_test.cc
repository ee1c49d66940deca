#include "purebpf/elf/btf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "purebpf/tests/elf/parse_matchers.h"
#include "purebpf/tests/support/btf_builder.h"

namespace purebpf::elf {
namespace {

using ::purebpf::testing::BtfBuilder;
namespace btf_field = ::purebpf::testing::btf_field;

constexpr uint32_t kSigned = 1;
constexpr uint32_t kBool = 4;

// Ids are given as literals, so that a test says which one it means.
class BtfOfOrder : public ::testing::TestWithParam<std::endian> {};

TEST_P(BtfOfOrder, DecodesTheCommonPartOfEveryKind) {
  BtfBuilder builder(GetParam());
  builder.Int("int", 4, kSigned);                           // 1
  builder.Ptr(1);                                           // 2
  builder.Array(1, 1, 7);                                   // 3
  builder.Struct("pair", 8, {{"a", 1, 0}, {"b", 1, 32}});   // 4
  builder.Union("either", 4, {{"a", 1, 0}});                // 5
  builder.Enum("color", 4, {{"RED", 0}});                   // 6
  builder.Fwd("later");                                     // 7
  builder.Typedef("number", 1);                             // 8
  builder.Volatile(1);                                      // 9
  builder.Const(9);                                         // 10
  builder.Restrict(2);                                      // 11
  builder.Func("prog", 13, 1);                              // 12
  builder.FuncProto(1, {{"ctx", 2}});                       // 13
  builder.Var("counter", 1, 1);                             // 14
  builder.Datasec(".bss", 4, {{14, 0, 4}});                 // 15
  builder.Float("double", 8);                               // 16
  builder.DeclTag("note", 4, 1);                            // 17
  builder.TypeTag("user", 1);                               // 18
  builder.Enum64("wide", {{"HUGE", 1ULL << 40}, {"", 0}});  // 19
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_EQ(btf->order(), GetParam());

  struct Row {
    uint32_t id;
    BtfKind kind;
    const char* name;
    uint32_t count;
    uint32_t size;
    uint32_t target;
    uint32_t linkage;
    const char* description;
  };
  const Row rows[] = {
      {0, BtfKind::kVoid, "", 0, 0, 0, 0, "void"},
      {1, BtfKind::kInt, "int", 0, 4, 0, 0, "int"},
      {2, BtfKind::kPtr, "", 0, 0, 1, 0, "pointer (anonymous, type 2)"},
      {3, BtfKind::kArray, "", 0, 0, 0, 0, "array (anonymous, type 3)"},
      {4, BtfKind::kStruct, "pair", 2, 8, 0, 0, "struct pair"},
      {5, BtfKind::kUnion, "either", 1, 4, 0, 0, "union either"},
      {6, BtfKind::kEnum, "color", 1, 4, 0, 0, "enum color"},
      {7, BtfKind::kFwd, "later", 0, 0, 0, 0, "forward later"},
      {8, BtfKind::kTypedef, "number", 0, 0, 1, 0, "typedef number"},
      {9, BtfKind::kVolatile, "", 0, 0, 1, 0, "volatile (anonymous, type 9)"},
      {10, BtfKind::kConst, "", 0, 0, 9, 0, "const (anonymous, type 10)"},
      {11, BtfKind::kRestrict, "", 0, 0, 2, 0, "restrict (anonymous, type 11)"},
      {12, BtfKind::kFunc, "prog", 0, 0, 13, 1, "func prog"},
      {13, BtfKind::kFuncProto, "", 1, 0, 1, 0, "function prototype (anonymous, type 13)"},
      {14, BtfKind::kVar, "counter", 0, 0, 1, 1, "var counter"},
      {15, BtfKind::kDatasec, ".bss", 1, 4, 0, 0, "datasec .bss"},
      {16, BtfKind::kFloat, "double", 0, 8, 0, 0, "double"},
      {17, BtfKind::kDeclTag, "note", 0, 0, 4, 0, "decl_tag note"},
      {18, BtfKind::kTypeTag, "user", 0, 0, 1, 0, "type_tag user"},
      {19, BtfKind::kEnum64, "wide", 2, 8, 0, 0, "enum wide"},
  };
  ASSERT_EQ(btf->type_count(), 20U);
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    const BtfType type = btf->Type(TypeId{row.id});
    EXPECT_EQ(type.id, TypeId{row.id});
    EXPECT_EQ(type.kind, row.kind);
    EXPECT_EQ(type.name, row.name);
    EXPECT_EQ(type.count, row.count);
    EXPECT_EQ(type.size, row.size);
    EXPECT_EQ(type.target, TypeId{row.target});
    EXPECT_EQ(type.linkage, row.linkage);
    EXPECT_EQ(Describe(type), row.description);
  }
}

TEST_P(BtfOfOrder, DecodesWhatFollowsAType) {
  BtfBuilder builder(GetParam());
  builder.Int("u32", 4);                                           // 1
  builder.Array(1, 2, 0x89abcdef);                                 // 2
  builder.Struct("s", 12, {{"first", 1, 0}, {"", 2, 0x1000020}});  // 3: a far offset, no bit field
  builder.Struct("bits", 4, {{"low", 1, 0, 3}, {"high", 1, 3, 29}, {"whole", 1, 0xffffff}});  // 4
  builder.Enum("e", 4, {{"NONE", 0}, {"ALL", 0xffffffff}});                                   // 5
  builder.Enum("i", 4, {{"MINUS", 0xffffffff}}, true);                                        // 6
  builder.Enum64("w", {{"BIG", 0x123456789abcdef0}});                                         // 7
  builder.Enum64("v", {{"MINUS", ~0ULL}}, true);                                              // 8
  builder.Datasec("maps", 0, {{9, 0x10, 0x20}, {1, 0x30, 0x40}});                             // 9
  builder.Int("bool", 1, kBool);                                                              // 10
  builder.FuncProto(0, {{"format", 1}, {"", 0}});                                             // 11
  builder.DeclTag("of a member", 3, 1);                                                       // 12
  builder.DeclTag("of the struct", 3, 0xffffffff);                                            // 13
  builder.Fwd("later");                                                                       // 14
  builder.Raw({0, 7U << 24 | 1U << 31, 0});                                                   // 15
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());

  const BtfArray array = btf->Array(btf->Type(TypeId{2}));
  EXPECT_EQ(array.element, TypeId{1});
  EXPECT_EQ(array.index, TypeId{2});
  EXPECT_EQ(array.count, 0x89abcdefU);

  const auto members = btf->Members(btf->Type(TypeId{3}));
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members[0].name, "first");
  EXPECT_EQ(members[0].type, TypeId{1});
  EXPECT_EQ(members[1].name, "");
  EXPECT_EQ(members[1].bit_offset, 0x1000020U) << "all 32 bits without kind_flag";
  EXPECT_EQ(members[1].bit_size, 0U);

  const BtfType bits_type = btf->Type(TypeId{4});
  EXPECT_TRUE(bits_type.kind_flag);
  const auto bits = btf->Members(bits_type);
  ASSERT_EQ(bits.size(), 3U);
  EXPECT_EQ(bits[1].bit_offset, 3U);
  EXPECT_EQ(bits[1].bit_size, 29U);
  EXPECT_EQ(bits[2].bit_offset, 0xffffffU);
  EXPECT_EQ(bits[2].bit_size, 0U);

  const auto plain = btf->Enumerators(btf->Type(TypeId{5}));
  ASSERT_EQ(plain.size(), 2U);
  EXPECT_EQ(plain[0].name, "NONE");
  EXPECT_EQ(plain[1].value, 0xffffffffU);
  EXPECT_EQ(btf->Enumerators(btf->Type(TypeId{6}))[0].value, ~0ULL) << "sign-extended";
  EXPECT_EQ(btf->Enumerators(btf->Type(TypeId{7}))[0].value, 0x123456789abcdef0U);
  EXPECT_EQ(btf->Enumerators(btf->Type(TypeId{8}))[0].value, ~0ULL);

  const BtfInt encoding = btf->Int(btf->Type(TypeId{10}));
  EXPECT_TRUE(encoding.is_bool);
  EXPECT_FALSE(encoding.is_signed);
  EXPECT_FALSE(encoding.is_char);
  EXPECT_EQ(encoding.bits, 8U);
  EXPECT_EQ(btf->Int(btf->Type(TypeId{1})).bits, 32U);

  const auto parameters = btf->Parameters(btf->Type(TypeId{11}));
  ASSERT_EQ(parameters.size(), 2U);
  EXPECT_EQ(parameters[0].name, "format");
  EXPECT_EQ(parameters[0].type, TypeId{1});
  EXPECT_EQ(parameters[1].name, "");
  EXPECT_EQ(parameters[1].type, TypeId::kVoid) << "...";
  EXPECT_EQ(btf->Type(TypeId{12}).component, 1);
  EXPECT_EQ(btf->Type(TypeId{13}).component, -1);
  EXPECT_FALSE(btf->Type(TypeId{14}).kind_flag) << "a struct";
  EXPECT_TRUE(btf->Type(TypeId{15}).kind_flag) << "a union";

  const auto variables = btf->Variables(btf->Type(TypeId{9}));
  ASSERT_EQ(variables.size(), 2U);
  EXPECT_EQ(variables[0].variable, TypeId{9});
  EXPECT_EQ(variables[0].offset, 0x10U);
  EXPECT_EQ(variables[1].size, 0x40U);
}

INSTANTIATE_TEST_SUITE_P(BothOrders, BtfOfOrder,
                         ::testing::Values(std::endian::little, std::endian::big),
                         [](const auto& order) {
                           return order.param == std::endian::little ? "Little" : "Big";
                         });

TEST(Btf, WithoutTypesHasVoidAlone) {
  const auto bytes = BtfBuilder().Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_EQ(btf->type_count(), 1U);
  EXPECT_EQ(btf->Type(TypeId::kVoid).kind, BtfKind::kVoid);
  EXPECT_FALSE(btf->Find(BtfKind::kStruct, "").has_value());
  EXPECT_FALSE(btf->Find(BtfKind::kVoid, "").has_value());
}

TEST(Btf, AnIdThatIsNotThereReadsAsVoid) {
  BtfBuilder builder;
  builder.Int("int", 4);
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_EQ(btf->Type(TypeId{2}).kind, BtfKind::kVoid);
  EXPECT_EQ(btf->Type(TypeId{0xffffffff}).kind, BtfKind::kVoid);
}

TEST(Btf, WhatAKindDoesNotHaveIsEmpty) {
  BtfBuilder builder;
  builder.Int("int", 4);
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  const BtfType type = btf->Type(TypeId{1});
  EXPECT_EQ(btf->Array(type).count, 0U);
  EXPECT_TRUE(btf->Members(type).empty());
  EXPECT_TRUE(btf->Enumerators(type).empty());
  EXPECT_TRUE(btf->Variables(type).empty());
}

TEST(Btf, FindsTheFirstTypeOfKindAndName) {
  BtfBuilder builder;
  builder.Int("pair", 4);
  builder.Struct("pairs", 4, {});
  builder.Struct("pair", 4, {});
  builder.Struct("pair", 8, {});
  builder.Ptr(1);
  builder.Typedef("last", 1);
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  ASSERT_TRUE(btf->Find(BtfKind::kStruct, "pair").has_value());
  EXPECT_EQ(btf->Find(BtfKind::kStruct, "pair")->id, TypeId{3});
  EXPECT_EQ(btf->Find(BtfKind::kInt, "pair")->id, TypeId{1});
  EXPECT_EQ(btf->Find(BtfKind::kPtr, "")->id, TypeId{5});
  EXPECT_EQ(btf->Find(BtfKind::kTypedef, "last")->id, TypeId{6});
  EXPECT_FALSE(btf->Find(BtfKind::kStruct, "pai").has_value());
  EXPECT_FALSE(btf->Find(BtfKind::kUnion, "pair").has_value());
  EXPECT_FALSE(btf->Find(BtfKind::kTypedef, "last and longer than all").has_value());
}

TEST(Btf, FindsAllTypesOfKindAndName) {
  BtfBuilder builder;
  builder.Struct("pair", 4, {});   // 1
  builder.Typedef("pair", 1);      // 2
  builder.Struct("pairs", 4, {});  // 3
  builder.Struct("pair", 8, {});   // 4
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  const auto all = btf->FindAll(BtfKind::kStruct, "pair");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, TypeId{1});
  EXPECT_EQ(all[1].id, TypeId{4});
  EXPECT_TRUE(btf->FindAll(BtfKind::kUnion, "pair").empty());
}

TEST(Btf, NotesTheTypesThatAreLookedAt) {
  BtfBuilder builder;
  builder.Int("int", 4);                  // 1
  builder.Const(1);                       // 2
  builder.Typedef("number", 2);           // 3
  builder.Struct("s", 4, {{"m", 3, 0}});  // 4
  builder.Array(4, 1, 2);                 // 5
  const auto bytes = builder.Build();
  auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  TypeIdSet visited(btf->type_count());
  const auto seen = [&visited] {
    std::string ids;
    for (uint32_t id = 0; id < 7; ++id) ids += visited.Has(TypeId{id}) ? '1' : '0';
    return ids;
  };
  btf->Track(&visited);
  ASSERT_TRUE(btf->Find(BtfKind::kStruct, "s").has_value());
  EXPECT_EQ(seen(), "0000100") << "not those that have other names";
  EXPECT_EQ(btf->Resolve(TypeId{3}).value().id, TypeId{1});
  EXPECT_EQ(seen(), "0111100") << "and the way there";
  EXPECT_EQ(btf->SizeOf(TypeId{5}).value(), 8U);
  EXPECT_EQ(seen(), "0111110");
  EXPECT_EQ(btf->Type(TypeId{6}).kind, BtfKind::kVoid);
  EXPECT_EQ(seen(), "0111110");
  visited = TypeIdSet(btf->type_count());
  btf->Track(nullptr);
  EXPECT_EQ(btf->Type(TypeId{1}).name, "int");
  EXPECT_EQ(seen(), "0000000");
}

TEST(KindSet, HasTheKindsThatItWasMadeOf) {
  constexpr KindSet kSet = {BtfKind::kInt, BtfKind::kEnum64, BtfKind::kOther, BtfKind::kVoid};
  EXPECT_TRUE(kSet.Has(BtfKind::kInt));
  EXPECT_TRUE(kSet.Has(BtfKind::kEnum64));
  EXPECT_FALSE(kSet.Has(BtfKind::kPtr));
  EXPECT_FALSE(kSet.Has(BtfKind::kVoid)) << "nobody looks for those";
  EXPECT_FALSE(kSet.Has(BtfKind::kOther));
  EXPECT_EQ(kSet.bits(), 1U << 1 | 1U << 19);
}

TEST(Btf, TakesALongerHeader) {
  BtfBuilder builder;
  builder.HeaderTail(8);
  builder.Int("int", 4);
  builder.Break({24, 8}, ~0ULL);  // what a later header says there
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_EQ(btf->Type(TypeId{1}).name, "int");
}

TEST(Btf, TakesSectionsInAnyOrderWithGaps) {
  BtfBuilder builder;
  builder.HeaderTail(12);
  builder.Int("int", 4);  // types at 36, 16 bytes; strings at 52, 5 bytes
  builder.Break(btf_field::kHeaderSize, 24);
  builder.Break(btf_field::kTypesOffset, 12);
  builder.Break(btf_field::kStringsOffset, 28);
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_EQ(btf->Type(TypeId{1}).name, "int");
}

TEST(Btf, TakesAStringOfTheGreatestLength) {
  BtfBuilder builder;
  builder.Int(std::string(0xffff, 's'), 4);
  builder.Int(std::string(0xffff, 't'), 4);
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_EQ(btf->Type(TypeId{2}).name, std::string(0xffff, 't'));
}

TEST(Btf, HostileNamesAreMadePrintable) {
  BtfBuilder builder;
  builder.Struct("a\x1b[2J\nb", 0, {});
  builder.Int(std::string(100, 'x'), 4);
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_EQ(Describe(btf->Type(TypeId{1})), "struct a?[2J?b");
  EXPECT_EQ(Describe(btf->Type(TypeId{2})), std::string(80, 'x') + "...");
}

}  // namespace
}  // namespace purebpf::elf
