// Many plans from one spec: each program of an object on its own, for instance. What is found out
// for one (the kernel's types, its symbols, CO-RE resolutions) serves the others.
//
//   Planner planner(spec, target, options);
//   for (const ProgramSpec& program : spec.programs)
//     Result<LoadPlan> plan = planner.PlanAlone(program.name);
#ifndef PUREBPF_LOADER_PLANNER_H_
#define PUREBPF_LOADER_PLANNER_H_

#include <cstdint>
#include <memory>

#include "purebpf/bpf/error.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/load_plan.h"
#include "purebpf/loader/target_kernel.h"

namespace purebpf {

// Borrows all three, which must not change meanwhile.
class Planner {
 public:
  Planner(const CollectionSpec& spec, TargetKernel& target, const LoadOptions& options);
  ~Planner();

  // What the options select: LoadPlan::Make.
  [[nodiscard]] Result<LoadPlan> Plan();
  // One program, by its index in CollectionSpec::programs, and the maps that it needs, whatever
  // `only` and '?' sections say. Other programs are neither loaded nor looked at: slots for them
  // stay empty.
  [[nodiscard]] Result<LoadPlan> PlanAlone(uint32_t program);
  // How a map would be created.
  [[nodiscard]] Result<CreateMapStep> PlanMap(uint32_t map);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace purebpf

#endif  // PUREBPF_LOADER_PLANNER_H_
