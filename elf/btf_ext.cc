#include "purebpf/elf/btf_ext.h"

#include "purebpf/elf/text.h"

namespace purebpf::elf {
namespace {

constexpr uint16_t kMagic = 0xeb9f;
constexpr uint8_t kVersion = 1;
constexpr uint32_t kFirstHeader = 24;  // without CO-RE relocations
constexpr uint32_t kHeader = 32;
constexpr uint32_t kRecord = 16;  // of a CO-RE relocation, as far as it is known

// The part of the file that holds the CO-RE relocations.
Result<Bytes> CorePart(Bytes bytes, std::endian order) {
  ByteReader reader(bytes, order);
  const uint16_t magic = reader.U16();
  const uint8_t version = reader.U8();
  reader.U8();  // flags: none are defined
  const uint32_t header_size = reader.U32();
  if (!reader.ok() || magic != kMagic)
    return Malformed(Concat(
        {".BTF.ext: no header with magic ", Hex(kMagic), " in its ", Hex(bytes.size()), " bytes"}));
  if (version != kVersion)
    return Unsupported(Concat({".BTF.ext: version ", Decimal(version), ", this reader knows 1"}));
  if (header_size < kFirstHeader || header_size > bytes.size())
    return Malformed(
        Concat({".BTF.ext: header size ", Hex(header_size), " is not between ", Hex(kFirstHeader),
                " and the section's ", Hex(bytes.size()), " bytes"}));
  if (header_size < kHeader) return Bytes();
  reader.Take(kFirstHeader - 8);  // functions and lines
  const uint32_t offset = reader.U32();
  const uint32_t size = reader.U32();
  const auto part = Slice(bytes.subspan(header_size), offset, size);
  if (!part)
    return Malformed(
        Concat({".BTF.ext: CO-RE relocations: offset ", Hex(offset), " + size ", Hex(size),
                " ends past the ", Hex(bytes.size() - header_size), " bytes after the header"}));
  return *part;
}

Result<CoreRelocation> Decode(Bytes record, const Btf& btf) {
  ByteReader reader(record, btf.order());
  CoreRelocation relocation;
  relocation.offset = reader.U32();
  relocation.type = static_cast<TypeId>(reader.U32());
  relocation.access = btf.Name(reader.U32());
  relocation.kind = reader.U32();
  if (static_cast<uint32_t>(relocation.type) >= btf.type_count())
    return Malformed(Concat({".BTF.ext: a CO-RE relocation names type ",
                             Decimal(static_cast<uint32_t>(relocation.type)), " of ",
                             Decimal(btf.type_count())}));
  return relocation;
}

}  // namespace

Result<std::vector<CoreSection>> ParseCoreRelocations(Bytes bytes, const Btf& btf) {
  std::vector<CoreSection> sections;
  if (bytes.empty()) return sections;
  const auto part = CorePart(bytes, btf.order());
  if (!part) return std::unexpected(part.error());
  if (part->empty()) return sections;

  ByteReader reader(*part, btf.order());
  const uint32_t record_size = reader.U32();
  if (record_size < kRecord)
    return Malformed(Concat({".BTF.ext: a CO-RE relocation has ", Decimal(record_size),
                             " bytes, at least ", Decimal(kRecord), " are needed"}));
  while (reader.ok() && reader.remaining() != 0) {
    CoreSection section{.section = btf.Name(reader.U32()), .relocations = {}};
    const uint32_t count = reader.U32();
    const size_t room = reader.remaining() / record_size;
    if (!reader.ok() || count > room)
      return Malformed(
          Concat({".BTF.ext: section ", Quoted(section.section), " has ", Decimal(count),
                  " CO-RE relocations, but bytes for ", Decimal(room)}));
    section.relocations.reserve(count);
    for (uint32_t i = 0; i < count; ++i) {
      auto relocation = Decode(reader.Take(record_size), btf);
      if (!relocation) return std::unexpected(std::move(relocation).error());
      section.relocations.push_back(*relocation);
    }
    sections.push_back(std::move(section));
  }
  return sections;
}

}  // namespace purebpf::elf
