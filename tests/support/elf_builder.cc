#include "purebpf/tests/support/elf_builder.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace purebpf::testing {
namespace {

constexpr size_t kHeaderSize = 64;
constexpr size_t kSectionHeaderSize = 64;
constexpr uint32_t kSymtab = 2, kStrtab = 3, kNobits = 8, kRel = 9, kSymtabShndx = 18;

// A string table with a leading empty string.
class Strings {
 public:
  uint32_t Add(std::string_view text) {
    if (text.empty()) return 0;
    const auto offset = static_cast<uint32_t>(writer_.size());
    writer_.Text(text);
    return offset;
  }
  std::vector<std::byte> Take() { return writer_.Take(); }

 private:
  ByteWriter writer_ = std::move(ByteWriter(std::endian::little).U8(0));
};

}  // namespace

uint32_t ElfBuilder::AddSection(Section section) {
  sections_.push_back(std::move(section));
  return static_cast<uint32_t>(sections_.size() - 1);
}

uint32_t ElfBuilder::AddSymbol(Symbol symbol) {
  if (symbols_.empty()) symbols_.push_back({.name = "", .binding = 0});
  symbols_.push_back(std::move(symbol));
  return static_cast<uint32_t>(symbols_.size() - 1);
}

void ElfBuilder::Relocate(uint32_t section, Relocation relocation) {
  if (relocations_.size() <= section) relocations_.resize(section + 1);
  relocations_[section].push_back(relocation);
}

void ElfBuilder::AddTables() {
  const auto symtab = static_cast<uint32_t>(sections_.size());
  if (!symbols_.empty()) {
    Strings names;
    ByteWriter table(order_);
    for (const Symbol& symbol : symbols_) {
      table.U32(names.Add(symbol.name))
          .U8(static_cast<uint8_t>(symbol.binding << 4 | symbol.type))
          .U8(symbol.visibility)
          .U16(symbol.section)
          .U64(symbol.value)
          .U64(symbol.size);
    }
    AddSection({.name = ".symtab",
                .type = kSymtab,
                .link = symtab + 1,
                .entry_size = 24,
                .contents = table.Take()});
    AddSection({.name = ".strtab", .type = kStrtab, .alignment = 1, .contents = names.Take()});
  }
  if (!extended_.empty()) {
    ByteWriter table(order_);
    for (const uint32_t index : extended_) table.U32(index);
    AddSection({.name = ".symtab_shndx",
                .type = kSymtabShndx,
                .link = symtab,
                .alignment = 4,
                .entry_size = 4,
                .contents = table.Take()});
  }
  for (uint32_t target = 0; target < relocations_.size(); ++target) {
    if (relocations_[target].empty()) continue;
    ByteWriter table(order_);
    for (const Relocation& relocation : relocations_[target]) {
      table.U64(relocation.offset).U64(uint64_t{relocation.symbol} << 32 | relocation.type);
    }
    AddSection({.name = ".rel" + sections_[target].name,
                .type = kRel,
                .link = symtab,
                .info = target,
                .entry_size = 16,
                .contents = table.Take()});
  }
}

void ElfBuilder::WriteHeader(ByteWriter& writer) const {
  const std::vector<std::byte> magic = {std::byte{0x7f}, std::byte{'E'}, std::byte{'L'},
                                        std::byte{'F'}};
  writer.Append(magic).U8(2).U8(order_ == std::endian::little ? 1 : 2).U8(1).Zeros(9);
  writer.U16(1).U16(247).U32(1).U64(0).U64(0).U64(0);  // e_shoff is not known yet
  writer.U32(0).U16(kHeaderSize).U16(0).U16(0).U16(kSectionHeaderSize);
  writer.U16(static_cast<uint16_t>(sections_.size()));
  writer.U16(static_cast<uint16_t>(sections_.size() - 1));
}

std::vector<std::byte> ElfBuilder::Build() {
  AddTables();
  Strings strings;
  std::vector<uint32_t> names;
  AddSection({.name = ".shstrtab", .type = kStrtab, .alignment = 1});
  for (const Section& section : sections_) names.push_back(strings.Add(section.name));
  sections_.back().contents = strings.Take();

  ByteWriter writer(order_);
  WriteHeader(writer);
  std::vector<size_t> offsets;
  for (const Section& section : sections_) {
    writer.AlignTo(8);
    offsets.push_back(section.type == 0 ? 0 : writer.size());
    if (section.type != kNobits) writer.Append(section.contents);
  }
  const size_t headers = writer.AlignTo(8).size();
  for (size_t i = 0; i < sections_.size(); ++i) {
    const Section& section = sections_[i];
    writer.U32(names[i]).U32(section.type).U64(section.flags).U64(0).U64(offsets[i]);
    writer.U64(section.size.value_or(section.contents.size()));
    writer.U32(section.link).U32(section.info).U64(section.alignment).U64(section.entry_size);
  }
  writer.Put(header_field::kSectionOffset.offset, headers, header_field::kSectionOffset.width);

  for (const Overwritten& overwrite : overwrites_) {
    size_t base = 0;
    if (overwrite.place != Place::kHeader) {
      const auto found = std::ranges::find(sections_, overwrite.section, &Section::name);
      if (found == sections_.end()) throw std::logic_error("no section " + overwrite.section);
      const auto index = static_cast<size_t>(found - sections_.begin());
      base = overwrite.place == Place::kContents ? offsets[index] + overwrite.offset
                                                 : headers + index * kSectionHeaderSize;
    }
    writer.Put(base + overwrite.field.offset, overwrite.value, overwrite.field.width);
  }
  std::vector<std::byte> bytes = writer.Take();
  if (truncate_) bytes.resize(std::min(bytes.size(), *truncate_));
  return bytes;
}

std::vector<std::byte> Pattern(size_t count) {
  std::vector<std::byte> bytes(count);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i + 1);
  return bytes;
}

}  // namespace purebpf::testing
