// Any byte string is a CollectionSpec or an Error; what a spec promises holds, and planning it
// ends.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "purebpf/loader/load_plan.h"
#include "purebpf/loader/planner.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto spec = purebpf::CollectionSpec::Parse(std::as_bytes(std::span(data, size)), "fuzz");
  if (!spec) return spec.error().detail.empty() ? (std::abort(), 0) : 0;
  for (const auto& function : spec->functions)
    for (const auto& reference : function.references)
      if (reference.insn >= function.insns.size()) std::abort();
  // Each program alone: one that cannot be planned hides the others.
  auto target = purebpf::TargetKernel::Described({.order = spec->order});
  const purebpf::LoadOptions options;
  purebpf::Planner planner(*spec, target, options);
  for (uint32_t i = 0; i < spec->programs.size(); ++i) {
    const auto plan = planner.PlanAlone(i);
    if (plan ? plan->ToString().empty() : plan.error().detail.empty()) std::abort();
  }
  const auto all = purebpf::LoadPlan::Make(*spec, target, {.partial = true});
  if (!all && all.error().detail.empty()) std::abort();
  return 0;
}
