// Any byte string is a CollectionSpec or an Error; what a spec promises holds, and planning it
// ends.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "purebpf/loader/load_plan.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto spec = purebpf::CollectionSpec::Parse(std::as_bytes(std::span(data, size)), "fuzz");
  if (!spec) return spec.error().detail.empty() ? (std::abort(), 0) : 0;
  for (const auto& function : spec->functions)
    for (const auto& reference : function.references)
      if (reference.insn >= function.insns.size()) std::abort();
  // Each program alone: one that cannot be planned hides the others.
  for (const auto& program : spec->programs) {
    const auto plan = purebpf::LoadPlan::Make(*spec, {.order = spec->order},
                                              {.only = std::vector<std::string>{program.name}});
    if (plan && plan->ToString().empty()) std::abort();
  }
  return 0;
}
