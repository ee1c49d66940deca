// Btf::Index, which checks extents only, and types of kinds that are newer than this reader.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_writer.h"
#include "purebpf/tests/elf/parse_matchers.h"
#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tests/support/byte_writer.h"

namespace purebpf::elf {
namespace {

using ::purebpf::testing::BtfBuilder;
using ::purebpf::testing::ByteWriter;
using ::testing::IsEmpty;

class BtfIndex : public ::testing::TestWithParam<std::endian> {};

TEST_P(BtfIndex, FindsEveryTypeAtItsPlace) {
  BtfBuilder builder(GetParam());
  for (uint32_t i = 0; i < 100; ++i) {
    if (i % 3 == 0) builder.Struct("s" + std::to_string(i), i, {{"a", 1, 0}, {"b", 1, 8}});
    if (i % 3 == 1) builder.Func("f" + std::to_string(i), 1, 0);
    if (i % 3 == 2) builder.Enum("e" + std::to_string(i), i, {{"A", i}});
  }
  const auto blob = builder.Build();
  const auto btf = Btf::Index(blob);
  ASSERT_THAT(btf, IsParsed());
  ASSERT_EQ(btf->type_count(), 101U);
  for (uint32_t i = 0; i < 100; ++i) {
    const BtfType type = btf->Type(TypeId{i + 1});
    EXPECT_EQ(type.id, TypeId{i + 1});
    EXPECT_EQ(type.name, std::string(1, "sfe"[i % 3]) + std::to_string(i));
    EXPECT_EQ(btf->Enumerator(type, 0).value, i % 3 == 2 ? i : 0);
  }
}

TEST_P(BtfIndex, WhatIsNotThereReadsAsVoidAndNoName) {
  BtfBuilder builder(GetParam());
  builder.Raw({99, 8U << 24, 77});                      // 1: a typedef
  builder.Struct("s", 8, {{"m", 55, 0}});               // 2
  builder.Raw({0xffffffff, 6U << 24 | 1, 4, 0x99, 5});  // 3: an enum
  builder.Array(66, 67, 3);                             // 4
  const auto blob = builder.Build();
  ASSERT_FALSE(Btf::Parse(blob).has_value());
  const auto btf = Btf::Index(blob);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_EQ(btf->Type(TypeId{1}).name, "");
  EXPECT_EQ(btf->Type(btf->Type(TypeId{1}).target).kind, BtfKind::kVoid);
  EXPECT_EQ(btf->Resolve(TypeId{1}).value().kind, BtfKind::kVoid);
  EXPECT_THAT(btf->SizeOf(TypeId{4}), IsMalformed("there is none"));
  EXPECT_THAT(btf->AlignOf(TypeId{2}), IsMalformed("there is none"));
  EXPECT_EQ(btf->Type(btf->Member(btf->Type(TypeId{2}), 0).type).kind, BtfKind::kVoid);
  EXPECT_EQ(btf->Enumerator(btf->Type(TypeId{3}), 0).name, "");
  EXPECT_EQ(btf->Enumerator(btf->Type(TypeId{3}), 0).value, 5U);
}

TEST_P(BtfIndex, RefusesExtentsAsParseDoes) {
  BtfBuilder cut(GetParam());
  cut.Struct("s", 4, {{"m", 1, 0}});
  cut.Raw({0, 4U << 24 | 3, 0});
  const auto cut_blob = cut.Build();
  EXPECT_THAT(Btf::Index(cut_blob), IsMalformed("BTF: type 2: size 0x30 at 0x18 ends past"));
  BtfBuilder kind(GetParam());
  kind.Raw({0, 20U << 24, 0});
  const auto kind_blob = kind.Build();
  EXPECT_THAT(Btf::Index(kind_blob), IsUnsupported("BTF: type 1: kind 20"));
}

TEST_P(BtfIndex, TakesMoreElementsThanOldKernelsCount) {
  BtfBuilder builder(GetParam());
  const uint32_t id = builder.Raw({0, 6U << 24 | 0x10001, 4});
  for (int i = 0; i < 0x10001; ++i) builder.Tail({0, 7});
  builder.Int("last", 4);
  const auto blob = builder.Build();
  const auto btf = Btf::Parse(blob);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_EQ(btf->Enumerators(btf->Type(TypeId{id})).size(), 0x10001U);
  EXPECT_EQ(btf->Type(TypeId{2}).name, "last");
}

// An accessor is given a type that the caller made up.
TEST_P(BtfIndex, AMadeUpTypeHasNothing) {
  BtfBuilder builder(GetParam());
  builder.Struct("s", 4, {{"m", 1, 0}});
  const auto blob = builder.Build();
  const auto btf = Btf::Index(blob);
  BtfType type = btf->Type(TypeId{1});
  EXPECT_EQ(btf->Member(type, 1).name, "");
  EXPECT_EQ(btf->Member(type, 0xffffffff).type, TypeId::kVoid);
  type.count = 0xffffff;
  EXPECT_THAT(btf->Members(type), IsEmpty());
  type.body = 0xfffffff0;
  EXPECT_EQ(btf->Member(type, 7).name, "");
}

// A blob of one int and one type of kind 25, with rows of a layout section for kinds up to `rows`.
std::vector<std::byte> WithLayout(std::endian order, uint32_t rows, uint8_t extra,
                                  uint8_t element) {
  ByteWriter layout(order);
  for (uint32_t kind = 0; kind < rows; ++kind) {
    layout.U8(kind == 25 ? extra : 0).U8(kind == 25 ? element : 0).U16(0);
  }
  ByteWriter types(order);
  types.U32(1).U32(25U << 24 | 2).U32(0);
  types.U32(11).U32(12).U32(13).U32(14).U32(15);
  types.U32(5).U32(1U << 24).U32(4).U32(32);
  ByteWriter out(order);
  const auto types_size = static_cast<uint32_t>(types.size());
  const auto layout_size = static_cast<uint32_t>(layout.size());
  out.U16(0xeb9f).U8(1).U8(0).U32(32).U32(0).U32(types_size).U32(types_size + layout_size);
  out.U32(9).U32(types_size).U32(layout_size);
  out.Append(types.bytes()).Append(layout.bytes()).U8(0).Text("new").Text("int");
  return out.Take();
}

TEST_P(BtfIndex, PassesOverNewerKindsThatTheLayoutDescribes) {
  const auto blob = WithLayout(GetParam(), 26, 4, 8);
  for (const auto& btf : {Btf::Parse(blob), Btf::Index(blob)}) {
    ASSERT_THAT(btf, IsParsed());
    ASSERT_EQ(btf->type_count(), 3U);
    const BtfType newer = btf->Type(TypeId{1});
    EXPECT_EQ(newer.kind, BtfKind::kOther);
    EXPECT_EQ(newer.name, "new");
    EXPECT_EQ(newer.count, 0U);
    EXPECT_EQ(btf->Record(newer.id).size(), 32U);
    EXPECT_EQ(btf->Type(TypeId{2}).name, "int");
    EXPECT_THAT(btf->SizeOf(newer.id), IsMalformed("type of a newer kind new has no size"));
    EXPECT_EQ(btf->Find(BtfKind::kOther, "new")->id, TypeId{1});
  }
  // And what is made of it describes them too.
  const auto written = BtfWriter::Of(*Btf::Parse(blob)).Build();
  ASSERT_THAT(written, IsParsed());
  const auto again = Btf::Parse(*written);
  ASSERT_THAT(again, IsParsed());
  EXPECT_EQ(again->Record(TypeId{1}).size(), 32U);
  EXPECT_EQ(again->Type(TypeId{2}).name, "int");
}

TEST_P(BtfIndex, RefusesNewerKindsThatItDoesNot) {
  EXPECT_THAT(
      Btf::Parse(WithLayout(GetParam(), 25, 4, 8)),
      IsUnsupported("BTF: type 1: kind 25, this reader knows 1 to 19 and no layout section"));
  EXPECT_THAT(Btf::Parse(WithLayout(GetParam(), 26, 4, 32)),
              IsMalformed("BTF: type 1: size 0x50 at 0x0 ends past"));
  EXPECT_THAT(Btf::Parse(WithLayout(GetParam(), 26, 4, 7)),
              IsUnsupported("layout section: kind 25 has 4 bytes and 7 an element"));
}

INSTANTIATE_TEST_SUITE_P(BothOrders, BtfIndex,
                         ::testing::Values(std::endian::little, std::endian::big),
                         [](const auto& order) {
                           return order.param == std::endian::little ? "Little" : "Big";
                         });

}  // namespace
}  // namespace purebpf::elf
