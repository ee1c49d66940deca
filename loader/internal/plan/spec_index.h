// A spec's parts by name, made once for all plans from it.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_SPEC_INDEX_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_SPEC_INDEX_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/loader/collection_spec.h"

namespace purebpf::internal {

// Finds a spec by name; where several have it, the first. Most plans ask for no name: the table is
// made when one is asked for.
template <typename Spec>
class NameIndex {
 public:
  explicit NameIndex(const std::vector<Spec>& specs) : specs_(specs) {}

  [[nodiscard]] std::optional<uint32_t> Find(std::string_view name) const {
    if (entries_.size() != specs_.size()) Make();
    const auto found = std::ranges::lower_bound(entries_, name, {}, &Entry::first);
    if (found == entries_.end() || found->first != name) return std::nullopt;
    return found->second;
  }

 private:
  using Entry = std::pair<std::string_view, uint32_t>;

  void Make() const {
    entries_.reserve(specs_.size());
    for (uint32_t i = 0; i < specs_.size(); ++i) entries_.emplace_back(specs_[i].name, i);
    std::ranges::sort(entries_);
  }

  const std::vector<Spec>& specs_;
  mutable std::vector<Entry> entries_;
};

struct SpecIndex {
  explicit SpecIndex(const CollectionSpec& spec)
      : maps(spec.maps), programs(spec.programs), functions(spec.functions) {
    for (uint32_t i = 0; i < spec.maps.size(); ++i) {
      if (spec.maps[i].origin == MapOrigin::kKconfig && !kconfig) kconfig = i;
      if (spec.maps[i].origin != MapOrigin::kStructOps) continue;
      struct_ops.push_back(i);
      for (const SlotSpec& slot : spec.maps[i].slots) struct_ops_of.emplace_back(slot.target, i);
    }
    std::ranges::sort(struct_ops_of);
  }

  NameIndex<MapSpec> maps;
  NameIndex<ProgramSpec> programs;
  NameIndex<FunctionSpec> functions;
  std::optional<uint32_t> kconfig;   // the map of kernel options
  std::vector<uint32_t> struct_ops;  // maps
  // Names of programs, and the struct_ops maps that they are functions of.
  std::vector<std::pair<std::string_view, uint32_t>> struct_ops_of;
};

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_SPEC_INDEX_H_
