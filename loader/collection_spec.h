// What an object file says, as plain data: editable, copyable, comparable. Reading it is
// deterministic and needs no kernel.
//
//   bytes -> CollectionSpec -> LoadPlan (load_plan.h) -> Collection (collection.h)
#ifndef PUREBPF_LOADER_COLLECTION_SPEC_H_
#define PUREBPF_LOADER_COLLECTION_SPEC_H_

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/insn.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/bpf/map.h"

namespace purebpf {

enum class Pinning : uint8_t { kNone = 0, kByName = 1 };  // LIBBPF_PIN_*

struct MapSpec {
  std::string name;
  std::string section;  // ".maps" or "maps"
  // What BPF_MAP_CREATE gets; params.name is `name`.
  MapParams params;
  Pinning pinning = Pinning::kNone;
  // What a legacy definition holds beyond map_flags. Loaders gave it different meanings, so the map
  // is not created while a byte of it is not zero: interpret it, then clear it.
  std::vector<std::byte> extra;
  // The definition initialises slots (`values`: an inner map, or programs of a program array).
  bool has_values = false;

  bool operator==(const MapSpec&) const = default;
};

// What an instruction refers to, as the object's relocations say.
enum class ReferenceKind : uint8_t {
  kMap,       // an ld_imm64 that takes a map's descriptor
  kData,      // an ld_imm64 that takes an address in .data, .rodata, .bss, ...
  kFunction,  // a call of, or an ld_imm64 that takes, another function of the object
  kExtern,    // a symbol that the object does not define: a kfunc, a ksym, a kconfig value
  kCoRe,      // a layout of the kernel's types: a field's offset, a type's existence, ...
};

struct Reference {
  uint32_t insn = 0;  // index of the instruction in its program
  ReferenceKind kind = ReferenceKind::kMap;
  // kMap: the map's name; kCoRe: the type and the access ("struct task_struct 0:5"); else the
  // symbol's or the section's name.
  std::string target;
  int64_t offset = 0;  // kData, kFunction: bytes from the target's start

  bool operator==(const Reference&) const = default;
};

struct ProgramSpec {
  std::string name;     // the function's symbol
  std::string section;  // "xdp", "?tc/ingress", ...
  // By the section's name (section_defs.h); kUnspec where it says none: set it before loading.
  ProgType type = ProgType::kUnspec;
  AttachType attach_type = AttachType{0};
  uint32_t flags = 0;     // BPF_F_SLEEPABLE, BPF_F_XDP_HAS_FRAGS
  std::string attach_to;  // what follows the section's type: "tcp_connect" of "kprobe/tcp_connect"
  bool autoload = true;   // false for a section that begins with '?': loaded only when named
  std::vector<Insn> insns;            // as in the file: not relocated
  std::vector<Reference> references;  // by instruction

  bool operator==(const ProgramSpec&) const = default;
};

struct LoadOptions;
class Collection;

struct CollectionSpec {
  std::string name;           // the file's name without folders and ".o", or what Parse was told
  std::string license;        // section "license"; empty where there is none
  uint32_t kern_version = 0;  // section "version"; 0 where there is none
  std::endian order = std::endian::native;
  std::vector<MapSpec> maps;          // in the order of the file
  std::vector<ProgramSpec> programs;  // in the order of the file; no subprograms

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
