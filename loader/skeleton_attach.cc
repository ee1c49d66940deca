// Apart from the rest, so that a program that attaches by itself does not carry what this needs.
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/attach.h"
#include "purebpf/bpf/try.h"
#include "purebpf/loader/attach.h"
#include "purebpf/loader/skeleton.h"

namespace purebpf::internal {

Result<std::optional<Link>> Attaching::AttachOne(std::string_view name) {
  const auto program = std::ranges::find(programs_, name, &decltype(programs_)::value_type::first);
  if (program != programs_.end()) {
    const auto spec = std::ranges::find(specs_, name, &ProgramSpec::name);
    if (spec == specs_.end()) return std::nullopt;
    return AttachBySection(*program->second, *spec);
  }
  const Map* const map = collection_.FindMap(name);
  if (map == nullptr) return std::nullopt;  // not loaded
  PUREBPF_TRY(collection_.FillStructOps(name));
  if ((map->params().flags & kLink) == 0) {
    registered_.emplace_back(*map);
    return std::nullopt;
  }
  return PUREBPF_TRY(AttachStructOps(*map));
}

void Attaching::Attach(const char* name, std::optional<Link>& link) {
  if (link || steps_.failed()) return;
  auto attached = AttachOne(name);
  if (steps_.Failed(attached) || !*attached) return;
  link = std::move(*attached);
  made_.push_back(&link);
}

Result<void> Attaching::Finish(std::vector<StructOpsRegistration>& registered) {
  if (steps_.failed()) {
    for (std::optional<Link>* const link : made_) link->reset();
    return steps_.Take();
  }
  for (StructOpsRegistration& one : registered_) registered.push_back(std::move(one));
  return {};
}

}  // namespace purebpf::internal
