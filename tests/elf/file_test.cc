#include "purebpf/elf/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "purebpf/tests/elf/parse_matchers.h"
#include "purebpf/tests/support/elf_builder.h"

namespace purebpf::elf {
namespace {

using ::purebpf::testing::ElfBuilder;
using ::purebpf::testing::Pattern;
namespace header_field = ::purebpf::testing::header_field;
namespace section_field = ::purebpf::testing::section_field;

constexpr uint32_t kNobits = 8;
constexpr uint32_t kStrtab = 3;
constexpr uint64_t kAllocExec = 6;
constexpr uint64_t kCompressed = 0x800;

// Null, xdp (0x10 bytes at 0x40), .bss, .BTF (5 bytes at 0x50), .shstrtab (at 0x58).
ElfBuilder Sample(std::endian order = std::endian::little) {
  ElfBuilder elf(order);
  elf.AddSection({.name = "xdp", .flags = kAllocExec, .contents = Pattern(16)});
  elf.AddSection(
      {.name = ".bss", .type = kNobits, .flags = 3, .alignment = 4, .size = 0x123456789});
  elf.AddSection(
      {.name = ".BTF", .info = 7, .alignment = 1, .entry_size = 3, .contents = Pattern(5)});
  return elf;
}

class ElfFileOfOrder : public ::testing::TestWithParam<std::endian> {};

TEST_P(ElfFileOfOrder, GivesEverySectionWithItsFields) {
  const auto bytes = Sample(GetParam()).Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  EXPECT_EQ(file->order(), GetParam());
  ASSERT_EQ(file->sections().size(), 5U);

  const Section& null = file->sections()[0];
  EXPECT_EQ(null.type, SectionType::kNull);
  EXPECT_EQ(null.name, "");

  const Section& xdp = file->sections()[1];
  EXPECT_EQ(xdp.index, 1U);
  EXPECT_EQ(xdp.name, "xdp");
  EXPECT_EQ(xdp.type, SectionType::kProgbits);
  EXPECT_TRUE(xdp.Has(SectionFlag::kAlloc));
  EXPECT_TRUE(xdp.Has(SectionFlag::kExecInstr));
  EXPECT_FALSE(xdp.Has(SectionFlag::kWrite));
  EXPECT_EQ(xdp.size, 16U);
  EXPECT_EQ(xdp.alignment, 8U);
  EXPECT_TRUE(std::ranges::equal(xdp.contents, Pattern(16)));
  EXPECT_EQ(xdp.contents.data(), bytes.data() + 64) << "contents borrow the file's bytes";

  const Section& bss = file->sections()[2];
  EXPECT_EQ(bss.type, SectionType::kNobits);
  EXPECT_EQ(bss.size, 0x123456789U) << "NOBITS takes no room in the file";
  EXPECT_TRUE(bss.contents.empty());

  const Section& btf = file->sections()[3];
  EXPECT_EQ(btf.info, 7U);
  EXPECT_EQ(btf.entry_size, 3U);
  EXPECT_TRUE(std::ranges::equal(btf.contents, Pattern(5)));
}

INSTANTIATE_TEST_SUITE_P(BothOrders, ElfFileOfOrder,
                         ::testing::Values(std::endian::little, std::endian::big),
                         [](const auto& order) {
                           return order.param == std::endian::little ? "Little" : "Big";
                         });

TEST(ElfFile, FindsTheFirstSectionOfAName) {
  ElfBuilder elf;
  elf.AddSection({.name = "a", .contents = Pattern(1)});
  elf.AddSection({.name = "twice", .contents = Pattern(2)});
  elf.AddSection({.name = "twice", .contents = Pattern(3)});
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  ASSERT_NE(file->FindSection("twice"), nullptr);
  EXPECT_EQ(file->FindSection("twice")->index, 2U);
  EXPECT_EQ(file->FindSection("thrice"), nullptr);
  EXPECT_EQ(Describe(*file->FindSection("twice")), "section 2 'twice'");
  EXPECT_EQ(Describe(file->sections()[0]), "section 0");
}

TEST(ElfFile, HostileNamesAreMadePrintable) {
  ElfBuilder elf;
  elf.AddSection({.name = "a\x1b[31m\n\xff"});
  elf.AddSection({.name = std::string(1000, 'x')});
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  EXPECT_EQ(Describe(file->sections()[1]), "section 1 'a?[31m?\?'");
  EXPECT_EQ(Describe(file->sections()[2]), "section 2 '" + std::string(80, 'x') + "...'");
}

TEST(ElfFile, TakesTheMachineNoneOfVeryOldCompilers) {
  ElfBuilder elf = Sample();
  elf.Break(header_field::kMachine, 0);
  EXPECT_THAT(File::Parse(elf.Build()), IsParsed());
}

TEST(ElfFile, AFileWithoutSectionsHasNone) {
  ElfBuilder elf;
  elf.Break(header_field::kSectionOffset, 0);
  elf.Break(header_field::kSectionCount, 0);
  elf.Break(header_field::kSectionHeaderSize, 0);
  elf.Truncate(64);
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  EXPECT_TRUE(file->sections().empty());
  EXPECT_TRUE(file->symbols().empty());
  EXPECT_EQ(file->FindSection(""), nullptr);
}

TEST(ElfFile, ReadsCountAndNamesFromSection0InExtendedNumbering) {
  ElfBuilder elf = Sample(std::endian::big);
  elf.Break(header_field::kSectionCount, 0);
  elf.Break("", section_field::kSize, 5);
  elf.Break(header_field::kNamesSection, 0xffff);
  elf.Break("", section_field::kLink, 4);
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  ASSERT_EQ(file->sections().size(), 5U);
  EXPECT_EQ(file->sections()[3].name, ".BTF");
}

TEST(ElfFile, ReadsMoreSectionsThanTheHeaderCanCount) {
  constexpr uint32_t kMany = 70'000;
  ElfBuilder elf;
  for (uint32_t i = 1; i < kMany; ++i) elf.AddSection({.name = i % 2 == 0 ? "even" : "odd"});
  elf.Break(header_field::kSectionCount, 0);
  elf.Break("", section_field::kSize, kMany + 1);
  elf.Break(header_field::kNamesSection, 0xffff);
  elf.Break("", section_field::kLink, kMany);
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  ASSERT_EQ(file->sections().size(), kMany + 1);
  EXPECT_EQ(file->sections()[0xff00].name, "even");
  EXPECT_EQ(file->sections()[0xffff].name, "odd");
}

TEST(ElfFile, SectionsWithoutAStringTableHaveNoNames) {
  ElfBuilder elf = Sample();
  elf.Break(header_field::kNamesSection, 0);
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  EXPECT_EQ(file->sections()[1].name, "");
  EXPECT_EQ(file->sections()[1].size, 16U);
}

TEST(ElfFile, IgnoresWhatAnInactiveSectionSays) {
  ElfBuilder elf = Sample();
  elf.Break("xdp", section_field::kType, 0);
  elf.Break("xdp", section_field::kOffset, ~0ULL);
  elf.Break("xdp", section_field::kName, 0xffffffff);
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  EXPECT_EQ(file->sections()[1].name, "");
  EXPECT_TRUE(file->sections()[1].contents.empty());
}

TEST(ElfFile, SectionsMayOverlapAndEndWithTheFile) {
  ElfBuilder elf = Sample();
  elf.Break(".BTF", section_field::kOffset, 0);
  elf.Break(".BTF", section_field::kSize, 64 + 16);
  elf.Break("xdp", section_field::kOffset, 0x1b8);  // 0x78 bytes, then five headers
  elf.Break("xdp", section_field::kSize, 0);
  const auto bytes = elf.Build();
  ASSERT_EQ(bytes.size(), 0x1b8U);
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  EXPECT_EQ(file->FindSection(".BTF")->contents.size(), 80U);
}

TEST(ElfFile, ACompressedSectionIsRefusedOnlyWhenItsContentsAreNeeded) {
  ElfBuilder elf = Sample();
  elf.Break(".BTF", section_field::kFlags, kCompressed);
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  EXPECT_TRUE(file->sections()[3].contents.empty());
  EXPECT_THAT(file->sections()[3].Contents(),
              IsUnsupported("section 3 '.BTF': is compressed (SHF_COMPRESSED)"));
  const auto xdp = file->sections()[1].Contents();
  ASSERT_THAT(xdp, IsParsed());
  EXPECT_EQ(xdp->size(), 16U);
}

struct Malformation {
  std::string name;
  void (*damage)(ElfBuilder&);
  std::string words;
  bool unsupported = false;
};

// Every refusal of file.cc and names.cc but the one of a file above 4 GiB.
const std::vector<Malformation> kMalformations = {
    {"EmptyFile", [](ElfBuilder& elf) { elf.Truncate(0); },
     "ELF header: the file has 0x0 bytes, the header needs 0x40"},
    {"HalfAHeader", [](ElfBuilder& elf) { elf.Truncate(63); },
     "ELF header: the file has 0x3f bytes, the header needs 0x40"},
    {"OtherMagic", [](ElfBuilder& elf) { elf.Break(header_field::kMagic, 0x464c457e); },
     "does not start with 7f 'ELF'"},
    {"Class32", [](ElfBuilder& elf) { elf.Break(header_field::kClass, 1); },
     "ELF header: class 1, not 2 (64-bit)"},
    {"DataEncoding", [](ElfBuilder& elf) { elf.Break(header_field::kData, 3); },
     "ELF header: data encoding 3, not 1 (little) or 2 (big endian)"},
    {"IdentVersion", [](ElfBuilder& elf) { elf.Break(header_field::kIdentVersion, 0); },
     "ELF header: identification version 0, not 1"},
    {"SharedObject", [](ElfBuilder& elf) { elf.Break(header_field::kType, 3); },
     "ELF header: type 3, not 1 (relocatable)"},
    {"MachineX86", [](ElfBuilder& elf) { elf.Break(header_field::kMachine, 62); },
     "ELF header: machine 62, not 247 (BPF)"},
    {"Version", [](ElfBuilder& elf) { elf.Break(header_field::kVersion, 2); },
     "ELF header: version 2, not 1"},
    {"SectionHeaderSize", [](ElfBuilder& elf) { elf.Break(header_field::kSectionHeaderSize, 40); },
     "ELF header: e_shentsize 0x28, not 0x40"},
    {"SectionsButNoTable", [](ElfBuilder& elf) { elf.Break(header_field::kSectionOffset, 0); },
     "ELF header: e_shnum 5 but e_shoff 0x0"},
    {"TableOutsideOfTheFile",
     [](ElfBuilder& elf) { elf.Break(header_field::kSectionOffset, 0x179); },
     "e_shoff 0x179 leaves no room for a section header in the file's 0x1b8 bytes"},
    {"TableAtTheEndOfTheAddressSpace",
     [](ElfBuilder& elf) { elf.Break(header_field::kSectionOffset, ~0ULL); },
     "e_shoff 0xffffffffffffffff leaves no room"},
    {"TableCutShort", [](ElfBuilder& elf) { elf.Truncate(0x1b7); },
     "5 section headers at 0x78, but the file's 0x1b7 bytes have room for 1 to 4"},
    {"TooManySections", [](ElfBuilder& elf) { elf.Break(header_field::kSectionCount, 6); },
     "6 section headers at 0x78, but the file's 0x1b8 bytes have room for 1 to 5"},
    {"ExtendedCountOfFourBillion",
     [](ElfBuilder& elf) {
       elf.Break(header_field::kSectionCount, 0);
       elf.Break("", section_field::kSize, 0xffffffff);
     },
     "4294967295 section headers at 0x78"},
    {"ExtendedCountWhoseSizeOverflows",
     [](ElfBuilder& elf) {
       elf.Break(header_field::kSectionCount, 0);
       elf.Break("", section_field::kSize, 0x0400'0000'0000'0001);
     },
     "288230376151711745 section headers at 0x78"},
    {"ExtendedCountOfNone", [](ElfBuilder& elf) { elf.Break(header_field::kSectionCount, 0); },
     "0 section headers at 0x78"},
    {"Section0NotNull", [](ElfBuilder& elf) { elf.Break("", section_field::kType, 5); },
     "section 0: type 5, not 0 (the null section)"},
    {"NamesInNoSection", [](ElfBuilder& elf) { elf.Break(header_field::kNamesSection, 5); },
     "section names in section 5, but there are 5 sections"},
    {"ExtendedNamesInNoSection",
     [](ElfBuilder& elf) {
       elf.Break(header_field::kNamesSection, 0xffff);
       elf.Break("", section_field::kLink, 77777);
     },
     "section names in section 77777, but there are 5 sections"},
    {"NamesOfOtherType", [](ElfBuilder& elf) { elf.Break(header_field::kNamesSection, 1); },
     "section 1: holds the section names, but has type 1, not 3 (string table)"},
    {"NamesPastTheFile",
     [](ElfBuilder& elf) { elf.Break(".shstrtab", section_field::kSize, 0x161); },
     "section 4: offset 0x58 + size 0x161 ends past the file's 0x1b8 bytes"},
    {"NamesCompressed",
     [](ElfBuilder& elf) { elf.Break(".shstrtab", section_field::kFlags, kCompressed); },
     "section 4: is compressed", true},
    {"NameOutside", [](ElfBuilder& elf) { elf.Break("xdp", section_field::kName, 0x19); },
     "section 1: name at 0x19 lies outside of the string table's 0x19 bytes"},
    {"NameWithoutEnd", [](ElfBuilder& elf) { elf.Break(".shstrtab", section_field::kSize, 4); },
     "section 1: name at 0x1 does not end in the string table's 0x4 bytes"},
    {"NameTooLong", [](ElfBuilder& elf) { elf.AddSection({.name = std::string(4097, 'n')}); },
     "section 4: name at 0xf has more than 4096 bytes", true},
    {"ContentsPastTheFile", [](ElfBuilder& elf) { elf.Break("xdp", section_field::kSize, 0x179); },
     "section 1 'xdp': offset 0x40 + size 0x179 ends past the file's 0x1b8 bytes"},
    {"ContentsWhoseEndOverflows",
     [](ElfBuilder& elf) { elf.Break("xdp", section_field::kSize, ~0ULL); },
     "section 1 'xdp': offset 0x40 + size 0xffffffffffffffff ends past"},
    {"ContentsOutside", [](ElfBuilder& elf) { elf.Break("xdp", section_field::kOffset, ~0ULL); },
     "section 1 'xdp': offset 0xffffffffffffffff + size 0x10 ends past"},
    {"CompressedCode",
     [](ElfBuilder& elf) { elf.Break("xdp", section_field::kFlags, kCompressed | kAllocExec); },
     "section 1 'xdp': flags 0x806 have both SHF_COMPRESSED and SHF_ALLOC"},
    {"RelocatesNoSection",
     [](ElfBuilder& elf) {
       elf.Break(".BTF", section_field::kType, 9);
       elf.Break(".BTF", section_field::kInfo, 5);
     },
     "section 3 '.BTF': relocates section 5, but there are 5 sections"},
};

class ElfFileRefuses : public ::testing::TestWithParam<Malformation> {};

TEST_P(ElfFileRefuses, InBothByteOrders) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    ElfBuilder elf = Sample(order);
    if (GetParam().name == "OtherMagic" && order == std::endian::big) continue;  // 4 bytes, not int
    GetParam().damage(elf);
    const auto bytes = elf.Build();
    if (GetParam().unsupported) {
      EXPECT_THAT(File::Parse(bytes), IsUnsupported(GetParam().words));
    } else {
      EXPECT_THAT(File::Parse(bytes), IsMalformed(GetParam().words));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Table, ElfFileRefuses, ::testing::ValuesIn(kMalformations),
                         [](const auto& row) { return row.param.name; });

TEST(ElfFile, TakesANameOfTheGreatestLength) {
  ElfBuilder elf;
  elf.AddSection({.name = std::string(4096, 'n')});
  const auto bytes = elf.Build();
  const auto file = File::Parse(bytes);
  ASSERT_THAT(file, IsParsed());
  EXPECT_EQ(file->sections()[1].name.size(), 4096U);
}

// Four billion sections claimed by 100 bytes: refused before anything is allocated for them.
TEST(ElfFile, RefusesAHundredBytesThatClaimFourBillionSections) {
  std::vector<std::byte> bytes = ElfBuilder().Build();
  bytes.resize(128);
  std::fill(bytes.begin() + 64, bytes.end(), std::byte{0});
  bytes[header_field::kSectionOffset.offset] = std::byte{64};
  bytes[header_field::kSectionOffset.offset + 1] = std::byte{0};
  bytes[header_field::kSectionCount.offset] = std::byte{0};
  std::fill_n(bytes.begin() + 64 + static_cast<ptrdiff_t>(section_field::kSize.offset), 4,
              std::byte{0xff});
  EXPECT_THAT(File::Parse(bytes),
              IsMalformed("4294967295 section headers at 0x40, but the file's 0x80 bytes have "
                          "room for 1 to 1"));
}

TEST(ElfFile, RefusesAFileAboveFourGibibytes) {
  constexpr size_t kSize = 0x1'0000'0000;
  void* memory = mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) GTEST_SKIP() << "no 4 GiB of address space here";
  const auto small = ElfBuilder().Build();
  std::ranges::copy(small, static_cast<std::byte*>(memory));
  const Bytes bytes(static_cast<const std::byte*>(memory), kSize);
  EXPECT_THAT(File::Parse(bytes), IsUnsupported("0x100000000 bytes, this reader takes at most "
                                                "0xffffffff"));
  EXPECT_THAT(File::Parse(bytes.first(kSize - 1)), IsParsed());
  munmap(memory, kSize);
}

}  // namespace
}  // namespace purebpf::elf
