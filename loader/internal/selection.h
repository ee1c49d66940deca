// What of a spec is to be loaded: all of it, or what LoadOptions names, with what that needs.
#ifndef PUREBPF_LOADER_INTERNAL_SELECTION_H_
#define PUREBPF_LOADER_INTERNAL_SELECTION_H_

#include <cstdint>
#include <map>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/internal/plan/link.h"
#include "purebpf/loader/internal/plan/spec_index.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/loader/load_plan.h"

namespace purebpf::internal {

struct SelectedProgram {
  uint32_t index = 0;  // into CollectionSpec::programs
  std::vector<Piece> pieces;
};

struct Selection {
  std::vector<uint32_t> maps;             // into CollectionSpec::maps, ascending
  std::vector<SelectedProgram> programs;  // ascending
  // Selected and then given up (LoadOptions::partial): programs, and maps.
  std::vector<Failure> failures;
  std::map<uint32_t, Error> map_errors;
};

// What the options ask for. kInvalidArgument where they have a name that the spec lacks; what
// Arrange says of a program, unless LoadOptions::partial.
[[nodiscard]] Result<Selection> Select(const CollectionSpec& spec, const SpecIndex& index,
                                       const LoadOptions& options);

// One program with the maps that it needs, whatever is in their slots for programs.
[[nodiscard]] Result<Selection> SelectAlone(const CollectionSpec& spec, const SpecIndex& index,
                                            uint32_t program, const LoadOptions& options);

// The maps that a program's instructions refer to, each once.
[[nodiscard]] std::vector<uint32_t> MapsOf(const CollectionSpec& spec, const SpecIndex& index,
                                           const std::vector<Piece>& pieces);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_SELECTION_H_
