#include "purebpf/loader/load_plan.h"

#include <algorithm>
#include <bit>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/map_fit.h"
#include "purebpf/loader/internal/selection.h"

namespace purebpf {
namespace {

using internal::Refused;

Result<CreateMapStep> PlanMap(const MapSpec& spec, const TargetKernel& target) {
  const auto refused = [&](std::string detail, std::string hint) {
    return Refused(Code::kUnsupported, "map '" + spec.name + "'", std::move(detail),
                   std::move(hint));
  };
  const auto extra = std::ranges::find_if(spec.extra, [](std::byte b) { return b != std::byte{}; });
  if (extra != spec.extra.end())
    return refused("byte " + std::to_string(extra - spec.extra.begin()) +
                       " after its definition's map_flags is not zero",
                   "loaders gave such bytes different meanings: interpret MapSpec::extra, then "
                   "clear it");
  if (!spec.inner.empty() || !spec.slots.empty() || !spec.contents.empty())
    return refused("it has inner maps, slots or contents, which are not filled in", "");
  if (spec.pinning != Pinning::kNone)
    return refused("it is to be pinned by name, which is not done",
                   "set MapSpec::pinning to kNone to create it unpinned");
  return CreateMapStep{.params =
                           internal::FitMap(spec.params, target.page_size, target.possible_cpus)};
}

// The step that creates a map, by index into the spec's maps; only of the selected.
using MapSteps = std::vector<uint32_t>;

std::string Describe(const CollectionSpec& spec, const Reference& reference) {
  switch (reference.kind) {
    case ReferenceKind::kMap:
      return "map";
    case ReferenceKind::kData:
    case ReferenceKind::kArena:
      return "global data in section '" + spec.maps[reference.target].section + "'";
    case ReferenceKind::kFunctionCall:
    case ReferenceKind::kFunctionAddress:
      return "function '" + spec.functions[reference.target].name + "'";
    case ReferenceKind::kExtern:
      return "external symbol '" + spec.externs[reference.target].name + "'";
  }
  return "";
}

// Fills in what `reference` names, or leaves a slot for it.
Result<void> Relocate(const CollectionSpec& spec, const Reference& reference,
                      const MapSteps& steps, LoadProgramStep& step) {
  auto& insns = step.params.insns;
  const std::string where = "instruction " + std::to_string(reference.insn);
  if (reference.insn >= insns.size())
    return Refused(
        Code::kMalformed, "",
        where + " of a reference is beyond the program's " + std::to_string(insns.size()));
  if (reference.kind != ReferenceKind::kMap)
    return Refused(Code::kUnsupported, "",
                   where + " refers to " + Describe(spec, reference) +
                       ", which this version does not resolve",
                   "it resolves references to maps");
  if (reference.target >= spec.maps.size())
    return Refused(Code::kInvalidArgument, "",
                   where + " refers to map " + std::to_string(reference.target) + ", of " +
                       std::to_string(spec.maps.size()));
  Insn& insn = insns[reference.insn];
  if (insn.code != kLoadImm64 || reference.insn + 1 >= insns.size())
    return Refused(Code::kMalformed, "",
                   where + " refers to map '" + spec.maps[reference.target].name +
                       "' but is no whole 64-bit load (opcode " + std::to_string(insn.code) + ")");
  insn.set_src(kPseudoMapFd);
  insn.imm = 0;
  insns[reference.insn + 1].imm = 0;
  step.map_slots.push_back({.insn = reference.insn, .step = steps[reference.target]});
  return {};
}

Result<LoadProgramStep> PlanProgram(const CollectionSpec& spec, const ProgramSpec& program,
                                    const MapSteps& steps) {
  if (program.type == ProgType::kUnspec)
    return Refused(Code::kInvalidArgument, "",
                   "section '" + program.section + "' says no program type",
                   "set ProgramSpec::type, or name what to load in LoadOptions::only");
  const FunctionSpec& function = spec.CodeOf(program);
  LoadProgramStep step{.params = {.name = program.name,
                                  .type = program.type,
                                  .expected_attach_type = program.attach_type,
                                  .flags = program.flags,
                                  .license = spec.license,
                                  .kern_version = spec.kern_version,
                                  .insns = function.insns}};
  for (const Reference& reference : function.references)
    PUREBPF_TRY(Relocate(spec, reference, steps, step));
  if (!function.core.empty())
    return Refused(Code::kUnsupported, "", "it depends on the kernel's layout (CO-RE)");
  return step;
}

std::string_view OrderName(std::endian order) {
  return order == std::endian::little ? "little-endian" : "big-endian";
}

// "BPF_MAP_TYPE_DEVMAP_HASH" -> "devmap_hash"; a number where the type is unknown.
template <typename Type>
std::string TypeName(Type type, std::string_view prefix) {
  std::string_view spelling = KernelSpelling(type);
  if (spelling.empty()) return "type " + std::to_string(static_cast<uint32_t>(type));
  if (spelling.starts_with(prefix)) spelling.remove_prefix(prefix.size());
  std::string name(spelling);
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return name;
}

void Print(const CreateMapStep& step, std::string& text) {
  const MapParams& map = step.params;
  text += "create map '" + map.name + "': " + TypeName(map.type, "BPF_MAP_TYPE_") + ", key " +
          std::to_string(map.key_size) + ", value " + std::to_string(map.value_size) + ", " +
          std::to_string(map.max_entries) + " entries";
  if (map.flags != 0) text += ", flags " + std::to_string(map.flags);
}

void Print(const LoadPlan& plan, const LoadProgramStep& step, std::string& text) {
  const ProgramParams& program = step.params;
  text += "load program '" + program.name + "': " + TypeName(program.type, "BPF_PROG_TYPE_") +
          ", " + std::to_string(program.insns.size()) + " instructions";
  for (const MapSlot& slot : step.map_slots)
    text += ", map '" + std::get<CreateMapStep>(plan.steps[slot.step]).params.name + "' at " +
            std::to_string(slot.insn);
}

}  // namespace

Result<LoadPlan> LoadPlan::Make(const CollectionSpec& spec, const TargetKernel& target,
                                const LoadOptions& options) {
  if (spec.order != target.order)
    return Refused(Code::kUnsupported, spec.name,
                   "the object is " + std::string(OrderName(spec.order)) + ", the kernel " +
                       std::string(OrderName(target.order)),
                   "compile it for this machine: clang -target bpf");
  const internal::NameIndex maps(spec.maps);
  const internal::Selection selected = PUREBPF_TRY(internal::Select(spec, maps, options));
  LoadPlan plan{.name = spec.name, .log = options.log};
  MapSteps map_steps(spec.maps.size());
  for (size_t i = 0; i < spec.maps.size(); ++i) {
    if (!selected.maps[i]) continue;
    auto step = PlanMap(spec.maps[i], target);
    if (!step) return std::unexpected(std::move(step).error().Within(spec.name));
    map_steps[i] = static_cast<uint32_t>(plan.steps.size());
    plan.steps.emplace_back(std::move(*step));
  }
  for (size_t i = 0; i < spec.programs.size(); ++i) {
    if (!selected.programs[i]) continue;
    const ProgramSpec& program = spec.programs[i];
    auto step = PlanProgram(spec, program, map_steps);
    if (!step)
      return std::unexpected(
          std::move(step).error().Within("program '" + program.name + "'").Within(spec.name));
    plan.steps.emplace_back(std::move(*step));
  }
  return plan;
}

std::string LoadPlan::ToString() const {
  std::string text;
  for (const Step& step : steps) {
    if (const auto* map = std::get_if<CreateMapStep>(&step)) Print(*map, text);
    if (const auto* program = std::get_if<LoadProgramStep>(&step)) Print(*this, *program, text);
    text += '\n';
  }
  return text;
}

}  // namespace purebpf
