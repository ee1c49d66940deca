// purebpf plan and purebpf load.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
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
    entries_used_.resize(options_.max_entries.size());
  }

  ObjectReport Run(const std::string& path) {
    ObjectReport report{.file = path};
    const auto spec = CollectionSpec::FromFile(kernel_, path);
    if (!spec) {
      report.open_error = spec.error();
      return report;
    }
    report.order = spec->order;
    if (each_) {
      RunEach(*spec, report);
    } else {
      RunWhole(*spec, report);
    }
    return report;
  }

  // A size that was given for a map that no object has: mistyped, or the wrong object.
  [[nodiscard]] const MaxEntries* UnusedEntries() const {
    const auto unused = std::ranges::find(entries_used_, false);
    if (unused == entries_used_.end()) return nullptr;
    return &options_.max_entries[static_cast<size_t>(unused - entries_used_.begin())];
  }

 private:
  // Sizes are given for the maps that an object has: with several objects, for each its own. A map
  // may be called as the kernel calls it.
  LoadOptions OptionsFor(const CollectionSpec& spec) {
    LoadOptions options = options_;
    options.max_entries.clear();
    for (size_t i = 0; i < options_.max_entries.size(); ++i) {
      const MaxEntries& wanted = options_.max_entries[i];
      const MapSpec* map = spec.FindMap(wanted.map);
      if (map == nullptr) {
        const auto found = std::ranges::find(spec.maps, wanted.map, [](const MapSpec& candidate) {
          return KernelName(candidate.params.name);
        });
        if (found == spec.maps.end()) continue;
        map = &*found;
      }
      entries_used_[i] = true;
      options.max_entries.push_back({map->name, wanted.max_entries});
    }
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

  // How each map would be created, and why not where it cannot be.
  static void ReportMaps(const CollectionSpec& spec, Planner& planner, ObjectReport& report) {
    for (uint32_t i = 0; i < spec.maps.size(); ++i) {
      const auto map = planner.PlanMap(i);
      report.maps.push_back(map ? MapReport{.params = map->params}
                                : MapReport{.params = spec.maps[i].params, .problem = map.error()});
      report.maps.back().params.name = KernelName(report.maps.back().params.name);
    }
  }

  void RunEach(const CollectionSpec& spec, ObjectReport& report) {
    const LoadOptions options = OptionsFor(spec);
    Planner planner(spec, target_, options);
    ReportMaps(spec, planner, report);
    std::vector<uint32_t> places(spec.maps.size());
    std::iota(places.begin(), places.end(), 0U);
    for (uint32_t i = 0; i < spec.programs.size(); ++i) {
      report.programs.push_back(RunAlone(spec.programs[i], planner.PlanAlone(i), places));
    }
  }

  ProgramReport RunAlone(const ProgramSpec& program, const Result<LoadPlan>& plan,
                         const std::vector<uint32_t>& places) {
    ProgramReport report = Described(program);
    if (!plan) {
      report.plan_error = plan.error();
      if (load_) report.load = std::unexpected(plan.error());
      return report;
    }
    for (const Step& step : plan->steps) {
      if (const auto* load = std::get_if<LoadProgramStep>(&step)) {
        Fill(report, *plan, *load, places);
      }
    }
    if (load_) report.load = InfoOf(Collection::Load(kernel_, *plan), program.name);
    return report;
  }

  void RunWhole(const CollectionSpec& spec, ObjectReport& report) {
    LoadOptions options = OptionsFor(spec);
    options.partial = true;  // to hear of every program that cannot be planned, not of the first
    Planner planner(spec, target_, options);
    auto plan = planner.Plan();
    if (!plan) {
      ReportMaps(spec, planner, report);
      return FailAll(spec, plan.error(), report);
    }
    std::vector<uint32_t> places(spec.maps.size());
    std::vector<bool> made(spec.maps.size());
    std::vector<std::optional<ProgramReport>> programs(spec.programs.size());
    for (const Step& step : plan->steps) {
      if (const auto* map = std::get_if<CreateMapStep>(&step)) {
        made[map->map] = true;
        places[map->map] = static_cast<uint32_t>(report.maps.size());
        report.maps.push_back({.params = map->params});
        report.maps.back().params.name = KernelName(map->params.name);
      }
      if (const auto* load = std::get_if<LoadProgramStep>(&step)) {
        programs[load->program] = Described(spec.programs[load->program]);
        Fill(*programs[load->program], *plan, *load, places);
      }
    }
    // By name, the first of each: of very many programs all may fail.
    std::unordered_map<std::string_view, size_t> by_name;
    if (!plan->failures.empty())
      for (size_t i = 0; i < spec.programs.size(); ++i) by_name.emplace(spec.programs[i].name, i);
    for (const Failure& failure : plan->failures) {
      const auto found = by_name.find(failure.program);
      if (found == by_name.end()) continue;
      auto& failed = programs[found->second];
      failed = Described(spec.programs[found->second]);
      failed->plan_error = failure.error;
    }
    for (auto& program : programs) {
      if (program) report.programs.push_back(std::move(*program));
    }
    ReportLeftOut(spec, planner, made, report);
    // A map that no program needs is no program's failure, but the object cannot be loaded without
    // it.
    const bool maps_alone = std::ranges::all_of(
        plan->failures, [](const Failure& failure) { return !failure.map.empty(); });
    if (maps_alone && !plan->failures.empty()) {
      report.error = Error(plan->failures.front().error).Within(spec.name);
    }
    if (load_) LoadWhole(*plan, report);
  }

  // Maps that the plan does not have, and why.
  static void ReportLeftOut(const CollectionSpec& spec, Planner& planner,
                            const std::vector<bool>& made, ObjectReport& report) {
    for (uint32_t i = 0; i < spec.maps.size(); ++i) {
      // Jump tables are made for the programs that refer to them.
      if (made[i] || !spec.maps[i].autocreate || spec.maps[i].origin == MapOrigin::kJumpTable) {
        continue;
      }
      if (const auto map = planner.PlanMap(i); !map) {
        report.maps.push_back({.params = spec.maps[i].params, .problem = map.error()});
        report.maps.back().params.name = KernelName(spec.maps[i].params.name);
      }
    }
  }

  // All or nothing: what one program fails by, all fail by.
  void LoadWhole(LoadPlan& plan, ObjectReport& report) {
    plan.partial = false;
    if (!report.error && !plan.failures.empty()) report.error = plan.failures.front().error;
    const Result<Collection> loaded = report.error
                                          ? Result<Collection>(std::unexpected(*report.error))
                                          : Collection::Load(kernel_, plan);
    if (!loaded) report.error = loaded.error();
    for (ProgramReport& program : report.programs) program.load = InfoOf(loaded, program.name);
  }

  void FailAll(const CollectionSpec& spec, const Error& error, ObjectReport& report) const {
    report.error = error;
    for (const ProgramSpec& program : spec.programs) {
      if (!program.autoload) continue;
      report.programs.push_back(Described(program));
      report.programs.back().plan_error = error;
      if (load_) report.programs.back().load = std::unexpected(error);
    }
  }

  Kernel& kernel_;
  TargetKernel& target_;
  LoadOptions options_;
  std::vector<bool> entries_used_;  // of options_.max_entries
  bool load_;
  bool each_;
};

Result<void> Usable(TargetKernel& target, const Options& options) {
  if (!options.btf.empty()) PUREBPF_TRY(target.CoreTypes());
  if (!options.kconfig.empty()) PUREBPF_TRY(target.Option("CONFIG_BPF"));
  return {};
}

int Run(Kernel& kernel, const Options& options, bool load, Output& output) {
  KernelSources sources{.btf_path = options.btf.empty() ? "" : options.btf[0],
                        .kconfig_path = options.kconfig};
  // Programs are loaded into this kernel; planned, also for one that is not here.
  TargetKernel target = load || options.btf.empty()
                            ? TargetKernel::Running(kernel, std::move(sources))
                            : TargetKernel::FromFiles(kernel, std::move(sources));
  // What is given must be usable, also where no object asks for it.
  if (const auto usable = Usable(target, options); !usable) {
    output.Complain("purebpf: " + ErrorText(usable.error()));
    return kFailed;
  }
  Loading loading(kernel, target, options, load);
  int status = kOk;
  for (const std::string& path : options.files) {
    const ObjectReport report = loading.Run(path);
    if (!report.Ok()) status = kFailed;
    if (!output.Write(options.json ? ToJson(report) : ToText(report))) return kFailed;
  }
  if (const MaxEntries* unused = loading.UnusedEntries(); unused != nullptr) {
    output.Complain("purebpf: --max-entries: no object has a map '" + Clean(unused->map) + "'\n");
    return kFailed;
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
