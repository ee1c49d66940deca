// Makes ELF64 relocatable objects in either byte order, whole or with any field broken.
//
//     ElfBuilder elf(std::endian::big);
//     const uint32_t xdp = elf.AddSection({.name = "xdp", .contents = two_instructions});
//     const uint32_t map = elf.AddSymbol({.name = "map", .section = maps});
//     elf.Relocate(xdp, {.offset = 0, .type = 1, .symbol = map});
//     elf.Break("xdp", SectionField::kSize, 0x9999);
//     std::vector<std::byte> bytes = elf.Build();
//
// Section 0 is the null section, then come the added ones in order, then what the builder makes
// where it is needed: .symtab, .strtab, a .rel section each, .shstrtab. Contents come first in the
// file, the section headers last.
#ifndef PUREBPF_TESTS_SUPPORT_ELF_BUILDER_H_
#define PUREBPF_TESTS_SUPPORT_ELF_BUILDER_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/tests/support/byte_writer.h"

namespace purebpf::testing {

// Where a field is and how wide.
struct Field {
  size_t offset;
  size_t width;
};

namespace header_field {
inline constexpr Field kMagic{0, 4}, kClass{4, 1}, kData{5, 1}, kIdentVersion{6, 1}, kType{16, 2},
    kMachine{18, 2}, kVersion{20, 4}, kSectionOffset{40, 8}, kSectionHeaderSize{58, 2},
    kSectionCount{60, 2}, kNamesSection{62, 2};
}  // namespace header_field

namespace section_field {
inline constexpr Field kName{0, 4}, kType{4, 4}, kFlags{8, 8}, kOffset{24, 8}, kSize{32, 8},
    kLink{40, 4}, kInfo{44, 4}, kAlignment{48, 8}, kEntrySize{56, 8};
}  // namespace section_field

namespace symbol_field {
inline constexpr Field kName{0, 4}, kInfo{4, 1}, kOther{5, 1}, kSection{6, 2}, kValue{8, 8},
    kSize{16, 8};
}  // namespace symbol_field

class ElfBuilder {
 public:
  struct Section {
    std::string name;
    uint32_t type = 1;  // PROGBITS
    uint64_t flags = 0;
    uint32_t link = 0;
    uint32_t info = 0;
    uint64_t alignment = 8;
    uint64_t entry_size = 0;
    std::vector<std::byte> contents;
    std::optional<uint64_t> size;  // where it is not contents.size(): NOBITS
  };
  struct Symbol {
    std::string name;
    uint8_t type = 0;     // NOTYPE
    uint8_t binding = 1;  // GLOBAL
    uint8_t visibility = 0;
    uint16_t section = 0;
    uint64_t value = 0;
    uint64_t size = 0;
  };
  struct Relocation {
    uint64_t offset = 0;
    uint32_t type = 1;
    uint32_t symbol = 0;
  };

  explicit ElfBuilder(std::endian order = std::endian::little) : order_(order) {}

  // All return the index that the object will have for it. The first symbol makes the null symbol
  // and so has index 1.
  uint32_t AddSection(Section section);
  uint32_t AddSymbol(Symbol symbol);
  // Several calls for a section fill one .rel section.
  void Relocate(uint32_t section, Relocation relocation);
  // One entry for each symbol, the null symbol too: makes a .symtab_shndx.
  void ExtendedIndices(std::vector<uint32_t> indices) { extended_ = std::move(indices); }

  // Overwrites a field in the finished bytes; `section` also names what the builder makes
  // (".symtab"), "" the null section.
  void Break(Field field, uint64_t value) { Overwrite(Place::kHeader, "", 0, field, value); }
  void Break(std::string_view section, Field field, uint64_t value) {
    Overwrite(Place::kSectionHeader, section, 0, field, value);
  }
  void BreakSymbol(uint32_t symbol, Field field, uint64_t value) {
    Overwrite(Place::kContents, ".symtab", symbol * size_t{24}, field, value);
  }
  // A byte of a section's contents.
  void BreakContents(std::string_view section, size_t offset, uint8_t value) {
    Overwrite(Place::kContents, section, offset, {0, 1}, value);
  }
  // Cuts the finished bytes.
  void Truncate(size_t size) { truncate_ = size; }

  // May be called once.
  std::vector<std::byte> Build();

 private:
  enum class Place : uint8_t { kHeader, kSectionHeader, kContents };
  struct Overwritten {
    Place place;
    std::string section;
    size_t offset;
    Field field;
    uint64_t value;
  };

  void Overwrite(Place place, std::string_view section, size_t offset, Field field,
                 uint64_t value) {
    overwrites_.push_back({place, std::string(section), offset, field, value});
  }
  void AddTables();
  void WriteHeader(ByteWriter& writer) const;

  std::endian order_;
  std::vector<Section> sections_ = {{.name = "", .type = 0, .alignment = 0}};
  std::vector<Symbol> symbols_;
  std::vector<std::vector<Relocation>> relocations_;  // by section
  std::vector<uint32_t> extended_;
  std::vector<Overwritten> overwrites_;
  std::optional<size_t> truncate_;
};

// `count` bytes 1, 2, 3 ...
std::vector<std::byte> Pattern(size_t count);

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_SUPPORT_ELF_BUILDER_H_
