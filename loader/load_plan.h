// What a spec needs on a kernel: the ordered steps, with relocated instructions whose map
// descriptors are still to be filled in. Plain data, and making it is a pure function: a plan can
// be printed, compared and checked against a kernel that is not here.
#ifndef PUREBPF_LOADER_LOAD_PLAN_H_
#define PUREBPF_LOADER_LOAD_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/program.h"
#include "purebpf/loader/collection_spec.h"

namespace purebpf {

struct LoadOptions {
  // Names of maps and programs; with those, the maps that the programs need. Nothing: all maps, and
  // all programs but those of '?' sections.
  std::optional<std::vector<std::string>> only;
  VerifierLog log;
};

// What the plan must know of the kernel it is for.
struct TargetKernel {
  std::endian order = std::endian::native;
  uint32_t page_size = 4096;   // bytes; ring buffers are rounded up to a power of two of it
  uint32_t possible_cpus = 1;  // entries of a perf event array that states none

  // The running kernel's. Reads only what the maps that are to be loaded need: for most, nothing.
  [[nodiscard]] static Result<TargetKernel> Of(Kernel& kernel, const CollectionSpec& spec,
                                               const LoadOptions& options = {});
};

struct CreateMapStep {
  MapParams params;
  bool operator==(const CreateMapStep&) const = default;
};

// The ld_imm64 at `insn` takes the descriptor of the map that step `step` made.
struct MapSlot {
  uint32_t insn = 0;
  uint32_t step = 0;
  bool operator==(const MapSlot&) const = default;
};

struct LoadProgramStep {
  ProgramParams params;  // with 0 where a descriptor will stand
  std::vector<MapSlot> map_slots;
  bool operator==(const LoadProgramStep&) const = default;
};

using Step = std::variant<CreateMapStep, LoadProgramStep>;

struct LoadPlan {
  std::string name;         // the collection's, for errors
  std::vector<Step> steps;  // maps before the programs that need them
  VerifierLog log;

  // kInvalidArgument: a name in options.only that the spec does not have, a program without a type;
  // kMalformed: a reference to an instruction that is not there; kUnsupported: the other byte
  // order, or a reference of a kind that this library does not resolve, by program, instruction and
  // symbol.
  [[nodiscard]] static Result<LoadPlan> Make(const CollectionSpec& spec, const TargetKernel& target,
                                             const LoadOptions& options = {});

  // One line a step: "create map 'xconnect_map': devmap_hash, key 4, value 4, 1024 entries".
  [[nodiscard]] std::string ToString() const;
};

}  // namespace purebpf

#endif  // PUREBPF_LOADER_LOAD_PLAN_H_
