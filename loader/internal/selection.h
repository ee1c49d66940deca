// What of a spec is to be loaded: all of it, or what LoadOptions names with what that needs.
#ifndef PUREBPF_LOADER_INTERNAL_SELECTION_H_
#define PUREBPF_LOADER_INTERNAL_SELECTION_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/load_plan.h"

namespace purebpf::internal {

// An Error of operation "plan loading".
std::unexpected<Error> Refused(Code code, std::string object, std::string detail,
                               std::string hint = "");

// Finds a spec by name; where several have it, the first.
class NameIndex {
 public:
  template <typename Specs>
  explicit NameIndex(const Specs& specs) {
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

// Which maps and programs of a spec are to be loaded.
struct Selection {
  std::vector<bool> maps;
  std::vector<bool> programs;
};

// kInvalidArgument where options.only has a name that the spec lacks. `maps` is the index of
// spec.maps.
[[nodiscard]] Result<Selection> Select(const CollectionSpec& spec, const NameIndex& maps,
                                       const LoadOptions& options);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_SELECTION_H_
