// Fills in what a program's instructions refer to: maps, their values, what the kernel has.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_RELOCATE_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_RELOCATE_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/internal/plan/extern_values.h"
#include "purebpf/loader/internal/plan/link.h"
#include "purebpf/loader/internal/plan/spec_index.h"
#include "purebpf/loader/load_plan.h"
#include "purebpf/loader/target_kernel.h"

namespace purebpf::internal {

// Helpers of numbers that no kernel has, so that the verifier refuses a program that can reach
// them, and drops them where they cannot be reached. The same as the reference implementation's: a
// map that is not created, by its index in the spec, and a kernel function that is not there.
inline constexpr int32_t kMapPoison = 2001000000;
inline constexpr int32_t kFunctionPoison = 2002000000;

// By map or program of the spec, the step that makes it.
class StepIndex {
 public:
  using Entry = std::pair<uint32_t, uint32_t>;

  // In the order of their numbers.
  void Add(uint32_t number, uint32_t step) { steps_.emplace_back(number, step); }
  [[nodiscard]] std::optional<uint32_t> Find(uint32_t number) const {
    const auto found = std::ranges::lower_bound(steps_, number, {}, &Entry::first);
    if (found == steps_.end() || found->first != number) return std::nullopt;
    return found->second;
  }
  [[nodiscard]] const std::vector<Entry>& all() const { return steps_; }

 private:
  std::vector<Entry> steps_;
};

// Modules of the target that a plan names.
class PlanModules {
 public:
  PlanModules(TargetKernel& target, LoadPlan& plan) : target_(target), plan_(plan) {}
  // The number in LoadPlan::modules of a module of TargetKernel::Modules().
  uint32_t Number(uint32_t module);

 private:
  TargetKernel& target_;
  LoadPlan& plan_;
};

class Relocator {
 public:
  // References to maps that have no step in `step_of_map` are poisoned.
  Relocator(const CollectionSpec& spec, const SpecIndex& index, const StepIndex& step_of_map,
            ExternValues& externs, PlanModules& modules, LoadPlan& plan)
      : spec_(spec),
        index_(index),
        step_of_map_(step_of_map),
        externs_(externs),
        modules_(modules),
        plan_(plan) {}

  // All references of the pieces but those to functions. A jump table becomes a step of the plan,
  // since where it leads is different for each program: `step` is to follow it.
  Result<void> Apply(const std::vector<Piece>& pieces, LoadProgramStep& step);

 private:
  struct Site {
    const FunctionSpec& code;
    const Piece& piece;
    const Reference& reference;
    LoadProgramStep& step;

    [[nodiscard]] uint32_t at() const { return piece.begin + reference.insn; }
    [[nodiscard]] Insn& insn() const { return step.params.insns[at()]; }
    [[nodiscard]] Insn& second() const { return step.params.insns[at() + 1]; }
  };

  Result<void> ApplyOne(const Site& site);
  Result<void> ToMap(const Site& site);
  Result<void> ToExtern(const Site& site);
  Result<void> ToKconfig(const Site& site);
  Result<void> ToJumpTable(const Site& site, const MapSpec& map);
  // A map's descriptor in the first half.
  void UseMap(const Site& site, uint8_t source, uint32_t step);
  // Map `map`, of which the address of `offset` in its value is taken.
  void UseValue(const Site& site, uint32_t map, int64_t offset);
  void PoisonMap(const Site& site, uint32_t map);
  void PoisonCall(const Site& site);
  [[nodiscard, gnu::cold]] static std::unexpected<Error> Wrong(const Site& site,
                                                               const std::string& what);

  const CollectionSpec& spec_;
  const SpecIndex& index_;
  const StepIndex& step_of_map_;
  ExternValues& externs_;
  PlanModules& modules_;
  LoadPlan& plan_;
  std::map<uint32_t, uint32_t> tables_;  // of this program: a jump table's map, and its step
};

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_RELOCATE_H_
