// What a CO-RE relocation asks of the kernel's types.
// Source: include/uapi/linux/bpf.h: enum bpf_core_relo_kind; Documentation/bpf/llvm_reloc.rst.
#ifndef PUREBPF_LOADER_INTERNAL_CORE_CORE_KIND_H_
#define PUREBPF_LOADER_INTERNAL_CORE_CORE_KIND_H_

#include <cstdint>
#include <string_view>

namespace purebpf::internal {

enum class CoreKind : uint32_t {
  kFieldByteOffset = 0,
  kFieldByteSize = 1,
  kFieldExists = 2,
  kFieldSigned = 3,
  kFieldLShiftU64 = 4,  // left, then right: what brings a bit field out of a 64-bit load
  kFieldRShiftU64 = 5,
  kTypeIdLocal = 6,  // in the object's own BTF
  kTypeIdTarget = 7,
  kTypeExists = 8,
  kTypeSize = 9,
  kEnumvalExists = 10,
  kEnumvalValue = 11,
  kTypeMatches = 12,
};
inline constexpr uint32_t kCoreKinds = 13;

// What the access string of a kind means.
enum class CoreSubject : uint8_t {
  kField,       // "0:1:2": a path from the root type to a field
  kType,        // "0": the root type itself
  kEnumerator,  // "3": an enumerator of the root type
};

constexpr CoreSubject SubjectOf(CoreKind kind) {
  switch (kind) {
    case CoreKind::kTypeIdLocal:
    case CoreKind::kTypeIdTarget:
    case CoreKind::kTypeExists:
    case CoreKind::kTypeSize:
    case CoreKind::kTypeMatches:
      return CoreSubject::kType;
    case CoreKind::kEnumvalExists:
    case CoreKind::kEnumvalValue:
      return CoreSubject::kEnumerator;
    default:
      return CoreSubject::kField;
  }
}

// Kinds that are asked before something is used: their answer is 0 where there is nothing.
constexpr bool AsksExistence(CoreKind kind) {
  return kind == CoreKind::kFieldExists || kind == CoreKind::kTypeExists ||
         kind == CoreKind::kEnumvalExists || kind == CoreKind::kTypeMatches;
}

// "field_byte_offset"; "" for a number that is no kind.
std::string_view CoreKindName(CoreKind kind);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_CORE_CORE_KIND_H_
