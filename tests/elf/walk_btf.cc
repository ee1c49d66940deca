// What elf/btf*.h promise of any bytes that they take, tried on all types.
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_reduce.h"
#include "purebpf/elf/btf_sanitize.h"
#include "purebpf/elf/btf_search.h"
#include "purebpf/elf/btf_writer.h"
#include "purebpf/tests/elf/walk.h"

namespace purebpf::elf {
namespace {

bool Inside(Bytes whole, std::string_view text) {
  const auto* start = reinterpret_cast<const std::byte*>(text.data());
  const std::less_equal<const std::byte*> not_after;
  return text.empty() || (not_after(whole.data(), start) &&
                          not_after(start + text.size(), whole.data() + whole.size()));
}

// Of Parse, that ids are there; of it and Index, that names lie inside and that looking ends.
std::string TypeViolation(Bytes bytes, const Btf& btf, const BtfType& type, bool checked) {
  const auto known = [&](TypeId id) {
    return !checked || static_cast<uint32_t>(id) < btf.type_count();
  };
  if (!Inside(bytes, type.name)) return "a type's name";
  if (!known(type.target)) return "a type's target";
  if (btf.Int(type).bits > 0xff) return "an int's bits";
  const BtfArray array = btf.Array(type);
  if (!known(array.element) || !known(array.index)) return "an array's types";
  for (const BtfMember& member : btf.Members(type)) {
    if (!known(member.type) || !Inside(bytes, member.name)) return "a member";
  }
  for (const BtfEnumerator& enumerator : btf.Enumerators(type)) {
    if (!Inside(bytes, enumerator.name)) return "an enumerator";
  }
  for (const BtfParameter& parameter : btf.Parameters(type)) {
    if (!known(parameter.type) || !Inside(bytes, parameter.name)) return "a parameter";
  }
  for (const BtfSectionVariable& variable : btf.Variables(type)) {
    if (!known(variable.variable)) return "a section's variable";
  }
  if (const auto resolved = btf.Resolve(type.id);
      resolved && static_cast<uint32_t>(resolved->id) >= btf.type_count()) {
    return "a resolved type";
  }
  if (const auto size = btf.SizeOf(type.id); !size && size.error().message.empty()) {
    return "an error without words";
  }
  if (const auto align = btf.AlignOf(type.id);
      align ? *align == 0 || *align > 8 : align.error().message.empty()) {
    return "an alignment";
  }
  return Describe(type).empty() ? "a description" : "";
}

std::string AllTypesViolation(Bytes bytes, const Btf& btf, bool checked) {
  std::string violation;
  for (uint32_t id = 0; id < btf.type_count() && violation.empty(); ++id) {
    violation = TypeViolation(bytes, btf, btf.Type(TypeId{id}), checked);
  }
  return violation;
}

bool SameMembers(const Btf& a, const BtfType& one, const Btf& b, const BtfType& other) {
  return std::ranges::equal(a.Members(one), b.Members(other), [](const auto& m, const auto& n) {
    return m.name == n.name && m.type == n.type && m.bit_offset == n.bit_offset &&
           m.bit_size == n.bit_size;
  });
}

// All that the accessors say of two types.
bool Same(const Btf& a, const BtfType& one, const Btf& b, const BtfType& other) {
  if (one.kind != other.kind || one.kind_flag != other.kind_flag || one.count != other.count ||
      one.size != other.size || one.target != other.target || one.linkage != other.linkage ||
      one.component != other.component || one.name != other.name) {
    return false;
  }
  const BtfInt i = a.Int(one);
  const BtfInt j = b.Int(other);
  const BtfArray x = a.Array(one);
  const BtfArray y = b.Array(other);
  return i.is_signed == j.is_signed && i.is_char == j.is_char && i.is_bool == j.is_bool &&
         i.bit_offset == j.bit_offset && i.bits == j.bits && x.element == y.element &&
         x.index == y.index && x.count == y.count && SameMembers(a, one, b, other) &&
         std::ranges::equal(
             a.Enumerators(one), b.Enumerators(other),
             [](const auto& m, const auto& n) { return m.name == n.name && m.value == n.value; }) &&
         std::ranges::equal(
             a.Parameters(one), b.Parameters(other),
             [](const auto& m, const auto& n) { return m.name == n.name && m.type == n.type; }) &&
         std::ranges::equal(a.Variables(one), b.Variables(other), [](const auto& m, const auto& n) {
           return m.variable == n.variable && m.offset == n.offset && m.size == n.size;
         });
}

// An int has reserved bits, which no accessor shows and no copy keeps: they do not count here.
std::string WriterViolation(const Btf& btf) {
  const auto whole = BtfWriter::Of(btf).Build();
  if (!whole) return "what was read cannot be written";
  const auto again = Btf::Parse(*whole);
  if (!again || again->type_count() != btf.type_count()) return "what was written cannot be read";
  const std::endian other =
      btf.order() == std::endian::little ? std::endian::big : std::endian::little;
  BtfWriter writer(other);
  for (uint32_t id = 1; id < btf.type_count(); ++id) writer.Copy(btf, TypeId{id});
  const auto turned = writer.Build();
  if (!turned) return "what was copied cannot be written";
  const auto copy = Btf::Parse(*turned);
  if (!copy || copy->type_count() != btf.type_count()) return "what was copied cannot be read";
  for (uint32_t id = 1; id < btf.type_count(); ++id) {
    const BtfType type = btf.Type(TypeId{id});
    if (!Same(btf, type, *again, again->Type(type.id))) return "a type written in place";
    if (type.kind != BtfKind::kOther && !Same(btf, type, *copy, copy->Type(type.id))) {
      return "a type copied into the other byte order";
    }
  }
  return "";
}

std::string SanitizeViolation(const Btf& btf) {
  for (const uint32_t version : {0x041200U, 0x050100U, 0x050800U, 0x051000U, 0x060100U}) {
    const auto sane = SanitizeBtf(btf, BtfFeatures::Of(version));
    if (!sane) return "sanitised BTF cannot be written";
    const auto again = Btf::Parse(*sane);
    if (!again || again->type_count() < btf.type_count()) return "sanitised BTF cannot be read";
    for (uint32_t id = 1; id < btf.type_count(); ++id) {
      const BtfType before = btf.Type(TypeId{id});
      const BtfType after = again->Type(TypeId{id});
      if (before.size != 0 && before.size != after.size) return "a sanitised type's size";
      if (btf.Record(before.id).size() != again->Record(after.id).size()) {
        return "a sanitised type's extent";
      }
    }
  }
  return "";
}

std::string ReduceViolation(const Btf& btf) {
  TypeIdSet used(btf.type_count());
  std::vector<MemberUse> members;
  for (uint32_t id = 1; id < btf.type_count(); ++id) {
    if (id % 3 == 0) used.Add(TypeId{id});
    for (uint32_t i = id % 2; i < btf.Type(TypeId{id}).count && i < 8; i += 2) {
      if (id % 5 == 0) members.push_back({TypeId{id}, i});
    }
  }
  const auto same_ids = ReduceKeepingIds(btf, used);
  if (!same_ids) return "reduced BTF cannot be written";
  const auto small = Btf::Parse(*same_ids);
  if (!small || small->type_count() != btf.type_count()) return "reduced BTF cannot be read";
  for (uint32_t id = 3; id < btf.type_count(); id += 3) {
    const BtfType type = btf.Type(TypeId{id});
    if (type.kind != BtfKind::kOther && !Same(btf, type, *small, small->Type(type.id))) {
      return "a type that was to stay";
    }
  }
  const auto least = ReduceToUse(btf, used, members);
  if (!least) return "the least BTF cannot be written";
  const auto tiny = Btf::Parse(least->blob);
  if (!tiny) return "the least BTF cannot be read";
  for (uint32_t id = 1; id < btf.type_count(); ++id) {
    if (least->ids[id] == TypeId::kVoid) continue;
    const auto before = btf.SizeOf(TypeId{id});
    const auto after = tiny->SizeOf(least->ids[id]);
    if (before && (!after || *after != *before)) return "the size of a type that was to stay";
  }
  return "";
}

// Some names of the blob, searched in it: what a linear look finds, and what has the same essence.
std::string SearchViolation(Bytes bytes, const Btf& btf) {
  constexpr KindSet kKinds = {BtfKind::kStruct,  BtfKind::kUnion, BtfKind::kInt,  BtfKind::kEnum,
                              BtfKind::kTypedef, BtfKind::kFunc,  BtfKind::kFloat};
  BtfSearch search;
  std::vector<BtfType> wanted;
  const uint32_t step = btf.type_count() / 16 + 1;
  for (uint32_t id = 1; id < btf.type_count(); id += step) {
    wanted.push_back(btf.Type(TypeId{id}));
    search.Want(wanted.back().name, kKinds);
    search.WantExact(wanted.back().name, {wanted.back().kind});
  }
  const auto index = Btf::Index(bytes, &search);
  if (!index || index->type_count() != btf.type_count()) return "what Parse takes, Index does not";
  for (uint32_t i = 0; i < wanted.size(); ++i) {
    const BtfType& type = wanted[i];
    for (const TypeId id : search.Found(2 * i)) {
      if (!kKinds.Has(btf.Type(id).kind) ||
          EssentialName(btf.Type(id).name) != EssentialName(type.name)) {
        return "a type that was not searched for";
      }
    }
    const bool can = !type.name.empty() && type.name.size() <= BtfSearch::kMaxName;
    const auto has = [&](uint32_t list) {
      return std::ranges::find(search.Found(list), type.id) != search.Found(list).end();
    };
    if (has(2 * i) != (can && kKinds.Has(type.kind))) return "a name that was searched for";
    if (has(2 * i + 1) != (can && KindSet({type.kind}).Has(type.kind))) return "an exact name";
  }
  return "";
}

}  // namespace

Walk WalkBtf(Bytes bytes) {
  const auto index = Btf::Index(bytes);
  const auto btf = Btf::Parse(bytes);
  if (!btf) {
    Walk walk{.error = btf.error().message};
    if (index) walk.violation = AllTypesViolation(bytes, *index, false);
    return walk;
  }
  Walk walk{.parsed = true, .violation = AllTypesViolation(bytes, *btf, true)};
  for (const auto violation : {WriterViolation, SanitizeViolation, ReduceViolation}) {
    if (walk.violation.empty()) walk.violation = violation(*btf);
  }
  if (walk.violation.empty()) walk.violation = SearchViolation(bytes, *btf);
  return walk;
}

Walk WalkBtfLightly(Bytes bytes) {
  const auto btf = Btf::Parse(bytes);
  if (!btf) return {.error = btf.error().message};
  return {.parsed = true, .violation = AllTypesViolation(bytes, *btf, true)};
}

}  // namespace purebpf::elf
