// An instance of a kernel's structure of functions, laid out as this kernel has it.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_STRUCT_OPS_PLAN_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_STRUCT_OPS_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/internal/plan/kernel_types.h"
#include "purebpf/loader/internal/plan/spec_types.h"

namespace purebpf::internal {

struct StructOpsPlan {
  struct Function {
    std::string program;  // ProgramSpec::name
    // Where this kernel has it: its index in the structure, and the offset in `value`. Nothing
    // where this kernel has no such function: the program cannot be loaded for it.
    struct Place {
      uint32_t member = 0;
      uint32_t offset = 0;
    };
    std::optional<Place> place;
  };

  uint32_t type = 0;               // the structure, in the kernel's types
  uint32_t value_type = 0;         // bpf_struct_ops_NAME, which has it as a member
  std::optional<uint32_t> module;  // into TargetKernel::Modules(), of both
  std::vector<std::byte> value;    // of value_type; the functions' 8 bytes are zero
  std::vector<Function> functions;
};

// Names what PlanStructOps will ask for.
void WantStructOps(const MapSpec& map, SpecTypes& local, KernelTypes& types);

// Members are found by name. One that this kernel lacks must be zero; one that it has must be of
// the same kind and size. kNotFound: the kernel has no such structure; kUnsupported: a member does
// not fit, and which.
[[nodiscard]] Result<StructOpsPlan> PlanStructOps(const MapSpec& map, SpecTypes& local,
                                                  KernelTypes& types);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_STRUCT_OPS_PLAN_H_
