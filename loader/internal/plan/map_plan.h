// How a map of the spec is created on a kernel.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_MAP_PLAN_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_MAP_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/map.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/internal/plan/spec_index.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/loader/load_plan.h"
#include "purebpf/loader/target_kernel.h"

namespace purebpf::internal {

// The step for map `index`, without what depends on the kernel's types and configuration: the
// contents of .kconfig, the layout of struct_ops. kMalformed, kUnsupported: what its definition
// says cannot be; kInvalidArgument: a replacement that does not fit.
[[nodiscard]] Result<CreateMapStep> PlanMap(const CollectionSpec& spec, const SpecIndex& names,
                                            uint32_t index, TargetKernel& target,
                                            const LoadOptions& options);

// What makes `found` another map than `wanted`, field by field: "max_entries 10, wanted 20"; empty
// where a program cannot tell them apart.
[[nodiscard]] std::string Difference(const MapParams& wanted, const MapParams& found);

// The path of a pin: the kernel refuses dots in the names of its file system (kernel/bpf/inode.c:
// bpf_lookup).
[[nodiscard]] std::string PinPath(std::string_view root, std::string_view map);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_MAP_PLAN_H_
