// Where the object's calls lead.
#ifndef PUREBPF_LOADER_INTERNAL_CALL_TARGETS_H_
#define PUREBPF_LOADER_INTERNAL_CALL_TARGETS_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "purebpf/loader/internal/object.h"

namespace purebpf::internal {

// Before clang 8 a static function's symbol looked like a label's. What tells them apart is that
// functions are called.
class CallTargets {
 public:
  explicit CallTargets(const Object& object);
  [[nodiscard]] bool Has(uint32_t section, uint64_t offset) const;

 private:
  void ReadSection(const Object& object, const elf::Section& section);

  std::vector<std::pair<uint32_t, uint64_t>> all_;  // section and offset, sorted
};

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_CALL_TARGETS_H_
