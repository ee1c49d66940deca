// One plan in the making: from what is selected to the steps.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_DRAFT_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_DRAFT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/internal/plan/context_types.h"
#include "purebpf/loader/internal/plan/facts.h"
#include "purebpf/loader/internal/plan/relocate.h"
#include "purebpf/loader/internal/plan/spec_index.h"
#include "purebpf/loader/internal/selection.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/loader/load_plan.h"
#include "purebpf/loader/target_kernel.h"

namespace purebpf::internal {

// How many instructions one plan may hold: functions are repeated in each program that calls them,
// so that a small hostile object could ask for any number.
inline constexpr size_t kMaxPlanInsns = size_t{8} << 20;

// How many bytes of kernel options a plan fills in. Their sizes are those of the externs' types, of
// which a few bytes may say any number; honest ones are some hundreds.
inline constexpr size_t kMaxOptionBytes = size_t{1} << 20;

class Draft {
 public:
  // `partial`: a program that cannot be planned is left out.
  Draft(const CollectionSpec& spec, const SpecIndex& index, TargetKernel& target,
        const LoadOptions& options, Facts& facts, Kernel* kernel, bool partial);

  [[nodiscard]] Result<LoadPlan> Make(Selection selection) &&;

 private:
  Result<void> AddMaps(const Selection& selection);
  [[nodiscard]] Result<CreateMapStep> MakeMap(uint32_t map);
  [[nodiscard]] Result<void> CheckPin(const CreateMapStep& step);
  Result<void> FillKconfig(CreateMapStep& step);
  Result<void> AddPrograms(const Selection& selection);
  [[nodiscard]] Result<LoadProgramStep> MakeProgram(uint32_t index,
                                                    const std::vector<Piece>& pieces);
  // What of the program's maps or options could not be had.
  [[nodiscard]] Result<void> CheckNeeds(const std::vector<Piece>& pieces) const;
  // Whether the kernel's structures have none of the functions that the program is.
  [[nodiscard]] bool IsOfNoUse(const ProgramSpec& program);
  Result<void> FindPlace(const ProgramSpec& program, LoadProgramStep& step);
  void AddSlots(const Selection& selection);
  void AddStructOps(const Selection& selection);
  [[nodiscard]] size_t StepsOf(const Selection& selection) const;
  void AddVariables();
  void AddBtf(const Selection& selection);
  Result<void> AddContextTypes();

  const CollectionSpec& spec_;
  const SpecIndex& index_;
  TargetKernel& target_;
  const LoadOptions& options_;
  Facts& facts_;
  Kernel* kernel_;
  bool partial_;
  LoadPlan plan_;
  PlanModules modules_;
  StepIndex step_of_map_;
  StepIndex step_of_program_;
  ContextTypes contexts_;
  std::map<std::string, std::string> pins_;  // by path, the maps
  std::map<uint32_t, Error> map_errors_;     // maps that cannot be created
  std::map<uint32_t, Error> option_errors_;  // kernel options that are not known, by extern
  size_t insns_ = 0;
};

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_DRAFT_H_
