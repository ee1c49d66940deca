#include "purebpf/loader/internal/core/core_match.h"

#include "purebpf/bpf/try.h"
#include "purebpf/elf/btf_search.h"

namespace purebpf::internal {
namespace {

using elf::BtfArray;
using elf::BtfKind;
using elf::BtfMember;
using elf::BtfType;
using elf::EssentialName;
using elf::TypeId;

// The integers of today. Old compilers described bit fields by integers that begin at a bit.
bool IsPlain(const CoreTypes& types, const BtfType& type) {
  return types.btf().Int(type).bit_offset == 0;
}

bool SameName(std::string_view a, std::string_view b) {
  return EssentialName(a) == EssentialName(b);
}

// A declaration says only whether it is of a struct or of a union.
bool Declares(const BtfType& forward, BtfKind kind) {
  return kind == (forward.kind_flag ? BtfKind::kUnion : BtfKind::kStruct);
}

bool IntsMatch(const CoreTypes& local, const BtfType& a, const CoreTypes& kernel,
               const BtfType& b) {
  return b.kind == BtfKind::kInt && a.size == b.size &&
         local.btf().Int(a).is_signed == kernel.btf().Int(b).is_signed;
}

}  // namespace

CoreResult<CoreMatcher::Pair> CoreMatcher::Strip(TypeId local, TypeId kernel) const {
  if (!budget_.Take()) return std::unexpected(CoreFault::kWork);
  Pair pair;
  pair.local = PUREBPF_TRY(local_.Strip(local));
  pair.kernel = PUREBPF_TRY(kernel_.Strip(kernel));
  return pair;
}

CoreResult<bool> CoreMatcher::FieldsCompatible(TypeId local, TypeId kernel) const {
  for (int depth = 0; depth <= kMaxCoreDepth; ++depth) {
    const Pair types = PUREBPF_TRY(Strip(local, kernel));
    if (IsComposite(types.local.kind) && IsComposite(types.kernel.kind)) return true;
    if (!SameKind(types.local.kind, types.kernel.kind)) return false;
    switch (types.local.kind) {
      case BtfKind::kPtr:
      case BtfKind::kFloat:
        return true;
      case BtfKind::kFwd:
      case BtfKind::kEnum:
      case BtfKind::kEnum64:
        return types.local.name.empty() || types.kernel.name.empty() ||
               SameName(types.local.name, types.kernel.name);
      case BtfKind::kInt:
        return IsPlain(local_, types.local) && IsPlain(kernel_, types.kernel);
      case BtfKind::kArray:
        local = local_.btf().Array(types.local).element;
        kernel = kernel_.btf().Array(types.kernel).element;
        continue;
      default:
        return false;
    }
  }
  return std::unexpected(CoreFault::kDepth);
}

CoreResult<bool> CoreMatcher::TypesCompatible(TypeId local, TypeId kernel) const {
  // A typedef of the object is no struct of the kernel, though both may come down to the same.
  if (!SameKind(local_.btf().KindOf(local), kernel_.btf().KindOf(kernel))) return false;
  return Compatible(local, kernel, kMaxCoreDepth);
}

CoreResult<bool> CoreMatcher::Compatible(TypeId local, TypeId kernel, int level) const {
  for (int depth = 0; depth < kMaxCoreDepth; ++depth) {
    const Pair types = PUREBPF_TRY(Strip(local, kernel));
    if (!SameKind(types.local.kind, types.kernel.kind)) return false;
    switch (types.local.kind) {
      case BtfKind::kVoid:
      case BtfKind::kStruct:
      case BtfKind::kUnion:
      case BtfKind::kEnum:
      case BtfKind::kEnum64:
      case BtfKind::kFwd:
        return true;
      case BtfKind::kInt:
        return IsPlain(local_, types.local) && IsPlain(kernel_, types.kernel);
      case BtfKind::kPtr:
        local = types.local.target;
        kernel = types.kernel.target;
        continue;
      case BtfKind::kArray:
        local = local_.btf().Array(types.local).element;
        kernel = kernel_.btf().Array(types.kernel).element;
        continue;
      case BtfKind::kFuncProto:
        if (!PUREBPF_TRY(ParametersCompatible(types, level))) return false;
        local = types.local.target;
        kernel = types.kernel.target;
        continue;
      default:
        return false;
    }
  }
  return std::unexpected(CoreFault::kDepth);
}

CoreResult<bool> CoreMatcher::ParametersCompatible(const Pair& types, int level) const {
  if (types.local.count != types.kernel.count) return false;
  if (types.local.count != 0 && level == 0) return std::unexpected(CoreFault::kDepth);
  for (uint32_t i = 0; i < types.local.count; ++i) {
    const TypeId local = local_.btf().Parameter(types.local, i).type;
    const TypeId kernel = kernel_.btf().Parameter(types.kernel, i).type;
    if (!PUREBPF_TRY(Compatible(local, kernel, level - 1))) return false;
  }
  return true;
}

CoreResult<bool> CoreMatcher::TypesMatch(TypeId local, TypeId kernel) const {
  return Match(local, kernel, false, kMaxCoreDepth);
}

CoreResult<bool> CoreMatcher::Match(TypeId local, TypeId kernel, bool behind_pointer,
                                    int level) const {
  if (level == 0) return std::unexpected(CoreFault::kDepth);
  for (int depth = 0; depth < kMaxCoreDepth; ++depth) {
    const Pair types = PUREBPF_TRY(Strip(local, kernel));
    if (!SameName(types.local.name, types.kernel.name)) return false;
    const BtfKind kind = types.local.kind;
    const bool same_kind = kind == types.kernel.kind;
    switch (kind) {
      case BtfKind::kVoid:
        return same_kind;
      case BtfKind::kInt:
        return IntsMatch(local_, types.local, kernel_, types.kernel);
      case BtfKind::kEnum:
      case BtfKind::kEnum64:
        if (!IsEnum(types.kernel.kind)) return false;
        return EnumsMatch(types);
      case BtfKind::kFwd:
        if (same_kind) return types.local.kind_flag == types.kernel.kind_flag;
        return behind_pointer && Declares(types.local, types.kernel.kind);
      case BtfKind::kStruct:
      case BtfKind::kUnion:
        if (!behind_pointer)
          return same_kind ? CompositesMatch(types, behind_pointer, level) : false;
        if (types.kernel.kind == BtfKind::kFwd) return Declares(types.kernel, kind);
        return same_kind;
      case BtfKind::kPtr:
        if (!same_kind) return false;
        behind_pointer = true;
        local = types.local.target;
        kernel = types.kernel.target;
        continue;
      case BtfKind::kArray: {
        if (!same_kind) return false;
        const BtfArray ours = local_.btf().Array(types.local);
        const BtfArray theirs = kernel_.btf().Array(types.kernel);
        if (ours.count != theirs.count) return false;
        local = ours.element;
        kernel = theirs.element;
        continue;
      }
      case BtfKind::kFuncProto:
        if (!same_kind) return false;
        if (!PUREBPF_TRY(ParametersMatch(types, behind_pointer, level))) return false;
        local = types.local.target;
        kernel = types.kernel.target;
        continue;
      default:
        return false;
    }
  }
  return std::unexpected(CoreFault::kDepth);
}

CoreResult<bool> CoreMatcher::ParametersMatch(const Pair& types, bool behind_pointer,
                                              int level) const {
  if (types.local.count != types.kernel.count) return false;
  for (uint32_t i = 0; i < types.local.count; ++i) {
    const TypeId local = local_.btf().Parameter(types.local, i).type;
    const TypeId kernel = kernel_.btf().Parameter(types.kernel, i).type;
    if (!PUREBPF_TRY(Match(local, kernel, behind_pointer, level - 1))) return false;
  }
  return true;
}

CoreResult<bool> CoreMatcher::EnumsMatch(const Pair& types) const {
  if (types.local.size != types.kernel.size) return false;
  if (types.local.count > types.kernel.count) return false;
  for (uint32_t i = 0; i < types.local.count; ++i) {
    const std::string_view name = local_.btf().Enumerator(types.local, i).name;
    bool matched = false;
    for (uint32_t j = 0; j < types.kernel.count && !matched; ++j) {
      if (!budget_.Take()) return std::unexpected(CoreFault::kWork);
      matched = SameName(name, kernel_.btf().Enumerator(types.kernel, j).name);
    }
    if (!matched) return false;
  }
  return true;
}

CoreResult<bool> CoreMatcher::CompositesMatch(const Pair& types, bool behind_pointer,
                                              int level) const {
  kernel_.UsedAll(types.kernel);
  if (types.local.count > types.kernel.count) return false;
  for (uint32_t i = 0; i < types.local.count; ++i) {
    const BtfMember ours = local_.btf().Member(types.local, i);
    bool matched = false;
    for (uint32_t j = 0; j < types.kernel.count && !matched; ++j) {
      if (!budget_.Take()) return std::unexpected(CoreFault::kWork);
      const BtfMember theirs = kernel_.btf().Member(types.kernel, j);
      if (SameName(ours.name, theirs.name))
        matched = PUREBPF_TRY(Match(ours.type, theirs.type, behind_pointer, level - 1));
    }
    if (!matched) return false;
  }
  return true;
}

}  // namespace purebpf::internal
