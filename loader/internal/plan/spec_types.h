// The object's own types, decoded when somebody first needs them.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_SPEC_TYPES_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_SPEC_TYPES_H_

#include <optional>

#include "purebpf/bpf/error.h"
#include "purebpf/elf/btf.h"
#include "purebpf/loader/collection_spec.h"

namespace purebpf::internal {

class SpecTypes {
 public:
  explicit SpecTypes(const CollectionSpec& spec) : spec_(spec) {}

  // kMalformed where the object has none, or damaged ones.
  [[nodiscard]] Result<const elf::Btf*> Get();

 private:
  const CollectionSpec& spec_;
  std::optional<elf::Result<elf::Btf>> btf_;
};

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_SPEC_TYPES_H_
