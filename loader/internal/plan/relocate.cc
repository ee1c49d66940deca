#include "purebpf/loader/internal/plan/relocate.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <string>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/plan/refused.h"

namespace purebpf::internal {
namespace {

// struct bpf_insn_array_value (Linux 6.19): where the entry leads to, then what the kernel adds.
struct InsnArrayValue {
  uint32_t orig_off = 0;
  uint32_t xlated_off = 0;
  uint32_t jitted_off = 0;
  uint32_t pad = 0;
};

}  // namespace

uint32_t PlanModules::Number(uint32_t module) {
  const std::string& name = target_.Modules()[module].name;
  const auto found = std::ranges::find(plan_.modules, name);
  if (found == plan_.modules.end()) plan_.modules.push_back(name);
  return static_cast<uint32_t>(std::ranges::find(plan_.modules, name) - plan_.modules.begin());
}

std::unexpected<Error> Relocator::Wrong(const Site& site, const std::string& what) {
  return Refused(Code::kMalformed, "",
                 "function '" + site.code.name + "', instruction " +
                     std::to_string(site.reference.insn) + " " + what);
}

void Relocator::UseMap(const Site& site, uint8_t source, uint32_t step) {
  site.insn().set_src(source);
  site.insn().imm = 0;
  site.step.map_slots.push_back({.insn = site.at(), .step = step});
}

void Relocator::PoisonMap(const Site& site, uint32_t map) {
  const Insn poison{
      .code = kCall, .registers = 0, .off = 0, .imm = kMapPoison + static_cast<int32_t>(map)};
  site.insn() = poison;
  site.second() = poison;
  site.step.notes.push_back(
      {.insn = site.at(), .text = "map '" + spec_.maps[map].name + "' was not created"});
}

void Relocator::PoisonCall(const Site& site) {
  const uint32_t index = site.reference.target;
  site.insn() = {.code = kCall,
                 .registers = 0,
                 .off = 0,
                 .imm = kFunctionPoison + static_cast<int32_t>(index)};
  site.step.notes.push_back({.insn = site.at(),
                             .text = "kernel function '" + spec_.externs[index].name +
                                     "' does not exist on this kernel"});
}

// Entries count from the start of what the kernel is given, not of the section.
Result<void> Relocator::ToJumpTable(const Site& site, const MapSpec& map) {
  if (!map.problem.empty()) return Refused(Code::kMalformed, "", map.problem);
  if (const auto known = tables_.find(site.reference.target); known != tables_.end()) {
    UseMap(site, kPseudoMapValue, known->second);
    site.insn().off = 0;
    return {};
  }
  CreateMapStep step{
      .map = site.reference.target, .name = map.name, .params = map.params, .freeze = map.freeze};
  const size_t entries = map.contents.size() / sizeof(uint64_t);
  if (entries != map.params.max_entries || map.params.value_size != sizeof(InsnArrayValue))
    return Wrong(site, "refers to jump table '" + map.name + "' of another size than its map");
  for (size_t i = 0; i < entries; ++i) {
    uint64_t insn = 0;
    std::memcpy(&insn, map.contents.data() + i * sizeof insn, sizeof insn);
    if (insn < site.code.section_insn || insn - site.code.section_insn >= site.code.insns.size())
      return Wrong(site, "refers to jump table '" + map.name + "', whose entry " +
                             std::to_string(i) + " leads out of the function");
    InsnArrayValue value{.orig_off = static_cast<uint32_t>(insn - site.code.section_insn) +
                                     site.piece.begin};
    if (spec_.order != std::endian::native) value.orig_off = std::byteswap(value.orig_off);
    const Bytes bytes = BytesOf(value);
    step.contents.insert(step.contents.end(), bytes.begin(), bytes.end());
  }
  const auto number = static_cast<uint32_t>(plan_.steps.size());
  plan_.steps.emplace_back(std::move(step));
  tables_.emplace(site.reference.target, number);
  UseMap(site, kPseudoMapValue, number);
  site.insn().off = 0;
  return {};
}

Result<void> Relocator::ToMap(const Site& site) {
  const Reference& reference = site.reference;
  if (reference.target >= spec_.maps.size())
    return Wrong(site, "refers to map " + std::to_string(reference.target) + ", of " +
                           std::to_string(spec_.maps.size()));
  const MapSpec& map = spec_.maps[reference.target];
  if (map.origin == MapOrigin::kJumpTable) return ToJumpTable(site, map);
  if (reference.kind == ReferenceKind::kMap) {
    const auto step = step_of_map_.Find(reference.target);
    if (!step) {
      PoisonMap(site, reference.target);
    } else {
      UseMap(site, kPseudoMapFd, *step);
      site.second().imm = 0;
    }
    return {};
  }
  // The kernel refuses an address outside of the value, and says so.
  if (reference.offset < std::numeric_limits<int32_t>::min() ||
      reference.offset > std::numeric_limits<uint32_t>::max())
    return Wrong(site, "refers to offset " + std::to_string(reference.offset) + " of '" + map.name +
                           "', beyond 32 bits");
  UseValue(site, reference.target, reference.offset);
  return {};
}

void Relocator::UseValue(const Site& site, uint32_t map, int64_t offset) {
  const auto step = step_of_map_.Find(map);
  if (!step) {
    PoisonMap(site, map);
    return;
  }
  UseMap(site, kPseudoMapValue, *step);
  site.second().imm = static_cast<int32_t>(offset);
}

Result<void> Relocator::ToKconfig(const Site& site) {
  const ExternSpec& option = spec_.externs[site.reference.target];
  if (!index_.kconfig)
    return Wrong(site, "refers to option '" + option.name + "', but the spec has no map .kconfig");
  UseValue(site, *index_.kconfig, option.offset);
  return {};
}

Result<void> Relocator::ToExtern(const Site& site) {
  if (site.reference.target >= spec_.externs.size())
    return Wrong(site, "refers to extern " + std::to_string(site.reference.target) + ", of " +
                           std::to_string(spec_.externs.size()));
  const ExternSpec& spec = spec_.externs[site.reference.target];
  const bool call = site.insn().code == kCall;
  if (spec.kind == ExternKind::kKconfig && !call) return ToKconfig(site);
  if (call && spec.kind != ExternKind::kFunction && spec.kind != ExternKind::kUnknown)
    return Wrong(site, "calls '" + spec.name + "', which is declared as a variable");
  if (spec.kind == ExternKind::kUnknown && !call) {
    // A name that assembly made up, for whoever patches the instruction: a number until then.
    site.step.notes.push_back(
        {.insn = site.at(),
         .text = "extern '" + spec.name + "' is defined nowhere, so its address is taken for 0"});
    return {};
  }
  const ExternValue value = PUREBPF_TRY(externs_.Resolve(site.reference.target));
  Insn& insn = site.insn();
  if (value.kind == ExternValue::Kind::kType) {
    insn.imm = static_cast<int32_t>(value.type);
    if (call) {
      insn.set_src(kPseudoKfuncCall);
      const uint32_t number = value.module ? modules_.Number(*value.module) + 1 : 0;
      if (number > std::numeric_limits<int16_t>::max())
        return Wrong(site, "calls functions of more modules than an instruction can tell apart");
      insn.off = static_cast<int16_t>(number);
      site.step.calls_modules = site.step.calls_modules || number != 0;
      return {};
    }
    insn.set_src(kPseudoBtfId);
    site.second().imm = 0;
    if (value.module)
      site.step.module_slots.push_back(
          {.insn = site.at(), .module = modules_.Number(*value.module)});
    return {};
  }
  if (call) {
    PoisonCall(site);
    return {};
  }
  // An absent one's address is 0, which is what programs ask for.
  insn.imm = static_cast<int32_t>(value.address);
  site.second().imm = static_cast<int32_t>(value.address >> 32);
  return {};
}

Result<void> Relocator::ApplyOne(const Site& site) {
  const bool call = site.insn().code == kCall;
  const bool whole =
      site.insn().code == kLoadImm64 && site.reference.insn + 1 < site.code.insns.size();
  switch (site.reference.kind) {
    case ReferenceKind::kFunctionCall:
      if (!call) return Wrong(site, "calls a function but is no call");
      return {};
    case ReferenceKind::kFunctionAddress:
      if (!whole) return Wrong(site, "takes a function's address but is no whole 64-bit load");
      return {};
    case ReferenceKind::kExtern:
      if (!call && !whole)
        return Wrong(site, "refers to an extern but is neither a call nor a whole 64-bit load");
      return ToExtern(site);
    default:
      if (!whole)
        return Wrong(site, "refers to a map but is no whole 64-bit load (opcode " +
                               std::to_string(site.insn().code) + ")");
      return ToMap(site);
  }
}

Result<void> Relocator::Apply(const std::vector<Piece>& pieces, LoadProgramStep& step) {
  tables_.clear();
  step.map_slots.reserve(CountReferences(spec_, pieces));
  for (const Piece& piece : pieces) {
    const FunctionSpec& code = spec_.functions[piece.function];
    for (const Reference& reference : code.references)
      PUREBPF_TRY(ApplyOne({code, piece, reference, step}));
  }
  return {};
}

}  // namespace purebpf::internal
