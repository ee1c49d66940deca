// All that plans from one spec find out about the kernel, each thing once.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_FACTS_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_FACTS_H_

#include <cstdint>
#include <map>
#include <optional>

#include "purebpf/bpf/error.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/internal/plan/core_apply.h"
#include "purebpf/loader/internal/plan/extern_values.h"
#include "purebpf/loader/internal/plan/kernel_types.h"
#include "purebpf/loader/internal/plan/spec_index.h"
#include "purebpf/loader/internal/plan/spec_types.h"
#include "purebpf/loader/internal/plan/struct_ops_plan.h"
#include "purebpf/loader/internal/selection.h"
#include "purebpf/loader/target_kernel.h"

namespace purebpf::internal {

class Facts {
 public:
  Facts(const CollectionSpec& spec, const SpecIndex& index, TargetKernel& target)
      : local(spec),
        types(target),
        externs(spec, local, types, target),
        core(spec, local, types),
        spec_(spec),
        index_(index) {}
  Facts(const Facts&) = delete;
  Facts& operator=(const Facts&) = delete;

  // Names what plans will ask for, so that one pass over the kernel's types finds it: of these
  // programs, or of all. To be called once, before anything is asked.
  void Want(const Selection& selection);
  void WantAll();

  // Of a struct_ops map.
  [[nodiscard]] const Result<StructOpsPlan>& StructOps(uint32_t map);

  SpecTypes local;
  KernelTypes types;
  ExternValues externs;
  CoreApplier core;

 private:
  void WantStructOpsOf(const ProgramSpec& program);

  const CollectionSpec& spec_;
  const SpecIndex& index_;
  std::map<uint32_t, Result<StructOpsPlan>> struct_ops_;
};

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_FACTS_H_
