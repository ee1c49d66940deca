#include "purebpf/loader/internal/selection.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/names.h"
#include "purebpf/loader/internal/plan/refused.h"

namespace purebpf::internal {
namespace {

// Grows a selection by what it needs, until nothing is missing.
class Selector {
 public:
  Selector(const CollectionSpec& spec, const SpecIndex& index, const LoadOptions& options,
           bool alone)
      : spec_(spec),
        index_(index),
        options_(options),
        alone_(alone),
        has_map_(spec.maps.size()),
        has_program_(spec.programs.size()) {}

  Result<void> LeaveOut() {
    for (const std::string& name : options_.skip) {
      const auto map = index_.maps.Find(name);
      const auto program = index_.programs.Find(name);
      if (map) left_out_maps_.insert(*map);
      if (program) left_out_programs_.insert(*program);
      if (!map && !program) return Unknown(name);
    }
    return {};
  }

  // What is said of a map that is not there was meant for another one.
  [[nodiscard]] Result<void> CheckNames() const {
    for (const auto& entries : options_.max_entries)
      if (!index_.maps.Find(entries.map)) return Unknown(entries.map);
    for (const MapReplacement& replacement : options_.replace)
      if (!index_.maps.Find(replacement.map)) return Unknown(replacement.map);
    return {};
  }

  Result<void> ByName() {
    for (const std::string& name : *options_.only) {
      const auto map = index_.maps.Find(name);
      const auto program = index_.programs.Find(name);
      if (map) PUREBPF_TRY(AddMap(*map));
      if (program) PUREBPF_TRY(AddProgram(*program));
      if (!map && !program) return Unknown(name);
    }
    return {};
  }

  Result<void> All() {
    selected_.maps.reserve(spec_.maps.size());
    selected_.programs.reserve(spec_.programs.size());
    for (uint32_t i = 0; i < spec_.maps.size(); ++i)
      if (spec_.maps[i].autocreate && spec_.maps[i].origin != MapOrigin::kJumpTable)
        PUREBPF_TRY(AddMap(i));
    std::vector<bool> unused = FunctionsOfUnusedStructOps();
    for (uint32_t i = 0; i < spec_.programs.size(); ++i)
      if (spec_.programs[i].autoload && !unused[i]) PUREBPF_TRY(AddProgram(i));
    return {};
  }

  Result<void> OnlyProgram(uint32_t index) {
    left_out_programs_.erase(index);
    return AddProgram(index);
  }

  Result<void> AddProgram(uint32_t index) {
    if (has_program_[index] || left_out_programs_.contains(index)) return {};
    const ProgramSpec& program = spec_.programs[index];
    auto pieces = Check(program);
    if (!pieces) {
      Error error = std::move(pieces).error().Within("program '" + program.name + "'");
      left_out_programs_.insert(index);
      if (alone_ || !options_.partial) return std::unexpected(std::move(error).Within(spec_.name));
      selected_.failures.push_back({program.name, std::move(error)});
      return {};
    }
    const auto maps = MapsOf(spec_, index_, *pieces);
    has_program_[index] = true;
    selected_.programs.push_back({index, std::move(*pieces)});
    for (const uint32_t map : maps)
      if (spec_.maps[map].autocreate) PUREBPF_TRY(AddMap(map));
    return {};
  }

  Result<void> AddMap(uint32_t index) {
    if (has_map_[index] || left_out_maps_.contains(index)) return {};
    has_map_[index] = true;
    selected_.maps.push_back(index);
    pending_.push_back(index);
    if (following_) return {};
    following_ = true;  // however deep the slots lead
    auto followed = FollowSlots();
    following_ = false;
    pending_.clear();
    return followed;
  }

  // In the order of the spec, whatever led to what.
  Selection Take() && {
    std::ranges::sort(selected_.maps);
    std::ranges::sort(selected_.programs, {}, &SelectedProgram::index);
    return std::move(selected_);
  }

 private:
  [[nodiscard]] Result<std::vector<Piece>> Check(const ProgramSpec& program) const {
    if (program.type == ProgType::kUnspec)
      return Refused(Code::kInvalidArgument, "",
                     "section '" + program.section + "' says no program type",
                     "set ProgramSpec::type, or name what to load in LoadOptions::only");
    return Arrange(spec_, index_, program.function);
  }

  // Of the maps that are pending, and of those that these lead to.
  Result<void> FollowSlots() {
    while (!pending_.empty()) {
      const uint32_t index = pending_.back();
      pending_.pop_back();
      for (const SlotSpec& slot : spec_.maps[index].slots) {
        auto added = AddTarget(spec_.maps[index], slot);
        if (added) continue;
        if (alone_ || !options_.partial) return added;
        selected_.map_errors.emplace(index, std::move(added).error());
        break;
      }
    }
    return {};
  }

  Result<void> AddTarget(const MapSpec& map, const SlotSpec& slot) {
    if (slot.program) {
      if (alone_) return {};
      const auto program = index_.programs.Find(slot.target);
      return program ? AddProgram(*program) : NoTarget(map, slot);
    }
    const auto target = index_.maps.Find(slot.target);
    return target ? AddMap(*target) : NoTarget(map, slot);
  }

  [[nodiscard, gnu::cold]] std::unexpected<Error> NoTarget(const MapSpec& map,
                                                           const SlotSpec& slot) const {
    auto refused = Refused(Code::kInvalidArgument, "map '" + map.name + "'",
                           "slot " + std::to_string(slot.index) + " is for '" + slot.target +
                               "', which the spec lacks");
    // A failure among others is not the collection's.
    if (!alone_ && options_.partial) return refused;
    return std::unexpected(std::move(refused.error()).Within(spec_.name));
  }

  [[nodiscard, gnu::cold]] std::unexpected<Error> Unknown(const std::string& name) const {
    return Refused(Code::kInvalidArgument, spec_.name,
                   "has no map or program '" + name +
                       "'; maps: " + NamesOf(spec_.maps, &MapSpec::name) +
                       "; programs: " + NamesOf(spec_.programs, &ProgramSpec::name));
  }

  // Functions of struct_ops instances of which none is created serve nobody.
  [[nodiscard]] std::vector<bool> FunctionsOfUnusedStructOps() const {
    std::vector<bool> unused(spec_.programs.size());
    for (const bool created : {false, true}) {
      for (const uint32_t i : index_.struct_ops) {
        if (has_map_[i] != created) continue;
        for (const SlotSpec& slot : spec_.maps[i].slots)
          if (const auto program = index_.programs.Find(slot.target)) unused[*program] = !created;
      }
    }
    return unused;
  }

  const CollectionSpec& spec_;
  const SpecIndex& index_;
  const LoadOptions& options_;
  bool alone_;
  std::vector<bool> has_map_;      // whether it is selected
  std::vector<bool> has_program_;  // the same
  std::set<uint32_t> left_out_maps_;
  std::set<uint32_t> left_out_programs_;  // skipped, or failed
  Selection selected_;
  std::vector<uint32_t> pending_;  // maps whose slots are still to be looked at
  bool following_ = false;
};

}  // namespace

std::vector<uint32_t> MapsOf(const CollectionSpec& spec, const SpecIndex& index,
                             const std::vector<Piece>& pieces) {
  std::vector<uint32_t> maps;
  maps.reserve(CountReferences(spec, pieces));
  const auto add = [&](uint32_t map) {
    if (map < spec.maps.size() && spec.maps[map].origin != MapOrigin::kJumpTable)
      maps.push_back(map);
  };
  for (const Piece& piece : pieces) {
    for (const Reference& reference : spec.functions[piece.function].references) {
      switch (reference.kind) {
        case ReferenceKind::kMap:
        case ReferenceKind::kData:
        case ReferenceKind::kArena:
          add(reference.target);
          break;
        case ReferenceKind::kExtern:
          if (reference.target < spec.externs.size() &&
              spec.externs[reference.target].kind == ExternKind::kKconfig)
            if (index.kconfig) add(*index.kconfig);
          break;
        default:
          break;
      }
    }
  }
  std::ranges::sort(maps);
  maps.erase(std::unique(maps.begin(), maps.end()), maps.end());
  return maps;
}

Result<Selection> Select(const CollectionSpec& spec, const SpecIndex& index,
                         const LoadOptions& options) {
  Selector selector(spec, index, options, false);
  PUREBPF_TRY(selector.CheckNames());
  PUREBPF_TRY(selector.LeaveOut());
  if (options.only) {
    PUREBPF_TRY(selector.ByName());
  } else {
    PUREBPF_TRY(selector.All());
  }
  return std::move(selector).Take();
}

Result<Selection> SelectAlone(const CollectionSpec& spec, const SpecIndex& index, uint32_t program,
                              const LoadOptions& options) {
  Selector selector(spec, index, options, true);
  PUREBPF_TRY(selector.LeaveOut());
  PUREBPF_TRY(selector.OnlyProgram(program));
  return std::move(selector).Take();
}

}  // namespace purebpf::internal
