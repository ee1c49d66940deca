#include "purebpf/loader/internal/plan/map_plan.h"

#include <algorithm>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/map_fit.h"
#include "purebpf/loader/internal/plan/refused.h"

namespace purebpf::internal {
namespace {

// Whether a definition that says 0 leaves the number to user space. Entries of these storages are
// kept with what they belong to, and the kernel wants 0; perf event arrays have one for each CPU.
bool NeedsEntries(MapType type) {
  switch (type) {
    case MapType::kPerfEventArray:
    case MapType::kCgroupStorage:
    case MapType::kPercpuCgroupStorage:
    case MapType::kSkStorage:
    case MapType::kInodeStorage:
    case MapType::kTaskStorage:
    case MapType::kCgrpStorage:
      return false;
    default:
      return true;
  }
}

void Resize(const MapSpec& map, const LoadOptions& options, MapParams& params) {
  const auto given = std::ranges::find(options.max_entries, map.name, &MaxEntries::map);
  if (given != options.max_entries.end()) {
    params.max_entries = given->max_entries;
  } else if (params.max_entries == 0 && NeedsEntries(params.type)) {
    params.max_entries = options.default_max_entries;
  }
}

Result<MapParams> Fit(MapParams params, TargetKernel& target) {
  const uint32_t page_size = DependsOnPageSize(params) ? target.PageSize() : 1;
  const uint32_t cpus = DependsOnCpus(params) ? PUREBPF_TRY(target.PossibleCpus()) : 1;
  return FitMap(std::move(params), page_size, cpus);
}

// Bytes that only their author can explain.
Result<void> CheckExtra(const MapSpec& map) {
  const auto extra = std::ranges::find_if(map.extra, [](std::byte b) { return b != std::byte{}; });
  if (extra == map.extra.end()) return {};
  return Refused(Code::kUnsupported, "",
                 "byte " + std::to_string(extra - map.extra.begin()) +
                     " after its definition's map_flags is not zero",
                 "loaders gave such bytes different meanings: interpret MapSpec::extra, then clear "
                 "it");
}

Result<InnerMapPlan> PlanInner(const MapSpec& inner, bool types, TargetKernel& target,
                               const LoadOptions& options) {
  if (!inner.problem.empty()) return Refused(Code::kMalformed, "", inner.problem);
  InnerMapPlan plan;
  MapParams params = inner.params;
  Resize(inner, options, params);
  plan.params = PUREBPF_TRY(Fit(std::move(params), target));
  if (types) plan.types = {.key = inner.key_type, .value = inner.value_type};
  return plan;
}

bool HoldsMaps(MapType type) {
  return type == MapType::kArrayOfMaps || type == MapType::kHashOfMaps;
}

// The maps in it say what they are like, where the definition does not.
Result<void> AddInner(const CollectionSpec& spec, const SpecIndex& names, const MapSpec& map,
                      TargetKernel& target, const LoadOptions& options, CreateMapStep& step) {
  if (!HoldsMaps(map.params.type)) return {};
  const MapSpec* inner = map.inner.empty() ? nullptr : &map.inner.front();
  if (inner == nullptr && !map.slots.empty()) {
    const auto first = names.maps.Find(map.slots.front().target);
    if (first) inner = &spec.maps[*first];
  }
  if (inner == nullptr && step.replacement_fd < 0 && step.pin_path.empty())
    return Refused(Code::kInvalidArgument, "",
                   "it holds maps, and nothing says what these are like",
                   "set MapSpec::inner, or give LoadOptions::replace");
  if (inner == nullptr) return {};
  auto plan = PlanInner(*inner, !spec.btf.empty(), target, options);
  if (!plan) return std::unexpected(std::move(plan).error().Within("inner map"));
  step.inner = std::move(*plan);
  return {};
}

Result<void> Replace(const MapSpec& map, const LoadOptions& options, CreateMapStep& step) {
  const auto replacement = std::ranges::find(options.replace, map.name, &MapReplacement::map);
  if (replacement == options.replace.end() || replacement->by == nullptr) return {};
  const std::string difference = Difference(step.params, replacement->by->params());
  if (!difference.empty())
    return Refused(
        Code::kInvalidArgument, "",
        "the map '" + replacement->by->name() + "' cannot take its place: " + difference);
  step.replacement_fd = replacement->by->fd();
  return {};
}

}  // namespace

std::string Difference(const MapParams& wanted, const MapParams& found) {
  std::string text;
  const auto differ = [&](std::string_view field, uint64_t has, uint64_t wants) {
    if (has == wants) return;
    if (!text.empty()) text += ", ";
    text += std::string(field) + " " + std::to_string(has) + ", wanted " + std::to_string(wants);
  };
  if (wanted.type != found.type) {
    const auto spelling = [](MapType type) {
      const std::string_view name = KernelSpelling(type);
      return name.empty() ? std::to_string(static_cast<uint32_t>(type)) : std::string(name);
    };
    text += "type " + spelling(found.type) + ", wanted " + spelling(wanted.type);
  }
  differ("key_size", found.key_size, wanted.key_size);
  differ("value_size", found.value_size, wanted.value_size);
  differ("max_entries", found.max_entries, wanted.max_entries);
  uint32_t flags = found.flags;
  // kernel/bpf/devmap.c: dev_map_init_map sets it whatever was asked for.
  if (found.type == MapType::kDevmap || found.type == MapType::kDevmapHash)
    flags &= ~uint32_t{kReadOnlyProg} | (wanted.flags & kReadOnlyProg);
  // Not of the map but of the descriptor, or of who made it.
  constexpr uint32_t kNotTheMaps = kNumaNode | kReadOnly | kWriteOnly | kTokenFd | kVtypeBtfObjFd;
  differ("map_flags", flags & ~kNotTheMaps, wanted.flags & ~kNotTheMaps);
  differ("map_extra", found.map_extra, wanted.map_extra);
  return text;
}

std::string PinPath(std::string_view root, std::string_view map) {
  std::string path(root);
  if (!path.ends_with('/')) path += '/';
  const size_t name = path.size();
  path += map;
  std::replace(path.begin() + static_cast<std::ptrdiff_t>(name), path.end(), '.', '_');
  std::replace(path.begin() + static_cast<std::ptrdiff_t>(name), path.end(), '/', '_');
  return path;
}

Result<CreateMapStep> PlanMap(const CollectionSpec& spec, const SpecIndex& names, uint32_t index,
                              TargetKernel& target, const LoadOptions& options) {
  const MapSpec& map = spec.maps[index];
  const auto plan = [&]() -> Result<CreateMapStep> {
    if (!map.problem.empty()) return Refused(Code::kMalformed, "", map.problem);
    PUREBPF_TRY(CheckExtra(map));
    CreateMapStep step{.map = index, .name = map.name, .freeze = map.freeze};
    MapParams params = map.params;
    Resize(map, options, params);
    step.params = PUREBPF_TRY(Fit(std::move(params), target));
    if (!spec.btf.empty() && map.origin != MapOrigin::kStructOps)
      step.types = {.key = map.key_type, .value = map.value_type};
    if (map.origin != MapOrigin::kStructOps && map.origin != MapOrigin::kJumpTable)
      step.contents = map.contents;
    if (map.pinning == Pinning::kByName && !options.pin_root.empty())
      step.pin_path = PinPath(options.pin_root, map.name);
    PUREBPF_TRY(Replace(map, options, step));
    if (step.replacement_fd >= 0) step.pin_path.clear();
    PUREBPF_TRY(AddInner(spec, names, map, target, options, step));
    if (map.origin == MapOrigin::kData && step.contents.size() > step.params.value_size)
      return Refused(Code::kMalformed, "",
                     "its contents have " + std::to_string(step.contents.size()) +
                         " bytes, its value " + std::to_string(step.params.value_size));
    return step;
  };
  auto step = plan();
  if (!step) return std::unexpected(std::move(step).error().Within("map '" + map.name + "'"));
  return step;
}

}  // namespace purebpf::internal
