// CO-RE relocations of whole programs: one resolver for the object, asked only for what is loaded.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_CORE_APPLY_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_CORE_APPLY_H_

#include <optional>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/elf/btf_ext.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/internal/core/core_resolve.h"
#include "purebpf/loader/internal/plan/kernel_types.h"
#include "purebpf/loader/internal/plan/link.h"
#include "purebpf/loader/internal/plan/spec_types.h"
#include "purebpf/loader/load_plan.h"

namespace purebpf::internal {

class CoreApplier {
 public:
  CoreApplier(const CollectionSpec& spec, SpecTypes& local, KernelTypes& types)
      : spec_(spec), local_(local), types_(types) {}

  // Says that relocations of these functions may be asked for, before any type is.
  void Want(const std::vector<bool>& functions);

  // To be called once for each plan.
  void BeginPlan();
  // Patches the instructions of a program, and notes which were poisoned and why.
  Result<void> Apply(const std::vector<Piece>& pieces, LoadProgramStep& step);

 private:
  Result<void> ApplyOne(uint32_t function, uint32_t begin, const CoreReference& reference,
                        LoadProgramStep& step);

  const CollectionSpec& spec_;
  SpecTypes& local_;
  KernelTypes& types_;
  std::vector<elf::CoreSection> sections_;
  std::optional<CoreResolver> resolver_;
};

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_CORE_APPLY_H_
