// purebpf plan and purebpf load.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/loader/load_plan.h"
#include "purebpf/loader/planner.h"
#include "purebpf/loader/target_kernel.h"
#include "purebpf/tools/purebpf/load_report.h"
#include "purebpf/tools/purebpf/object_file.h"
#include "purebpf/tools/purebpf/verbs.h"

namespace purebpf::tool {
namespace {

ProgramReport Described(const ProgramSpec& program) {
  return {.name = program.name,
          .section = program.section,
          .type = program.type,
          .attach_type = program.attach_type,
          .flags = program.flags};
}

// What will be loaded; `places` has the index in ObjectReport::maps for each map of the spec.
void Fill(ProgramReport& report, const LoadPlan& plan, const LoadProgramStep& step,
          const std::vector<uint32_t>& places) {
  report.type = step.params.type;
  report.attach_type = step.params.expected_attach_type;
  report.flags = step.params.flags;
  report.insns = step.params.insns;
  for (const MapSlot& slot : step.map_slots) {
    const auto* map = std::get_if<CreateMapStep>(&plan.steps[slot.step]);
    if (map != nullptr) report.insns[slot.insn].imm = static_cast<int32_t>(places[map->map]);
  }
}

class Loading {
 public:
  Loading(Kernel& kernel, TargetKernel& target, const Options& options, bool load)
      : kernel_(kernel), target_(target), load_(load), each_(options.each) {
    options_.max_entries = options.max_entries;
    options_.default_max_entries = options.default_max_entries;
    options_.pin_root.clear();
  }

  ObjectReport Run(const std::string& path) {
    ObjectReport report{.file = path};
    const auto spec = CollectionSpec::FromFile(kernel_, path);
    if (!spec) {
      report.open_error = spec.error();
    } else if (each_) {
      RunEach(*spec, report);
    } else {
      RunWhole(*spec, report);
    }
    return report;
  }

 private:
  // Sizes are given for the maps that an object has: with several objects, for each its own.
  LoadOptions OptionsFor(const CollectionSpec& spec) const {
    LoadOptions options = options_;
    std::erase_if(options.max_entries,
                  [&](const MapEntries& entries) { return spec.FindMap(entries.map) == nullptr; });
    return options;
  }

  static Result<ProgramInfo> InfoOf(const Result<Collection>& loaded, std::string_view program) {
    if (!loaded) return std::unexpected(loaded.error());
    const Program* found = loaded->FindProgram(program);
    if (found == nullptr) {
      return std::unexpected(Error{.code = Code::kNotFound,
                                   .operation = "load program",
                                   .object = std::string(program),
                                   .detail = "it is not among what was loaded"});
    }
    return found->Info();
  }

  void RunEach(const CollectionSpec& spec, ObjectReport& report) {
    const LoadOptions options = OptionsFor(spec);
    Planner planner(spec, target_, options);
    std::vector<uint32_t> places;
    for (uint32_t i = 0; i < spec.maps.size(); ++i) {
      places.push_back(i);
      const auto map = planner.PlanMap(i);
      report.maps.push_back(map ? MapReport{.params = map->params}
                                : MapReport{.params = spec.maps[i].params, .problem = map.error()});
      report.maps.back().params.name = KernelName(report.maps.back().params.name);
    }
    for (uint32_t i = 0; i < spec.programs.size(); ++i) {
      report.programs.push_back(RunAlone(spec.programs[i], planner.PlanAlone(i), places));
    }
  }

  ProgramReport RunAlone(const ProgramSpec& program, const Result<LoadPlan>& plan,
                         const std::vector<uint32_t>& places) {
    ProgramReport report = Described(program);
    if (!plan) {
      report.plan_error = plan.error();
      return report;
    }
    for (const Step& step : plan->steps) {
      if (const auto* load = std::get_if<LoadProgramStep>(&step))
        Fill(report, *plan, *load, places);
    }
    if (load_) report.load = InfoOf(Collection::Load(kernel_, *plan), program.name);
    return report;
  }

  void RunWhole(const CollectionSpec& spec, ObjectReport& report) {
    LoadOptions options = OptionsFor(spec);
    options.partial = true;  // to hear of every program that cannot be planned, not of the first
    Planner planner(spec, target_, options);
    auto plan = planner.Plan();
    if (!plan) return FailAll(spec, plan.error(), report);
    std::vector<uint32_t> places(spec.maps.size());
    for (const Step& step : plan->steps) {
      if (const auto* map = std::get_if<CreateMapStep>(&step)) {
        places[map->map] = static_cast<uint32_t>(report.maps.size());
        report.maps.push_back({.params = map->params});
        report.maps.back().params.name = KernelName(map->params.name);
      }
      if (const auto* load = std::get_if<LoadProgramStep>(&step)) {
        report.programs.push_back(Described(spec.programs[load->program]));
        Fill(report.programs.back(), *plan, *load, places);
      }
    }
    if (load_) LoadWhole(*plan, report);
    for (const Failure& failure : plan->failures) {
      const ProgramSpec* program = spec.FindProgram(failure.program);
      if (program == nullptr) continue;
      report.programs.push_back(Described(*program));
      report.programs.back().plan_error = failure.error;
    }
  }

  // All or nothing: what one program fails by, all fail by.
  void LoadWhole(LoadPlan& plan, ObjectReport& report) {
    plan.partial = false;
    const Result<Collection> loaded =
        plan.failures.empty() ? Collection::Load(kernel_, plan)
                              : Result<Collection>(std::unexpected(plan.failures.front().error));
    for (ProgramReport& program : report.programs) program.load = InfoOf(loaded, program.name);
  }

  static void FailAll(const CollectionSpec& spec, const Error& error, ObjectReport& report) {
    for (const ProgramSpec& program : spec.programs) {
      if (!program.autoload) continue;
      report.programs.push_back(Described(program));
      report.programs.back().plan_error = error;
    }
    if (report.programs.empty()) report.open_error = error;
  }

  Kernel& kernel_;
  TargetKernel& target_;
  LoadOptions options_;
  bool load_;
  bool each_;
};

int Run(Kernel& kernel, const Options& options, bool load, Output& output) {
  KernelSources sources{.btf_path = options.btf.empty() ? "" : options.btf[0],
                        .kconfig_path = options.kconfig};
  // Programs are loaded into this kernel; planned, also for one that is not here.
  TargetKernel target = load || options.btf.empty()
                            ? TargetKernel::Running(kernel, std::move(sources))
                            : TargetKernel::FromFiles(kernel, std::move(sources));
  if (!options.btf.empty()) {
    if (const auto types = target.CoreTypes(); !types) {
      output.Complain("purebpf: " + ErrorText(types.error()));
      return kFailed;
    }
  }
  Loading loading(kernel, target, options, load);
  int status = kOk;
  for (const std::string& path : options.files) {
    const ObjectReport report = loading.Run(path);
    if (!report.Ok()) status = kFailed;
    if (!output.Write(options.json ? ToJson(report) : ToText(report))) return kFailed;
  }
  return status;
}

}  // namespace

int RunPlan(Kernel& kernel, const Options& options, Output& output) {
  return Run(kernel, options, /*load=*/false, output);
}

int RunLoad(Kernel& kernel, const Options& options, Output& output) {
  return Run(kernel, options, /*load=*/true, output);
}

}  // namespace purebpf::tool
