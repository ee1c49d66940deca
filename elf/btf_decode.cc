// Types of a Btf, decoded when asked for. Parse has checked that each record is whole and that each
// name and type id is in range; Index has not, so everything here gives void, 0 or "" for what is
// not there.
#include <algorithm>
#include <cstring>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_layout.h"

namespace purebpf::elf {

std::string_view Btf::Name(uint32_t offset) const {
  if (offset == 0) return "";  // most types have none
  if (offset < first_string_) return base_->Name(offset);
  return StringAt(strings_, offset - first_string_).value_or(std::string_view());
}

uint32_t Btf::WordOf(Bytes bytes, size_t index) const {
  if (index >= bytes.size() / kWordSize) return 0;
  const auto size = bytes.subspan(index * kWordSize);
  return order_ == std::endian::little ? Words<std::endian::little>(size)[0]
                                       : Words<std::endian::big>(size)[0];
}

std::array<uint32_t, kTypeWords> Btf::CommonAt(size_t offset) const {
  std::array<uint32_t, kTypeWords> words = {};
  if (offset > types_.size() || types_.size() - offset < kTypeSize) return words;
  std::memcpy(words.data(), types_.data() + offset, sizeof words);
  if (order_ != std::endian::native)
    for (uint32_t& word : words) word = std::byteswap(word);
  return words;
}

size_t Btf::ExtentAt(size_t offset) const {
  if (offset > types_.size() || types_.size() - offset < kTypeSize)
    return types_.size() - std::min(offset, types_.size());
  const TypeInfo info(CommonAt(offset)[1]);
  uint64_t fixed = kTypeSize;
  uint64_t element = 0;
  if (info.kind() != BtfKind::kOther) {
    const KindLayout& layout = LayoutOf(info.kind());
    fixed += layout.extra * kWordSize;
    element = layout.element * kWordSize;
  } else if (const size_t newer = info.raw_kind() - kKindCount; newer < newer_.size()) {
    fixed += newer_[newer].extra;
    element = newer_[newer].element;
  }
  return static_cast<size_t>(
      std::min<uint64_t>(fixed + element * info.vlen(), types_.size() - offset));
}

size_t Btf::OffsetOf(uint32_t index) const {
  size_t offset = offsets_[index >> stride_shift_];
  for (uint32_t i = index & ((1u << stride_shift_) - 1); i != 0; --i) offset += ExtentAt(offset);
  return offset;
}

std::array<uint32_t, kTypeWords> Btf::CommonOf(TypeId id) const {
  const auto raw = static_cast<uint32_t>(id);
  if (raw >= type_count() || id == TypeId::kVoid) return {};
  return raw < first_id_ ? base_->CommonOf(id) : CommonAt(OffsetOf(raw - first_id_));
}

Bytes Btf::Record(TypeId id) const {
  const auto raw = static_cast<uint32_t>(id);
  if (raw >= type_count() || id == TypeId::kVoid) return {};
  if (raw < first_id_) return base_->Record(id);
  const size_t offset = OffsetOf(raw - first_id_);
  return types_.subspan(offset, ExtentAt(offset));
}

BtfKind Btf::KindOf(TypeId id) const {
  if (visited_ != nullptr) visited_->Add(id);
  if (base_ != nullptr && static_cast<uint32_t>(id) < first_id_) return base_->KindOf(id);
  return TypeInfo(CommonOf(id)[1]).kind();
}

BtfType Btf::Type(TypeId id) const {
  const auto raw = static_cast<uint32_t>(id);
  if (visited_ != nullptr) visited_->Add(id);
  if (id == TypeId::kVoid || raw >= type_count()) return {};
  if (raw < first_id_) return base_->Type(id);
  const size_t offset = OffsetOf(raw - first_id_);
  return Decode(id, offset, CommonAt(offset));
}

BtfType Btf::Decode(TypeId id, size_t offset,
                    const std::array<uint32_t, kTypeWords>& common) const {
  const auto [name, bits, third] = common;
  const TypeInfo info(bits);
  BtfType type;
  type.id = id;
  type.kind = info.kind();
  type.kind_flag = info.kind_flag();
  type.name = Name(name);
  type.body = static_cast<uint32_t>(offset + kTypeSize);
  const KindLayout& layout = LayoutOf(type.kind);
  if (layout.element != 0) type.count = info.vlen();
  if (layout.third == ThirdWord::kSize) type.size = third;
  if (layout.third == ThirdWord::kType) type.target = TypeId{third};
  if (type.kind == BtfKind::kFunc) type.linkage = info.vlen();
  if (type.kind == BtfKind::kVar) type.linkage = WordOf(Body(type, 0, kWordSize), 0);
  if (type.kind == BtfKind::kDeclTag) {
    type.component = static_cast<int32_t>(WordOf(Body(type, 0, kWordSize), 0));
  }
  return type;
}

Bytes Btf::Body(const BtfType& type, uint64_t offset, uint64_t size) const {
  return Slice(types_, type.body + offset, size).value_or(Bytes());
}

BtfInt Btf::Int(const BtfType& type) const {
  if (type.kind != BtfKind::kInt) return {};
  if (Inherited(type)) return base_->Int(type);
  const uint32_t word = WordOf(Body(type, 0, kWordSize), 0);
  const uint32_t encoding = word >> 24;
  return {.is_signed = (encoding & 1) != 0,
          .is_char = (encoding & 2) != 0,
          .is_bool = (encoding & 4) != 0,
          .bit_offset = word >> 16 & 0xff,
          .bits = word & 0xff};
}

BtfArray Btf::Array(const BtfType& type) const {
  if (type.kind != BtfKind::kArray) return {};
  if (Inherited(type)) return base_->Array(type);
  const Bytes words = Body(type, 0, 3 * kWordSize);
  return {.element = TypeId{WordOf(words, 0)},
          .index = TypeId{WordOf(words, 1)},
          .count = WordOf(words, 2)};
}

Bytes Btf::Element(const BtfType& type, uint32_t index) const {
  const uint32_t size = LayoutOf(type.kind).element * kWordSize;
  if (index >= type.count) return {};
  return Body(type, uint64_t{index} * size, size);
}

BtfMember Btf::Member(const BtfType& type, uint32_t index) const {
  if (type.kind != BtfKind::kStruct && type.kind != BtfKind::kUnion) return {};
  if (Inherited(type)) return base_->Member(type, index);
  const Bytes words = Element(type, index);
  const uint32_t offset = WordOf(words, 2);
  // With kind_flag the offset has 24 bits and the width stands above it (Linux 5.0).
  return {.name = Name(WordOf(words, 0)),
          .type = TypeId{WordOf(words, 1)},
          .bit_offset = type.kind_flag ? offset & 0xffffff : offset,
          .bit_size = type.kind_flag ? offset >> 24 : 0};
}

BtfEnumerator Btf::Enumerator(const BtfType& type, uint32_t index) const {
  if (type.kind != BtfKind::kEnum && type.kind != BtfKind::kEnum64) return {};
  if (Inherited(type)) return base_->Enumerator(type, index);
  const Bytes words = Element(type, index);
  const uint32_t low = WordOf(words, 1);
  uint64_t value = low;
  if (type.kind == BtfKind::kEnum64) {
    value |= uint64_t{WordOf(words, 2)} << 32;
  } else if (type.kind_flag) {
    value = static_cast<uint64_t>(int64_t{static_cast<int32_t>(low)});
  }
  return {.name = Name(WordOf(words, 0)), .value = value};
}

BtfParameter Btf::Parameter(const BtfType& type, uint32_t index) const {
  if (type.kind != BtfKind::kFuncProto) return {};
  if (Inherited(type)) return base_->Parameter(type, index);
  const Bytes words = Element(type, index);
  return {.name = Name(WordOf(words, 0)), .type = TypeId{WordOf(words, 1)}};
}

BtfSectionVariable Btf::Variable(const BtfType& type, uint32_t index) const {
  if (type.kind != BtfKind::kDatasec) return {};
  if (Inherited(type)) return base_->Variable(type, index);
  const Bytes words = Element(type, index);
  return {
      .variable = TypeId{WordOf(words, 0)}, .offset = WordOf(words, 1), .size = WordOf(words, 2)};
}

// One check for all of them: a count that the caller made up gives none.
template <typename One>
std::vector<One> Btf::All(const BtfType& type, bool of_kind,
                          One (Btf::*one)(const BtfType&, uint32_t) const) const {
  if (Inherited(type)) return base_->All(type, of_kind, one);
  std::vector<One> all;
  const uint64_t size = uint64_t{LayoutOf(type.kind).element} * kWordSize * type.count;
  if (!of_kind || Body(type, 0, size).size() != size) return all;
  all.reserve(type.count);
  for (uint32_t i = 0; i < type.count; ++i) all.push_back((this->*one)(type, i));
  return all;
}

std::vector<BtfMember> Btf::Members(const BtfType& type) const {
  return All(type, type.kind == BtfKind::kStruct || type.kind == BtfKind::kUnion, &Btf::Member);
}

std::vector<BtfEnumerator> Btf::Enumerators(const BtfType& type) const {
  return All(type, type.kind == BtfKind::kEnum || type.kind == BtfKind::kEnum64, &Btf::Enumerator);
}

std::vector<BtfParameter> Btf::Parameters(const BtfType& type) const {
  return All(type, type.kind == BtfKind::kFuncProto, &Btf::Parameter);
}

std::vector<BtfSectionVariable> Btf::Variables(const BtfType& type) const {
  return All(type, type.kind == BtfKind::kDatasec, &Btf::Variable);
}

// Compared in place: most names differ in their first bytes, so measuring each would cost more.
bool Btf::NameIs(uint32_t offset, std::string_view name) const {
  if (offset < first_string_) return base_->NameIs(offset, name);
  offset -= first_string_;
  if (offset >= strings_.size()) return name.empty();
  const Bytes rest = strings_.subspan(offset);
  return rest.size() > name.size() && rest[name.size()] == std::byte{0} &&
         std::memcmp(rest.data(), name.data(), name.size()) == 0;
}

template <typename Found>
bool Btf::EachNamed(BtfKind kind, std::string_view name, Found found) const {
  if (base_ != nullptr && base_->EachNamed(kind, name, found)) return true;
  size_t offset = 0;
  for (uint32_t id = first_id_; id < type_count(); ++id) {
    const Bytes record = types_.subspan(offset);
    if (TypeInfo(WordOf(record, 1)).kind() == kind && NameIs(WordOf(record, 0), name) &&
        found(TypeId{id})) {
      return true;
    }
    offset += ExtentAt(offset);
  }
  return false;
}

std::optional<BtfType> Btf::Find(BtfKind kind, std::string_view name) const {
  std::optional<BtfType> first;
  EachNamed(kind, name, [&](TypeId id) {
    first = Type(id);
    return true;
  });
  return first;
}

std::vector<BtfType> Btf::FindAll(BtfKind kind, std::string_view name) const {
  std::vector<BtfType> all;
  EachNamed(kind, name, [&](TypeId id) {
    all.push_back(Type(id));
    return false;
  });
  return all;
}

}  // namespace purebpf::elf
