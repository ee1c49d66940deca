// What one program needs of one kernel: found there, guarded, or missing.
#ifndef PUREBPF_TOOLS_PUREBPF_PROGRAM_CHECK_H_
#define PUREBPF_TOOLS_PUREBPF_PROGRAM_CHECK_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/planner.h"
#include "purebpf/tools/purebpf/check_report.h"

namespace purebpf::tool {

// What is known of a kernel beside its types.
struct KernelKnowledge {
  bool options = false;  // how it was configured
  bool version = false;
  // Its verifier looks at a global function only where something calls it (Linux 6.8).
  bool skips_uncalled_functions = false;
};

// A constant that user space gives its value before it loads the object: `const volatile`.
struct OpenVariable {
  std::string name;
  std::string map;  // MapSpec::name
  uint32_t offset = 0;
  uint32_t size = 0;  // bytes
};

// By map, then by offset.
[[nodiscard]] std::vector<OpenVariable> OpenVariables(const CollectionSpec& spec);

// Of program `index`. `open` are those whose value is not known.
[[nodiscard]] ProgramCheck CheckProgram(const CollectionSpec& spec, uint32_t index,
                                        Planner& planner, const KernelKnowledge& known,
                                        std::span<const OpenVariable> open);

}  // namespace purebpf::tool

#endif  // PUREBPF_TOOLS_PUREBPF_PROGRAM_CHECK_H_
