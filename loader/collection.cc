#include "purebpf/loader/collection.h"

#include <algorithm>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/names.h"

namespace purebpf {
namespace {

template <typename Objects>
auto Find(Objects& objects, std::string_view name) {
  return std::ranges::find_if(objects, [&](const auto& object) { return object.name() == name; });
}

template <typename Object>
Result<Object> Take(std::vector<Object>& objects, std::string_view name, std::string_view kind,
                    std::string_view collection) {
  const auto found = Find(objects, name);
  if (found == objects.end())
    return std::unexpected(
        Error{.code = Code::kNotFound,
              .operation = "take " + std::string(kind) + " '" + std::string(name) + "'",
              .object = std::string(collection),
              .detail = "it was not loaded, or taken before; there are: " +
                        internal::NamesOf(objects, &Object::name)});
  Object object = std::move(*found);
  objects.erase(found);
  return object;
}

}  // namespace

namespace {

// The step's parameters with the descriptors of its maps. A plan may have been edited, so its slots
// are checked: each names an instruction, and an earlier step that made a map.
Result<ProgramParams> FillIn(const LoadProgramStep& step, const std::vector<int>& descriptors) {
  ProgramParams params = step.params;
  for (const MapSlot& slot : step.map_slots) {
    const bool made = slot.step < descriptors.size() && descriptors[slot.step] >= 0;
    if (!made || slot.insn >= params.insns.size())
      return std::unexpected(Error{.code = Code::kInvalidArgument,
                                   .operation = "load program",
                                   .object = params.name,
                                   .detail = "the plan puts the map of step " +
                                             std::to_string(slot.step) + " at instruction " +
                                             std::to_string(slot.insn) +
                                             ": no such earlier map, or no such instruction"});
    params.insns[slot.insn].imm = descriptors[slot.step];
  }
  return params;
}

}  // namespace

Result<Collection> Collection::Load(Kernel& kernel, const LoadPlan& plan) {
  Collection collection;
  collection.name_ = plan.name;
  std::vector<int> descriptors;  // by step; -1 where it made no map
  for (const Step& step : plan.steps) {
    int descriptor = -1;
    if (const auto* create = std::get_if<CreateMapStep>(&step)) {
      auto map = Map::Create(kernel, create->params);
      if (!map) return std::unexpected(std::move(map).error().Within(plan.name));
      descriptor = map->fd();
      collection.maps_.push_back(std::move(*map));
    } else if (const auto* load = std::get_if<LoadProgramStep>(&step)) {
      auto params = FillIn(*load, descriptors);
      if (!params) return std::unexpected(std::move(params).error().Within(plan.name));
      auto program = Program::Load(kernel, *params, plan.log);
      if (!program) return std::unexpected(std::move(program).error().Within(plan.name));
      collection.programs_.push_back(std::move(*program));
    }
    descriptors.push_back(descriptor);
  }
  return collection;
}

// Members of the spec that lead on to the stages after it are defined here, with the last stage.
Result<Collection> CollectionSpec::Load(Kernel& kernel) const {
  return Load(kernel, LoadOptions{});
}

Result<Collection> CollectionSpec::Load(Kernel& kernel, const LoadOptions& options) const {
  const TargetKernel target = PUREBPF_TRY(TargetKernel::Of(kernel, *this, options));
  const LoadPlan plan = PUREBPF_TRY(LoadPlan::Make(*this, target, options));
  return Collection::Load(kernel, plan);
}

const Map* Collection::FindMap(std::string_view name) const {
  const auto found = Find(maps_, name);
  return found == maps_.end() ? nullptr : &*found;
}

const Program* Collection::FindProgram(std::string_view name) const {
  const auto found = Find(programs_, name);
  return found == programs_.end() ? nullptr : &*found;
}

Result<Map> Collection::TakeMap(std::string_view name) { return Take(maps_, name, "map", name_); }

Result<Program> Collection::TakeProgram(std::string_view name) {
  return Take(programs_, name, "program", name_);
}

}  // namespace purebpf
