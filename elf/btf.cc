// The pass over a BTF blob. It looks at every word once, because the kernel's own BTF is 5 MB and
// its reading is most of what loading a small CO-RE object costs.
#include "purebpf/elf/btf.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "purebpf/elf/btf_layout.h"
#include "purebpf/elf/text.h"

namespace purebpf::elf {
namespace {

constexpr uint16_t kMagic = 0xeb9f;
constexpr uint8_t kVersion = 1;
// struct btf_header. Later ones are longer; hdr_len says where the sections start.
constexpr uint32_t kHeaderSize = 24;
// Types can share a name, so that a small blob could claim much text. Source lines are in the same
// section, hence this much.
constexpr size_t kMaxStringLength = 0xffff;

struct Sections {
  std::endian order = std::endian::little;
  Bytes types;
  Bytes strings;
};

std::string DescribeType(uint64_t id) { return Concat({"BTF: type ", Decimal(id)}); }

Result<Bytes> SectionOf(Bytes body, std::string_view what, uint32_t offset, uint32_t size) {
  const auto section = Slice(body, offset, size);
  if (section) return *section;
  return Malformed(Concat({"BTF: ", what, " section: offset ", Hex(offset), " + size ", Hex(size),
                           " ends past the ", Hex(body.size()), " bytes after the header"}));
}

// As the kernel wants it (kernel/bpf/btf.c: btf_parse_str_sec): name offset 0 is "", and each name
// ends.
Result<void> CheckStrings(Bytes strings) {
  if (strings.empty() || strings.front() != std::byte{0} || strings.back() != std::byte{0}) {
    return Malformed(Concat({"BTF: string section: its ", Hex(strings.size()),
                             " bytes do not start and end with a NUL"}));
  }
  // From each NUL to the last one that a string of the greatest length can end at.
  size_t position = 0;
  while (strings.size() - position > kMaxStringLength + 1) {
    const Bytes window = strings.subspan(position + 1, kMaxStringLength + 1);
    const auto last = std::find(window.rbegin(), window.rend(), std::byte{0});
    if (last == window.rend()) {
      return Unsupported(Concat({"BTF: string section: the string at ", Hex(position + 1),
                                 " has more than ", Hex(kMaxStringLength), " bytes"}));
    }
    position += static_cast<size_t>(window.rend() - last);
  }
  return {};
}

Result<Sections> ReadHeader(Bytes bytes) {
  if (bytes.size() < kHeaderSize) {
    return Malformed(
        Concat({"BTF: ", Hex(bytes.size()), " bytes, the header needs ", Hex(kHeaderSize)}));
  }
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    ByteReader reader(bytes.first(kHeaderSize), order);
    if (reader.U16() != kMagic) continue;
    const uint8_t version = reader.U8();
    const uint8_t flags = reader.U8();
    const uint32_t header_size = reader.U32();
    const uint32_t types_offset = reader.U32();
    const uint32_t types_size = reader.U32();
    const uint32_t strings_offset = reader.U32();
    const uint32_t strings_size = reader.U32();
    if (version != kVersion || flags != 0) {
      return Unsupported(Concat({"BTF: version ", Decimal(version), " with flags ", Hex(flags),
                                 ", this reader knows version 1 without flags"}));
    }
    if (header_size < kHeaderSize || header_size > bytes.size()) {
      return Malformed(Concat({"BTF: header size ", Hex(header_size), " is not between ",
                               Hex(kHeaderSize), " and the ", Hex(bytes.size()), " bytes there"}));
    }
    const Bytes body = bytes.subspan(header_size);
    const auto types = SectionOf(body, "type", types_offset, types_size);
    if (!types) return std::unexpected(types.error());
    const auto strings = SectionOf(body, "string", strings_offset, strings_size);
    if (!strings) return std::unexpected(strings.error());
    if (auto checked = CheckStrings(*strings); !checked) {
      return std::unexpected(std::move(checked).error());
    }
    return Sections{.order = order, .types = *types, .strings = *strings};
  }
  return Malformed(Concat({"BTF: starts with ", Hex(ByteReader(bytes, std::endian::big).U16()),
                           ", not with the magic 0xeb9f of either byte order"}));
}

// The greatest reference so far and the type that makes it: what is in range is known at the end
// for type ids, and one comparison at the end is cheaper than one a word.
struct Greatest {
  uint32_t value = 0;
  uint32_t at = 0;

  void See(uint32_t seen, uint32_t type) {
    if (seen > value) {
      value = seen;
      at = type;
    }
  }
};

struct References {
  Greatest name;
  Greatest type;
};

// The elements of a type: kStride words each, of which word kName is a name and kType a type id.
constexpr int kNone = -1;
template <size_t kStride, int kName, int kType, std::endian kOrder>
void SeeElements(Words<kOrder> words, uint32_t count, uint32_t id, References& references) {
  uint32_t name = 0;
  uint32_t type = 0;
  for (size_t i = 0; i < count; ++i) {
    if constexpr (kName != kNone) name = std::max(name, words[i * kStride + kName]);
    if constexpr (kType != kNone) type = std::max(type, words[i * kStride + kType]);
  }
  references.name.See(name, id);
  references.type.See(type, id);
}

// What follows the three words that every type has.
template <std::endian kOrder>
void SeeRecord(Words<kOrder> words, TypeInfo info, uint32_t id, References& references) {
  const Words<kOrder> elements = words.From(kTypeWords);
  switch (static_cast<BtfKind>(info.kind())) {
    case BtfKind::kArray:
      return references.type.See(std::max(elements[0], elements[1]), id);
    case BtfKind::kStruct:
    case BtfKind::kUnion:
      return SeeElements<3, 0, 1>(elements, info.vlen(), id, references);
    case BtfKind::kEnum:
      return SeeElements<2, 0, kNone>(elements, info.vlen(), id, references);
    case BtfKind::kFuncProto:
      return SeeElements<2, 0, 1>(elements, info.vlen(), id, references);
    case BtfKind::kDatasec:
      return SeeElements<3, kNone, 0>(elements, info.vlen(), id, references);
    case BtfKind::kEnum64:
      return SeeElements<3, 0, kNone>(elements, info.vlen(), id, references);
    default:
      return;
  }
}

// Of a type whose extent is not known.
std::unexpected<ParseError> UnknownKind(TypeInfo info, uint32_t id) {
  if (info.kind() == 0) {
    return Malformed(Concat({DescribeType(id), ": kind 0; only type 0 is void"}));
  }
  if (info.kind() >= kKindLayouts.size()) {
    return Unsupported(Concat({DescribeType(id), ": kind ", Decimal(info.kind()),
                               ", this reader knows 1 to ", Decimal(kKindLayouts.size() - 1)}));
  }
  return Unsupported(Concat({DescribeType(id), ": info ", Hex(info.raw),
                             " has bits that this reader does not know: ", Hex(info.unknown())}));
}

template <std::endian kOrder>
Result<References> IndexTypes(Bytes types, std::vector<uint32_t>& offsets) {
  References references;
  // A type takes 12 bytes at least. What is not used of this is address space and no memory.
  offsets.reserve(types.size() / kTypeSize + 1);
  offsets.push_back(0);
  for (size_t offset = 0; offset < types.size();) {
    const auto id = static_cast<uint32_t>(offsets.size());
    const size_t room = types.size() - offset;
    if (room < kTypeSize) {
      return Malformed(Concat({DescribeType(id), ": ", Hex(room), " bytes at ", Hex(offset),
                               " of the type section, a type needs ", Hex(kTypeSize)}));
    }
    const Words<kOrder> words(types.subspan(offset));
    const TypeInfo info(words[1]);
    if (info.kind() - 1 >= kKindLayouts.size() - 1 || info.unknown() != 0) [[unlikely]] {
      return UnknownKind(info, id);
    }
    const KindLayout& layout = kKindLayouts[info.kind()];
    const uint64_t elements = layout.element == 0 ? 0 : info.vlen();
    const uint64_t size =
        (kTypeWords + layout.extra + elements * layout.element) * uint64_t{kWordSize};
    if (size > room) {
      return Malformed(Concat({DescribeType(id), ": size ", Hex(size), " at ", Hex(offset),
                               " ends past the type section's ", Hex(types.size()), " bytes"}));
    }
    offsets.push_back(static_cast<uint32_t>(offset));
    references.name.See(words[0], id);
    if (layout.third == ThirdWord::kType) references.type.See(words[2], id);
    SeeRecord(words, info, id, references);
    offset += static_cast<size_t>(size);
  }
  return references;
}

}  // namespace

Result<Btf> Btf::Parse(Bytes bytes) {
  const auto sections = ReadHeader(bytes);
  if (!sections) return std::unexpected(sections.error());
  Btf btf;
  btf.order_ = sections->order;
  btf.types_ = sections->types;
  btf.strings_ = sections->strings;
  const auto references = btf.order_ == std::endian::little
                              ? IndexTypes<std::endian::little>(btf.types_, btf.offsets_)
                              : IndexTypes<std::endian::big>(btf.types_, btf.offsets_);
  if (!references) return std::unexpected(references.error());
  const Greatest& type = references->type;
  if (type.value >= btf.type_count()) {
    return Malformed(Concat({DescribeType(type.at), ": refers to type ", Decimal(type.value),
                             ", but the last is ", Decimal(btf.type_count() - 1)}));
  }
  const Greatest& name = references->name;
  if (name.value >= btf.strings_.size()) {
    return Malformed(
        Concat({DescribeType(name.at), ": name at ", Hex(name.value),
                " lies outside of the string section's ", Hex(btf.strings_.size()), " bytes"}));
  }
  return btf;
}

}  // namespace purebpf::elf
