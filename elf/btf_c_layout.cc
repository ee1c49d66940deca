#include "purebpf/elf/btf_c_layout.h"

#include <algorithm>
#include <array>
#include <bit>

namespace purebpf::elf {
namespace {

constexpr int kMaxDepth = 64;  // of structs without a name in each other, and of chains
constexpr uint32_t kPointerSize = 8;

struct ScalarDef {
  std::string_view name;
  uint32_t size;
};
// As compilers spell them in BTF; any other spelling gives the first of kBySize that fits.
constexpr auto kSpelled = std::to_array<ScalarDef>({
    {"char", 1},
    {"signed char", 1},
    {"unsigned char", 1},
    {"_Bool", 1},
    {"short", 2},
    {"short int", 2},
    {"short unsigned int", 2},
    {"unsigned short", 2},
    {"int", 4},
    {"unsigned int", 4},
    {"long", 8},
    {"long int", 8},
    {"long unsigned int", 8},
    {"unsigned long", 8},
    {"long long", 8},
    {"long long int", 8},
    {"long long unsigned int", 8},
    {"unsigned long long", 8},
    {"__int128", 16},
    {"__int128 unsigned", 16},
    {"unsigned __int128", 16},
    {"float", 4},
    {"double", 8},
});

struct SizeDef {
  uint32_t size;
  std::string_view with_sign;
  std::string_view without;
};
constexpr auto kBySize = std::to_array<SizeDef>({
    {1, "signed char", "unsigned char"},
    {2, "short", "unsigned short"},
    {4, "int", "unsigned int"},
    {8, "long long", "unsigned long long"},
    {16, "__int128", "unsigned __int128"},
});

// A power of two; anything for sizes that no type of C has.
uint32_t AlignOfSize(uint32_t size) {
  return std::min(size == 0 ? 1 : std::bit_floor(size), kMaxAlign);
}

bool IsAggregate(BtfKind kind) { return kind == BtfKind::kStruct || kind == BtfKind::kUnion; }

uint64_t RoundUp(uint64_t value, uint64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

CScalar ScalarOf(const Btf& btf, const BtfType& type) {
  const uint32_t align = AlignOfSize(type.size);
  for (const ScalarDef& def : kSpelled) {
    if (def.size == type.size && def.name == type.name) return {def.name, align};
  }
  const BtfInt encoding = btf.Int(type);
  if (encoding.is_bool && type.size == 1) return {"_Bool", 1};
  for (const SizeDef& def : kBySize) {
    if (def.size == type.size) {
      return {encoding.is_signed || type.kind == BtfKind::kFloat ? def.with_sign : def.without,
              align};
    }
  }
  // x87's long double has 12 bytes on 32-bit machines; no other is known.
  if (type.size == 12) return {"struct { unsigned int words[3]; }", 4};
  return {"unsigned char", 1};
}

uint64_t CLayouts::BitsOf(TypeId id) const {
  const auto size = btf_.SizeOf(id);
  // No type of BTF is larger than 32 bits of bytes, and no sum here exceeds 64.
  return size && *size <= UINT32_MAX ? *size * 8 : 0;
}

uint32_t CLayouts::AlignOf(TypeId id, int depth) {
  for (; depth < kMaxDepth; ++depth) {
    const BtfType type = btf_.Type(id);
    switch (type.kind) {
      case BtfKind::kInt:
      case BtfKind::kFloat:
        return ScalarOf(btf_, type).align;
      case BtfKind::kPtr:
        return kPointerSize;
      case BtfKind::kEnum:
      case BtfKind::kEnum64:
        return std::min(AlignOfSize(type.size), 8U);
      case BtfKind::kStruct:
      case BtfKind::kUnion:
        return Of(type, depth + 1).align;
      case BtfKind::kArray:
        id = btf_.Array(type).element;
        break;
      case BtfKind::kTypedef:
      case BtfKind::kConst:
      case BtfKind::kVolatile:
      case BtfKind::kRestrict:
      case BtfKind::kTypeTag:
        id = type.target;
        break;
      default:
        return 1;
    }
  }
  return 1;
}

CPlace CLayouts::PlaceOf(const BtfMember& member) const {
  CPlace place{.offset = member.bit_offset, .width = member.bit_size};
  const auto type = btf_.Resolve(member.type);
  if (!type) return place;
  if (place.width == 0 && type->kind == BtfKind::kInt) {
    const BtfInt encoding = btf_.Int(*type);
    if (encoding.bits != 0 && encoding.bits < uint64_t{type->size} * 8 && !encoding.is_bool) {
      place.width = encoding.bits;
      place.offset += encoding.bit_offset;
    }
  }
  // No compiler takes a wider one.
  place.width = static_cast<uint32_t>(std::min<uint64_t>(place.width, uint64_t{type->size} * 8));
  return place;
}

uint64_t CLayouts::NextPlace(const BtfMember& member, CPlace place, uint64_t position,
                             bool packed) {
  if (place.width == 0) {
    return RoundUp(position, packed ? 8 : uint64_t{AlignOf(member.type)} * 8);
  }
  if (packed) return position;
  // A bit field does not cross the boundary of a unit of its type.
  const uint64_t unit = std::max<uint64_t>(BitsOf(member.type), 8);
  return position % unit + place.width > unit ? RoundUp(position, unit) : position;
}

CStruct CLayouts::Of(const BtfType& type) { return Of(type, 0); }

// Whether every member lies where alignment allows, in a struct aligned to `align`.
bool CLayouts::LiesNaturally(const BtfType& type, uint32_t align, int depth) {
  if (type.size % align != 0) return false;
  for (uint32_t i = 0; i < type.count; ++i) {
    const BtfMember member = btf_.Member(type, i);
    const CPlace place = PlaceOf(member);
    if (place.width == 0) {
      if (place.offset % (uint64_t{AlignOf(member.type, depth)} * 8) != 0) return false;
    } else {
      const uint64_t unit = std::max<uint64_t>(BitsOf(member.type), 8);
      if (place.offset % unit + place.width > unit) return false;
    }
  }
  return true;
}

// The greatest alignment that a packed struct can have by its members: compilers read a field of an
// unaligned struct byte by byte.
uint32_t CLayouts::PackedAlign(const BtfType& type, int depth) {
  uint32_t align = 1;
  for (uint32_t i = 0; i < type.count; ++i) {
    const BtfMember member = btf_.Member(type, i);
    if (PlaceOf(member).width == 0) align = std::max(align, AlignOf(member.type, depth));
  }
  while (align > 1 && type.size % align != 0) align /= 2;
  for (uint32_t i = 0; i < type.count && align > 1; ++i) {
    const BtfMember member = btf_.Member(type, i);
    const CPlace place = PlaceOf(member);
    if (place.width != 0) continue;
    const uint32_t own = AlignOf(member.type, depth);
    while (align > 1 && place.offset % (uint64_t{std::min(align, own)} * 8) != 0) align /= 2;
  }
  return align;
}

CStruct CLayouts::Of(const BtfType& type, int depth) {
  const auto id = static_cast<size_t>(type.id);
  if (const uint8_t known = known_[id]; known != 0) {
    return {.packed = (known & 0x80) != 0, .align = 1U << ((known & 0x7f) - 1)};
  }
  CStruct written;
  if (!IsAggregate(type.kind) || depth >= kMaxDepth) return written;
  known_[id] = 1;  // what holds itself is not looked at again
  for (uint32_t i = 0; i < type.count; ++i) {
    // An unnamed bit field does not align its struct, a named one does as its type would.
    written.align = std::max(written.align, AlignOf(btf_.Member(type, i).type, depth));
  }
  if (!LiesNaturally(type, written.align, depth)) {
    written.packed = true;
    written.align = PackedAlign(type, depth);
  }
  known_[id] =
      static_cast<uint8_t>((std::countr_zero(written.align) + 1) | (written.packed ? 0x80 : 0));
  return written;
}

}  // namespace purebpf::elf
