#include "purebpf/elf/executable.h"

#include <utility>

#include "purebpf/elf/ident.h"
#include "purebpf/elf/names.h"
#include "purebpf/elf/text.h"

namespace purebpf::elf {
namespace {

constexpr uint16_t kTypeExecutable = 2;  // ET_EXEC
constexpr uint16_t kTypeShared = 3;      // ET_DYN: libraries, and position-independent programs
constexpr uint64_t kProgramHeaderSize = 56;
constexpr uint64_t kSectionHeaderSize = 64;
constexpr uint64_t kSymbolSize = 24;
constexpr uint16_t kExtendedCount = 0xffff;  // PN_XNUM: the count is section 0's sh_info
constexpr uint32_t kLoad = 1;                // PT_LOAD
constexpr uint32_t kExecute = 1;             // PF_X
constexpr uint32_t kSymtab = 2;              // SHT_SYMTAB
constexpr uint32_t kDynsym = 11;             // SHT_DYNSYM
constexpr uint32_t kNobits = 8;              // SHT_NOBITS
constexpr uint32_t kVersym = 0x6fffffff;     // SHT_GNU_versym
constexpr uint8_t kFunction = 2;             // STT_FUNC
constexpr uint8_t kIndirectFunction = 10;    // STT_GNU_IFUNC
constexpr uint16_t kHiddenVersion = 0x8000;  // VERSYM_HIDDEN

// The `count` records of `size` bytes at `offset`; nothing where they are not all there.
std::optional<Bytes> Records(Bytes bytes, uint64_t offset, uint64_t count, uint64_t size) {
  if (offset > bytes.size() || count > (bytes.size() - offset) / size) return std::nullopt;
  return bytes.subspan(static_cast<size_t>(offset), static_cast<size_t>(count * size));
}

}  // namespace

struct Executable::SectionHeader {
  uint32_t type = 0;
  uint64_t offset = 0;
  uint64_t size = 0;
  uint32_t link = 0;
  uint32_t info = 0;
};

Executable::SectionHeader Executable::HeaderAt(Bytes headers, uint64_t index) const {
  ByteReader reader(headers.subspan(static_cast<size_t>(index * kSectionHeaderSize)), order_);
  SectionHeader header;
  reader.U32();  // sh_name
  header.type = reader.U32();
  reader.Take(16);  // sh_flags, sh_addr
  header.offset = reader.U64();
  header.size = reader.U64();
  header.link = reader.U32();
  header.info = reader.U32();
  return header;
}

Result<Executable> Executable::Parse(Bytes bytes) {
  const auto order = ReadIdent(bytes);
  if (!order) return std::unexpected(order.error());
  Executable file;
  file.order_ = *order;
  ByteReader reader(bytes.subspan(kIdentSize), *order);
  const uint16_t type = reader.U16();
  reader.Take(14);  // e_machine, e_version, e_entry
  const uint64_t segment_offset = reader.U64();
  const uint64_t section_offset = reader.U64();
  reader.Take(6);  // e_flags, e_ehsize
  const uint16_t segment_size = reader.U16();
  uint64_t segment_count = reader.U16();
  const uint16_t section_size = reader.U16();
  uint64_t section_count = reader.U16();
  if (type != kTypeExecutable && type != kTypeShared) {
    return Malformed(Concat(
        {"ELF header: type ", Decimal(type), ", not 2 (an executable) or 3 (a shared library)"}));
  }
  if (section_offset != 0 && section_size != kSectionHeaderSize) {
    return Malformed(Concat({"ELF header: e_shentsize ", Hex(section_size), ", not 0x40"}));
  }
  if (segment_count != 0 && segment_size != kProgramHeaderSize) {
    return Malformed(Concat({"ELF header: e_phentsize ", Hex(segment_size), ", not 0x38"}));
  }
  // What does not fit the header stands in section 0 (gABI, "Sections").
  if (section_offset != 0 && (section_count == 0 || segment_count == kExtendedCount)) {
    const auto first = Records(bytes, section_offset, 1, kSectionHeaderSize);
    if (!first) {
      return Malformed(Concat({"ELF header: e_shoff ", Hex(section_offset),
                               " leaves no room for a section header in the file's ",
                               Hex(bytes.size()), " bytes"}));
    }
    const SectionHeader null = file.HeaderAt(*first, 0);
    if (section_count == 0) section_count = null.size;
    if (segment_count == kExtendedCount) segment_count = null.info;
  }
  if (section_offset == 0) section_count = 0;
  const auto sections = Records(bytes, section_offset, section_count, kSectionHeaderSize);
  if (!sections) {
    return Malformed(
        Concat({"ELF header: ", Decimal(section_count), " section headers at ", Hex(section_offset),
                " end past the file's ", Hex(bytes.size()), " bytes"}));
  }
  if (auto done = file.ReadSegments(bytes, segment_offset, segment_count); !done)
    return std::unexpected(std::move(done).error());
  if (auto done = file.ReadTables(bytes, *sections); !done)
    return std::unexpected(std::move(done).error());
  return file;
}

Result<void> Executable::ReadSegments(Bytes bytes, uint64_t offset, uint64_t count) {
  const auto headers = Records(bytes, offset, count, kProgramHeaderSize);
  if (!headers) {
    return Malformed(Concat({"ELF header: ", Decimal(count), " program headers at ", Hex(offset),
                             " end past the file's ", Hex(bytes.size()), " bytes"}));
  }
  for (uint64_t index = 0; index < count; ++index) {
    ByteReader reader(headers->subspan(static_cast<size_t>(index * kProgramHeaderSize)), order_);
    const uint32_t type = reader.U32();
    const uint32_t flags = reader.U32();
    Segment segment{.executable = (flags & kExecute) != 0};
    segment.offset = reader.U64();
    segment.address = reader.U64();
    reader.U64();  // p_paddr
    segment.file_size = reader.U64();
    if (type != kLoad) continue;
    segments_.push_back(segment);
  }
  return {};
}

Result<void> Executable::ReadTables(Bytes bytes, Bytes headers) {
  const auto count = static_cast<uint32_t>(headers.size() / kSectionHeaderSize);
  for (const uint32_t wanted : {kSymtab, kDynsym}) {
    for (uint32_t index = 0; index < count; ++index) {
      if (HeaderAt(headers, index).type != wanted) continue;
      auto table = ReadTable(bytes, headers, index);
      if (!table) return std::unexpected(std::move(table).error());
      tables_.push_back(*table);
      break;
    }
  }
  for (uint32_t index = 0; index < count; ++index) {
    const SectionHeader header = HeaderAt(headers, index);
    if (header.type != kVersym) continue;
    for (SymbolTable& table : tables_) {
      if (header.link != table.section) continue;
      const auto versions = Records(bytes, header.offset, table.count, sizeof(uint16_t));
      if (!versions || header.size / sizeof(uint16_t) != table.count) {
        return Malformed(
            Concat({"section ", Decimal(index), ": ", Hex(header.size), " bytes at ",
                    Hex(header.offset), " are no versions of ", Decimal(table.count), " symbols"}));
      }
      table.versions = *versions;
    }
  }
  return {};
}

Result<Executable::SymbolTable> Executable::ReadTable(Bytes bytes, Bytes headers,
                                                      uint32_t index) const {
  const SectionHeader header = HeaderAt(headers, index);
  const auto symbols = Slice(bytes, header.offset, header.size);
  if (!symbols) {
    return Malformed(Concat({"section ", Decimal(index), ": the symbols, offset ",
                             Hex(header.offset), " + size ", Hex(header.size),
                             ", end past the file's ", Hex(bytes.size()), " bytes"}));
  }
  if (header.link >= headers.size() / kSectionHeaderSize) {
    return Malformed(
        Concat({"section ", Decimal(index), ": its names are in section ", Decimal(header.link),
                ", but there are ", Decimal(headers.size() / kSectionHeaderSize), " sections"}));
  }
  const SectionHeader strings = HeaderAt(headers, header.link);
  const auto names = strings.type == kNobits ? std::optional<Bytes>(Bytes())
                                             : Slice(bytes, strings.offset, strings.size);
  if (!names) {
    return Malformed(Concat({"section ", Decimal(header.link), ": the names, offset ",
                             Hex(strings.offset), " + size ", Hex(strings.size),
                             ", end past the file's ", Hex(bytes.size()), " bytes"}));
  }
  return SymbolTable{.section = index,
                     .count = static_cast<uint32_t>(header.size / kSymbolSize),
                     .symbols = *symbols,
                     .names = *names,
                     .versions = {}};
}

Result<std::optional<FunctionSymbol>> Executable::FunctionAt(const SymbolTable& table,
                                                             uint32_t index) const {
  ByteReader reader(table.symbols.subspan(index * kSymbolSize), order_);
  const uint32_t name = reader.U32();
  const uint8_t info = reader.U8();
  reader.U8();  // st_other
  const uint16_t section = reader.U16();
  const uint8_t type = info & 0xf;
  if ((type != kFunction && type != kIndirectFunction) || name == 0) return std::nullopt;
  FunctionSymbol function{.binding = static_cast<SymbolBinding>(info >> 4),
                          .defined = section != kUndefinedSection,
                          .resolver = type == kIndirectFunction};
  function.address = reader.U64();
  function.size = reader.U64();
  const auto text = NameAt(table.names, name);
  if (!text) {
    if (text.error() == NameFault::kTooLong) return std::nullopt;
    return NameError(Concat({"section ", Decimal(table.section), ": symbol ", Decimal(index)}),
                     table.names, name, text.error());
  }
  // Linkers put the version of a shared library's symbol into .symtab's names: "memcpy@@GLIBC_2.14"
  // is what new programs get, "memcpy@GLIBC_2.2.5" is older. .dynsym has versions apart.
  function.name = text->substr(0, text->find('@'));
  function.old =
      function.name.size() < text->size() && !text->substr(function.name.size()).starts_with("@@");
  if (!table.versions.empty()) {
    ByteReader version(table.versions.subspan(index * sizeof(uint16_t)), order_);
    function.old = (version.U16() & kHiddenVersion) != 0;
  }
  return function;
}

std::optional<uint64_t> Executable::FileOffset(uint64_t address) const {
  for (const Segment& segment : segments_)
    if (segment.executable && address >= segment.address &&
        address - segment.address < segment.file_size)
      return address - segment.address + segment.offset;
  return std::nullopt;
}

}  // namespace purebpf::elf
