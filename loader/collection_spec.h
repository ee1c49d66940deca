// What an object file says, as plain data: editable, copyable, comparable. Reading it is
// deterministic and needs no kernel.
//
//   bytes -> CollectionSpec -> LoadPlan (load_plan.h) -> Collection (collection.h)
#ifndef PUREBPF_LOADER_COLLECTION_SPEC_H_
#define PUREBPF_LOADER_COLLECTION_SPEC_H_

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/insn.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/bpf/map.h"

namespace purebpf {

enum class Pinning : uint8_t { kNone = 0, kByName = 1 };  // LIBBPF_PIN_*

// What made a map part of the object.
enum class MapOrigin : uint8_t {
  kDefinition,  // sections .maps, maps, maps/NAME
  kData,        // a section of global data: .data, .rodata, .bss and their kin
  kKconfig,     // the externs of section .kconfig, whose values the plan fills in
  kStructOps,   // an instance of a kernel structure of functions: .struct_ops, .struct_ops.link
  kJumpTable,   // section .jumptables: an instruction array
};

// A slot that the definition's `values` (or a struct_ops instance) initialises, after what it
// names was made.
struct SlotSpec {
  uint32_t index = 0;  // of the slot; the key of an array. struct_ops: byte offset of the member
  bool program = false;
  std::string target;  // the map's or the program's name

  bool operator==(const SlotSpec&) const = default;
};

struct MapSpec {
  std::string name;     // as the object calls it: "counters", ".rodata.str1.1"
  std::string section;  // ".maps", "maps", ".bss", ...
  MapOrigin origin = MapOrigin::kDefinition;
  // What BPF_MAP_CREATE gets, but for descriptors; params.name is what the kernel is to call it.
  MapParams params;
  Pinning pinning = Pinning::kNone;
  bool autocreate = true;  // false for "?.struct_ops": created only when named
  // What a legacy definition holds beyond map_flags. Loaders gave it different meanings, so the map
  // is not created while a byte of it is not zero: interpret it, then clear it.
  std::vector<std::byte> extra;
  // The inner map's definition where maps are the values: none or one.
  std::vector<MapSpec> inner;
  std::vector<SlotSpec> slots;
  // The initial value of key 0 (kData, kStructOps), or an arena's first bytes. As long as the
  // section, at most the value's size; what follows is zero. Empty: all zero.
  // kJumpTable: 8 bytes an entry, in this machine's order: where the entry leads to, as the index
  // of an instruction in the section of the function that refers to the map.
  std::vector<std::byte> contents;
  bool freeze = false;  // after it was filled: .rodata and .kconfig
  // Types of key and value in CollectionSpec::btf; 0 where they have none.
  uint32_t key_type = 0;
  uint32_t value_type = 0;
  // Why it cannot be created; empty where it can. What does not need it loads all the same.
  std::string problem;

  bool operator==(const MapSpec&) const = default;
};

// A global variable: bytes of a data map's value.
struct VariableSpec {
  std::string name;
  std::string map;        // MapSpec::name
  uint32_t offset = 0;    // bytes
  uint32_t size = 0;      // bytes
  uint32_t type = 0;      // in CollectionSpec::btf: what the VAR refers to; 0 where there is no BTF
  bool constant = false;  // of a frozen map: set it before loading
  bool local = false;     // static: the symbol is local

  bool operator==(const VariableSpec&) const = default;
};

enum class ExternKind : uint8_t {
  kKconfig,   // a CONFIG_ option, or a LINUX_ value, of section .kconfig
  kVariable,  // a kernel variable whose type is given (section .ksyms)
  kAddress,   // a kernel symbol of no type: its address, from /proc/kallsyms
  kFunction,  // a kernel function (kfunc)
  kUnknown,   // undefined, and no BTF says what it is
};

struct ExternSpec {
  std::string name;
  ExternKind kind = ExternKind::kUnknown;
  bool weak = false;    // may be absent
  uint32_t type = 0;    // in CollectionSpec::btf, of the variable or the function's prototype
  uint32_t size = 0;    // kKconfig: bytes
  uint32_t offset = 0;  // kKconfig: in the map ".kconfig"

  bool operator==(const ExternSpec&) const = default;
};

// What an instruction refers to, as the object's relocations say.
enum class ReferenceKind : uint8_t {
  kMap,              // an ld_imm64 that takes a map's descriptor
  kData,             // an ld_imm64 that takes the address of `offset` in a data map's value
  kArena,            // an ld_imm64 that takes the address of `offset` among an arena's globals
  kFunctionCall,     // a call of another function of the object
  kFunctionAddress,  // an ld_imm64 that takes one's address: a callback
  kExtern,           // a call of, or an ld_imm64 that takes, what the object does not define
};

struct Reference {
  uint32_t insn = 0;  // index of the instruction in its function
  ReferenceKind kind = ReferenceKind::kMap;
  // kMap, kData, kArena: into CollectionSpec::maps; kFunctionCall, kFunctionAddress: into
  // ::functions; kExtern: into ::externs.
  uint32_t target = 0;
  int64_t offset = 0;  // kData, kArena: bytes from the section's start

  bool operator==(const Reference&) const = default;
};

// An instruction that depends on how the kernel lays out a type.
struct CoreReference {
  uint32_t insn = 0;   // index of the instruction in its function
  uint32_t type = 0;   // the root type, in CollectionSpec::btf
  std::string access;  // "0:1:2"
  uint32_t kind = 0;   // enum bpf_core_relo_kind

  bool operator==(const CoreReference&) const = default;
};

// .BTF.ext's record of a function, and of a source line.
struct FunctionInfo {
  uint32_t insn = 0;  // index in its function
  uint32_t type = 0;  // the FUNC, in CollectionSpec::btf
  bool operator==(const FunctionInfo&) const = default;
};
struct LineInfo {
  uint32_t insn = 0;
  uint32_t file = 0;  // offsets into CollectionSpec::btf's strings
  uint32_t line = 0;
  uint32_t line_column = 0;  // line << 10 | column, as bpf_line_info has it
  bool operator==(const LineInfo&) const = default;
};

// A function of the object: a program's body, or what one calls.
struct FunctionSpec {
  std::string name;     // the symbol
  std::string section;  // "xdp", ".text", ...
  bool global = false;  // not static
  bool weak = false;
  uint32_t section_insn = 0;             // where it starts in its section, in instructions
  std::vector<Insn> insns;               // as in the file: not relocated
  std::vector<Reference> references;     // by instruction
  std::vector<CoreReference> core;       // by instruction
  std::vector<FunctionInfo> func_infos;  // by instruction
  std::vector<LineInfo> line_infos;      // by instruction
  std::string exception_callback;        // the function that bpf_throw() continues in, or ""
  std::vector<uint32_t> contexts;        // parameters that are tagged as the context: __arg_ctx
  // Why nothing that needs it can be loaded: a relocation that makes no sense, and the like. Empty
  // where all is well.
  std::string problem;

  bool operator==(const FunctionSpec&) const = default;
};

// A function that can be loaded on its own.
struct ProgramSpec {
  std::string name;       // the function's symbol
  std::string section;    // "xdp", "?tc/ingress", ...
  uint32_t function = 0;  // into CollectionSpec::functions
  // By the section's name (section_defs.h); kUnspec where it says none: set it before loading.
  ProgType type = ProgType::kUnspec;
  AttachType attach_type = AttachType{0};
  uint32_t flags = 0;     // BPF_F_SLEEPABLE, BPF_F_XDP_HAS_FRAGS
  std::string attach_to;  // what follows the section's type: "tcp_connect" of "kprobe/tcp_connect"
  bool autoload = true;   // false for a section that begins with '?': loaded only when named

  bool operator==(const ProgramSpec&) const = default;
};

struct LoadOptions;
class Collection;

struct CollectionSpec {
  std::string name;           // the file's name without folders and ".o", or what Parse was told
  std::string license;        // section "license"; empty where there is none
  uint32_t kern_version = 0;  // section "version"; 0 where there is none
  std::endian order = std::endian::native;
  // The object's types: section .BTF, with what a linker would have filled in (sizes and offsets of
  // its sections' variables, linkages). Empty where there are none.
  std::vector<std::byte> btf;
  std::string btf_problem;              // why `btf` is empty although there is a section .BTF
  std::vector<MapSpec> maps;            // in the order of the file; data maps after definitions
  std::vector<VariableSpec> variables;  // by map, then by offset
  std::vector<ExternSpec> externs;
  std::vector<FunctionSpec> functions;  // all, in the order of the file
  std::vector<ProgramSpec> programs;    // in the order of the file

  // Any byte string gives a spec or an Error: kMalformed with section, symbol, found value and
  // limit, or kUnsupported. Nothing of `object` is referred to afterwards.
  [[nodiscard]] static Result<CollectionSpec> Parse(Bytes object, std::string_view name);
  // Parse of a file of at most 256 MiB. kNotFound, kPermission, ... where it cannot be read.
  [[nodiscard]] static Result<CollectionSpec> FromFile(Kernel& kernel, const std::string& path);

  // Null where there is none of that name.
  [[nodiscard]] const MapSpec* FindMap(std::string_view map) const;
  [[nodiscard]] MapSpec* FindMap(std::string_view map);
  [[nodiscard]] const ProgramSpec* FindProgram(std::string_view program) const;
  [[nodiscard]] ProgramSpec* FindProgram(std::string_view program);

  [[nodiscard]] const FunctionSpec& CodeOf(const ProgramSpec& program) const;
  [[nodiscard]] FunctionSpec& CodeOf(const ProgramSpec& program);

  // A global variable's bytes before loading, in the object's byte order. kNotFound;
  // kInvalidArgument where the size differs.
  [[nodiscard]] const VariableSpec* FindVariable(std::string_view variable) const;
  [[nodiscard]] Result<std::vector<std::byte>> GetVariable(std::string_view variable) const;
  Result<void> SetVariable(std::string_view variable, Bytes value);
  // Numbers are brought into that order; what has several in it is taken as it is.
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  Result<void> Set(std::string_view variable, const T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
      if (order != std::endian::native) {
        T swapped = value;
        std::ranges::reverse(MutableBytesOf(swapped));
        return SetVariable(variable, BytesOf(swapped));
      }
    }
    return SetVariable(variable, BytesOf(value));
  }
  // Makes a data section whose last variable is an array larger (or smaller, not below one
  // element), its type with it. `size` in bytes of the whole section.
  Result<void> ResizeData(std::string_view map, uint32_t size);

  // Plan and execute: all maps and programs, or what options.only names with what that needs. All
  // or nothing: on an Error nothing of it is left in the kernel. (collection.h)
  [[nodiscard]] Result<Collection> Load(Kernel& kernel, const LoadOptions& options) const;
  [[nodiscard]] Result<Collection> Load(Kernel& kernel) const;

  // Loads what the members of T name and what those need, and gives it to them. T is an aggregate
  // of Named<> members (bind.h, which must be included).
  template <typename T>
  [[nodiscard]] Result<T> LoadAndAssign(Kernel& kernel) const;
  template <typename T>
  [[nodiscard]] Result<T> LoadAndAssign(Kernel& kernel, const LoadOptions& options) const;

  bool operator==(const CollectionSpec&) const = default;
};

}  // namespace purebpf

#endif  // PUREBPF_LOADER_COLLECTION_SPEC_H_
