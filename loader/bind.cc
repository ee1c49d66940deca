#include "purebpf/loader/bind.h"

#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/names.h"

namespace purebpf::internal {
namespace {

[[gnu::cold]] std::unexpected<Error> Refused(const CollectionSpec& spec, Code code,
                                             std::string detail) {
  return std::unexpected(
      Error{.code = code, .operation = "bind", .object = spec.name, .detail = std::move(detail)});
}

Result<void> Check(const CollectionSpec& spec, const Wanted& wanted) {
  const std::string name(wanted.name);
  const MapSpec* map = spec.FindMap(name);
  const ProgramSpec* program = spec.FindProgram(name);
  if (map == nullptr && program == nullptr)
    return Refused(spec, Code::kNotFound,
                   "has no map or program '" + name +
                       "'; maps: " + NamesOf(spec.maps, &MapSpec::name) +
                       "; programs: " + NamesOf(spec.programs, &ProgramSpec::name));
  if (wanted.program && program == nullptr)
    return Refused(spec, Code::kInvalidArgument,
                   "'" + name + "' is bound as a program but is a map");
  if (!wanted.program && map == nullptr)
    return Refused(spec, Code::kInvalidArgument,
                   "'" + name + "' is bound as a map but is a program");
  if (wanted.check != nullptr) {
    auto fits = wanted.check(map->params);
    if (!fits) return std::unexpected(std::move(fits).error().Within(spec.name));
  }
  return {};
}

}  // namespace

Result<Collection> LoadWanted(Kernel& kernel, const CollectionSpec& spec, LoadOptions options,
                              std::span<const Wanted> wanted) {
  if (!options.only) options.only.emplace();
  for (size_t i = 0; i < wanted.size(); ++i) {
    PUREBPF_TRY(Check(spec, wanted[i]));
    for (size_t j = 0; j < i; ++j)
      if (wanted[j].name == wanted[i].name)
        return Refused(spec, Code::kInvalidArgument,
                       "two members are bound to '" + std::string(wanted[i].name) + "'");
    options.only->emplace_back(wanted[i].name);
  }
  return spec.Load(kernel, options);
}

}  // namespace purebpf::internal
