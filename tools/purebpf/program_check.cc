#include "purebpf/tools/purebpf/program_check.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <map>
#include <string_view>
#include <utility>
#include <variant>

#include "purebpf/elf/btf.h"
#include "purebpf/tools/purebpf/reach.h"

namespace purebpf::tool {
namespace {

// How many CO-RE relocations and kernel functions a program and the functions that it calls have.
struct Needs {
  size_t core = 0;
  size_t functions = 0;
};

Needs NeedsOf(const CollectionSpec& spec, const ProgramSpec& program) {
  Needs needs;
  std::vector<bool> seen(spec.functions.size());
  std::vector<uint32_t> pending{program.function};
  const std::string_view callback = spec.CodeOf(program).exception_callback;
  for (uint32_t i = 0; i < spec.functions.size() && !callback.empty(); ++i)
    if (spec.functions[i].name == callback) pending.push_back(i);
  while (!pending.empty()) {
    const uint32_t next = pending.back();
    pending.pop_back();
    if (next >= seen.size() || seen[next]) continue;
    seen[next] = true;
    needs.core += spec.functions[next].core.size();
    for (const Reference& reference : spec.functions[next].references) {
      if (reference.kind == ReferenceKind::kFunctionCall ||
          reference.kind == ReferenceKind::kFunctionAddress) {
        pending.push_back(reference.target);
      }
      if (reference.kind == ReferenceKind::kExtern && reference.target < spec.externs.size() &&
          spec.externs[reference.target].kind == ExternKind::kFunction) {
        ++needs.functions;
      }
    }
  }
  return needs;
}

bool IsVolatile(const elf::Btf& btf, elf::TypeId id) {
  constexpr int kMostModifiers = 32;
  for (int i = 0; i < kMostModifiers; ++i) {
    const elf::BtfType type = btf.Type(id);
    switch (type.kind) {
      case elf::BtfKind::kVolatile:
        return true;
      case elf::BtfKind::kConst:
      case elf::BtfKind::kRestrict:
      case elf::BtfKind::kTypedef:
      case elf::BtfKind::kTypeTag:
        id = type.target;
        break;
      case elf::BtfKind::kArray:
        id = btf.Array(type).element;
        break;
      default:
        return false;
    }
  }
  return false;
}

// Functions that the kernel verifies though nothing may call them: where bpf_throw() goes on (Linux
// 6.7), and global ones, each on its own (Linux 5.6), before 6.8 whether they are called or not.
// (kernel/bpf/verifier.c: do_check_subprogs)
std::vector<uint32_t> EnteredFunctions(const LoadPlan& plan, const LoadProgramStep& load,
                                       std::string_view callback, bool globals) {
  std::vector<uint32_t> entered;
  for (const Step& step : plan.steps) {
    const auto* types = std::get_if<LoadBtfStep>(&step);
    if (types == nullptr) continue;
    const auto btf = elf::Btf::Index(types->btf);
    if (!btf) return entered;
    const InfoRecords& infos = load.params.func_info;
    FunctionInfo info;
    for (size_t at = 0; at + sizeof info <= infos.records.size(); at += infos.record_size) {
      std::memcpy(&info, infos.records.data() + at, sizeof info);
      const elf::BtfType function = btf->Type(elf::TypeId{info.type});
      if ((globals && function.linkage == elf::kGlobalLinkage) || function.name == callback)
        entered.push_back(info.insn);
    }
  }
  return entered;
}

// A loaded program, walked with one variable or another unknown.
class Walks {
 public:
  Walks(const CollectionSpec& spec, const LoadPlan& plan, const LoadProgramStep& load,
        const KernelKnowledge& known, std::span<const OpenVariable> open)
      : spec_(spec), load_(load), entries_(Entries(spec, plan, load, known)) {
    for (const MapSlot& slot : load.map_slots) {
      const auto* map = std::get_if<CreateMapStep>(&plan.steps[slot.step]);
      if (map == nullptr || !map->freeze) continue;
      const bool options = spec.maps[map->map].origin == MapOrigin::kKconfig;
      if (options && !known.options) continue;
      addresses_.push_back(
          {.insn = slot.insn, .value = map->contents, .size = map->params.value_size});
      names_.emplace_back(map->name);
      if (options && !known.version) unknown_[map->name] = LinuxValues();
    }
    for (const OpenVariable& variable : open)
      if (std::ranges::find(names_, variable.map) != names_.end()) variables_.push_back(&variable);
    SortAddresses();
  }

  [[nodiscard]] const std::vector<const OpenVariable*>& variables() const { return variables_; }

  // Which instructions are reached, whatever those variables are that are `open`, by their place
  // in variables(). Each question is answered once.
  const std::vector<bool>& Reached(const std::vector<bool>& open) {
    const auto [found, is_new] = answers_.try_emplace(open);
    if (is_new) found->second = Walk(open);
    return found->second;
  }

  // More questions would take too long.
  [[nodiscard]] bool Tired() const {
    constexpr size_t kMostWork = 20'000'000;  // instructions and variables looked at: a second
    return answers_.size() * (load_.params.insns.size() + variables_.size()) > kMostWork;
  }

 private:
  static std::vector<uint32_t> Entries(const CollectionSpec& spec, const LoadPlan& plan,
                                       const LoadProgramStep& load, const KernelKnowledge& known) {
    return EnteredFunctions(plan, load, spec.CodeOf(spec.programs[load.program]).exception_callback,
                            !known.skips_uncalled_functions);
  }

  // Those in .kconfig that are no options: the kernel's version, and what follows from it.
  [[nodiscard]] std::vector<ByteRange> LinuxValues() const {
    std::vector<ByteRange> ranges;
    for (const ExternSpec& external : spec_.externs)
      if (external.kind == ExternKind::kKconfig && !external.name.starts_with("CONFIG_"))
        ranges.push_back({external.offset, external.size});
    return ranges;
  }

  void SortAddresses() {
    std::vector<size_t> order(addresses_.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, {}, [this](size_t i) { return addresses_[i].insn; });
    std::vector<FrozenAddress> addresses;
    std::vector<std::string_view> names;
    for (const size_t i : order) {
      addresses.push_back(addresses_[i]);
      names.push_back(names_[i]);
    }
    addresses_ = std::move(addresses);
    names_ = std::move(names);
  }

  // Ascending and apart, as reach.h wants them: variables may have aliases.
  static void Tidy(std::vector<ByteRange>& ranges) {
    std::ranges::sort(ranges, {}, &ByteRange::offset);
    std::vector<ByteRange> apart;
    for (const ByteRange range : ranges) {
      if (apart.empty() || uint64_t{apart.back().offset} + apart.back().size < range.offset) {
        apart.push_back(range);
        continue;
      }
      const uint64_t end = std::max(uint64_t{apart.back().offset} + apart.back().size,
                                    uint64_t{range.offset} + range.size);
      apart.back().size = static_cast<uint32_t>(end - apart.back().offset);
    }
    ranges = std::move(apart);
  }

  std::vector<bool> Walk(const std::vector<bool>& open) {
    auto unknown = unknown_;
    for (size_t i = 0; i < variables_.size(); ++i)
      if (open[i])
        unknown[variables_[i]->map].push_back({variables_[i]->offset, variables_[i]->size});
    for (auto& [map, ranges] : unknown) Tidy(ranges);
    for (size_t i = 0; i < addresses_.size(); ++i) {
      const auto found = unknown.find(names_[i]);
      addresses_[i].unknown =
          found == unknown.end() ? std::span<const ByteRange>() : std::span(found->second);
    }
    return ReachableInsns(load_.params.insns, addresses_, spec_.order, entries_);
  }

  const CollectionSpec& spec_;
  const LoadProgramStep& load_;
  std::vector<uint32_t> entries_;
  std::vector<FrozenAddress> addresses_;                        // by instruction
  std::vector<std::string_view> names_;                         // of their maps
  std::map<std::string_view, std::vector<ByteRange>> unknown_;  // by map, whatever is asked
  std::vector<const OpenVariable*> variables_;
  std::map<std::vector<bool>, std::vector<bool>> answers_;
};

// As few variables as it takes to reach an instruction that their values in the object do not lead
// to: of all, those are given their values without which it is still reached. Where that would take
// too long, more.
class Dependence {
 public:
  Dependence(Walks& walks, uint32_t insn)
      : walks_(walks), insn_(insn), open_(walks.variables().size(), true) {
    Close(0, open_.size());
  }

  [[nodiscard]] std::vector<std::string> Names() const {
    constexpr size_t kMostNames = 16;
    std::vector<std::string> names;
    for (size_t i = 0; i < open_.size() && names.size() < kMostNames; ++i)
      if (open_[i]) names.push_back(walks_.variables()[i]->name);
    return names;
  }

 private:
  // Of those from `first` to before `end`, all or else of either half.
  void Close(size_t first, size_t end) {
    if (first == end || walks_.Tired()) return;
    const std::vector<bool> before = open_;
    for (size_t i = first; i < end; ++i) open_[i] = false;
    if (walks_.Reached(open_)[insn_]) return;
    open_ = before;
    if (end - first == 1) return;
    const size_t middle = first + (end - first) / 2;
    Close(first, middle);
    Close(middle, end);
  }

  Walks& walks_;
  uint32_t insn_;
  std::vector<bool> open_;
};

void Judge(Walks& walks, const std::vector<PlanNote>& notes, ProgramCheck& check) {
  const size_t count = walks.variables().size();
  const std::vector<bool>& always = walks.Reached(std::vector<bool>(count, false));
  const std::vector<bool>& ever = walks.Reached(std::vector<bool>(count, true));
  for (const PlanNote& note : notes) {
    if (note.insn >= always.size() || always[note.insn]) {
      check.missing.push_back({note.insn, note.text});
    } else if (ever[note.insn]) {
      check.depends.push_back({note.insn, note.text, Dependence(walks, note.insn).Names()});
    } else {
      check.guarded.push_back({note.insn, note.text});
    }
  }
}

}  // namespace

std::vector<OpenVariable> OpenVariables(const CollectionSpec& spec) {
  std::vector<OpenVariable> open;
  const auto btf = elf::Btf::Index(spec.btf);
  if (!btf) return open;
  for (const VariableSpec& variable : spec.variables)
    if (variable.constant && IsVolatile(*btf, elf::TypeId{variable.type}))
      open.push_back({variable.name, variable.map, variable.offset, variable.size});
  return open;
}

ProgramCheck CheckProgram(const CollectionSpec& spec, uint32_t index, Planner& planner,
                          const KernelKnowledge& known, std::span<const OpenVariable> open) {
  const ProgramSpec& program = spec.programs[index];
  const Needs needs = NeedsOf(spec, program);
  ProgramCheck check{.name = program.name,
                     .section = program.section,
                     .core = needs.core,
                     .functions = needs.functions};
  const auto plan = planner.PlanAlone(index);
  if (!plan) {
    check.plan_error = plan.error();
    return check;
  }
  for (const Step& step : plan->steps) {
    const auto* load = std::get_if<LoadProgramStep>(&step);
    if (load == nullptr || load->notes.empty()) continue;
    Walks walks(spec, *plan, *load, known, open);
    Judge(walks, load->notes, check);
  }
  return check;
}

}  // namespace purebpf::tool
