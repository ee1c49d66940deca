#include "purebpf/loader/collection.h"

#include <algorithm>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/execute/execution.h"
#include "purebpf/loader/internal/names.h"

namespace purebpf {
namespace {

template <typename Objects, typename Projection>
auto Find(Objects& objects, std::string_view name, Projection projection) {
  return std::ranges::find_if(
      objects, [&](const auto& object) { return std::invoke(projection, object) == name; });
}

[[gnu::cold]] std::unexpected<Error> NotThere(std::string_view kind, std::string_view name,
                                              std::string_view collection, const std::string& names,
                                              const Failure* failure = nullptr) {
  return std::unexpected(Error{
      .code = Code::kNotFound,
      .operation = "take " + std::string(kind) + " '" + std::string(name) + "'",
      .object = std::string(collection),
      .detail = failure != nullptr ? "it was left out: " + failure->error.ToString()
                                   : "it was not loaded, or taken before; there are: " + names});
}

const Failure* FailureOf(const std::vector<Failure>& failures, std::string_view name,
                         std::string Failure::* kind) {
  if (name.empty()) return nullptr;  // as each failure's other name is
  const auto found = Find(failures, name, kind);
  return found == failures.end() ? nullptr : &*found;
}

}  // namespace

Result<Collection> Collection::Load(Kernel& kernel, LoadPlan plan) {
  return internal::Execution(kernel, plan).Run();
}

// Members of the spec that lead on to the stages after it are defined here, with the last stage.
Result<Collection> CollectionSpec::Load(Kernel& kernel) const {
  return Load(kernel, LoadOptions{});
}

Result<Collection> CollectionSpec::Load(Kernel& kernel, const LoadOptions& options) const {
  LoadPlan plan;
  {
    // What is known of the kernel is given back before programs are loaded.
    TargetKernel target = TargetKernel::Running(kernel, options.kernel);
    plan = PUREBPF_TRY(LoadPlan::Make(*this, target, options));
  }
  return Collection::Load(kernel, std::move(plan));
}

const Map* Collection::FindMap(std::string_view name) const {
  const auto found = Find(maps_, name, &LoadedMap::name);
  return found == maps_.end() ? nullptr : &found->map;
}

const Program* Collection::FindProgram(std::string_view name) const {
  const auto found = Find(programs_, name, &Program::name);
  return found == programs_.end() ? nullptr : &*found;
}

Result<Map> Collection::TakeMap(std::string_view name) {
  const auto found = Find(maps_, name, &LoadedMap::name);
  if (found == maps_.end())
    return NotThere("map", name, name_, internal::NamesOf(maps_, &LoadedMap::name),
                    FailureOf(failures_, name, &Failure::map));
  Map map = std::move(found->map);
  maps_.erase(found);
  return map;
}

Result<Program> Collection::TakeProgram(std::string_view name) {
  const auto found = Find(programs_, name, &Program::name);
  if (found == programs_.end())
    return NotThere("program", name, name_, internal::NamesOf(programs_, &Program::name),
                    FailureOf(failures_, name, &Failure::program));
  Program program = std::move(*found);
  programs_.erase(found);
  return program;
}

Result<void> Collection::FillStructOps(std::string_view map) {
  const Map* found = FindMap(map);
  const auto value = Find(struct_ops_, map, &StructOpsValue::map);
  if (found == nullptr || value == struct_ops_.end())
    return NotThere("struct_ops", map, name_, internal::NamesOf(struct_ops_, &StructOpsValue::map));
  constexpr uint32_t kKey = 0;
  return found->Put(BytesOf(kKey), value->value);
}

}  // namespace purebpf
