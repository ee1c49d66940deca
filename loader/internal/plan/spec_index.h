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

// Finds a spec by name; where several have it, the first.
class NameIndex {
 public:
  template <typename Specs>
  explicit NameIndex(const Specs& specs) {
    entries_.reserve(specs.size());
    for (uint32_t i = 0; i < specs.size(); ++i) entries_.emplace_back(specs[i].name, i);
    std::ranges::sort(entries_);
  }

  [[nodiscard]] std::optional<uint32_t> Find(std::string_view name) const {
    const auto found = std::ranges::lower_bound(entries_, name, {}, &Entry::first);
    if (found == entries_.end() || found->first != name) return std::nullopt;
    return found->second;
  }

 private:
  using Entry = std::pair<std::string_view, uint32_t>;
  std::vector<Entry> entries_;
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

  NameIndex maps;
  NameIndex programs;
  NameIndex functions;
  std::optional<uint32_t> kconfig;   // the map of kernel options
  std::vector<uint32_t> struct_ops;  // maps
  // Names of programs, and the struct_ops maps that they are functions of.
  std::vector<std::pair<std::string_view, uint32_t>> struct_ops_of;
};

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_SPEC_INDEX_H_
