#include "purebpf/loader/internal/core/core_types.h"

#include <limits>

namespace purebpf::internal {

using elf::BtfArray;
using elf::BtfKind;
using elf::BtfType;
using elf::TypeId;

std::string_view Text(CoreFault fault) {
  switch (fault) {
    case CoreFault::kDepth:
      return "types are nested more than 32 deep, or in a loop";
    case CoreFault::kWork:
      return "the relocations take more than the 67108864 steps of work that are allowed";
    case CoreFault::kSize:
      return "a type on the way has no size, or one of 4 GiB or more";
    case CoreFault::kOffset:
      return "it begins 512 MiB or more behind the type's start";
    case CoreFault::kLevels:
      return "its path has more than 64 steps";
    case CoreFault::kBitField:
      return "it is a bit field that no load of 64 bits has whole";
    case CoreFault::kElement:
      return "an array's element has an offset and a size, but no sign and no shifts";
  }
  return "";
}

CoreResult<BtfType> CoreTypes::Strip(TypeId id) const {
  // Beyond the last type is void, as a Btf that was only indexed has it.
  if (static_cast<uint32_t>(id) >= btf_->type_count()) return BtfType();
  auto type = btf_->Resolve(id);
  if (!type) return std::unexpected(CoreFault::kDepth);
  return *type;
}

CoreResult<uint32_t> CoreTypes::SizeOf(const BtfType& type) const {
  uint64_t elements = 1;
  BtfType next = type;
  for (int depth = 0; next.kind == BtfKind::kArray; ++depth) {
    if (depth == kMaxCoreDepth) return std::unexpected(CoreFault::kDepth);
    const BtfArray array = btf_->Array(next);
    elements *= array.count;
    if (elements > std::numeric_limits<uint32_t>::max()) return std::unexpected(CoreFault::kSize);
    const auto element = Strip(array.element);
    if (!element) return std::unexpected(element.error());
    next = *element;
  }
  switch (next.kind) {
    case BtfKind::kInt:
    case BtfKind::kStruct:
    case BtfKind::kUnion:
    case BtfKind::kEnum:
    case BtfKind::kEnum64:
    case BtfKind::kFloat:
    case BtfKind::kDatasec:
      elements *= next.size;
      break;
    case BtfKind::kPtr:
      elements *= pointer_size_;
      break;
    default:
      return std::unexpected(CoreFault::kSize);
  }
  if (elements > std::numeric_limits<uint32_t>::max()) return std::unexpected(CoreFault::kSize);
  return static_cast<uint32_t>(elements);
}

CoreResult<BtfType> CoreTypes::Innermost(const BtfType& type) const {
  BtfType next = type;
  for (int depth = 0; next.kind == BtfKind::kArray; ++depth) {
    if (depth == kMaxCoreDepth) return std::unexpected(CoreFault::kDepth);
    const auto element = Strip(btf_->Array(next).element);
    if (!element) return std::unexpected(element.error());
    next = *element;
  }
  return next;
}

uint64_t EnumeratorValue(const elf::Btf& btf, const BtfType& type, uint32_t index) {
  const uint64_t value = btf.Enumerator(type, index).value;
  if (type.kind == BtfKind::kEnum64) return value;
  return static_cast<uint64_t>(int64_t{static_cast<int32_t>(value)});
}

}  // namespace purebpf::internal
