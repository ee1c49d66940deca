// What types come down to: behind typedefs and modifiers, and in bytes.
#include <algorithm>
#include <bit>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_layout.h"
#include "purebpf/elf/text.h"

namespace purebpf::elf {
namespace {

// How many typedefs and modifiers, and how many array dimensions, may stand in a row. The kernel
// resolves as deep (kernel/bpf/btf.c: MAX_RESOLVE_DEPTH), so that a deeper type could not be
// loaded; and it ends loops.
constexpr int kMaxDepth = 32;
constexpr uint64_t kPointerSize = 8;
// Members to look at for one alignment; the kernel's largest struct has some thousand.
constexpr uint32_t kMaxAlignSteps = 1U << 16;

std::string Deep(TypeId id, std::string_view what) {
  return Concat({"BTF: type ", Decimal(static_cast<uint32_t>(id)), ": more than ",
                 Decimal(kMaxDepth), " ", what, " in a row, or a loop"});
}

bool IsTransparent(BtfKind kind) {
  switch (kind) {
    case BtfKind::kTypedef:
    case BtfKind::kVolatile:
    case BtfKind::kConst:
    case BtfKind::kRestrict:
    case BtfKind::kTypeTag:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<BtfType> Btf::Resolve(TypeId id) const {
  if (static_cast<uint32_t>(id) >= type_count()) {
    return Malformed(Concat({"BTF: type ", Decimal(static_cast<uint32_t>(id)),
                             ": there is none, the last is ", Decimal(type_count() - 1)}));
  }
  // Only the last type is decoded whole: names may be long.
  TypeId next = id;
  for (int depth = 0; depth <= kMaxDepth; ++depth) {
    const auto raw = static_cast<uint32_t>(next);
    if (raw == 0 || raw >= type_count()) return BtfType{};
    const bool own = raw >= first_id_;
    const size_t offset = own ? OffsetOf(raw - first_id_) : 0;
    const auto common = own ? CommonAt(offset) : base_->CommonOf(next);
    const bool last = !IsTransparent(TypeInfo(common[1]).kind());
    if (last && !own) return Type(next);
    if (visited_ != nullptr) visited_->Add(next);
    if (last) return Decode(next, offset, common);
    next = TypeId{common[2]};
  }
  return Malformed(Deep(id, "typedefs and modifiers"));
}

Result<uint64_t> Btf::SizeOf(TypeId id) const {
  uint64_t elements = 1;
  TypeId next = id;
  for (int depth = 0; depth <= kMaxDepth; ++depth) {
    const auto resolved = Resolve(next);
    if (!resolved) return std::unexpected(resolved.error());
    uint64_t size = resolved->size;
    switch (resolved->kind) {
      case BtfKind::kArray: {
        const BtfArray array = Array(*resolved);
        if (__builtin_mul_overflow(elements, uint64_t{array.count}, &elements)) {
          return Malformed(Concat({"BTF: type ", Decimal(static_cast<uint32_t>(id)),
                                   ": the array's size does not fit 64 bits"}));
        }
        next = array.element;
        continue;
      }
      case BtfKind::kVar:
        next = resolved->target;
        continue;
      case BtfKind::kPtr:
        size = kPointerSize;
        break;
      default:
        if (LayoutOf(resolved->kind).third == ThirdWord::kSize) break;
        return Malformed(Concat({"BTF: type ", Decimal(static_cast<uint32_t>(id)), ": ",
                                 Describe(*resolved), " has no size"}));
    }
    if (__builtin_mul_overflow(elements, size, &size)) {
      return Malformed(Concat({"BTF: type ", Decimal(static_cast<uint32_t>(id)),
                               ": the array's size does not fit 64 bits"}));
    }
    return size;
  }
  return Malformed(Deep(id, "array dimensions"));
}

// Natural alignment: what a compiler gives the type where nothing says otherwise. A struct nested
// in itself, by damage, or in many others at many levels would cost without end; `steps` ends it.
Result<uint32_t> Btf::AlignOf(TypeId id, int depth, uint32_t& steps) const {
  TypeId next = id;
  for (; depth <= kMaxDepth && steps != 0; ++depth) {
    const auto type = Resolve(next);
    if (!type) return std::unexpected(type.error());
    switch (type->kind) {
      case BtfKind::kArray:
        next = Array(*type).element;
        continue;
      case BtfKind::kVar:
        next = type->target;
        continue;
      case BtfKind::kPtr:
        return static_cast<uint32_t>(kPointerSize);
      case BtfKind::kStruct:
      case BtfKind::kUnion:
        return AlignOfMembers(*type, depth + 1, steps);
      default:
        break;
    }
    if (LayoutOf(type->kind).third != ThirdWord::kSize || type->kind == BtfKind::kDatasec) {
      return Malformed(Concat({"BTF: type ", Decimal(static_cast<uint32_t>(id)), ": ",
                               Describe(*type), " has no alignment"}));
    }
    return std::bit_ceil(std::clamp(type->size, 1U, static_cast<uint32_t>(kPointerSize)));
  }
  if (steps != 0) return Malformed(Deep(id, "levels of members"));
  return Malformed(
      Concat({"BTF: type ", Decimal(static_cast<uint32_t>(id)),
              ": its alignment hangs on more than ", Decimal(kMaxAlignSteps), " members"}));
}

Result<uint32_t> Btf::AlignOfMembers(const BtfType& type, int depth, uint32_t& steps) const {
  uint32_t align = 1;
  for (uint32_t i = 0; i < type.count; ++i) {
    if (steps != 0) --steps;
    const BtfMember member = Member(type, i);
    const auto own = AlignOf(member.type, depth, steps);
    if (!own) return own;
    // A bit field takes its place among others'.
    if (member.bit_size == 0 && member.bit_offset % (*own * 8) != 0) return 1U;
    align = std::max(align, *own);
  }
  return type.size % align == 0 ? align : 1U;
}

Result<uint32_t> Btf::AlignOf(TypeId id) const {
  uint32_t steps = kMaxAlignSteps;
  return AlignOf(id, 0, steps);
}

std::string Describe(const BtfType& type) {
  if (type.kind == BtfKind::kVoid) return "void";
  const std::string_view word = LayoutOf(type.kind).word;
  std::string name;
  if (type.name.empty()) {
    name = Concat({"(anonymous, type ", Decimal(static_cast<uint32_t>(type.id)), ")"});
  } else {
    name = Printable(type.name);
  }
  if (word.empty()) return name;
  return Concat({word, " ", name});
}

}  // namespace purebpf::elf
