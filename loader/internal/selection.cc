#include "purebpf/loader/internal/selection.h"

#include "purebpf/loader/internal/names.h"

namespace purebpf::internal {

std::unexpected<Error> Refused(Code code, std::string object, std::string detail,
                               std::string hint) {
  return std::unexpected(Error{.code = code,
                               .operation = "plan loading",
                               .object = std::move(object),
                               .detail = std::move(detail),
                               .hint = std::move(hint)});
}

Result<Selection> Select(const CollectionSpec& spec, const NameIndex& maps,
                         const LoadOptions& options) {
  Selection selected{std::vector<bool>(spec.maps.size(), !options.only),
                     std::vector<bool>(spec.programs.size())};
  if (options.only) {
    const NameIndex programs(spec.programs);
    for (const std::string& name : *options.only) {
      const auto map = maps.Find(name);
      const auto program = programs.Find(name);
      if (map) selected.maps[*map] = true;
      if (program) selected.programs[*program] = true;
      if (!map && !program)
        return Refused(Code::kInvalidArgument, spec.name,
                       "has no map or program '" + name +
                           "'; maps: " + NamesOf(spec.maps, &MapSpec::name) +
                           "; programs: " + NamesOf(spec.programs, &ProgramSpec::name));
    }
  } else {
    for (size_t i = 0; i < spec.programs.size(); ++i)
      selected.programs[i] = spec.programs[i].autoload;
  }
  for (size_t i = 0; i < spec.programs.size(); ++i) {
    if (!selected.programs[i]) continue;
    for (const Reference& reference : spec.CodeOf(spec.programs[i]).references)
      if (reference.kind == ReferenceKind::kMap && reference.target < spec.maps.size())
        selected.maps[reference.target] = true;
  }
  return selected;
}

}  // namespace purebpf::internal
