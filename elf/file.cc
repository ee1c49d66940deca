#include "purebpf/elf/file.h"

#include <algorithm>
#include <utility>

#include "purebpf/elf/ident.h"
#include "purebpf/elf/names.h"
#include "purebpf/elf/text.h"

namespace purebpf::elf {
namespace {

// Sizes and numbers of the gABI's "ELF Header" and "Sections" chapters, ELFCLASS64.
constexpr uint64_t kSectionHeaderSize = 64;
constexpr uint32_t kCurrentVersion = 1;
constexpr uint16_t kTypeRelocatable = 1;
// e_shstrndx when the index is in section 0's sh_link.
constexpr uint16_t kExtendedIndex = 0xffff;

struct SectionTable {
  Bytes headers;  // whole section headers
  uint32_t count = 0;
  uint32_t names = 0;  // index of the section with their names; 0: they have none
};

struct SectionHeader {
  uint32_t name = 0;
  uint64_t offset = 0;
  Section section;  // without name and contents
};

SectionHeader DecodeSectionHeader(Bytes bytes, std::endian order, uint32_t index) {
  ByteReader reader(bytes, order);
  SectionHeader header;
  header.section.index = index;
  header.name = reader.U32();
  header.section.type = static_cast<SectionType>(reader.U32());
  header.section.flags = reader.U64();
  reader.U64();  // sh_addr: means nothing in a relocatable file
  header.offset = reader.U64();
  header.section.size = reader.U64();
  header.section.link = reader.U32();
  header.section.info = reader.U32();
  header.section.alignment = reader.U64();
  header.section.entry_size = reader.U64();
  return header;
}

// Extended numbering: what does not fit the header stands in section 0 (gABI, "Sections").
Result<SectionTable> LocateSections(Bytes bytes, std::endian order, uint64_t offset, uint64_t count,
                                    uint32_t names) {
  if (offset == 0) {
    if (count != 0) {
      return Malformed(Concat({"ELF header: e_shnum ", Decimal(count), " but e_shoff 0x0"}));
    }
    return SectionTable{};
  }
  const auto first = Slice(bytes, offset, kSectionHeaderSize);
  if (!first) {
    return Malformed(Concat({"ELF header: e_shoff ", Hex(offset),
                             " leaves no room for a section header in the file's ",
                             Hex(bytes.size()), " bytes"}));
  }
  const Section null = DecodeSectionHeader(*first, order, 0).section;
  if (null.type != SectionType::kNull) {
    return Malformed(Concat({"section 0: type ", Decimal(static_cast<uint32_t>(null.type)),
                             ", not 0 (the null section)"}));
  }
  if (count == 0) count = null.size;
  if (names == kExtendedIndex) names = null.link;
  // Comparing counts and not bytes: the product could overflow.
  const uint64_t room = (bytes.size() - offset) / kSectionHeaderSize;
  if (count == 0 || count > room) {
    return Malformed(Concat({"ELF header: ", Decimal(count), " section headers at ", Hex(offset),
                             ", but the file's ", Hex(bytes.size()), " bytes have room for 1 to ",
                             Decimal(room)}));
  }
  if (names >= count) {
    return Malformed(Concat({"ELF header: section names in section ", Decimal(names),
                             ", but there are ", Decimal(count), " sections"}));
  }
  return SectionTable{.headers = bytes.subspan(static_cast<size_t>(offset),
                                               static_cast<size_t>(count * kSectionHeaderSize)),
                      .count = static_cast<uint32_t>(count),
                      .names = names};
}

Result<SectionTable> ReadHeader(Bytes bytes, std::endian order) {
  ByteReader reader(bytes.subspan(kIdentSize), order);
  const uint16_t type = reader.U16();
  const uint16_t machine = reader.U16();
  const uint32_t version = reader.U32();
  reader.Take(16);  // e_entry, e_phoff
  const uint64_t section_offset = reader.U64();
  reader.Take(10);  // e_flags, e_ehsize, e_phentsize, e_phnum
  const uint16_t section_header_size = reader.U16();
  const uint16_t section_count = reader.U16();
  const uint16_t names = reader.U16();
  if (type != kTypeRelocatable) {
    return Malformed(Concat({"ELF header: type ", Decimal(type), ", not 1 (relocatable)"}));
  }
  if (machine != kMachineBpf && machine != kMachineNone) {
    return Malformed(Concat({"ELF header: machine ", Decimal(machine), ", not 247 (BPF)"}));
  }
  if (version != kCurrentVersion) {
    return Malformed(Concat({"ELF header: version ", Decimal(version), ", not 1"}));
  }
  if (section_offset != 0 && section_header_size != kSectionHeaderSize) {
    return Malformed(Concat({"ELF header: e_shentsize ", Hex(section_header_size), ", not 0x40"}));
  }
  return LocateSections(bytes, order, section_offset, section_count, names);
}

// `section` has its name already, where it has one.
Result<Bytes> ReadContents(Bytes bytes, const Section& section, uint64_t offset) {
  if (section.type == SectionType::kNobits) return Bytes{};
  const auto contents = Slice(bytes, offset, section.size);
  if (!contents) {
    return Malformed(
        Concat({Describe(section), ": offset ", Hex(offset), " + size ", Hex(section.size),
                " ends past the file's ", Hex(bytes.size()), " bytes"}));
  }
  if (!section.Has(SectionFlag::kCompressed)) return *contents;
  // Code and data may not be compressed (gABI, SHF_COMPRESSED); so leaving the contents out loses
  // nothing but debug information, until someone asks for it.
  if (section.Has(SectionFlag::kAlloc)) {
    return Malformed(Concat({Describe(section), ": flags ", Hex(section.flags),
                             " have both SHF_COMPRESSED and SHF_ALLOC"}));
  }
  return Bytes{};
}

Result<Bytes> ReadNameTable(Bytes bytes, std::endian order, const SectionTable& table) {
  if (table.names == 0) return Bytes{};
  const SectionHeader header = DecodeSectionHeader(
      table.headers.subspan(table.names * kSectionHeaderSize), order, table.names);
  Section section = header.section;
  if (section.type != SectionType::kStrtab) {
    return Malformed(
        Concat({Describe(section), ": holds the section names, but has type ",
                Decimal(static_cast<uint32_t>(section.type)), ", not 3 (string table)"}));
  }
  auto contents = ReadContents(bytes, section, header.offset);
  if (!contents) return contents;
  section.contents = *contents;
  return section.Contents();
}

}  // namespace

Result<Bytes> Section::Contents() const {
  if (Has(SectionFlag::kCompressed)) {
    return Unsupported(Concat({Describe(*this),
                               ": is compressed (SHF_COMPRESSED), which this reader does not "
                               "unpack"}));
  }
  return contents;
}

Result<File> File::Parse(Bytes bytes) {
  const auto order = ReadIdent(bytes);
  if (!order) return std::unexpected(order.error());
  File file;
  file.order_ = *order;
  file.size_ = bytes.size();
  if (auto done = file.ReadSections(bytes); !done) return std::unexpected(std::move(done).error());
  if (auto done = file.ReadSymbols(); !done) return std::unexpected(std::move(done).error());
  return file;
}

Result<void> File::ReadSections(Bytes bytes) {
  const auto table = ReadHeader(bytes, order_);
  if (!table) return std::unexpected(table.error());
  const auto names = ReadNameTable(bytes, order_, *table);
  if (!names) return std::unexpected(names.error());
  sections_.reserve(table->count);
  for (uint32_t index = 0; index < table->count; ++index) {
    const Bytes raw = table->headers.subspan(index * kSectionHeaderSize, kSectionHeaderSize);
    SectionHeader header = DecodeSectionHeader(raw, order_, index);
    Section& section = header.section;
    if (section.type == SectionType::kNull) {
      // Inactive: its other fields mean nothing (gABI), or are the header's (section 0).
      sections_.push_back(Section{.index = index});
      continue;
    }
    if (table->names != 0 && header.name != 0) {
      const auto name = NameAt(*names, header.name);
      if (!name) return NameError(Describe(section), *names, header.name, name.error());
      section.name = *name;
    }
    const auto contents = ReadContents(bytes, section, header.offset);
    if (!contents) return std::unexpected(contents.error());
    section.contents = *contents;
    if (section.type == SectionType::kRel || section.type == SectionType::kRela) {
      if (section.info >= table->count) {
        return Malformed(Concat({Describe(section), ": relocates section ", Decimal(section.info),
                                 ", but there are ", Decimal(table->count), " sections"}));
      }
      relocation_sections_.push_back(index);
    }
    sections_.push_back(section);
  }
  std::ranges::sort(relocation_sections_, {},
                    [this](uint32_t index) { return std::pair(sections_[index].info, index); });
  return {};
}

const Section* File::FindSection(std::string_view name) const {
  const auto found = std::ranges::find(sections_, name, &Section::name);
  return found == sections_.end() ? nullptr : &*found;
}

std::string Describe(const Section& section) {
  const std::string index = Decimal(section.index);
  if (section.name.empty()) return Concat({"section ", index});
  return Concat({"section ", index, " ", Quoted(section.name)});
}

}  // namespace purebpf::elf
