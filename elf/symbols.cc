// The symbol table of a File. Source: the gABI's "Symbol Table" chapter.
#include <utility>

#include "purebpf/elf/file.h"
#include "purebpf/elf/names.h"
#include "purebpf/elf/text.h"

namespace purebpf::elf {
namespace {

constexpr uint64_t kSymbolSize = 24;
constexpr uint64_t kExtendedIndexSize = 4;
// st_shndx from here on are not indices ...
constexpr uint32_t kReservedIndices = 0xff00;
// ... and this one says: see SHT_SYMTAB_SHNDX.
constexpr uint32_t kExtendedIndex = 0xffff;
constexpr uint32_t kRawAbsolute = 0xfff1;
constexpr uint32_t kRawCommon = 0xfff2;

struct SymbolTable {
  const Section* section = nullptr;  // null: the object has none
  Bytes symbols;
  Bytes names;
  Bytes extended_indices;  // empty: there is no SHT_SYMTAB_SHNDX
};

// The section of that type; null where there is none, an error where there are two.
Result<const Section*> OnlySection(std::span<const Section> sections, SectionType type) {
  const Section* found = nullptr;
  for (const Section& section : sections) {
    if (section.type != type) continue;
    if (found != nullptr) {
      return Malformed(
          Concat({Describe(section), ": has type ", Decimal(static_cast<uint32_t>(type)), " like ",
                  Describe(*found), ", but a file has one at most"}));
    }
    found = &section;
  }
  return found;
}

Result<Bytes> Records(const Section& section, uint64_t record_size) {
  if (section.entry_size != record_size) {
    return Malformed(Concat(
        {Describe(section), ": entry size ", Hex(section.entry_size), ", not ", Hex(record_size)}));
  }
  auto contents = section.Contents();
  if (!contents) return contents;
  if (contents->size() % record_size != 0) {
    return Malformed(Concat({Describe(section), ": size ", Hex(contents->size()),
                             " is no multiple of the entry size ", Hex(record_size)}));
  }
  return contents;
}

Result<Bytes> LinkedStrings(std::span<const Section> sections, const Section& table) {
  if (table.link >= sections.size()) {
    return Malformed(Concat({Describe(table), ": its names are in section ", Decimal(table.link),
                             ", but there are ", Decimal(sections.size()), " sections"}));
  }
  const Section& strings = sections[table.link];
  if (strings.type != SectionType::kStrtab) {
    return Malformed(
        Concat({Describe(table), ": its names are in ", Describe(strings), ", which has type ",
                Decimal(static_cast<uint32_t>(strings.type)), ", not 3 (string table)"}));
  }
  return strings.Contents();
}

Result<Bytes> ExtendedIndices(std::span<const Section> sections, const SymbolTable& table) {
  const auto found = OnlySection(sections, SectionType::kSymtabShndx);
  if (!found) return std::unexpected(found.error());
  const Section* section = *found;
  if (section == nullptr) return Bytes{};
  if (section->link != table.section->index) {
    return Malformed(Concat({Describe(*section), ": belongs to section ", Decimal(section->link),
                             ", not to the symbol table, ", Describe(*table.section)}));
  }
  auto indices = Records(*section, kExtendedIndexSize);
  if (!indices) return indices;
  const size_t symbols = table.symbols.size() / kSymbolSize;
  if (indices->size() / kExtendedIndexSize != symbols) {
    return Malformed(
        Concat({Describe(*section), ": has ", Decimal(indices->size() / kExtendedIndexSize),
                " entries for ", Decimal(symbols), " symbols"}));
  }
  return indices;
}

Result<SymbolTable> Locate(std::span<const Section> sections) {
  const auto found = OnlySection(sections, SectionType::kSymtab);
  if (!found) return std::unexpected(found.error());
  SymbolTable table{.section = *found};
  if (table.section == nullptr) return table;
  const auto symbols = Records(*table.section, kSymbolSize);
  if (!symbols) return std::unexpected(symbols.error());
  table.symbols = *symbols;
  const auto names = LinkedStrings(sections, *table.section);
  if (!names) return std::unexpected(names.error());
  table.names = *names;
  const auto extended = ExtendedIndices(sections, table);
  if (!extended) return std::unexpected(extended.error());
  table.extended_indices = *extended;
  return table;
}

std::string DescribeSymbol(uint32_t index) { return Concat({"symbol ", Decimal(index)}); }

// st_shndx as it stands in the file, to Symbol::section.
Result<uint32_t> SectionOf(uint32_t raw, uint32_t symbol, const SymbolTable& table,
                           std::endian order, size_t section_count) {
  if (raw == kRawAbsolute) return kAbsoluteSection;
  if (raw == kRawCommon) return kCommonSection;
  if (raw == kExtendedIndex) {
    if (table.extended_indices.empty()) {
      return Malformed(Concat(
          {DescribeSymbol(symbol), ": section index 0xffff, but there is no SHT_SYMTAB_SHNDX"}));
    }
    raw = ByteReader(table.extended_indices.subspan(symbol * kExtendedIndexSize), order).U32();
  } else if (raw >= kReservedIndices) {
    return Malformed(Concat({DescribeSymbol(symbol), ": reserved section index ", Hex(raw)}));
  }
  if (raw >= section_count) {
    return Malformed(Concat({DescribeSymbol(symbol), ": in section ", Decimal(raw),
                             ", but there are ", Decimal(section_count), " sections"}));
  }
  return raw;
}

}  // namespace

Result<void> File::ReadSymbols() {
  const auto located = Locate(sections_);
  if (!located) return std::unexpected(located.error());
  const SymbolTable& table = *located;
  const auto count = static_cast<uint32_t>(table.symbols.size() / kSymbolSize);
  symbols_.reserve(count);
  ByteReader reader(table.symbols, order_);
  for (uint32_t index = 0; index < count; ++index) {
    Symbol symbol{.index = index};
    const uint32_t name = reader.U32();
    const uint8_t info = reader.U8();
    const uint8_t other = reader.U8();
    const uint16_t raw_section = reader.U16();
    symbol.value = reader.U64();
    symbol.size = reader.U64();
    symbol.type = static_cast<SymbolType>(info & 0xf);
    symbol.binding = static_cast<SymbolBinding>(info >> 4);
    symbol.visibility = static_cast<SymbolVisibility>(other & 3);
    const auto section = SectionOf(raw_section, index, table, order_, sections_.size());
    if (!section) return std::unexpected(section.error());
    symbol.section = *section;
    if (name != 0) {  // 0 is "no name" even in an empty string table
      const auto text = NameAt(table.names, name);
      if (!text) return NameError(DescribeSymbol(index), table.names, name, text.error());
      symbol.name = *text;
    }
    // LLVM leaves section symbols unnamed; relocations against them are told apart by section.
    if (symbol.name.empty() && symbol.type == SymbolType::kSection &&
        symbol.section < sections_.size()) {
      symbol.name = sections_[symbol.section].name;
    }
    symbols_.push_back(symbol);
  }
  return {};
}

}  // namespace purebpf::elf
