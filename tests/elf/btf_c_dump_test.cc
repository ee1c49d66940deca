#include "purebpf/elf/btf_c_dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "purebpf/tests/support/btf_builder.h"

namespace purebpf::elf {
namespace {

using purebpf::testing::BtfBuilder;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Dump(BtfBuilder& builder) {
  const auto bytes = builder.Build();
  const auto btf = Btf::Parse(bytes);
  if (!btf) return btf.error().message;
  const auto text = DumpC(*btf);
  return text ? *text : text.error().message;
}

// What stands between the pragmas.
std::string Types(BtfBuilder& builder) {
  std::string text = Dump(builder);
  const size_t begin = text.find("apply_to = record)\n#endif\n\n");
  const size_t end = text.find("#if defined(__clang__)", begin);
  if (begin == std::string::npos || end == std::string::npos) return text;
  return text.substr(begin + 27, end - begin - 27);
}

TEST(BtfCDump, WrapsTypesIntoAGuardAndAccessIndices) {
  BtfBuilder btf;
  EXPECT_EQ(Dump(btf).substr(0, 46), "#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n\n#");
  BtfBuilder again;
  EXPECT_THAT(Dump(again), HasSubstr("__attribute__((preserve_access_index)), apply_to = record"));
  BtfBuilder third;
  EXPECT_THAT(Dump(third), HasSubstr("#pragma clang attribute pop\n"));
}

TEST(BtfCDump, WritesMembersAfterTheTypesThatTheyHold) {
  BtfBuilder btf;
  btf.Struct("outer", 8, {{"inner", 2, 0}});
  btf.Struct("inner", 8, {{"number", 3, 0}});
  btf.Typedef("u64", 4);
  btf.Int("long unsigned int", 8);
  EXPECT_EQ(Types(btf),
            "typedef long unsigned int u64;\n\n"
            "struct inner {\n\tu64 number;\n};\n\n"
            "struct outer {\n\tstruct inner inner;\n};\n\n");
}

TEST(BtfCDump, DeclaresForwardWhatPointersReferTo) {
  BtfBuilder btf;
  btf.Struct("one", 16, {{"other", 2, 0}, {"self", 4, 64}});
  btf.Ptr(3);
  btf.Struct("two", 8, {{"one", 4, 0}});
  btf.Ptr(1);
  EXPECT_EQ(Types(btf),
            "struct two;\n\n"
            "struct one {\n\tstruct two *other;\n\tstruct one *self;\n};\n\n"
            "struct two {\n\tstruct one *one;\n};\n\n");
}

TEST(BtfCDump, DeclaresAStructBeforeATypedefThatItNeedsItself) {
  BtfBuilder btf;
  btf.Struct("work", 8, {{"run", 2, 0}});
  btf.Typedef("work_t", 3);
  btf.Ptr(4);
  btf.FuncProto(0, {{"", 5}});
  btf.Ptr(1);
  EXPECT_EQ(Types(btf),
            "struct work;\n\n"
            "typedef void (*work_t)(struct work *);\n\n"
            "struct work {\n\twork_t run;\n};\n\n");
}

TEST(BtfCDump, NeedsTheWholeElementOfAnArray) {
  BtfBuilder btf;
  btf.Typedef("rows_t", 2);
  btf.Array(4, 3, 2);
  btf.Int("int", 4, 1);
  btf.Struct("row", 4, {{"cell", 3, 0}});
  EXPECT_EQ(Types(btf),
            "struct row {\n\tint cell;\n};\n\n"
            "typedef struct row rows_t[2];\n\n");
}

TEST(BtfCDump, WritesTypesWithoutANameInPlace) {
  BtfBuilder btf;
  const uint32_t integer = btf.Int("int", 4, 1);
  const uint32_t inner = btf.Struct("", 4, {{"a", integer, 0}});
  const uint32_t either = btf.Union("", 4, {{"b", integer, 0}, {"c", inner, 0}});
  btf.Struct("s", 8, {{"", either, 0}, {"d", inner, 32}});
  EXPECT_EQ(Types(btf),
            "struct s {\n"
            "\tunion {\n\t\tint b;\n\t\tstruct {\n\t\t\tint a;\n\t\t} c;\n\t};\n"
            "\tstruct {\n\t\tint a;\n\t} d;\n"
            "};\n\n");
}

TEST(BtfCDump, SpellsOutAMemberThatHasATypeButNoName) {
  // gcc -fms-extensions: struct s { struct named; };
  BtfBuilder btf;
  const uint32_t integer = btf.Int("int", 4, 1);
  const uint32_t named = btf.Struct("named", 4, {{"a", integer, 0}});
  btf.Struct("s", 4, {{"", named, 0}});
  EXPECT_THAT(Types(btf), HasSubstr("struct s {\n\tstruct {\n\t\tint a;\n\t};\n};\n"));
}

TEST(BtfCDump, PadsToTheOffsetsAndTheSize) {
  BtfBuilder btf;
  const uint32_t byte = btf.Int("unsigned char", 1);
  const uint32_t word = btf.Int("int", 4, 1);
  btf.Struct("s", 24, {{"a", byte, 0}, {"b", word, 64}, {"c", word, 96}});
  EXPECT_EQ(Types(btf),
            "struct s {\n"
            "\tunsigned char a;\n\tlong : 56;\n\tint b;\n\tint c;\n\tlong : 64;\n"
            "};\n\n");
}

TEST(BtfCDump, PadsWithAnArrayWhereTheGapIsLong) {
  BtfBuilder btf;
  const uint32_t byte = btf.Int("unsigned char", 1);
  btf.Struct("s", 4098, {{"a", byte, 0}, {"b", byte, 4097 * 8}});
  EXPECT_EQ(Types(btf),
            "struct s {\n"
            "\tunsigned char a;\n\tlong : 56;\n\tunsigned char __purebpf_pad_8[4088];\n"
            "\tchar : 8;\n\tunsigned char b;\n"
            "};\n\n");
}

TEST(BtfCDump, WritesBitFieldsWithTheGapsBetweenThem) {
  BtfBuilder btf;
  const uint32_t word = btf.Int("unsigned int", 4);
  btf.Struct("s", 8, {{"a", word, 0, 3}, {"b", word, 8, 4}, {"c", word, 32, 32}});
  EXPECT_EQ(Types(btf),
            "struct s {\n"
            "\tunsigned int a : 3;\n\tchar : 5;\n\tunsigned int b : 4;\n"
            "\tunsigned int c : 32;\n"
            "};\n\n");
}

TEST(BtfCDump, ReadsBitFieldsOfOldCompilersFromTheirInts) {
  BtfBuilder btf;
  btf.Int("unsigned int", 4);
  const uint32_t three = btf.Raw({btf.Name("unsigned int"), 1U << 24, 4, 0x00020003});
  btf.Struct("s", 4, {{"a", three, 8}});
  EXPECT_EQ(Types(btf), "struct s {\n\tshort : 10;\n\tunsigned int a : 3;\n};\n\n");
}

TEST(BtfCDump, PacksWhatDoesNotLieAsItsTypesAreAligned) {
  BtfBuilder btf;
  const uint32_t byte = btf.Int("unsigned char", 1);
  const uint32_t word = btf.Int("unsigned int", 4);
  const uint32_t wide = btf.Int("long unsigned int", 8);
  btf.Struct("one", 5, {{"a", byte, 0}, {"b", word, 8}});
  btf.Struct("four", 12, {{"a", wide, 0}, {"b", word, 64}});
  EXPECT_EQ(Types(btf),
            "struct one {\n\tunsigned char a;\n\tunsigned int b;\n} __attribute__((packed));\n\n"
            "struct four {\n\tlong unsigned int a;\n\tunsigned int b;\n"
            "} __attribute__((packed, aligned(4)));\n\n");
}

TEST(BtfCDump, GivesEnumsTheirSizeAndSign) {
  BtfBuilder btf;
  btf.Enum("byte", 1, {{"A", 1}, {"B", 255}});
  btf.Enum("sign", 4, {{"C", static_cast<uint32_t>(-1)}}, /*is_signed=*/true);
  btf.Enum("all", 4, {{"D", 0xffffffff}});
  btf.Enum64("huge", {{"E", ~uint64_t{0}}});
  btf.Enum64("least", {{"F", uint64_t{1} << 63}, {"G", ~uint64_t{1}}}, /*is_signed=*/true);
  btf.Enum64("small", {{"H", 7}});
  EXPECT_EQ(Types(btf),
            "enum byte {\n\tA = 1,\n\tB = 255,\n} __attribute__((mode(QI)));\n\n"
            "enum sign {\n\tC = -1,\n};\n\n"
            "enum all {\n\tD = 4294967295,\n};\n\n"
            "enum huge {\n\tE = 18446744073709551615ULL,\n};\n\n"
            "enum least {\n\tF = -9223372036854775807LL - 1,\n\tG = -2LL,\n};\n\n"
            "enum small {\n\tH = 7ULL,\n} __attribute__((mode(DI)));\n\n");
}

TEST(BtfCDump, WritesAnEnumWithoutANameOnce) {
  BtfBuilder btf;
  const uint32_t inlined = btf.Enum("", 4, {{"A", 0}});
  btf.Enum("", 4, {{"B", 1}});
  btf.Struct("s", 8, {{"first", inlined, 0}, {"again", inlined, 32}});
  EXPECT_EQ(Types(btf),
            "enum {\n\tB = 1,\n};\n\n"
            "struct s {\n\tenum {\n\t\tA = 0,\n\t} first;\n\tunsigned int again;\n};\n\n");
}

TEST(BtfCDump, MakesNamesUniqueInEachNameSpace) {
  BtfBuilder btf;
  const uint32_t integer = btf.Int("int", 4, 1);
  btf.Struct("a", 4, {{"x", integer, 0}});
  btf.Struct("a", 4, {{"y", integer, 0}});
  btf.Union("a", 4, {{"z", integer, 0}});
  btf.Typedef("a", 2);
  btf.Typedef("a", 3);
  btf.Enum("e", 4, {{"a", 0}, {"b", 1}});
  EXPECT_EQ(Types(btf),
            "struct a {\n\tint x;\n};\n\n"
            "struct a___2 {\n\tint y;\n};\n\n"
            "union a___3 {\n\tint z;\n};\n\n"
            "typedef struct a a;\n\n"
            "typedef struct a___2 a___2;\n\n"
            "enum e {\n\ta___3 = 0,\n\tb = 1,\n};\n\n");
}

TEST(BtfCDump, LetsAForwardDeclarationStandForTheStructOfItsName) {
  BtfBuilder btf;
  const uint32_t forward = btf.Fwd("file");
  btf.Struct("holder", 8, {{"file", btf.Ptr(forward), 0}});
  btf.Struct("file", 0, {});
  EXPECT_EQ(Types(btf),
            "struct file;\n\n"
            "struct holder {\n\tstruct file *file;\n};\n\n"
            "struct file {\n};\n\n");
}

TEST(BtfCDump, ChangesNamesThatCDoesNotAllow) {
  BtfBuilder btf;
  const uint32_t integer = btf.Int("int", 4, 1);
  btf.Struct("core::option<T>", 8, {{"typeof", integer, 0}, {"0", integer, 32}});
  EXPECT_EQ(Types(btf), "struct core__option_T_ {\n\tint typeof_;\n\tint _0;\n};\n\n");
}

TEST(BtfCDump, UsesTypesOfCForThoseOfOtherLanguages) {
  BtfBuilder btf;
  const uint32_t u32 = btf.Int("u32", 4);
  const uint32_t flag = btf.Int("bool", 1, 4);
  const uint32_t real = btf.Float("f64", 8);
  btf.Struct("s", 16, {{"a", u32, 0}, {"b", flag, 32}, {"c", real, 64}});
  EXPECT_THAT(Types(btf), HasSubstr("\tunsigned int a;\n\t_Bool b;\n\tlong long c;\n"));
}

TEST(BtfCDump, SpellsWordsOf2023OnlyForOlderStandards) {
  BtfBuilder btf;
  btf.Typedef("bool", btf.Int("_Bool", 1, 4));
  btf.Enum("", 4, {{"false", 0}, {"true", 1}});
  const std::string text = Types(btf);
  EXPECT_THAT(text, HasSubstr("__STDC_VERSION__ < 202000L\ntypedef _Bool bool;\n#endif\n"));
  EXPECT_THAT(text, HasSubstr("__STDC_VERSION__ < 202000L\nenum {\n\tfalse = 0,"));
}

TEST(BtfCDump, DeclaresKernelFunctions) {
  BtfBuilder btf;
  const uint32_t task = btf.Ptr(btf.Struct("task_struct", 0, {}));
  const uint32_t acquire = btf.Func("bpf_task_acquire", btf.FuncProto(task, {{"p", task}}), 1);
  btf.DeclTag("bpf_kfunc", acquire, ~0U);
  btf.Func("other", btf.FuncProto(0, {}), 1);
  const std::string text = Dump(btf);
  EXPECT_THAT(text, HasSubstr("extern struct task_struct *bpf_task_acquire(struct task_struct *p)"
                              " __weak __ksym;\n"));
  EXPECT_THAT(text, Not(HasSubstr("other")));
}

TEST(BtfCDump, KeepsTagsOfPointers) {
  BtfBuilder btf;
  const uint32_t integer = btf.Int("int", 4, 1);
  btf.Typedef("user_t", btf.Ptr(btf.TypeTag("user", integer)));
  btf.Typedef("odd_t", btf.Ptr(btf.TypeTag("\")))", integer)));
  EXPECT_EQ(Types(btf),
            "typedef int BTF_TYPE_TAG(user) *user_t;\n\n"
            "typedef int *odd_t;\n\n");
}

TEST(BtfCDump, WritesOfASplitBtfItsOwnTypesAndWhatTheyNeed) {
  BtfBuilder base;
  base.Struct("needed", 4, {{"a", base.Int("int", 4, 1), 0}});
  base.Struct("unused", 4, {});
  const auto base_bytes = base.Build();
  const auto base_btf = Btf::Parse(base_bytes);
  ASSERT_TRUE(base_btf);
  // Types 1 to 3 are the base's, and so are its names.
  BtfBuilder module;
  module.Raw({static_cast<uint32_t>(base_btf->strings().size()) + module.Name("own"), 4U << 24 | 1,
              4, 0, 2, 0});
  const auto bytes = module.Build();
  const auto btf = Btf::Parse(bytes, &*base_btf);
  ASSERT_TRUE(btf) << btf.error().message;
  const auto text = DumpC(*btf);
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("struct needed {\n\tint a;\n};\n\nstruct own {\n"));
  EXPECT_THAT(*text, Not(HasSubstr("unused")));
}

struct Refused {
  const char* what;
  void (*build)(BtfBuilder&);
  const char* message;
};

class BtfCDumpRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(BtfCDumpRefuses, HostileTypes) {
  BtfBuilder btf;
  GetParam().build(btf);
  EXPECT_THAT(Dump(btf), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    , BtfCDumpRefuses,
    ::testing::Values(Refused{"StructInItself",
                              [](BtfBuilder& btf) { btf.Struct("s", 8, {{"s", 1, 0}}); },
                              "BTF: struct s contains itself"},
                      Refused{"StructsInEachOther",
                              [](BtfBuilder& btf) {
                                btf.Struct("a", 8, {{"b", 2, 0}});
                                btf.Struct("b", 8, {{"a", 1, 0}});
                              },
                              "BTF: struct a contains itself"},
                      Refused{"TypedefOfItself", [](BtfBuilder& btf) { btf.Typedef("t", 1); },
                              "BTF: typedef t contains itself"},
                      Refused{"QualifierOfItself",
                              [](BtfBuilder& btf) {
                                btf.Const(1);
                                btf.Typedef("t", 1);
                              },
                              "BTF: type 1: more than 64 types in a row, or a loop"},
                      Refused{"NamelessInItself",
                              [](BtfBuilder& btf) {
                                btf.Struct("", 8, {{"s", 1, 0}});
                                btf.Typedef("t", 1);
                              },
                              "more than 512 types that wait for each other"},
                      Refused{"ChainOfStructs",
                              [](BtfBuilder& btf) {
                                for (uint32_t i = 0; i < 1000; ++i)
                                  btf.Struct("s", 8, {{"next", i + 2, 0}});
                                btf.Struct("last", 8, {});
                              },
                              "more than 512 types that wait for each other"},
                      Refused{"NamelessTypesThatMultiply",
                              [](BtfBuilder& btf) {
                                for (uint32_t i = 0; i < 40; ++i) {
                                  btf.Union("", 8, {{"a", i + 2, 0}, {"b", i + 2, 0}});
                                }
                                btf.Int("int", 4);
                                btf.Typedef("t", 1);
                              },
                              "so often that their text in C has more than 16 times their size"},
                      Refused{"PrototypesThatMultiply",
                              [](BtfBuilder& btf) {
                                for (uint32_t i = 0; i < 15; ++i) {
                                  btf.FuncProto(
                                      0, std::vector<BtfBuilder::Parameter>(9, {"", i * 2 + 4}));
                                  btf.Ptr(i * 2 + 1);
                                }
                                btf.FuncProto(0, {});
                                btf.Ptr(31);
                                btf.Typedef("t", 2);
                              },
                              "so often that their text in C"},
                      Refused{"NamesOfEnormousLength",
                              [](BtfBuilder& btf) {
                                const std::string name(60'000, 'n');
                                btf.Typedef(name, 0);
                                const uint32_t offset = 1;
                                for (uint32_t i = 0; i < 1000; ++i) btf.Raw({offset, 8U << 24, 0});
                              },
                              "so often that their text in C"}),
    [](const auto& test) { return test.param.what; });

}  // namespace
}  // namespace purebpf::elf
