#include "purebpf/elf/btf_print.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "purebpf/tests/support/btf_builder.h"

namespace purebpf::elf {
namespace {

using purebpf::testing::BtfBuilder;

std::string Format(BtfBuilder& builder, uint32_t id, std::string_view name = "x") {
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  return btf ? FormatType(*btf, TypeId{id}, name) : btf.error().message;
}

TEST(FormatType, DeclaresPointersArraysAndQualifiersFromTheInsideOut) {
  BtfBuilder btf;
  const uint32_t integer = btf.Int("int", 4, 1);
  const uint32_t array = btf.Array(integer, integer, 4);
  const uint32_t pointer = btf.Ptr(btf.Const(array));
  EXPECT_EQ(Format(btf, btf.Volatile(pointer)), "const int (*volatile x)[4]");
}

TEST(FormatType, DeclaresFunctionPointers) {
  BtfBuilder btf;
  const uint32_t integer = btf.Int("int", 4, 1);
  const uint32_t file = btf.Ptr(btf.Struct("file", 8, {}));
  const uint32_t prototype = btf.FuncProto(integer, {{"f", file}, {"", 0}});
  const uint32_t array = btf.Array(btf.Ptr(prototype), integer, 2);
  EXPECT_EQ(Format(btf, array), "int (*x[2])(struct file *f, ...)");
}

TEST(FormatType, PutsAQualifierOnceWhereArrayAndElementHaveIt) {
  BtfBuilder btf;
  const uint32_t integer = btf.Int("int", 4, 1);
  EXPECT_EQ(Format(btf, btf.Const(btf.Array(btf.Const(integer), integer, 2))), "const int x[2]");
}

TEST(FormatType, DeclaresFunctionsAndVariablesUnderTheirNames) {
  BtfBuilder btf;
  const uint32_t integer = btf.Int("int", 4, 1);
  const uint32_t function = btf.Func("next", btf.FuncProto(integer, {}), 1);
  EXPECT_EQ(Format(btf, function, ""), "int next(void)");
  BtfBuilder variables;
  variables.Int("int", 4, 1);
  EXPECT_EQ(Format(variables, variables.Var("jiffies", 1, 2), ""), "extern int jiffies");
}

TEST(FormatType, NamesStructsAndDoesNotSpellThemOut) {
  BtfBuilder btf;
  EXPECT_EQ(Format(btf, btf.Ptr(btf.Union("", 0, {}))), "union {...} *x");
}

TEST(FormatType, MarksTypeTags) {
  BtfBuilder btf;
  const uint32_t integer = btf.Int("int", 4, 1);
  EXPECT_EQ(Format(btf, btf.Ptr(btf.TypeTag("user", integer))), "int __user *x");
}

TEST(FormatType, SaysTheTypeAloneWithoutAName) {
  BtfBuilder btf;
  const uint32_t integer = btf.Int("int", 4, 1);
  EXPECT_EQ(Format(btf, btf.Ptr(btf.Const(btf.Ptr(integer))), ""), "int *const *");
}

TEST(FormatType, CutsAndCleansHostileNames) {
  BtfBuilder btf;
  const std::string name = "a\033[2J" + std::string(1000, 'b');
  EXPECT_EQ(Format(btf, btf.Typedef(name, 0)), "a?[2J" + std::string(75, 'b') + "... x");
}

TEST(FormatType, EndsWhereATypeRefersToItself) {
  BtfBuilder btf;
  const uint32_t self = btf.Const(1);
  EXPECT_EQ(Format(btf, self), "const void x");
  BtfBuilder pointers;
  EXPECT_EQ(Format(pointers, pointers.Ptr(1)), "void " + std::string(64, '*') + "x");
}

TEST(FormatType, KeepsPrototypesThatMultiplyShort) {
  // Each has 20 parameters of the next: 20^16 in all.
  BtfBuilder btf;
  for (uint32_t level = 0; level < 16; ++level) {
    const uint32_t next = level * 2 + 3;
    btf.FuncProto(0, std::vector<BtfBuilder::Parameter>(20, {"", next + 1}));
    btf.Ptr(level * 2 + 1);
  }
  const uint32_t last = btf.FuncProto(0, {});
  btf.Ptr(last);
  EXPECT_LT(Format(btf, 1).size(), 10'000U);
}

TEST(FormatAccess, FollowsMembersAndElementsByName) {
  BtfBuilder builder;
  const uint32_t integer = builder.Int("int", 4, 1);
  const uint32_t inner = builder.Struct("", 8, {{"x", integer, 0}, {"y", integer, 32}});
  const uint32_t array = builder.Array(builder.Typedef("inner_t", inner), integer, 2);
  const uint32_t outer = builder.Struct("outer", 24, {{"", inner, 0}, {"list", array, 64}});
  const uint32_t color = builder.Enum("color", 4, {{"RED", 0}, {"BLUE", 1}});
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  ASSERT_TRUE(btf);
  const auto format = [&](uint32_t id, std::string_view access) {
    return FormatAccess(*btf, TypeId{id}, access);
  };
  EXPECT_EQ(format(outer, "0"), "struct outer");
  EXPECT_EQ(format(outer, "0:0:1"), "struct outer: y");
  EXPECT_EQ(format(outer, "0:1:1:0"), "struct outer: list[1].x");
  EXPECT_EQ(format(outer, "2:1"), "struct outer: [2].list");
  EXPECT_EQ(format(color, "1"), "enum color: BLUE");
  for (const char* unfit : {"", "x", "0:9", "0:0:1:0", "0:", "0::", "0:99999999999"}) {
    EXPECT_THAT(format(outer, unfit), ::testing::StartsWith("struct outer")) << unfit;
  }
  EXPECT_EQ(format(outer, "0:9"), "struct outer: 0:9");
}

}  // namespace
}  // namespace purebpf::elf
