// Where a field or an enumerator of the object's types is in the kernel's.
#include "purebpf/bpf/try.h"
#include "purebpf/elf/btf_search.h"
#include "purebpf/loader/internal/core/core_match.h"

namespace purebpf::internal {
namespace {

using elf::BtfArray;
using elf::BtfEnumerator;
using elf::BtfKind;
using elf::BtfMember;
using elf::BtfType;
using elf::EssentialName;
using elf::TypeId;

constexpr uint64_t kBits = 8;

}  // namespace

CoreResult<bool> CoreMatcher::FindEnumerator(const CorePath& path, TypeId root,
                                             CorePath& found) const {
  const BtfType type = PUREBPF_TRY(kernel_.Strip(root));
  if (!IsEnum(type.kind)) return false;
  const std::string_view wanted = EssentialName(path.last().name);
  for (uint32_t i = 0; i < type.count; ++i) {
    if (!budget_.Take()) return std::unexpected(CoreFault::kWork);
    const BtfEnumerator enumerator = kernel_.btf().Enumerator(type, i);
    if (EssentialName(enumerator.name) == wanted)
      return found.Push({.type = type.id, .index = i, .name = enumerator.name});
  }
  return false;
}

CoreResult<bool> CoreMatcher::FindField(const CorePath& path, TypeId root, CorePath& found) const {
  TypeId next = root;
  bool is_root = true;
  for (const CoreStep& step : path.steps()) {
    const auto stepped = step.name.empty() ? FindElement(step, is_root, found, next)
                                           : FindMember(step, next, 0, found, next);
    if (!stepped || !*stepped) return stepped;
    is_root = false;
  }
  return true;
}

// The member of that name, in `type` or in an anonymous struct or union in it.
CoreResult<bool> CoreMatcher::FindMember(const CoreStep& step, TypeId id, int depth,
                                         CorePath& found, TypeId& next) const {
  if (depth > static_cast<int>(kMaxCoreAccess)) return std::unexpected(CoreFault::kLevels);
  const BtfType type = PUREBPF_TRY(kernel_.Strip(id));
  if (!IsComposite(type.kind)) return false;
  const MemberSearch search(kernel_.btf(), type, step.name);
  uint32_t from = 0;
  for (uint32_t i; (i = search.Next(from)) < type.count; from = i + 1) {
    if (!budget_.Take(i + 1 - from)) return std::unexpected(CoreFault::kWork);
    const BtfMember member = kernel_.btf().Member(type, i);
    kernel_.Used(type, i);
    const uint64_t start = found.bit_offset;
    if (!found.Advance(member.bit_offset)) return std::unexpected(CoreFault::kOffset);
    if (member.name.empty()) {
      if (PUREBPF_TRY(FindMember(step, member.type, depth + 1, found, next))) return true;
      found.bit_offset = start;
      continue;
    }
    const BtfType holder = PUREBPF_TRY(local_.Strip(step.type));
    const TypeId ours = local_.btf().Member(holder, step.index).type;
    next = member.type;
    if (!found.Push({.type = type.id, .index = i, .name = member.name}))
      return std::unexpected(CoreFault::kLevels);
    if (PUREBPF_TRY(FieldsCompatible(ours, member.type))) return true;
    --found.count;
    found.bit_offset = start;
    return false;
  }
  if (!budget_.Take(type.count - from)) return std::unexpected(CoreFault::kWork);
  return false;
}

CoreResult<bool> CoreMatcher::FindElement(const CoreStep& step, bool root, CorePath& found,
                                          TypeId& next) const {
  BtfType type = PUREBPF_TRY(kernel_.Strip(next));
  // The first number is an index into an array of the root type, which the type itself is not.
  if (!root) {
    if (type.kind != BtfKind::kArray) return false;
    const BtfArray array = kernel_.btf().Array(type);
    if (step.index >= array.count && !IsFlexible(kernel_, found, array)) return false;
    type = PUREBPF_TRY(kernel_.Strip(array.element));
  }
  next = type.id;
  if (!found.Push({.type = type.id, .index = step.index, .name = {}}))
    return std::unexpected(CoreFault::kLevels);
  const uint32_t size = PUREBPF_TRY(kernel_.SizeOf(type));
  if (!found.Advance(uint64_t{step.index} * size * kBits))
    return std::unexpected(CoreFault::kOffset);
  return true;
}

}  // namespace purebpf::internal
