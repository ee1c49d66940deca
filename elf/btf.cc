// The pass over a BTF blob. It looks at three words of every type once, because the kernel's own
// BTF is 5 MB and its reading is most of what loading a small CO-RE object costs.
#include "purebpf/elf/btf.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "purebpf/elf/btf_layout.h"
#include "purebpf/elf/btf_search.h"
#include "purebpf/elf/text.h"

namespace purebpf::elf {
namespace {

// Types can share a name, so that a small blob could claim much text. Source lines are in the same
// section, hence this much.
constexpr size_t kMaxStringLength = 0xffff;

struct Sections {
  std::endian order = std::endian::little;
  Bytes types;
  Bytes strings;
  Bytes layout;
};

std::string DescribeType(uint64_t id) { return Concat({"BTF: type ", Decimal(id)}); }

Result<Bytes> SectionOf(Bytes body, std::string_view what, uint32_t offset, uint32_t size) {
  const auto section = Slice(body, offset, size);
  if (section) return *section;
  return Malformed(Concat({"BTF: ", what, " section: offset ", Hex(offset), " + size ", Hex(size),
                           " ends past the ", Hex(body.size()), " bytes after the header"}));
}

// As the kernel wants it (kernel/bpf/btf.c: btf_parse_str_sec): name offset 0 is "", and each name
// ends. A split BTF has the base's name 0 and may have no names of its own.
Result<void> CheckStrings(Bytes strings, bool split) {
  if (split && strings.empty()) return {};
  if (strings.empty() || (!split && strings.front() != std::byte{0}) ||
      strings.back() != std::byte{0}) {
    return Malformed(Concat({"BTF: string section: its ", Hex(strings.size()),
                             " bytes do not start and end with a NUL"}));
  }
  // From the first byte of a string to the last NUL that it can end at, if it is not too long.
  for (size_t position = 0; strings.size() - position > kMaxStringLength + 1;) {
    const Bytes window = strings.subspan(position, kMaxStringLength + 1);
    const auto last = std::find(window.rbegin(), window.rend(), std::byte{0});
    if (last == window.rend()) {
      return Unsupported(Concat({"BTF: string section: the string at ", Hex(position),
                                 " has more than ", Hex(kMaxStringLength), " bytes"}));
    }
    position += static_cast<size_t>(window.rend() - last);
  }
  return {};
}

Result<Sections> ReadHeader(Bytes bytes) {
  if (bytes.size() < kBtfHeaderSize) {
    return Malformed(
        Concat({"BTF: ", Hex(bytes.size()), " bytes, the header needs ", Hex(kBtfHeaderSize)}));
  }
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    ByteReader reader(bytes, order);
    if (reader.U16() != kBtfMagic) continue;
    const uint8_t version = reader.U8();
    const uint8_t flags = reader.U8();
    const uint32_t header_size = reader.U32();
    const uint32_t types_offset = reader.U32();
    const uint32_t types_size = reader.U32();
    const uint32_t strings_offset = reader.U32();
    const uint32_t strings_size = reader.U32();
    if (version != kBtfVersion || flags != 0) {
      return Unsupported(Concat({"BTF: version ", Decimal(version), " with flags ", Hex(flags),
                                 ", this reader knows version 1 without flags"}));
    }
    if (header_size < kBtfHeaderSize || header_size > bytes.size()) {
      return Malformed(
          Concat({"BTF: header size ", Hex(header_size), " is not between ", Hex(kBtfHeaderSize),
                  " and the ", Hex(bytes.size()), " bytes there"}));
    }
    const Bytes body = bytes.subspan(header_size);
    const auto types = SectionOf(body, "type", types_offset, types_size);
    if (!types) return std::unexpected(types.error());
    const auto strings = SectionOf(body, "string", strings_offset, strings_size);
    if (!strings) return std::unexpected(strings.error());
    Sections sections{.order = order, .types = *types, .strings = *strings, .layout = {}};
    if (header_size >= kBtfHeaderWithLayout) {
      // Not there where the header means something else by these words: without new kinds it is not
      // needed, and with them the message will be about the kind.
      const uint32_t layout_offset = reader.U32();
      sections.layout = Slice(body, layout_offset, reader.U32()).value_or(Bytes());
    }
    return sections;
  }
  return Malformed(Concat({"BTF: starts with ", Hex(ByteReader(bytes, std::endian::big).U16()),
                           ", not with the magic 0xeb9f of either byte order"}));
}

// Of a type whose extent is not known.
[[gnu::cold]] std::unexpected<ParseError> UnknownKind(TypeInfo info, uint32_t id) {
  if (info.raw_kind() == 0) {
    return Malformed(Concat({DescribeType(id), ": kind 0; only type 0 is void"}));
  }
  return Unsupported(
      Concat({DescribeType(id), ": kind ", Decimal(info.raw_kind()), ", this reader knows 1 to ",
              Decimal(kKindCount - 1), " and no layout section describes it"}));
}

[[gnu::cold]] std::unexpected<ParseError> CutShort(uint32_t id, uint64_t extent, size_t offset,
                                                   size_t section) {
  const size_t room = section - offset;
  if (room < kTypeSize) {
    return Malformed(Concat({DescribeType(id), ": ", Hex(room), " bytes at ", Hex(offset),
                             " of the type section, a type needs ", Hex(kTypeSize)}));
  }
  return Malformed(Concat({DescribeType(id), ": size ", Hex(extent), " at ", Hex(offset),
                           " ends past the type section's ", Hex(section), " bytes"}));
}

// The length of a type by the byte that has its kind, whatever its kind_flag. Reading that byte
// alone, and no shift or mask after it, is a tenth of the pass: each step waits for the one before.
struct Step {
  uint32_t fixed = 0;  // 0: not known
  uint32_t element = 0;
};
using Steps = std::array<Step, 256>;

void SetStep(Steps& steps, size_t kind, uint32_t extra, uint32_t element) {
  steps[kind] = steps[kind + 128] = {.fixed = kTypeSize + extra, .element = element};
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

template <std::endian kOrder>
void SeeRecord(Words<kOrder> words, uint32_t id, References& references) {
  const TypeInfo info(words[1]);
  references.name.See(words[0], id);
  if (LayoutOf(info.kind()).third == ThirdWord::kType) references.type.See(words[2], id);
  const Words<kOrder> elements = words.From(kTypeWords);
  switch (info.kind()) {
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

}  // namespace

Result<void> Btf::ReadLayout(Bytes layout) {
  ByteReader reader(layout, order_);
  for (size_t kind = 0; reader.remaining() >= kWordSize && kind < 128; ++kind) {
    const Extent extent{.extra = reader.U8(), .element = reader.U8()};
    reader.U16();  // flags: none are defined
    if (kind < kKindCount) continue;
    if (extent.extra % kWordSize != 0 || extent.element % kWordSize != 0) {
      return Unsupported(Concat({"BTF: layout section: kind ", Decimal(kind), " has ",
                                 Decimal(extent.extra), " bytes and ", Decimal(extent.element),
                                 " an element, which are no multiples of 4"}));
    }
    newer_.push_back(extent);
  }
  return {};
}

Result<Btf> Btf::Open(Bytes bytes, const Btf* base) {
  const auto sections = ReadHeader(bytes);
  if (!sections) return std::unexpected(sections.error());
  if (auto checked = CheckStrings(sections->strings, base != nullptr); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  Btf btf;
  btf.order_ = sections->order;
  btf.types_ = sections->types;
  btf.strings_ = sections->strings;
  if (auto read = btf.ReadLayout(sections->layout); !read) {
    return std::unexpected(std::move(read).error());
  }
  if (base == nullptr) return btf;
  if (base->order() != btf.order_) {
    return Malformed("BTF: its byte order is not that of the base");
  }
  const uint64_t strings = uint64_t{base->first_string_} + base->strings_.size();
  if (strings + btf.strings_.size() > std::numeric_limits<uint32_t>::max() ||
      base->type_count() > std::numeric_limits<uint32_t>::max() / 2) {
    return Unsupported("BTF: the base is too large for one above it");
  }
  btf.base_ = base;
  btf.first_id_ = base->type_count();
  btf.first_string_ = static_cast<uint32_t>(strings);
  return btf;
}

template <std::endian kOrder, bool kSearch>
Result<void> Btf::IndexTypes(BtfSearch* search) {
  Steps steps;
  for (size_t kind = 1; kind < kKindCount; ++kind) {
    const KindLayout& layout = kKindLayouts[kind];
    SetStep(steps, kind, layout.extra * kWordSize, layout.element * kWordSize);
  }
  for (size_t i = 0; i < newer_.size(); ++i) {
    SetStep(steps, kKindCount + i, newer_[i].extra, newer_[i].element);
  }
  const size_t size = types_.size();
  // An object's types are looked at one by one, most of a kernel's never.
  constexpr size_t kSmall = size_t{128} << 10;
  stride_shift_ = size <= kSmall ? 0 : kStrideShift;
  const uint32_t shift = stride_shift_;
  const uint32_t round_up = (1u << shift) - 1;
  offsets_ = std::make_unique_for_overwrite<uint32_t[]>((size / kTypeSize >> shift) + 2);
  size_t offset = 0;
  uint32_t index = 0;
  for (; size - offset >= kTypeSize; ++index) {
    const Bytes record = types_.subspan(offset);
    const Words<kOrder> words(record);
    constexpr size_t kKindByte = kOrder == std::endian::little ? 7 : 4;
    const auto kind = static_cast<uint8_t>(record[kKindByte]);
    const Step step = steps[kind];
    if (step.fixed == 0) [[unlikely]]
      return UnknownKind(TypeInfo(words[1]), first_id_ + index);
    // Without a branch: the last of those that go to a place is the one that belongs there.
    offsets_[(index + round_up) >> shift] = static_cast<uint32_t>(offset);
    if constexpr (kSearch) search->See(*this, first_id_ + index, words[0], words[1]);
    // Of every nine of a kernel's types four are functions. The processor foresees most of them, if
    // it may, and goes on before it has read the kind: a sixth of the pass.
    if (kind == static_cast<uint8_t>(BtfKind::kFunc)) [[likely]] {
      offset += kTypeSize;
      continue;
    }
    const uint64_t extent = step.fixed + uint64_t{step.element} * TypeInfo(words[1]).vlen();
    if (extent > size - offset) [[unlikely]]
      return CutShort(first_id_ + index, extent, offset, size);
    offset += static_cast<size_t>(extent);
  }
  if (offset != size) return CutShort(first_id_ + index, 0, offset, size);
  count_ = index;
  return {};
}

Result<Btf> Btf::Index(Bytes bytes, BtfSearch* search, const Btf* base) {
  auto btf = Open(bytes, base);
  if (!btf) return btf;
  const bool little = btf->order_ == std::endian::little;
  if (search != nullptr) search->Prepare(*btf);
  auto indexed = search == nullptr ? little ? btf->IndexTypes<std::endian::little, false>(nullptr)
                                            : btf->IndexTypes<std::endian::big, false>(nullptr)
                 : little ? btf->IndexTypes<std::endian::little, true>(search)
                                   : btf->IndexTypes<std::endian::big, true>(search);
  if (!indexed) return std::unexpected(std::move(indexed).error());
  return btf;
}

template <std::endian kOrder>
Result<void> Btf::CheckReferences() const {
  References references;
  size_t offset = 0;
  for (uint32_t id = first_id_; id < type_count(); ++id) {
    SeeRecord(Words<kOrder>(types_.subspan(offset)), id, references);
    offset += ExtentAt(offset);
  }
  const Greatest& type = references.type;
  if (type.value >= type_count()) {
    return Malformed(Concat({DescribeType(type.at), ": refers to type ", Decimal(type.value),
                             ", but the last is ", Decimal(type_count() - 1)}));
  }
  const Greatest& name = references.name;
  if (name.value >= first_string_ + strings_.size()) {
    return Malformed(Concat({DescribeType(name.at), ": name at ", Hex(name.value),
                             " lies outside of the string section's ",
                             Hex(first_string_ + strings_.size()), " bytes"}));
  }
  return {};
}

bool BeginsAsBtf(Bytes bytes) {
  const uint16_t magic = ByteReader(bytes, std::endian::native).U16();
  return magic == kBtfMagic || magic == std::byteswap(kBtfMagic);
}

Result<void> Btf::Check() const {
  return order_ == std::endian::little ? CheckReferences<std::endian::little>()
                                       : CheckReferences<std::endian::big>();
}

Result<Btf> Btf::Parse(Bytes bytes, const Btf* base) {
  auto btf = Index(bytes, nullptr, base);
  if (!btf) return btf;
  if (auto checked = btf->Check(); !checked) return std::unexpected(std::move(checked).error());
  return btf;
}

}  // namespace purebpf::elf
