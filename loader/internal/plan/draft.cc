#include "purebpf/loader/internal/plan/draft.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/plan/attach_type.h"
#include "purebpf/loader/internal/plan/link.h"
#include "purebpf/loader/internal/plan/map_plan.h"
#include "purebpf/loader/internal/plan/refused.h"

namespace purebpf::internal {

Draft::Draft(const CollectionSpec& spec, const SpecIndex& index, TargetKernel& target,
             const LoadOptions& options, Facts& facts, Kernel* kernel, bool partial)
    : spec_(spec),
      index_(index),
      target_(target),
      options_(options),
      facts_(facts),
      kernel_(kernel),
      partial_(partial),
      modules_(target, plan_),
      contexts_(spec, facts.local, target) {}

// Every option is filled in, but only a program that asks for one can miss it.
Result<void> Draft::FillKconfig(CreateMapStep& step) {
  if (step.params.value_size > kMaxOptionBytes)
    return Refused(Code::kMalformed, "",
                   "the object's kernel options have " + std::to_string(step.params.value_size) +
                       " bytes, more than " + std::to_string(kMaxOptionBytes));
  step.contents.assign(step.params.value_size, std::byte{});
  for (uint32_t i = 0; i < spec_.externs.size(); ++i) {
    const ExternSpec& option = spec_.externs[i];
    if (option.kind != ExternKind::kKconfig) continue;
    if (option.offset > step.contents.size() || option.size > step.contents.size() - option.offset)
      return Refused(Code::kMalformed, "",
                     "option '" + option.name + "' at offset " + std::to_string(option.offset) +
                         " ends past its " + std::to_string(step.contents.size()) + " bytes");
    auto filled =
        facts_.externs.Option(i, MutableBytes(step.contents).subspan(option.offset, option.size));
    if (!filled) option_errors_.emplace(i, std::move(filled).error());
  }
  return {};
}

Result<CreateMapStep> Draft::MakeMap(uint32_t map) {
  CreateMapStep step = PUREBPF_TRY(PlanMap(spec_, index_, map, target_, options_));
  const MapSpec& spec = spec_.maps[map];
  if (spec.origin == MapOrigin::kKconfig) PUREBPF_TRY(FillKconfig(step));
  if (spec.origin == MapOrigin::kStructOps) {
    const Result<StructOpsPlan>& found = facts_.StructOps(map);
    if (!found) return std::unexpected(found.error());
    StructOpsType type{.value_type = found->value_type, .module = {}};
    if (found->module) type.module = modules_.Number(*found->module);
    step.params.value_size = static_cast<uint32_t>(found->value.size());
    step.struct_ops = type;
  }
  return step;
}

// Names of maps may differ where their pins do not: a BPF file system takes no dots.
Result<void> Draft::CheckPin(const CreateMapStep& step) {
  if (step.pin_path.empty()) return {};
  const auto [pin, is_new] = pins_.emplace(step.pin_path, step.name);
  if (is_new) return {};
  return Refused(Code::kConflict, "map '" + step.name + "'",
                 "it would be pinned as " + step.pin_path + ", where map '" + pin->second + "' is",
                 "rename one of the two");
}

Result<void> Draft::AddMaps(const Selection& selection) {
  for (const uint32_t map : selection.maps) {
    const auto given_up = selection.map_errors.find(map);
    auto step = given_up == selection.map_errors.end()
                    ? MakeMap(map)
                    : Result<CreateMapStep>(std::unexpected(given_up->second));
    if (step)
      if (auto pin = CheckPin(*step); !pin) step = std::unexpected(std::move(pin).error());
    if (!step) {
      if (!partial_) return std::unexpected(std::move(step).error());
      plan_.failures.push_back({.program = "", .error = step.error(), .map = spec_.maps[map].name});
      map_errors_.emplace(map, std::move(step).error());
      continue;
    }
    step_of_map_.Add(map, static_cast<uint32_t>(plan_.steps.size()));
    plan_.steps.emplace_back(std::move(*step));
  }
  return {};
}

Result<void> Draft::CheckNeeds(const std::vector<Piece>& pieces) const {
  if (!map_errors_.empty()) {
    for (const uint32_t map : MapsOf(spec_, index_, pieces))
      if (const auto failed = map_errors_.find(map); failed != map_errors_.end())
        return std::unexpected(failed->second);
  }
  if (option_errors_.empty()) return {};
  for (const Piece& piece : pieces)
    for (const Reference& reference : spec_.functions[piece.function].references)
      if (reference.kind == ReferenceKind::kExtern)
        if (const auto failed = option_errors_.find(reference.target);
            failed != option_errors_.end())
          return std::unexpected(failed->second);
  return {};
}

bool Draft::IsOfNoUse(const ProgramSpec& program) {
  if (program.type != ProgType::kStructOps) return false;
  bool used = false;
  const auto users = std::ranges::equal_range(index_.struct_ops_of, std::string_view(program.name),
                                              {}, &std::pair<std::string_view, uint32_t>::first);
  for (const auto& [name, map] : users) {
    const Result<StructOpsPlan>& found = facts_.StructOps(map);
    if (!found) return false;  // FindPlace tells why
    for (const StructOpsPlan::Function& function : found->functions)
      if (function.program == program.name && function.place) return false;
    used = true;
  }
  return used;
}

// A function of a struct_ops instance is made for the structure, and its place there.
Result<void> Draft::FindPlace(const ProgramSpec& program, LoadProgramStep& step) {
  const auto users = std::ranges::equal_range(index_.struct_ops_of, std::string_view(program.name),
                                              {}, &std::pair<std::string_view, uint32_t>::first);
  for (const auto& [name, map] : users) {
    const Result<StructOpsPlan>& found = facts_.StructOps(map);
    if (!found) return std::unexpected(found.error());
    for (const StructOpsPlan::Function& function : found->functions) {
      if (function.program != program.name || !function.place) continue;
      const AttachType member{function.place->member};
      if (step.attach.type != 0 &&
          (step.attach.type != found->type || step.params.expected_attach_type != member))
        return Refused(Code::kUnsupported, "",
                       "it stands in two places of struct_ops, which differ",
                       "write a program for each");
      step.attach.type = found->type;
      step.params.expected_attach_type = member;
      if (found->module) step.attach.module = modules_.Number(*found->module);
    }
  }
  if (step.attach.type != 0) return {};
  return Refused(users.empty() ? Code::kInvalidArgument : Code::kNotFound, "",
                 users.empty() ? "no struct_ops instance has it as a function"
                               : "this kernel's structure has no such function",
                 users.empty() ? "put it into a variable of section .struct_ops" : "");
}

Result<LoadProgramStep> Draft::MakeProgram(uint32_t index, const std::vector<Piece>& pieces) {
  const ProgramSpec& program = spec_.programs[index];
  PUREBPF_TRY(CheckNeeds(pieces));
  const size_t size = pieces.back().begin + spec_.functions[pieces.back().function].insns.size();
  if (size > kMaxPlanInsns - insns_)
    return Refused(
        Code::kUnsupported, "",
        "the programs together have more than " + std::to_string(kMaxPlanInsns) + " instructions",
        "load them one by one");
  LinkedCode code = Assemble(spec_, pieces);
  LoadProgramStep step{
      .program = index,
      .params = {.name = program.name,
                 .type = program.type,
                 .expected_attach_type = program.attach_type,
                 .flags = program.flags,
                 .license = spec_.license,
                 .kern_version = spec_.kern_version,
                 .insns = std::move(code.insns),
                 .func_info = std::move(code.func_info),
                 .line_info = std::move(code.line_info),
                 .attach_type_optional = IsAttachTypeOptional(program.type, program.attach_type)}};
  contexts_.Apply(program.type, pieces, step.params.func_info);
  PUREBPF_TRY(facts_.core.Apply(pieces, step));
  PUREBPF_TRY(
      Relocator(spec_, index_, step_of_map_, facts_.externs, modules_, plan_).Apply(pieces, step));
  std::ranges::stable_sort(step.notes, {}, &PlanNote::insn);
  if (program.type == ProgType::kStructOps) {
    PUREBPF_TRY(FindPlace(program, step));
  } else {
    const AttachedTo to = PUREBPF_TRY(FindAttachType(program, options_, facts_.types, kernel_));
    step.attach = {
        .type = to.type, .module = {}, .program_id = to.program_id, .program_fd = to.program_fd};
    if (to.module) step.attach.module = modules_.Number(*to.module);
  }
  insns_ += size;
  return step;
}

Result<void> Draft::AddPrograms(const Selection& selection) {
  for (const auto& [index, pieces] : selection.programs) {
    const ProgramSpec& program = spec_.programs[index];
    if (selection.programs.size() > 1 && IsOfNoUse(program)) continue;
    const size_t steps = plan_.steps.size();
    auto step = MakeProgram(index, pieces);
    if (!step) {
      // With the jump tables that were made for it.
      plan_.steps.erase(plan_.steps.begin() + static_cast<std::ptrdiff_t>(steps),
                        plan_.steps.end());
      Error error = std::move(step).error().Within("program '" + program.name + "'");
      if (!partial_) return std::unexpected(std::move(error));
      plan_.failures.push_back({.program = program.name, .error = std::move(error), .map = ""});
      continue;
    }
    step_of_program_.Add(index, static_cast<uint32_t>(plan_.steps.size()));
    plan_.steps.emplace_back(std::move(*step));
  }
  return {};
}

// After all programs: a prog array is emptied when nobody but programs holds it, and both kinds of
// slots need what they are for.
void Draft::AddSlots(const Selection& selection) {
  for (const bool program : {false, true}) {
    for (const uint32_t map : selection.maps) {
      const auto made = step_of_map_.Find(map);
      if (!made || spec_.maps[map].origin == MapOrigin::kStructOps) continue;
      if (std::get<CreateMapStep>(plan_.steps[*made]).replacement_fd >= 0) continue;
      for (const SlotSpec& slot : spec_.maps[map].slots) {
        if (slot.program != program) continue;
        const auto target =
            program ? index_.programs.Find(slot.target) : index_.maps.Find(slot.target);
        const StepIndex& steps = program ? step_of_program_ : step_of_map_;
        const auto step = target ? steps.Find(*target) : std::nullopt;
        if (!step) continue;  // left out, as its failure says
        plan_.steps.emplace_back(FillSlotStep{.map = *made, .key = slot.index, .target = *step});
      }
    }
  }
}

void Draft::AddStructOps(const Selection& selection) {
  for (const uint32_t map : selection.maps) {
    const auto made = step_of_map_.Find(map);
    if (!made || spec_.maps[map].origin != MapOrigin::kStructOps) continue;
    const StructOpsPlan& found = *facts_.StructOps(map);
    StructOpsStep step{.map = *made, .value = found.value, .members = {}};
    for (const StructOpsPlan::Function& function : found.functions) {
      const auto program = index_.programs.Find(function.program);
      const auto loaded = program ? step_of_program_.Find(*program) : std::nullopt;
      if (function.place && loaded)
        step.members.push_back({.offset = function.place->offset, .step = *loaded});
    }
    plan_.steps.emplace_back(std::move(step));
  }
}

void Draft::AddVariables() {
  // Both by map and offset would do; names of maps may be anything, so by what was created.
  std::vector<std::string_view> created;
  for (const auto& [map, step] : step_of_map_.all())
    if (spec_.maps[map].origin == MapOrigin::kData ||
        spec_.maps[map].origin == MapOrigin::kKconfig ||
        spec_.maps[map].params.type == MapType::kArena)
      created.push_back(spec_.maps[map].name);
  std::ranges::sort(created);
  for (const VariableSpec& variable : spec_.variables)
    if (std::ranges::binary_search(created, std::string_view(variable.map)))
      plan_.variables.push_back(variable);
}

// The object's types come first, where anything of the plan refers to them.
void Draft::AddBtf(const Selection& selection) {
  if (spec_.btf.empty()) return;
  LoadBtfStep step;
  bool wanted = false;
  for (const uint32_t map : selection.maps) {
    const MapSpec& spec = spec_.maps[map];
    if (spec.origin == MapOrigin::kStructOps) step.required = true;
    wanted = wanted || ((spec.key_type != 0 || spec.value_type != 0) && TakesBtf(spec.params.type));
    for (const MapSpec& inner : spec.inner)
      wanted = wanted || inner.key_type != 0 || inner.value_type != 0;
  }
  for (const auto& [index, pieces] : selection.programs)
    wanted = wanted || !spec_.CodeOf(spec_.programs[index]).func_infos.empty();
  if (!wanted && !step.required) return;
  step.btf = spec_.btf;
  plan_.steps.emplace_back(std::move(step));
}

// The types of functions that programs were given in place of the object's.
Result<void> Draft::AddContextTypes() {
  auto types = contexts_.Types();
  if (!types) return {};
  if (!*types)
    return Refused(Code::kUnsupported, "",
                   "the object's types: " + std::move(*types).error().message);
  for (Step& step : plan_.steps)
    if (auto* btf = std::get_if<LoadBtfStep>(&step)) btf->btf = std::move(**types);
  return {};
}

// As many steps as it takes, or some more: moving them is not cheap.
size_t Draft::StepsOf(const Selection& selection) const {
  size_t steps = 1 + selection.maps.size() + selection.programs.size();  // 1: the types
  for (const uint32_t map : selection.maps)
    steps += spec_.maps[map].origin == MapOrigin::kStructOps ? 1 : spec_.maps[map].slots.size();
  return steps;
}

Result<LoadPlan> Draft::Make(Selection selection) && {
  plan_.name = spec_.name;
  plan_.order = spec_.order;
  plan_.partial = partial_;
  plan_.log = options_.log;
  plan_.token_fd = options_.token_fd;
  plan_.failures = std::move(selection.failures);
  facts_.core.BeginPlan();
  const auto make = [&]() -> Result<void> {
    if (selection.programs.empty() && selection.maps.empty()) return {};
    plan_.steps.reserve(StepsOf(selection));
    AddBtf(selection);
    PUREBPF_TRY(AddMaps(selection));
    PUREBPF_TRY(AddPrograms(selection));
    PUREBPF_TRY(AddContextTypes());
    AddSlots(selection);
    AddStructOps(selection);
    AddVariables();
    return {};
  };
  if (auto made = make(); !made) return std::unexpected(std::move(made).error().Within(spec_.name));
  return std::move(plan_);
}

}  // namespace purebpf::internal
