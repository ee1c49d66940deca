// The path from a root type to a field: what the access string of a relocation says.
#ifndef PUREBPF_LOADER_INTERNAL_CORE_CORE_ACCESS_H_
#define PUREBPF_LOADER_INTERNAL_CORE_CORE_ACCESS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "purebpf/bpf/error.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_ext.h"
#include "purebpf/loader/internal/core/core_types.h"

namespace purebpf::internal {

inline constexpr size_t kMaxCoreAccess = 64;  // numbers in an access string, steps of a path

// One step: to a member by name, to an element of an array by number, or to an enumerator.
struct CoreStep {
  elf::TypeId type = elf::TypeId::kVoid;  // the struct that has the member, or the element
  uint32_t index = 0;                     // of the member, element or enumerator
  std::string_view name;                  // of the member or enumerator; "" for an element
};

// Steps through anonymous structs and unions are none of their own: their member's step stands for
// them, since the next version of a type may have the member elsewhere.
struct CorePath {
  [[nodiscard]] std::span<const CoreStep> steps() const { return {storage.data(), count}; }
  [[nodiscard]] const CoreStep& last() const { return storage[count - 1]; }
  // False where there is no room.
  bool Push(const CoreStep& step) {
    if (count == storage.size()) return false;
    storage[count++] = step;
    return true;
  }
  // False beyond 512 MiB.
  bool Advance(uint64_t bits) {
    bit_offset += bits;
    return bit_offset <= UINT32_MAX;
  }

  std::array<CoreStep, kMaxCoreAccess> storage;
  size_t count = 0;
  uint64_t bit_offset = 0;  // from the start of the root type
};

// The numbers of "0:1:2".
struct CoreAccess {
  [[nodiscard]] std::span<const uint32_t> indices() const { return {storage.data(), count}; }
  std::array<uint32_t, kMaxCoreAccess> storage;
  size_t count = 0;
};

// kMalformed: no numbers, other characters, more than kMaxCoreAccess, a number above 2^31 - 1.
[[nodiscard]] Result<void> ParseAccess(std::string_view text, CoreAccess& access);

// Follows a relocation's access through the object's own types. kMalformed where the two do not
// fit.
[[nodiscard]] Result<void> FollowAccess(CoreTypes& local, const elf::CoreRelocation& relocation,
                                        CorePath& path);

// Whether `array`, which the path's last step leads to, is the last member of its struct and
// without a length: then its elements go on beyond the struct.
bool IsFlexible(CoreTypes& types, const CorePath& path, const elf::BtfArray& array);

// "se.vruntime", "[2].comm[3]": the path for messages; at most 200 bytes.
std::string Spell(const CorePath& path);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_CORE_CORE_ACCESS_H_
