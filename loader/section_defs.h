// Section names: which program type, attach type and flags a name stands for. One row a name.
#ifndef PUREBPF_LOADER_SECTION_DEFS_H_
#define PUREBPF_LOADER_SECTION_DEFS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "purebpf/bpf/abi.h"

namespace purebpf {

enum class Extra : uint8_t {
  kNone,      // the exact name
  kOptional,  // the exact name, or the name, '/' and what to attach to
};

struct SectionDef {
  std::string_view name;
  Extra extra = Extra::kNone;
  ProgType type = ProgType::kUnspec;
  AttachType attach_type = AttachType{0};
  uint32_t flags = 0;  // BPF_F_SLEEPABLE, BPF_F_XDP_HAS_FRAGS
};

// All rows, in the order in which they are tried.
std::span<const SectionDef> SectionDefs();

struct SectionMatch {
  const SectionDef* def = nullptr;
  std::string_view attach_to;  // what follows the name and '/'
};

// The row for a section's name without its leading '?'. Exact names win; after them a row whose
// name is a prefix ("xdp_pass", "classifier/ingress"), the longest first, so that objects written
// for older loaders keep their type. Nothing where none fits.
std::optional<SectionMatch> MatchSection(std::string_view section);

}  // namespace purebpf

#endif  // PUREBPF_LOADER_SECTION_DEFS_H_
