// The relocations of elf::File.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "purebpf/elf/file.h"
#include "purebpf/tests/elf/parse_matchers.h"
#include "purebpf/tests/support/byte_writer.h"
#include "purebpf/tests/support/elf_builder.h"

namespace purebpf::elf {
namespace {

using ::purebpf::testing::ByteWriter;
using ::purebpf::testing::ElfBuilder;
using ::purebpf::testing::Pattern;
namespace section_field = ::purebpf::testing::section_field;

constexpr uint32_t kXdp = 1;
constexpr uint32_t kRelSection = 5;

// Sections: null, xdp (0x20 bytes), maps, .symtab, .strtab, .relxdp, .shstrtab. Symbols: null, map,
// other.
ElfBuilder Sample(std::endian order = std::endian::little) {
  ElfBuilder elf(order);
  elf.AddSection({.name = "xdp", .flags = 6, .contents = Pattern(32)});
  elf.AddSection({.name = "maps", .flags = 3, .contents = Pattern(20)});
  elf.AddSymbol({.name = "map", .type = 1, .section = 2});
  elf.AddSymbol({.name = "other"});
  elf.Relocate(kXdp, {.offset = 8, .type = 1, .symbol = 1});
  elf.Relocate(kXdp, {.offset = 0x1f, .type = 0x12345678, .symbol = 2});
  return elf;
}

TEST(ElfRelocations, GivesThemInFileOrderInBothByteOrders) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    const auto bytes = Sample(order).Build();
    const auto file = File::Parse(bytes);
    ASSERT_THAT(file, IsParsed());
    const auto relocations = file->Relocations(kXdp);
    ASSERT_THAT(relocations, IsParsed());
    ASSERT_EQ(relocations->size(), 2U);
    EXPECT_EQ((*relocations)[0].offset, 8U);
    EXPECT_EQ((*relocations)[0].type, static_cast<uint32_t>(RelocationType::k64_64));
    EXPECT_EQ((*relocations)[0].symbol, 1U);
    EXPECT_EQ((*relocations)[1].offset, 0x1fU);
    EXPECT_EQ((*relocations)[1].type, 0x12345678U) << "unknown types are the caller's to judge";
    EXPECT_EQ((*relocations)[1].symbol, 2U);
  }
}

TEST(ElfRelocations, ASectionWithoutThemHasNone) {
  const auto bytes = Sample().Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  for (const uint32_t section : {0U, 2U, 6U}) {
    const auto relocations = file->Relocations(section);
    ASSERT_THAT(relocations, IsParsed());
    EXPECT_TRUE(relocations->empty());
  }
}

TEST(ElfRelocations, CollectsThemFromEverySectionThatNamesTheTarget) {
  ElfBuilder elf = Sample();
  ByteWriter more(std::endian::little);
  more.U64(0x10).U64(uint64_t{1} << 32 | 10);
  elf.AddSection({.name = ".rel.more",
                  .type = 9,
                  .link = 4,
                  .info = kXdp,
                  .entry_size = 16,
                  .contents = more.Take()});
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  const auto relocations = file->Relocations(kXdp);
  ASSERT_THAT(relocations, IsParsed());
  ASSERT_EQ(relocations->size(), 3U);
  EXPECT_EQ((*relocations)[0].offset, 0x10U);
  EXPECT_EQ((*relocations)[0].type, static_cast<uint32_t>(RelocationType::k64_32));
  EXPECT_EQ((*relocations)[1].offset, 8U);
}

TEST(ElfRelocations, OthersThanTheBrokenOnesCanStillBeRead) {
  ElfBuilder elf = Sample();
  elf.Relocate(2, {.offset = 0, .type = 2, .symbol = 2});
  elf.Break(".relmaps", section_field::kType, 4);
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  EXPECT_THAT(file->Relocations(kXdp), IsParsed());
  EXPECT_THAT(file->Relocations(2), IsUnsupported("section 6 '.relmaps': RELA relocations"));
}

struct Malformation {
  std::string name;
  void (*damage)(ElfBuilder&);
  std::string words;
  bool unsupported = false;
  uint32_t section = kXdp;
};

// Every refusal of relocations.cc but the last test's.
const std::vector<Malformation> kMalformations = {
    {"NoSuchSection", [](ElfBuilder&) {}, "relocations of section 7: there are 7 sections", false,
     7},
    {"Rela", [](ElfBuilder& elf) { elf.Break(".relxdp", section_field::kType, 4); },
     "section 5 '.relxdp': RELA relocations", true},
    {"EntrySize", [](ElfBuilder& elf) { elf.Break(".relxdp", section_field::kEntrySize, 24); },
     "section 5 '.relxdp': entry size 0x18, not 0x10"},
    {"OfNoSymbolTable", [](ElfBuilder& elf) { elf.Break(".relxdp", section_field::kLink, 4); },
     "section 5 '.relxdp': section 4 is not the symbol table that it needs"},
    {"OfNoSection", [](ElfBuilder& elf) { elf.Break(".relxdp", section_field::kLink, 7); },
     "section 5 '.relxdp': section 7 is not the symbol table that it needs"},
    {"SymbolTableStripped", [](ElfBuilder& elf) { elf.Break(".symtab", section_field::kType, 0); },
     "section 5 '.relxdp': section 3 is not the symbol table that it needs (was the object "
     "stripped?)"},
    {"Compressed", [](ElfBuilder& elf) { elf.Break(".relxdp", section_field::kFlags, 0x800); },
     "section 5 '.relxdp': is compressed", true},
    {"TargetCompressed", [](ElfBuilder& elf) { elf.Break("xdp", section_field::kFlags, 0x800); },
     "section 1 'xdp': is compressed", true},
    {"HalfAnEntry", [](ElfBuilder& elf) { elf.Break(".relxdp", section_field::kSize, 0x1f); },
     "section 5 '.relxdp': size 0x1f is no multiple of the entry size 0x10"},
    {"OffsetAtTheEnd", [](ElfBuilder& elf) { elf.Relocate(kXdp, {.offset = 0x20, .symbol = 1}); },
     "section 5 '.relxdp': relocation 2: offset 0x20 is outside of section 1 'xdp' with its 0x20 "
     "bytes"},
    {"OffsetFarAway", [](ElfBuilder& elf) { elf.Relocate(kXdp, {.offset = ~0ULL, .symbol = 1}); },
     "relocation 2: offset 0xffffffffffffffff is outside of section 1 'xdp'"},
    {"NoSuchSymbol", [](ElfBuilder& elf) { elf.Relocate(kXdp, {.offset = 0, .symbol = 3}); },
     "section 5 '.relxdp': relocation 2: symbol 3, but there are 3 symbols"},
};

class ElfRelocationsRefuse : public ::testing::TestWithParam<Malformation> {};

TEST_P(ElfRelocationsRefuse, InBothByteOrders) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    ElfBuilder elf = Sample(order);
    GetParam().damage(elf);
    const auto bytes = elf.Build();
    const auto file = File::Parse(bytes);
    ASSERT_THAT(file, IsParsed()) << "only asking for the relocations is refused";
    if (GetParam().unsupported) {
      EXPECT_THAT(file->Relocations(GetParam().section), IsUnsupported(GetParam().words));
    } else {
      EXPECT_THAT(file->Relocations(GetParam().section), IsMalformed(GetParam().words));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Table, ElfRelocationsRefuse, ::testing::ValuesIn(kMalformations),
                         [](const auto& row) { return row.param.name; });

// Sections may overlap: a hundred of them over the same kilobytes of records would be asked for
// a hundred times the file in memory.
TEST(ElfRelocations, OverlappingSectionsCannotClaimMoreThanTheFile) {
  ElfBuilder elf(std::endian::little);
  elf.AddSection({.name = "xdp", .contents = Pattern(8)});
  elf.AddSymbol({.name = "map"});
  for (int i = 0; i < 1000; ++i) elf.Relocate(1, {.offset = 0, .symbol = 1});
  for (int i = 0; i < 2; ++i) {
    const std::string name = "copy" + std::to_string(i);
    elf.AddSection({.name = name, .type = 9, .link = 4, .info = 1, .entry_size = 16});
    // xdp's 8 bytes at 0x40, then .symtab and .strtab, then the 1000 records.
    elf.Break(name, section_field::kOffset, 0x80);
    elf.Break(name, section_field::kSize, 16'000);
  }
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  EXPECT_THAT(file->Relocations(1),
              IsMalformed("with it the relocations of section 1 'xdp' take more than the file's"));
}

}  // namespace
}  // namespace purebpf::elf
