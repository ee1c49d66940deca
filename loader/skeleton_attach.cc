// Apart from the rest, so that a program that attaches by itself does not carry what this needs.
#include <algorithm>
#include <cerrno>
#include <cstddef>
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
  return AttachMap(*map, name);
}

Result<std::optional<Link>> Attaching::AttachMap(const Map& map, std::string_view name) {
  const auto is_it = [&map](const StructOpsRegistration& one) { return one.IsOf(map); };
  if (std::ranges::any_of(registered_, is_it)) return std::nullopt;
  const bool links = (map.params().flags & kLink) != 0;
  auto filled = collection_.FillStructOps(name);
  // The kernel takes the value once, and keeps it for further links: EBUSY is that of a link
  // before.
  if (!filled && !(links && filled.error().sys_errno == EBUSY))
    return std::unexpected(std::move(filled).error());
  if (links) return PUREBPF_TRY(AttachStructOps(map));
  registered_.emplace_back(map);
  return std::nullopt;
}

void Attaching::Attach(const char* name, std::optional<Link>& link) {
  if (link || steps_.failed()) return;
  auto attached = AttachOne(name);
  if (steps_.Failed(attached) || !*attached) return;
  link = std::move(*attached);
  made_.push_back(&link);
}

Result<void> Attaching::Finish() {
  if (!steps_.failed()) return {};
  for (std::optional<Link>* const link : made_) link->reset();
  registered_.erase(registered_.begin() + static_cast<std::ptrdiff_t>(before_), registered_.end());
  return steps_.Take();
}

}  // namespace purebpf::internal
