// The symbol table of elf::File.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "purebpf/elf/file.h"
#include "purebpf/tests/elf/parse_matchers.h"
#include "purebpf/tests/support/elf_builder.h"

namespace purebpf::elf {
namespace {

using ::purebpf::testing::ElfBuilder;
using ::purebpf::testing::Pattern;
namespace header_field = ::purebpf::testing::header_field;
namespace section_field = ::purebpf::testing::section_field;
namespace symbol_field = ::purebpf::testing::symbol_field;

constexpr uint8_t kObject = 1, kFunc = 2, kSection = 3, kFile = 4;
constexpr uint8_t kLocal = 0, kGlobal = 1, kWeak = 2;
constexpr uint64_t kCompressed = 0x800;

// Sections: null, xdp, maps, .symtab, .strtab, .shstrtab. Symbols: null, unit.c, xdp's, prog, map,
// helper.
ElfBuilder Sample(std::endian order = std::endian::little) {
  ElfBuilder elf(order);
  elf.AddSection({.name = "xdp", .flags = 6, .contents = Pattern(16)});
  elf.AddSection({.name = "maps", .flags = 3, .contents = Pattern(20)});
  elf.AddSymbol({.name = "unit.c", .type = kFile, .binding = kLocal, .section = 0xfff1});
  elf.AddSymbol({.name = "", .type = kSection, .binding = kLocal, .section = 1});
  elf.AddSymbol({.name = "prog", .type = kFunc, .section = 1, .value = 8, .size = 0x123456789});
  elf.AddSymbol({.name = "map",
                 .type = kObject,
                 .binding = kWeak,
                 .visibility = 2,
                 .section = 2,
                 .size = 20});
  elf.AddSymbol({.name = "helper"});
  return elf;
}

class ElfSymbolsOfOrder : public ::testing::TestWithParam<std::endian> {};

TEST_P(ElfSymbolsOfOrder, GivesEverySymbolWithItsFields) {
  const auto bytes = Sample(GetParam()).Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  const auto symbols = file->symbols();
  ASSERT_EQ(symbols.size(), 6U);
  EXPECT_EQ(symbols[0].name, "");

  EXPECT_EQ(symbols[1].name, "unit.c");
  EXPECT_EQ(symbols[1].type, SymbolType::kFile);
  EXPECT_EQ(symbols[1].section, kAbsoluteSection);

  EXPECT_EQ(symbols[3].index, 3U);
  EXPECT_EQ(symbols[3].name, "prog");
  EXPECT_EQ(symbols[3].type, SymbolType::kFunc);
  EXPECT_EQ(symbols[3].binding, SymbolBinding::kGlobal);
  EXPECT_EQ(symbols[3].visibility, SymbolVisibility::kDefault);
  EXPECT_EQ(symbols[3].section, 1U);
  EXPECT_EQ(symbols[3].value, 8U);
  EXPECT_EQ(symbols[3].size, 0x123456789U);

  EXPECT_EQ(symbols[4].type, SymbolType::kObject);
  EXPECT_EQ(symbols[4].binding, SymbolBinding::kWeak);
  EXPECT_EQ(symbols[4].visibility, SymbolVisibility::kHidden);
  EXPECT_EQ(symbols[4].section, 2U);

  EXPECT_EQ(symbols[5].type, SymbolType::kNone);
  EXPECT_EQ(symbols[5].binding, SymbolBinding::kGlobal);
  EXPECT_EQ(symbols[5].section, kUndefinedSection);
}

INSTANTIATE_TEST_SUITE_P(BothOrders, ElfSymbolsOfOrder,
                         ::testing::Values(std::endian::little, std::endian::big),
                         [](const auto& order) {
                           return order.param == std::endian::little ? "Little" : "Big";
                         });

TEST(ElfSymbols, AnUnnamedSectionSymbolHasItsSectionsName) {
  const auto bytes = Sample().Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  EXPECT_EQ(file->symbols()[2].type, SymbolType::kSection);
  EXPECT_EQ(file->symbols()[2].name, "xdp");
}

TEST(ElfSymbols, ANamedSectionSymbolKeepsItsName) {
  ElfBuilder elf = Sample();
  elf.AddSymbol({.name = "own", .type = kSection, .section = 1});
  elf.AddSymbol({.name = "", .type = kSection, .section = 0xfff1});
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  EXPECT_EQ(file->symbols()[6].name, "own");
  EXPECT_EQ(file->symbols()[7].name, "") << "an absolute one belongs to no section";
}

TEST(ElfSymbols, AStrippedObjectHasNone) {
  ElfBuilder elf;
  elf.AddSection({.name = "xdp", .contents = Pattern(8)});
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  EXPECT_TRUE(file->symbols().empty());
}

TEST(ElfSymbols, AnEmptySymbolTableHasNone) {
  ElfBuilder elf = Sample();
  elf.Break(".symtab", section_field::kSize, 0);
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  EXPECT_TRUE(file->symbols().empty());
}

TEST(ElfSymbols, CommonAndAbsoluteAreToldFromIndices) {
  ElfBuilder elf = Sample();
  elf.BreakSymbol(3, symbol_field::kSection, 0xfff2);
  elf.BreakSymbol(4, symbol_field::kSection, 0xfff1);
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  EXPECT_EQ(file->symbols()[3].section, kCommonSection);
  EXPECT_EQ(file->symbols()[4].section, kAbsoluteSection);
}

TEST(ElfSymbols, ReadsWideSectionIndicesFromTheirOwnTable) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    ElfBuilder elf = Sample(order);
    elf.BreakSymbol(4, symbol_field::kSection, 0xffff);
    elf.ExtendedIndices({0, 0, 0, 0, 2, 0});
    const auto bytes = elf.Build();
    const auto file = File::Parse(bytes);
    ASSERT_THAT(file, IsParsed());
    EXPECT_EQ(file->symbols()[3].section, 1U);
    EXPECT_EQ(file->symbols()[4].section, 2U);
  }
}

// Section 0xfff1 of many is not SHN_ABS.
TEST(ElfSymbols, AWideIndexMayHaveTheNumberOfASpecialOne) {
  constexpr uint32_t kMany = 0xfff8;
  ElfBuilder elf;
  for (uint32_t i = 1; i < kMany; ++i) elf.AddSection({.name = i == 0xfff1 ? "wide" : "other"});
  elf.AddSymbol({.name = "", .type = kSection, .section = 0xffff});
  elf.ExtendedIndices({0, 0xfff1});
  elf.Break(header_field::kSectionCount, 0);
  elf.Break("", section_field::kSize, kMany + 4);
  elf.Break(header_field::kNamesSection, 0xffff);
  elf.Break("", section_field::kLink, kMany + 3);
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  EXPECT_EQ(file->symbols()[1].section, 0xfff1U);
  EXPECT_NE(file->symbols()[1].section, kAbsoluteSection);
  EXPECT_EQ(file->symbols()[1].name, "wide");
}

struct Malformation {
  std::string name;
  void (*damage)(ElfBuilder&);
  std::string words;
  bool unsupported = false;
};

// Every refusal of symbols.cc.
const std::vector<Malformation> kMalformations = {
    {"TwoSymbolTables", [](ElfBuilder& elf) { elf.Break("xdp", section_field::kType, 2); },
     "section 3 '.symtab': has type 2 like section 1 'xdp', but a file has one at most"},
    {"TwoExtendedTables",
     [](ElfBuilder& elf) {
       elf.ExtendedIndices({0, 0, 0, 0, 0, 0});
       elf.Break("xdp", section_field::kType, 18);
     },
     "section 5 '.symtab_shndx': has type 18 like section 1 'xdp', but a file has one at most"},
    {"EntrySize", [](ElfBuilder& elf) { elf.Break(".symtab", section_field::kEntrySize, 16); },
     "section 3 '.symtab': entry size 0x10, not 0x18"},
    {"EntrySizeZero", [](ElfBuilder& elf) { elf.Break(".symtab", section_field::kEntrySize, 0); },
     "section 3 '.symtab': entry size 0x0, not 0x18"},
    {"Compressed",
     [](ElfBuilder& elf) { elf.Break(".symtab", section_field::kFlags, kCompressed); },
     "section 3 '.symtab': is compressed", true},
    {"HalfASymbol", [](ElfBuilder& elf) { elf.Break(".symtab", section_field::kSize, 0x8f); },
     "section 3 '.symtab': size 0x8f is no multiple of the entry size 0x18"},
    {"NamesInNoSection", [](ElfBuilder& elf) { elf.Break(".symtab", section_field::kLink, 6); },
     "section 3 '.symtab': its names are in section 6, but there are 6 sections"},
    {"NamesOfOtherType", [](ElfBuilder& elf) { elf.Break(".symtab", section_field::kLink, 1); },
     "its names are in section 1 'xdp', which has type 1, not 3 (string table)"},
    {"NamesCompressed",
     [](ElfBuilder& elf) { elf.Break(".strtab", section_field::kFlags, kCompressed); },
     "section 4 '.strtab': is compressed", true},
    {"NameOutside", [](ElfBuilder& elf) { elf.BreakSymbol(3, symbol_field::kName, 0x999); },
     "symbol 3: name at 0x999 lies outside of the string table's 0x18 bytes"},
    {"NameWithoutEnd", [](ElfBuilder& elf) { elf.Break(".strtab", section_field::kSize, 0x16); },
     "symbol 5: name at 0x11 does not end in the string table's 0x16 bytes"},
    {"NameTooLong", [](ElfBuilder& elf) { elf.AddSymbol({.name = std::string(4097, 'n')}); },
     "symbol 6: name at 0x18 has more than 4096 bytes", true},
    {"InNoSection", [](ElfBuilder& elf) { elf.BreakSymbol(3, symbol_field::kSection, 6); },
     "symbol 3: in section 6, but there are 6 sections"},
    {"ReservedIndex", [](ElfBuilder& elf) { elf.BreakSymbol(3, symbol_field::kSection, 0xff00); },
     "symbol 3: reserved section index 0xff00"},
    {"ExtendedIndexWithoutTable",
     [](ElfBuilder& elf) { elf.BreakSymbol(3, symbol_field::kSection, 0xffff); },
     "symbol 3: section index 0xffff, but there is no SHT_SYMTAB_SHNDX"},
    {"ExtendedIndexInNoSection",
     [](ElfBuilder& elf) {
       elf.BreakSymbol(3, symbol_field::kSection, 0xffff);
       elf.ExtendedIndices({0, 0, 0, 0xfffffff1, 0, 0});
     },
     "symbol 3: in section 4294967281, but there are 7 sections"},
    {"ExtendedTableOfOthers",
     [](ElfBuilder& elf) {
       elf.ExtendedIndices({0, 0, 0, 0, 0, 0});
       elf.Break(".symtab_shndx", section_field::kLink, 4);
     },
     "section 5 '.symtab_shndx': belongs to section 4, not to the symbol table, section 3 "
     "'.symtab'"},
    {"ExtendedTableEntrySize",
     [](ElfBuilder& elf) {
       elf.ExtendedIndices({0, 0, 0, 0, 0, 0});
       elf.Break(".symtab_shndx", section_field::kEntrySize, 8);
     },
     "section 5 '.symtab_shndx': entry size 0x8, not 0x4"},
    {"ExtendedTableTooShort", [](ElfBuilder& elf) { elf.ExtendedIndices({0, 0, 0, 0, 0}); },
     "section 5 '.symtab_shndx': has 5 entries for 6 symbols"},
};

class ElfSymbolsRefuse : public ::testing::TestWithParam<Malformation> {};

TEST_P(ElfSymbolsRefuse, InBothByteOrders) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    ElfBuilder elf = Sample(order);
    GetParam().damage(elf);
    const auto bytes = elf.Build();
    if (GetParam().unsupported) {
      EXPECT_THAT(File::Parse(bytes), IsUnsupported(GetParam().words));
    } else {
      EXPECT_THAT(File::Parse(bytes), IsMalformed(GetParam().words));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Table, ElfSymbolsRefuse, ::testing::ValuesIn(kMalformations),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace purebpf::elf
