#include "purebpf/elf/btf_writer.h"

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

// A Btf with the bytes that it borrows.
struct Written {
  std::vector<std::byte> blob;
  Result<Btf> btf = Malformed("not built");
};

Written Build(const BtfWriter& writer) {
  Written written;
  auto blob = writer.Build();
  EXPECT_THAT(blob, IsParsed());
  if (blob) written.blob = std::move(*blob);
  written.btf = Btf::Parse(written.blob);
  EXPECT_THAT(written.btf, IsParsed());
  return written;
}

class BtfWriterOfOrder : public ::testing::TestWithParam<std::endian> {};

TEST_P(BtfWriterOfOrder, WritesEveryKind) {
  BtfWriter writer(GetParam());
  const TypeId one{1};
  EXPECT_EQ(writer.AddInt("int", 4, {.is_signed = true, .bit_offset = 2, .bits = 30}), one);  // 1
  writer.AddPtr(one);                                                                         // 2
  writer.AddArray({.element = one, .index = TypeId{2}, .count = 7});                          // 3
  const BtfMember fields[] = {{"a", one, 0, 3}, {"b", one, 3, 29}};
  writer.AddStruct("bits", 4, fields);  // 4
  const BtfMember far[] = {{"", TypeId{4}, 0x1000020}};
  writer.AddUnion("either", 4, far);  // 5
  const BtfEnumerator small[] = {{"MINUS", ~0ULL}};
  writer.AddEnum("signed", 4, small, true);  // 6
  writer.AddFwd("later", true);              // 7
  writer.AddTypedef("number", one);          // 8
  writer.AddModifier(BtfKind::kVolatile, one);
  writer.AddModifier(BtfKind::kConst, TypeId{9});
  writer.AddModifier(BtfKind::kRestrict, TypeId{2});
  writer.AddFunc("prog", TypeId{13}, kGlobalLinkage);  // 12
  const BtfParameter parameters[] = {{"ctx", TypeId{2}}, {"", TypeId::kVoid}};
  writer.AddFuncProto(one, parameters);           // 13
  writer.AddVar("counter", one, kExternLinkage);  // 14
  const BtfSectionVariable variables[] = {{TypeId{14}, 16, 4}};
  writer.AddDatasec(".bss", 20, variables);       // 15
  writer.AddFloat("double", 8);                   // 16
  writer.AddDeclTag("note", TypeId{4}, 1, true);  // 17
  writer.AddTypeTag("user", one, true);           // 18
  const BtfEnumerator big[] = {{"BIG", 0x123456789abcdef0}};
  EXPECT_EQ(writer.AddEnum64("wide", 8, big), TypeId{19});
  EXPECT_EQ(writer.type_count(), 20U);

  const Written written = Build(writer);
  const Btf& btf = *written.btf;
  EXPECT_EQ(btf.order(), GetParam());
  ASSERT_EQ(btf.type_count(), 20U);
  const auto type = [&btf](uint32_t id) { return btf.Type(TypeId{id}); };
  const BtfInt encoding = btf.Int(type(1));
  EXPECT_TRUE(encoding.is_signed);
  EXPECT_FALSE(encoding.is_bool);
  EXPECT_FALSE(encoding.is_char);
  EXPECT_EQ(encoding.bit_offset, 2U);
  EXPECT_EQ(encoding.bits, 30U);
  EXPECT_EQ(type(2).target, one);
  EXPECT_EQ(btf.Array(type(3)).index, TypeId{2});
  EXPECT_EQ(btf.Array(type(3)).count, 7U);
  EXPECT_EQ(btf.Member(type(4), 1).bit_offset, 3U);
  EXPECT_EQ(btf.Member(type(4), 1).bit_size, 29U);
  EXPECT_EQ(btf.Member(type(5), 0).bit_offset, 0x1000020U);
  EXPECT_EQ(btf.Enumerator(type(6), 0).value, ~0ULL);
  EXPECT_TRUE(type(7).kind_flag) << "a union";
  EXPECT_EQ(type(8).name, "number");
  EXPECT_EQ(type(9).kind, BtfKind::kVolatile);
  EXPECT_EQ(type(10).target, TypeId{9});
  EXPECT_EQ(type(11).kind, BtfKind::kRestrict);
  EXPECT_EQ(type(12).linkage, kGlobalLinkage);
  EXPECT_EQ(type(13).target, one);
  EXPECT_EQ(btf.Parameter(type(13), 0).name, "ctx");
  EXPECT_EQ(btf.Parameter(type(13), 0).type, TypeId{2});
  EXPECT_EQ(btf.Parameter(type(13), 1).type, TypeId::kVoid);
  EXPECT_EQ(type(14).linkage, kExternLinkage);
  EXPECT_EQ(type(15).size, 20U);
  EXPECT_EQ(btf.Variable(type(15), 0).variable, TypeId{14});
  EXPECT_EQ(btf.Variable(type(15), 0).offset, 16U);
  EXPECT_EQ(type(16).size, 8U);
  EXPECT_EQ(type(17).component, 1);
  EXPECT_TRUE(type(17).kind_flag);
  EXPECT_TRUE(type(18).kind_flag);
  EXPECT_EQ(btf.Enumerator(type(19), 0).value, 0x123456789abcdef0U);
}

TEST_P(BtfWriterOfOrder, CopiesEveryKindFromEitherOrder) {
  for (const std::endian other : {std::endian::little, std::endian::big}) {
    BtfBuilder builder(other);
    builder.Int("int", 4, 1);                                // 1
    builder.Array(1, 1, 3);                                  // 2
    builder.Struct("s", 8, {{"a", 1, 0, 5}, {"b", 2, 32}});  // 3
    builder.Enum("e", 4, {{"A", 1}});                        // 4
    builder.FuncProto(1, {{"x", 3}});                        // 5
    builder.Func("f", 5, 1);                                 // 6
    builder.Var("v", 3, 1);                                  // 7
    builder.Datasec(".data", 8, {{7, 4, 8}});                // 8
    builder.DeclTag("tag", 3, 1);                            // 9
    builder.Enum64("w", {{"W", 1ULL << 33}});                // 10
    builder.Float("double", 8);                              // 11
    const auto blob = builder.Build();
    const auto from = Btf::Parse(blob);
    ASSERT_THAT(from, IsParsed());

    BtfWriter writer(GetParam());
    writer.AddFwd("first");
    std::vector<TypeId> ids = {TypeId::kVoid};  // each one higher than it was, but for 2
    for (uint32_t id = 1; id <= 11; ++id) ids.push_back(TypeId{id == 2 ? 0 : id + 1});
    for (uint32_t id = 1; id <= 11; ++id) {
      EXPECT_EQ(writer.Copy(*from, TypeId{id}, ids), TypeId{id + 1});
    }
    const Written written = Build(writer);
    const Btf& btf = *written.btf;
    const auto type = [&btf](uint32_t id) { return btf.Type(TypeId{id}); };
    EXPECT_TRUE(btf.Int(type(2)).is_signed);
    EXPECT_EQ(btf.Array(type(3)).element, TypeId{2});
    EXPECT_EQ(btf.Array(type(3)).count, 3U);
    EXPECT_EQ(btf.Member(type(4), 0).name, "a");
    EXPECT_EQ(btf.Member(type(4), 0).bit_size, 5U);
    EXPECT_EQ(btf.Member(type(4), 1).type, TypeId::kVoid) << "not in ids";
    EXPECT_EQ(btf.Member(type(4), 1).bit_offset, 32U);
    EXPECT_EQ(btf.Enumerator(type(5), 0).name, "A");
    EXPECT_EQ(btf.Parameter(type(6), 0).type, TypeId{4});
    EXPECT_EQ(type(7).target, TypeId{6});
    EXPECT_EQ(type(7).linkage, 1U);
    EXPECT_EQ(type(8).linkage, 1U);
    EXPECT_EQ(btf.Variable(type(9), 0).variable, TypeId{8});
    EXPECT_EQ(btf.Variable(type(9), 0).size, 8U);
    EXPECT_EQ(type(10).component, 1);
    EXPECT_EQ(btf.Enumerator(type(11), 0).value, 1ULL << 33);
    EXPECT_EQ(type(12).name, "double");
  }
}

TEST_P(BtfWriterOfOrder, ChangesWhatABlobSays) {
  BtfBuilder builder(GetParam());
  builder.Int("int", 4);                                // 1
  builder.Var("v", 1, 0);                               // 2
  builder.Var("w", 1, 0);                               // 3
  builder.Datasec(".data", 0, {{2, 0, 4}, {3, 0, 4}});  // 4
  builder.FuncProto(1, {{"", 1}});                      // 5
  builder.Func("f", 5, 1);                              // 6
  builder.Struct("s", 4, {{"m", 1, 0}});                // 7
  const uint32_t line = builder.Name("the text of a line");
  const auto blob = builder.Build();
  const auto from = Btf::Parse(blob);
  ASSERT_THAT(from, IsParsed());

  BtfWriter writer = BtfWriter::Of(*from);
  EXPECT_TRUE(writer.SetSize(TypeId{4}, 8));
  EXPECT_TRUE(writer.SetVariable(TypeId{4}, 1, {TypeId{3}, 4, 4}));
  EXPECT_TRUE(writer.SetLinkage(TypeId{2}, kGlobalLinkage));
  EXPECT_TRUE(writer.SetLinkage(TypeId{6}, kStaticLinkage));
  EXPECT_TRUE(writer.Rename(TypeId{3}, "renamed"));
  EXPECT_TRUE(writer.SetTarget(TypeId{3}, TypeId{7}));
  EXPECT_TRUE(writer.SetParameter(TypeId{5}, 0, {"ctx", TypeId{8}}));
  EXPECT_TRUE(writer.SetKind(TypeId{7}, BtfKind::kDatasec, 1, false, 12));
  EXPECT_TRUE(writer.SetWord(TypeId{7}, 0, 2));
  EXPECT_EQ(writer.AddPtr(TypeId{1}), TypeId{8});

  const Written written = Build(writer);
  const Btf& btf = *written.btf;
  EXPECT_EQ(btf.Name(line), "the text of a line") << "offsets of strings stay";
  EXPECT_EQ(btf.Type(TypeId{4}).size, 8U);
  EXPECT_EQ(btf.Variable(btf.Type(TypeId{4}), 0).offset, 0U);
  EXPECT_EQ(btf.Variable(btf.Type(TypeId{4}), 1).offset, 4U);
  EXPECT_EQ(btf.Type(TypeId{2}).linkage, kGlobalLinkage);
  EXPECT_EQ(btf.Type(TypeId{2}).name, "v");
  EXPECT_EQ(btf.Type(TypeId{6}).linkage, kStaticLinkage);
  EXPECT_EQ(btf.Type(TypeId{6}).target, TypeId{5});
  EXPECT_EQ(btf.Type(TypeId{3}).name, "renamed");
  EXPECT_EQ(btf.Type(TypeId{3}).target, TypeId{7});
  EXPECT_EQ(btf.Parameter(btf.Type(TypeId{5}), 0).name, "ctx");
  EXPECT_EQ(btf.Parameter(btf.Type(TypeId{5}), 0).type, TypeId{8});
  EXPECT_EQ(btf.Type(TypeId{7}).kind, BtfKind::kDatasec);
  EXPECT_EQ(btf.Variable(btf.Type(TypeId{7}), 0).variable, TypeId{2});
}

TEST_P(BtfWriterOfOrder, WritesWhatItReadWithoutAChange) {
  BtfBuilder builder(GetParam());
  builder.Int("int", 4);
  builder.Struct("s", 4, {{"m", 1, 0}});
  builder.Func("int", 0, 2);
  const auto blob = builder.Build();
  EXPECT_EQ(BtfWriter::Of(*Btf::Parse(blob)).Build().value(), blob);
}

INSTANTIATE_TEST_SUITE_P(BothOrders, BtfWriterOfOrder,
                         ::testing::Values(std::endian::little, std::endian::big),
                         [](const auto& order) {
                           return order.param == std::endian::little ? "Little" : "Big";
                         });

TEST(BtfWriter, ChangesNothingWhereThereIsNothingToChange) {
  BtfBuilder builder;
  builder.Int("int", 4);                     // 1
  builder.Ptr(1);                            // 2
  builder.Datasec(".data", 0, {{1, 0, 4}});  // 3
  builder.FuncProto(0, {{"a", 1}});          // 4
  const auto blob = builder.Build();
  BtfWriter writer = BtfWriter::Of(*Btf::Parse(blob));
  for (const uint32_t id : {0U, 5U, 0xffffffffU}) {
    EXPECT_FALSE(writer.Rename(TypeId{id}, "x"));
    EXPECT_FALSE(writer.SetSize(TypeId{id}, 1));
    EXPECT_FALSE(writer.SetTarget(TypeId{id}, TypeId{1}));
    EXPECT_FALSE(writer.SetLinkage(TypeId{id}, 1));
    EXPECT_FALSE(writer.SetKind(TypeId{id}, BtfKind::kInt, 0, false, 1));
    EXPECT_FALSE(writer.SetWord(TypeId{id}, 0, 1));
  }
  EXPECT_FALSE(writer.SetSize(TypeId{2}, 1)) << "a pointer has none";
  EXPECT_FALSE(writer.SetTarget(TypeId{1}, TypeId{2}));
  EXPECT_FALSE(writer.SetLinkage(TypeId{1}, 1));
  EXPECT_FALSE(writer.SetVariable(TypeId{3}, 1, {TypeId{1}, 0, 0})) << "there is one only";
  EXPECT_FALSE(writer.SetVariable(TypeId{4}, 0, {TypeId{1}, 0, 0}));
  EXPECT_FALSE(writer.SetParameter(TypeId{4}, 1, {"b", TypeId{1}}));
  EXPECT_FALSE(writer.SetKind(TypeId{3}, BtfKind::kStruct, 2, false, 0)) << "of another length";
  EXPECT_FALSE(writer.SetKind(TypeId{2}, BtfKind::kVoid, 0, false, 0));
  EXPECT_FALSE(writer.SetWord(TypeId{3}, 3, 0));
  EXPECT_FALSE(writer.SetWord(TypeId{2}, 0, 0));
  EXPECT_EQ(writer.Build().value(), blob);
}

TEST(BtfWriter, WritesAStringOnce) {
  BtfWriter writer;
  const uint32_t offset = writer.String("name");
  EXPECT_EQ(offset, 1U);
  EXPECT_EQ(writer.String("names"), 6U);
  EXPECT_EQ(writer.String("name"), 1U);
  EXPECT_EQ(writer.String(""), 0U);
  EXPECT_EQ(writer.String(std::string_view("name\0more", 9)), 1U) << "a NUL ends it";
  EXPECT_EQ(writer.Build().value().size(), 24U + 12);
}

TEST(BtfWriter, KnowsTheStringsOfWhatItChanges) {
  BtfBuilder builder;
  builder.Int("int", 4);
  builder.Int("long", 8);
  const auto blob = builder.Build();
  BtfWriter writer = BtfWriter::Of(*Btf::Parse(blob));
  EXPECT_TRUE(writer.Rename(TypeId{1}, "long"));
  EXPECT_EQ(writer.Build().value().size(), blob.size());
}

TEST(BtfWriter, ContinuesABase) {
  BtfBuilder builder;
  builder.Int("int", 4);
  const auto blob = builder.Build();
  const auto base = Btf::Parse(blob);
  BtfWriter writer(base->order(), &*base);
  const BtfMember members[] = {{"m", TypeId{1}}};
  EXPECT_EQ(writer.AddStruct("own", 4, members), TypeId{2});
  const auto split = writer.Build();
  ASSERT_THAT(split, IsParsed());
  const auto btf = Btf::Parse(*split, &*base);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_EQ(btf->first_id(), 2U);
  EXPECT_EQ(btf->type_count(), 3U);
  EXPECT_EQ(btf->Type(TypeId{2}).name, "own");
  EXPECT_EQ(btf->SizeOf(btf->Member(btf->Type(TypeId{2}), 0).type).value(), 4U);
  EXPECT_EQ(BtfWriter::Of(*btf).Build().value(), *split);
}

TEST(BtfWriter, RefusesCountsThatDoNotFit) {
  BtfWriter wide;
  const BtfMember members[] = {{"m", TypeId{0}, 0x1000000, 1}};
  wide.AddStruct("s", 4, members);
  EXPECT_THAT(wide.Build(), IsUnsupported("does not fit the format"));
  BtfWriter many;
  many.AddFunc("f", TypeId{0}, 0x1000000);  // in the bits of a count
  EXPECT_THAT(many.Build(), IsUnsupported("does not fit the format"));
}

}  // namespace
}  // namespace purebpf::elf
