#include "purebpf/loader/internal/core/core_value.h"

#include <bit>

#include "purebpf/bpf/try.h"

namespace purebpf::internal {
namespace {

using elf::BtfKind;
using elf::BtfMember;
using elf::BtfType;

constexpr uint32_t kBits = 8;
constexpr uint32_t kMaxLoad = 8;  // bytes

// What a load takes to have a field, in bytes from the root type's start; and the field's bits.
struct Storage {
  uint32_t offset = 0;
  uint32_t size = 0;
  uint32_t bit_offset = 0;
  uint32_t bits = 0;
};

// The smallest aligned load that has the whole bit field, from the width of its type upwards.
CoreResult<Storage> StorageOfBits(uint32_t bit_offset, uint32_t bits, uint32_t size) {
  if (size == 0 || size > kMaxLoad) return std::unexpected(CoreFault::kBitField);
  for (; size <= kMaxLoad; size *= 2) {
    const uint32_t offset = bit_offset / kBits / size * size;
    if (uint64_t{bit_offset} + bits - uint64_t{offset} * kBits <= size * kBits)
      return Storage{.offset = offset, .size = size, .bit_offset = bit_offset, .bits = bits};
  }
  return std::unexpected(CoreFault::kBitField);
}

bool IsSigned(const elf::Btf& btf, const BtfType& type) {
  return IsEnum(type.kind) ? type.kind_flag : btf.Int(type).is_signed;
}

// What a load of one element of the field takes.
CoreResult<uint32_t> WidthOf(CoreTypes& types, const BtfType& type) {
  const BtfType element = PUREBPF_TRY(types.Innermost(type));
  return types.SizeOf(element);
}

CoreResult<CoreValue> ElementValue(CoreTypes& types, CoreKind kind, const CorePath& path) {
  CoreValue value{.type = PUREBPF_TRY(types.Strip(path.last().type))};
  if (kind == CoreKind::kFieldByteOffset) {
    value.value = path.bit_offset / kBits;
    value.width = PUREBPF_TRY(WidthOf(types, value.type));
  } else if (kind == CoreKind::kFieldByteSize) {
    value.value = PUREBPF_TRY(types.SizeOf(value.type));
  } else {
    return std::unexpected(CoreFault::kElement);
  }
  return value;
}

// Shifts wrap where a field is wider than 64 bits: nobody shifts those, but the instruction must
// still be found to hold what the compiler wrote.
uint32_t LeftShift(const elf::Btf& btf, const Storage& storage) {
  const uint32_t skipped = storage.bit_offset - storage.offset * kBits;
  if (btf.order() == std::endian::little) return 64 - (skipped + storage.bits);
  return (kMaxLoad - storage.size) * kBits + skipped;
}

CoreResult<CoreValue> MemberValue(CoreTypes& types, CoreKind kind, const CorePath& path) {
  const elf::Btf& btf = types.btf();
  const BtfType holder = PUREBPF_TRY(types.Strip(path.last().type));
  const BtfMember member = btf.Member(holder, path.last().index);
  const BtfType type = PUREBPF_TRY(types.Strip(member.type));
  CoreValue value;
  const auto bit_offset = static_cast<uint32_t>(path.bit_offset);
  const bool is_bit_field = member.bit_size != 0;
  Storage storage;
  if (is_bit_field) {
    storage = PUREBPF_TRY(StorageOfBits(bit_offset, member.bit_size, type.size));
  } else {
    const uint32_t size = PUREBPF_TRY(types.SizeOf(type));
    storage = {
        .offset = bit_offset / kBits, .size = size, .bit_offset = bit_offset, .bits = size * kBits};
  }
  value.certain = !is_bit_field;
  switch (kind) {
    case CoreKind::kFieldByteOffset:
      value.value = storage.offset;
      if (is_bit_field) break;
      value.width = PUREBPF_TRY(WidthOf(types, type));
      value.type = type;
      break;
    case CoreKind::kFieldByteSize:
      value.value = storage.size;
      break;
    case CoreKind::kFieldSigned:
      value.value = IsSigned(btf, type) ? 1 : 0;
      value.certain = true;
      break;
    case CoreKind::kFieldLShiftU64:
      value.value = LeftShift(btf, storage);
      break;
    case CoreKind::kFieldRShiftU64:
      value.value = uint32_t{64} - storage.bits;
      value.certain = true;
      break;
    default:
      break;
  }
  return value;
}

}  // namespace

CoreResult<CoreValue> ValueOf(CoreTypes& types, CoreKind kind, elf::TypeId root,
                              const CorePath& path) {
  switch (kind) {
    case CoreKind::kFieldExists:
    case CoreKind::kTypeExists:
    case CoreKind::kTypeMatches:
    case CoreKind::kEnumvalExists:
      return CoreValue{.value = 1};
    case CoreKind::kTypeIdLocal:
    case CoreKind::kTypeIdTarget:
      // Linkers renumber types without touching the instructions.
      return CoreValue{.value = static_cast<uint32_t>(root), .certain = false};
    case CoreKind::kTypeSize: {
      const elf::BtfType type = PUREBPF_TRY(types.Strip(root));
      return CoreValue{.value = PUREBPF_TRY(types.SizeOf(type))};
    }
    case CoreKind::kEnumvalValue: {
      const BtfType type = PUREBPF_TRY(types.Strip(path.last().type));
      return CoreValue{.value = EnumeratorValue(types.btf(), type, path.last().index)};
    }
    default:
      return path.last().name.empty() ? ElementValue(types, kind, path)
                                      : MemberValue(types, kind, path);
  }
}

bool CanFollowWidth(const elf::Btf& local, const BtfType& local_type, const elf::Btf& kernel,
                    const BtfType& kernel_type) {
  if (local_type.kind != kernel_type.kind) return false;
  if (local_type.kind == BtfKind::kPtr) return true;
  return local_type.kind == BtfKind::kInt && !local.Int(local_type).is_signed &&
         !kernel.Int(kernel_type).is_signed;
}

}  // namespace purebpf::internal
