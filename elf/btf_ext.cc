#include "purebpf/elf/btf_ext.h"

#include <utility>

#include "purebpf/elf/text.h"

namespace purebpf::elf {
namespace {

constexpr uint16_t kMagic = 0xeb9f;
constexpr uint8_t kVersion = 1;
constexpr uint32_t kFirstHeader = 24;  // without CO-RE relocations
constexpr uint32_t kFixedHeader = 8;   // before the parts

struct Part {
  std::string_view what;  // for messages
  uint32_t number;        // in the header
  uint32_t record;        // its size, as far as it is known
};

constexpr Part kFunctions = {"function records", 0, 8};
constexpr Part kLines = {"line records", 1, 16};
constexpr Part kCore = {"CO-RE relocations", 2, 16};

// The bytes of a part; none where the file has none.
Result<Bytes> BytesOf(Bytes bytes, std::endian order, const Part& part) {
  if (bytes.empty()) return Bytes();
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
  const uint32_t place = kFixedHeader + part.number * 8;
  if (header_size < place + 8) return Bytes();
  reader.Take(place - kFixedHeader);
  const uint32_t offset = reader.U32();
  const uint32_t size = reader.U32();
  if (size == 0) return Bytes();
  const auto slice = Slice(bytes.subspan(header_size), offset, size);
  if (!slice)
    return Malformed(
        Concat({".BTF.ext: ", part.what, ": offset ", Hex(offset), " + size ", Hex(size),
                " ends past the ", Hex(bytes.size() - header_size), " bytes after the header"}));
  return *slice;
}

Result<void> CheckType(TypeId type, const Btf& btf, const Part& part) {
  if (static_cast<uint32_t>(type) < btf.type_count()) return {};
  return Malformed(
      Concat({".BTF.ext: ", part.what, ": one names type ", Decimal(static_cast<uint32_t>(type)),
              " of ", Decimal(btf.type_count())}));
}

Result<FuncInfo> DecodeFunction(ByteReader reader, const Btf& btf) {
  FuncInfo info;
  info.offset = reader.U32();
  info.type = TypeId{reader.U32()};
  if (auto checked = CheckType(info.type, btf, kFunctions); !checked)
    return std::unexpected(std::move(checked).error());
  return info;
}

Result<LineInfo> DecodeLine(ByteReader reader, const Btf&) {
  LineInfo info;
  info.offset = reader.U32();
  info.file = reader.U32();
  info.text = reader.U32();
  const uint32_t place = reader.U32();
  info.line = place >> 10;
  info.column = place & 0x3ff;
  return info;
}

Result<CoreRelocation> DecodeRelocation(ByteReader reader, const Btf& btf) {
  CoreRelocation relocation;
  relocation.offset = reader.U32();
  relocation.type = TypeId{reader.U32()};
  relocation.access = btf.Name(reader.U32());
  relocation.kind = reader.U32();
  if (auto checked = CheckType(relocation.type, btf, kCore); !checked)
    return std::unexpected(std::move(checked).error());
  return relocation;
}

template <typename Section, typename Record>
Result<std::vector<Section>> ParsePart(Bytes bytes, const Btf& btf, const Part& part,
                                       std::vector<Record> Section::* records,
                                       Result<Record> (*decode)(ByteReader, const Btf&)) {
  std::vector<Section> sections;
  const auto body = BytesOf(bytes, btf.order(), part);
  if (!body) return std::unexpected(body.error());
  if (body->empty()) return sections;

  ByteReader reader(*body, btf.order());
  const uint32_t record_size = reader.U32();
  if (!reader.ok() || record_size < part.record)
    return Malformed(Concat({".BTF.ext: ", part.what, ": one has ", Decimal(record_size),
                             " bytes, at least ", Decimal(part.record), " are needed"}));
  while (reader.ok() && reader.remaining() != 0) {
    Section section;
    section.section = btf.Name(reader.U32());
    const uint32_t count = reader.U32();
    const size_t room = reader.remaining() / record_size;
    if (!reader.ok() || count > room)
      return Malformed(Concat({".BTF.ext: section ", Quoted(section.section), " has ",
                               Decimal(count), " ", part.what, ", but bytes for ", Decimal(room)}));
    (section.*records).reserve(count);
    for (uint32_t i = 0; i < count; ++i) {
      auto record = decode(ByteReader(reader.Take(record_size), btf.order()), btf);
      if (!record) return std::unexpected(std::move(record).error());
      (section.*records).push_back(*record);
    }
    sections.push_back(std::move(section));
  }
  return sections;
}

}  // namespace

Result<std::vector<FuncSection>> ParseFuncInfo(Bytes bytes, const Btf& btf) {
  return ParsePart(bytes, btf, kFunctions, &FuncSection::functions, &DecodeFunction);
}

Result<std::vector<LineSection>> ParseLineInfo(Bytes bytes, const Btf& btf) {
  return ParsePart(bytes, btf, kLines, &LineSection::lines, &DecodeLine);
}

Result<std::vector<CoreSection>> ParseCoreRelocations(Bytes bytes, const Btf& btf) {
  return ParsePart(bytes, btf, kCore, &CoreSection::relocations, &DecodeRelocation);
}

}  // namespace purebpf::elf
