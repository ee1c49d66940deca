// Types of a Btf, decoded when asked for. Parse has checked that each record is whole and that each
// name and type id is in range, so nothing can fail here.
#include <cstring>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_layout.h"

namespace purebpf::elf {

std::string_view Btf::Name(uint32_t offset) const {
  return StringAt(strings_, offset).value_or(std::string_view());
}

ByteReader Btf::Record(TypeId id) const {
  return {types_.subspan(offsets_[static_cast<uint32_t>(id)]), order_};
}

ByteReader Btf::Elements(const BtfType& type) const {
  ByteReader reader = Record(type.id);
  reader.Take(kTypeSize);
  return reader;
}

BtfType Btf::Type(TypeId id) const {
  BtfType type;
  if (id == TypeId::kVoid || static_cast<uint32_t>(id) >= type_count()) return type;
  ByteReader reader = Record(id);
  const uint32_t name = reader.U32();
  const TypeInfo info(reader.U32());
  const uint32_t third = reader.U32();
  type.id = id;
  type.kind = static_cast<BtfKind>(info.kind());
  type.kind_flag = info.kind_flag();
  type.name = Name(name);
  const KindLayout& layout = LayoutOf(type.kind);
  if (layout.element != 0) type.count = info.vlen();
  if (layout.third == ThirdWord::kSize) type.size = third;
  if (layout.third == ThirdWord::kType) type.target = TypeId{third};
  if (type.kind == BtfKind::kFunc) type.linkage = info.vlen();
  if (type.kind == BtfKind::kVar) type.linkage = reader.U32();
  return type;
}

BtfArray Btf::Array(const BtfType& type) const {
  if (type.kind != BtfKind::kArray) return {};
  ByteReader reader = Elements(type);
  BtfArray array;
  array.element = TypeId{reader.U32()};
  array.index = TypeId{reader.U32()};
  array.count = reader.U32();
  return array;
}

std::vector<BtfMember> Btf::Members(const BtfType& type) const {
  std::vector<BtfMember> members;
  if (type.kind != BtfKind::kStruct && type.kind != BtfKind::kUnion) return members;
  members.reserve(type.count);
  ByteReader reader = Elements(type);
  for (uint32_t i = 0; i < type.count; ++i) {
    BtfMember member;
    member.name = Name(reader.U32());
    member.type = TypeId{reader.U32()};
    const uint32_t offset = reader.U32();
    // With kind_flag the offset has 24 bits and the width stands above it (Linux 5.0).
    member.bit_offset = type.kind_flag ? offset & 0xffffff : offset;
    member.bit_size = type.kind_flag ? offset >> 24 : 0;
    members.push_back(member);
  }
  return members;
}

std::vector<BtfEnumerator> Btf::Enumerators(const BtfType& type) const {
  std::vector<BtfEnumerator> enumerators;
  if (type.kind != BtfKind::kEnum && type.kind != BtfKind::kEnum64) return enumerators;
  enumerators.reserve(type.count);
  ByteReader reader = Elements(type);
  for (uint32_t i = 0; i < type.count; ++i) {
    BtfEnumerator enumerator{.name = Name(reader.U32())};
    const uint32_t low = reader.U32();
    if (type.kind == BtfKind::kEnum64) {
      enumerator.value = uint64_t{reader.U32()} << 32 | low;
    } else if (type.kind_flag) {
      enumerator.value = static_cast<uint64_t>(int64_t{static_cast<int32_t>(low)});
    } else {
      enumerator.value = low;
    }
    enumerators.push_back(enumerator);
  }
  return enumerators;
}

std::vector<BtfSectionVariable> Btf::Variables(const BtfType& type) const {
  std::vector<BtfSectionVariable> variables;
  if (type.kind != BtfKind::kDatasec) return variables;
  variables.reserve(type.count);
  ByteReader reader = Elements(type);
  for (uint32_t i = 0; i < type.count; ++i) {
    BtfSectionVariable variable;
    variable.variable = TypeId{reader.U32()};
    variable.offset = reader.U32();
    variable.size = reader.U32();
    variables.push_back(variable);
  }
  return variables;
}

std::optional<BtfType> Btf::Find(BtfKind kind, std::string_view name) const {
  if (kind == BtfKind::kVoid) return std::nullopt;
  for (uint32_t id = 1; id < type_count(); ++id) {
    ByteReader reader = Record(TypeId{id});
    const uint32_t offset = reader.U32();
    if (TypeInfo(reader.U32()).kind() != static_cast<uint32_t>(kind)) continue;
    // Compared in place: most names differ in their first bytes, so measuring each would cost more.
    const Bytes rest = strings_.subspan(offset);
    if (rest.size() > name.size() && rest[name.size()] == std::byte{0} &&
        std::memcmp(rest.data(), name.data(), name.size()) == 0) {
      return Type(TypeId{id});
    }
  }
  return std::nullopt;
}

}  // namespace purebpf::elf
