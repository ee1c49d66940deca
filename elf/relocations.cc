// The relocations of a File. Source: the gABI's "Relocation" chapter.
#include <algorithm>
#include <utility>

#include "purebpf/elf/file.h"
#include "purebpf/elf/text.h"

namespace purebpf::elf {
namespace {

constexpr uint64_t kRelSize = 16;

// The records of one REL section, whole and with symbols to refer to.
Result<Bytes> RelRecords(const Section& section, std::span<const Section> sections) {
  if (section.type == SectionType::kRela) {
    return Unsupported(Concat({Describe(section),
                               ": RELA relocations; BPF objects have REL, which is all that this "
                               "reader takes"}));
  }
  if (section.entry_size != kRelSize) {
    return Malformed(Concat(
        {Describe(section), ": entry size ", Hex(section.entry_size), ", not ", Hex(kRelSize)}));
  }
  if (section.link >= sections.size() || sections[section.link].type != SectionType::kSymtab) {
    return Malformed(Concat({Describe(section), ": section ", Decimal(section.link),
                             " is not the symbol table that it needs (was the object stripped?)"}));
  }
  auto contents = section.Contents();
  if (contents && contents->size() % kRelSize != 0) {
    return Malformed(Concat({Describe(section), ": size ", Hex(contents->size()),
                             " is no multiple of the entry size ", Hex(kRelSize)}));
  }
  return contents;
}

[[gnu::cold]] std::unexpected<ParseError> BadEntry(const Relocation& relocation, uint64_t entry,
                                                   const Section& section, const Section& target,
                                                   size_t symbols) {
  if (relocation.offset >= target.size) {
    return Malformed(Concat({Describe(section), ": relocation ", Decimal(entry), ": offset ",
                             Hex(relocation.offset), " is outside of ", Describe(target),
                             " with its ", Hex(target.size), " bytes"}));
  }
  return Malformed(
      Concat({Describe(section), ": relocation ", Decimal(entry), ": symbol ",
              Decimal(relocation.symbol), ", but there are ", Decimal(symbols), " symbols"}));
}

}  // namespace

Result<std::vector<Relocation>> File::Relocations(uint32_t index) const {
  if (index >= sections_.size()) {
    return Malformed(Concat({"relocations of section ", Decimal(index), ": there are ",
                             Decimal(sections_.size()), " sections"}));
  }
  const Section& target = sections_[index];
  std::vector<Relocation> relocations;
  const auto appliers =
      std::ranges::equal_range(relocation_sections_, index, {},
                               [this](uint32_t section) { return sections_[section].info; });
  // Offsets are into the contents as they were before.
  if (!appliers.empty()) {
    if (auto contents = target.Contents(); !contents) return std::unexpected(contents.error());
  }
  for (const uint32_t applier : appliers) {
    const Section& section = sections_[applier];
    const auto records = RelRecords(section, sections_);
    if (!records) return std::unexpected(records.error());
    // Sections may overlap, so that a small file could claim many times its size in relocations.
    const uint64_t count = records->size() / kRelSize;
    if (count > size_ / kRelSize - relocations.size()) {
      return Malformed(Concat({Describe(section), ": with it the relocations of ", Describe(target),
                               " take more than the file's ", Hex(size_), " bytes"}));
    }
    if (relocations.empty()) relocations.reserve(count);
    ByteReader reader(*records, order_);
    for (uint64_t entry = 0; entry < count; ++entry) {
      Relocation relocation{.offset = reader.U64()};
      const uint64_t info = reader.U64();
      relocation.type = static_cast<uint32_t>(info);
      relocation.symbol = static_cast<uint32_t>(info >> 32);
      if (relocation.offset >= target.size || relocation.symbol >= symbols_.size()) {
        return BadEntry(relocation, entry, section, target, symbols_.size());
      }
      relocations.push_back(relocation);
    }
  }
  return relocations;
}

}  // namespace purebpf::elf
