#include "purebpf/loader/internal/core/core_kind.h"

#include <array>

namespace purebpf::internal {
namespace {

constexpr std::array<std::string_view, kCoreKinds> kNames = {
    "field_byte_offset", "field_byte_size", "field_exists",   "field_signed", "field_lshift_u64",
    "field_rshift_u64",  "type_id_local",   "type_id_target", "type_exists",  "type_size",
    "enumval_exists",    "enumval_value",   "type_matches",
};

}  // namespace

std::string_view CoreKindName(CoreKind kind) {
  const auto index = static_cast<uint32_t>(kind);
  return index < kNames.size() ? kNames[index] : std::string_view();
}

}  // namespace purebpf::internal
