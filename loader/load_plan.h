// What a spec needs on a kernel: the ordered steps, with relocated instructions in which only the
// descriptors are still to be filled in. Plain data: a plan can be printed, compared and checked
// against a kernel that is not here. It depends on the spec, the options and the facts of the
// target, and on nothing else.
#ifndef PUREBPF_LOADER_LOAD_PLAN_H_
#define PUREBPF_LOADER_LOAD_PLAN_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/program.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/loader/target_kernel.h"

namespace purebpf {

// The object's types are given to the kernel, which need not take them unless something needs them.
struct LoadBtfStep {
  std::vector<std::byte> btf;
  bool required = false;

  bool operator==(const LoadBtfStep&) const = default;
};

// Types of key and value in the object's BTF; 0 where they have none.
struct MapTypes {
  uint32_t key = 0;
  uint32_t value = 0;

  bool operator==(const MapTypes&) const = default;
};

// The template of the maps that a map of maps holds.
struct InnerMapPlan {
  MapParams params;
  MapTypes types;

  bool operator==(const InnerMapPlan&) const = default;
};

// Where a structure of functions is among the kernel's types.
struct StructOpsType {
  uint32_t value_type = 0;         // bpf_struct_ops_NAME
  std::optional<uint32_t> module;  // into LoadPlan::modules
  bool operator==(const StructOpsType&) const = default;
};

struct CreateMapStep {
  uint32_t map = 0;  // into CollectionSpec::maps
  std::string name;  // MapSpec::name; params.name is the kernel's
  MapParams params;
  MapTypes types;
  std::optional<InnerMapPlan> inner;
  std::optional<StructOpsType> struct_ops;
  // The values of keys 0, 1, ... one behind the other; of an arena, its first bytes. Empty: zero.
  std::vector<std::byte> contents;
  bool freeze = false;
  std::string pin_path;  // where it is found, or pinned; empty: neither
  // The descriptor of a map that takes its place; -1: none.
  int replacement_fd = -1;

  bool operator==(const CreateMapStep&) const = default;
};

// The ld_imm64 at `insn` takes the descriptor of the map that step `step` made.
struct MapSlot {
  uint32_t insn = 0;
  uint32_t step = 0;
  bool operator==(const MapSlot&) const = default;
};

// The second half of the ld_imm64 at `insn` takes the descriptor of a module's types.
struct ModuleSlot {
  uint32_t insn = 0;
  uint32_t module = 0;  // into LoadPlan::modules
  bool operator==(const ModuleSlot&) const = default;
};

// What a program is made for, by a type in the kernel, in a module or in a loaded BPF program.
struct AttachPlan {
  uint32_t type = 0;               // attach_btf_id; 0: nothing of the kind
  std::optional<uint32_t> module;  // into LoadPlan::modules
  uint32_t program_id = 0;
  int program_fd = -1;

  bool operator==(const AttachPlan&) const = default;
};

// Something that the loader knows of an instruction and the verifier does not.
struct PlanNote {
  uint32_t insn = 0;
  std::string text;  // "field 'comm' of struct task_struct does not exist on this kernel"
  bool operator==(const PlanNote&) const = default;
};

struct LoadProgramStep {
  uint32_t program = 0;  // into CollectionSpec::programs
  ProgramParams params;  // with 0 where a descriptor will stand
  std::vector<MapSlot> map_slots;
  std::vector<ModuleSlot> module_slots;
  // Calls functions of modules: the calls' `off` is the module's number in LoadPlan::modules,
  // from 1.
  bool calls_modules = false;
  AttachPlan attach;
  std::vector<PlanNote> notes;  // by instruction

  bool operator==(const LoadProgramStep&) const = default;
};

// The map that step `map` made holds, at `key`, what step `target` made.
struct FillSlotStep {
  uint32_t map = 0;
  uint32_t key = 0;
  uint32_t target = 0;
  bool operator==(const FillSlotStep&) const = default;
};

// The value that an instance of a kernel's structure of functions has when it is registered.
struct StructOpsStep {
  struct Member {
    uint32_t offset = 0;  // of 8 bytes in `value`, which take the program's descriptor
    uint32_t step = 0;    // that loaded the program
    bool operator==(const Member&) const = default;
  };
  uint32_t map = 0;  // the step that made its map
  std::vector<std::byte> value;
  std::vector<Member> members;

  bool operator==(const StructOpsStep&) const = default;
};

using Step = std::variant<LoadBtfStep, CreateMapStep, LoadProgramStep, FillSlotStep, StructOpsStep>;

// A program that was selected and cannot be loaded, or a map that cannot be created.
struct Failure {
  std::string program;  // empty: a map
  Error error;
  std::string map;  // empty: a program
};

struct LoadPlan {
  std::string name;  // the collection's, for errors
  // Of the bytes in it, and of the kernel that it is for. Instructions, as all numbers, are this
  // machine's.
  std::endian order = std::endian::native;
  // The object's types, maps, programs, and what fills maps with both. A step refers to earlier
  // ones by their number.
  std::vector<Step> steps;
  // Kernel modules whose types programs refer to, by name.
  std::vector<std::string> modules;
  std::vector<VariableSpec> variables;  // of the maps that are created
  bool partial = false;
  std::vector<Failure> failures;  // with LoadOptions::partial
  VerifierLog log;
  int token_fd = -1;

  // kInvalidArgument: a name in the options that the spec does not have, a program without a type;
  // kMalformed: what the spec says makes no sense; kNotFound: something of the kernel that a
  // program cannot do without; kUnsupported: the other byte order, a kernel that is too old.
  // The error names program, instruction and symbol.
  [[nodiscard]] static Result<LoadPlan> Make(const CollectionSpec& spec, TargetKernel& target,
                                             const LoadOptions& options = {});

  // One line a step: "create map 'xconnect_map': devmap_hash, key 4, value 4, 1024 entries".
  [[nodiscard]] std::string ToString() const;
};

}  // namespace purebpf

#endif  // PUREBPF_LOADER_LOAD_PLAN_H_
