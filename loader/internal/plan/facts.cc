#include "purebpf/loader/internal/plan/facts.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "purebpf/loader/internal/plan/attach_type.h"

namespace purebpf::internal {

void Facts::WantStructOpsOf(const ProgramSpec& program) {
  if (program.type != ProgType::kStructOps) return;
  const auto users = std::ranges::equal_range(index_.struct_ops_of, std::string_view(program.name),
                                              {}, &std::pair<std::string_view, uint32_t>::first);
  for (const auto& [name, map] : users) WantStructOps(spec_.maps[map], local, types);
}

void Facts::Want(const Selection& selection) {
  std::vector<bool> functions(spec_.functions.size());
  std::vector<bool> externs_used(spec_.externs.size());
  for (const auto& [index, pieces] : selection.programs) {
    WantAttachType(spec_.programs[index], types);
    WantStructOpsOf(spec_.programs[index]);
    for (const Piece& piece : pieces) {
      if (functions[piece.function]) continue;
      functions[piece.function] = true;
      for (const Reference& reference : spec_.functions[piece.function].references)
        if (reference.kind == ReferenceKind::kExtern && reference.target < spec_.externs.size())
          externs_used[reference.target] = true;
    }
  }
  for (uint32_t i = 0; i < spec_.externs.size(); ++i)
    if (externs_used[i]) externs.Want(i);
  for (const uint32_t map : selection.maps)
    if (spec_.maps[map].origin == MapOrigin::kStructOps)
      WantStructOps(spec_.maps[map], local, types);
  core.Want(functions);
}

void Facts::WantAll() {
  for (const ProgramSpec& program : spec_.programs) WantAttachType(program, types);
  for (uint32_t i = 0; i < spec_.externs.size(); ++i) externs.Want(i);
  for (const uint32_t map : index_.struct_ops) WantStructOps(spec_.maps[map], local, types);
  core.Want(std::vector<bool>(spec_.functions.size(), true));
}

const Result<StructOpsPlan>& Facts::StructOps(uint32_t map) {
  const auto known = struct_ops_.find(map);
  if (known != struct_ops_.end()) return known->second;
  return struct_ops_.emplace(map, PlanStructOps(spec_.maps[map], local, types)).first->second;
}

}  // namespace purebpf::internal
