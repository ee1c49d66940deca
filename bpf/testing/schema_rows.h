// Internal to the tables of schema_*.cc: how a row is written.
#ifndef PUREBPF_BPF_TESTING_SCHEMA_ROWS_H_
#define PUREBPF_BPF_TESTING_SCHEMA_ROWS_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "purebpf/bpf/testing/schema.h"

namespace purebpf::testing::internal {

using Rows = std::span<const EnumRow> (*)();

constexpr FieldSpec U32(std::string_view name, uint16_t at) {
  return {.name = name, .offset = at, .size = 4, .kind = Kind::kNumber};
}
constexpr FieldSpec S32(std::string_view name, uint16_t at) {
  return {.name = name, .offset = at, .size = 4, .kind = Kind::kSigned};
}
constexpr FieldSpec U64(std::string_view name, uint16_t at) {
  return {.name = name, .offset = at, .size = 8, .kind = Kind::kNumber};
}
constexpr FieldSpec Hex(std::string_view name, uint16_t at, uint16_t size) {
  return {.name = name, .offset = at, .size = size, .kind = Kind::kHex};
}
constexpr FieldSpec Time(std::string_view name, uint16_t at, uint16_t size) {
  return {.name = name, .offset = at, .size = size, .kind = Kind::kTime};
}
// An address, or a number that the kernel gives by chance and no call takes.
constexpr FieldSpec Chance(std::string_view name, uint16_t at, uint16_t size) {
  return Time(name, at, size);
}
constexpr FieldSpec Enum(std::string_view name, uint16_t at, Rows rows) {
  return {.name = name, .offset = at, .size = 4, .kind = Kind::kEnum, .rows = rows};
}
constexpr FieldSpec Flags(std::string_view name, uint16_t at, Rows rows, uint16_t size = 4) {
  return {.name = name, .offset = at, .size = size, .kind = Kind::kFlags, .rows = rows};
}
constexpr FieldSpec Fd(std::string_view name, uint16_t at) {
  return {.name = name, .offset = at, .size = 4, .kind = Kind::kFd};
}
constexpr FieldSpec Id(std::string_view name, uint16_t at, std::string_view kind) {
  return {.name = name, .offset = at, .size = 4, .kind = Kind::kId, .token = kind};
}
// What BPF_F_ID in the flags at `flags_at` makes a program's id.
constexpr FieldSpec FdOrId(std::string_view name, uint16_t at, uint16_t flags_at) {
  return {.name = name,
          .offset = at,
          .size = 4,
          .kind = Kind::kFdOrId,
          .token = kProgKind,
          .tag_offset = flags_at};
}
constexpr FieldSpec Name(std::string_view name, uint16_t at, uint16_t size = 16) {
  return {.name = name, .offset = at, .size = size, .kind = Kind::kName};
}
constexpr FieldSpec Raw(std::string_view name, uint16_t at, uint16_t size) {
  return {.name = name, .offset = at, .size = size, .kind = Kind::kBytes};
}
constexpr FieldSpec Pointer(std::string_view name, uint16_t at, Content content = Content::kBytes) {
  return {.name = name, .offset = at, .size = 8, .kind = Kind::kPointer, .content = content};
}
constexpr FieldSpec IdsAt(std::string_view name, uint16_t at, std::string_view kind) {
  return {.name = name,
          .offset = at,
          .size = 8,
          .kind = Kind::kPointer,
          .token = kind,
          .content = Content::kIds};
}
constexpr FieldSpec Free(FieldSpec spec) {
  spec.free = true;
  return spec;
}
// `spec` where the u32 at `offset` is one of `tags`.
constexpr FieldSpec When(uint16_t offset, uint64_t tags, FieldSpec spec) {
  spec.tag_offset = offset;
  spec.tags = tags;
  return spec;
}
constexpr FieldSpec WhenFirst(uint64_t tags, FieldSpec spec) {
  spec.first_tags = tags;
  return spec;
}

// The bits of some enumerators below 64.
template <typename... E>
constexpr uint64_t Bits(E... values) {
  return ((uint64_t{1} << static_cast<uint32_t>(values)) | ...);
}

}  // namespace purebpf::testing::internal

#endif  // PUREBPF_BPF_TESTING_SCHEMA_ROWS_H_
