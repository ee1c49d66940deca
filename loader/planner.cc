#include "purebpf/loader/planner.h"

#include <optional>
#include <string>
#include <utility>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/names.h"
#include "purebpf/loader/internal/plan/draft.h"
#include "purebpf/loader/internal/plan/facts.h"
#include "purebpf/loader/internal/plan/map_plan.h"
#include "purebpf/loader/internal/plan/refused.h"
#include "purebpf/loader/internal/plan/spec_index.h"
#include "purebpf/loader/internal/selection.h"

namespace purebpf {

struct Planner::State {
  const CollectionSpec& spec;
  TargetKernel& target;
  const LoadOptions& options;
  internal::SpecIndex index;
  std::optional<internal::Facts> facts;  // of all programs

  [[nodiscard]] Result<void> CheckOrder() const {
    const std::endian order = target.Order();
    if (spec.order == order) return {};
    const bool little = order == std::endian::little;
    return internal::Refused(
        Code::kUnsupported, spec.name,
        "the object is " + std::string(internal::OrderName(spec.order)) + ", the kernel " +
            std::string(internal::OrderName(order)),
        std::string("compile it with clang -target ") + (little ? "bpfel" : "bpfeb"));
  }

  [[nodiscard]] internal::Draft NewDraft(internal::Facts& of, bool partial) const {
    return internal::Draft(spec, index, target, options, of, target.running(), partial);
  }
};

Planner::Planner(const CollectionSpec& spec, TargetKernel& target, const LoadOptions& options)
    : state_(new State{.spec = spec,
                       .target = target,
                       .options = options,
                       .index = internal::SpecIndex(spec),
                       .facts = {}}) {}

Planner::~Planner() = default;

Result<LoadPlan> Planner::Plan() {
  State& state = *state_;
  PUREBPF_TRY(state.CheckOrder());
  internal::Selection selection =
      PUREBPF_TRY(internal::Select(state.spec, state.index, state.options));
  internal::Facts facts(state.spec, state.index, state.target);
  facts.Want(selection);
  return state.NewDraft(facts, state.options.partial).Make(std::move(selection));
}

Result<LoadPlan> Planner::PlanAlone(uint32_t program) {
  State& state = *state_;
  PUREBPF_TRY(state.CheckOrder());
  if (program >= state.spec.programs.size())
    return internal::Refused(Code::kInvalidArgument, state.spec.name,
                             "has no program " + std::to_string(program));
  internal::Selection selection =
      PUREBPF_TRY(internal::SelectAlone(state.spec, state.index, program, state.options));
  if (!state.facts) {
    state.facts.emplace(state.spec, state.index, state.target);
    state.facts->WantAll();
  }
  return state.NewDraft(*state.facts, false).Make(std::move(selection));
}

Result<CreateMapStep> Planner::PlanMap(uint32_t map) {
  State& state = *state_;
  PUREBPF_TRY(state.CheckOrder());
  if (map >= state.spec.maps.size())
    return internal::Refused(Code::kInvalidArgument, state.spec.name,
                             "has no map " + std::to_string(map));
  auto step = internal::PlanMap(state.spec, state.index, map, state.target, state.options);
  if (!step) return std::unexpected(std::move(step).error().Within(state.spec.name));
  return step;
}

Result<LoadPlan> LoadPlan::Make(const CollectionSpec& spec, TargetKernel& target,
                                const LoadOptions& options) {
  return Planner(spec, target, options).Plan();
}

}  // namespace purebpf
