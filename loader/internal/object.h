// The reading of one object file, pass by pass. Pure: no system call, nothing of the file is kept.
//
// What is wrong with one map or function is noted there (MapSpec::problem, FunctionSpec::problem),
// so that the rest of the object can be loaded. All look-ups are in sorted tables: work grows as
// n log n with the number of sections, symbols, relocations and types that are really there.
#ifndef PUREBPF_LOADER_INTERNAL_OBJECT_H_
#define PUREBPF_LOADER_INTERNAL_OBJECT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/error.h"
#include "purebpf/elf/file.h"
#include "purebpf/loader/collection_spec.h"

namespace purebpf::internal {

// What a section is to a loader, by its name and flags.
enum class SectionRole : uint8_t {
  kOther,
  kCode,        // executable
  kLegacyMaps,  // "maps", "maps/NAME", "lirc_mode2/maps": struct bpf_map_def
  kBtfMaps,     // ".maps"
  kData,        // ".data", ".rodata", ".bss" and what begins with these and a dot
  kStructOps,   // ".struct_ops", ".struct_ops.link", and both after a '?'
  kArena,       // ".addr_space.1": the globals of the object's arena
  kJumpTables,  // ".jumptables"
};

SectionRole RoleOf(const elf::Section& section);
// Where a function is not a program by being there: it is what programs call.
bool IsTextSection(std::string_view name);
// Whether programs may not write to a data section.
bool IsReadOnlyData(const elf::Section& section);
// Old clang gave variables no type. Labels have none either, but are local.
bool IsVariable(const elf::Symbol& symbol);
// The same where something else says that it is one: the types, or a section that has no labels.
bool MayBeVariable(const elf::Symbol& symbol);

// The bytes of a section that a function or a map's definition takes up.
struct Extent {
  uint32_t section = 0;
  uint64_t begin = 0;
  uint64_t end = 0;
  uint32_t index = 0;  // of the function or the map
};

// Extents by section and offset, of which no two overlap.
class Extents {
 public:
  void Add(Extent extent) { all_.push_back(extent); }
  void MakeRoom(size_t more);
  void Sort();
  // That which `offset` lies in; null where there is none.
  [[nodiscard]] const Extent* At(uint32_t section, uint64_t offset) const;
  [[nodiscard]] std::span<const Extent> In(uint32_t section) const;

 private:
  static bool Before(const Extent& one, const Extent& other);

  std::vector<Extent> all_;
};

// A variable that the object's types describe, in its section.
struct TypedVariable {
  std::string_view name;
  elf::TypeId variable = elf::TypeId::kVoid;  // the VAR, or the FUNC of an extern function
  elf::TypeId type = elf::TypeId::kVoid;      // what that refers to
  uint32_t offset = 0;                        // in the section
  uint32_t size = 0;                          // bytes
  bool function = false;                      // or else no variable
  bool is_static = false;  // or hidden: nobody outside of the object is to see it
};

// A DATASEC with what a linker would have filled in.
struct TypedSection {
  elf::TypeId id = elf::TypeId::kVoid;
  std::string_view name;
  uint64_t size = 0;                     // bytes; 0 where it is not known
  std::vector<TypedVariable> variables;  // in the order of the types
  // One of them can be seen from outside of the object: user space may want to map it. Kept, since
  // many sections of this name may ask.
  bool visible = false;
};

// Where a function's symbol stands, and others for the same code.
struct FunctionSymbol {
  uint32_t function = 0;  // into CollectionSpec::functions
  uint32_t symbol = 0;
};

inline constexpr uint64_t kMaxCopies = 32;

// All that the passes share.
struct Object {
  Object(const elf::File& object_file, uint64_t file_size, std::string_view name);

  [[nodiscard]] SectionRole Role(uint32_t section) const {
    return section < roles.size() ? roles[section] : SectionRole::kOther;
  }
  // The symbols that lie in a section, by value. Section symbols and nameless ones are left out.
  [[nodiscard]] std::span<const uint32_t> SymbolsIn(uint32_t section) const;
  // The first section of that name.
  [[nodiscard]] const elf::Section* FindSection(std::string_view name) const;
  [[nodiscard]] const TypedSection* FindTyped(std::string_view section) const;
  // The same for the variables in a section. They lie in the first of its name: in each that a file
  // gives that name they would be many times as many.
  [[nodiscard]] const TypedSection* TypesOf(const elf::Section& section) const;
  // BTF's FUNCs: one is added, and the first of a name found. Most objects ask for none, so they
  // are sorted when one is asked for.
  void AddFunctionType(std::string_view name, elf::TypeId id);
  [[nodiscard]] std::optional<elf::TypeId> FindFunctionType(std::string_view name);
  // Whether so many more bytes may be copied out of the object. Symbols may share one long name,
  // and sections the same bytes of the file, so that a small file could ask for a large spec: what
  // is copied in all is bounded by kMaxCopies times its size, and Parse fails beyond that.
  [[nodiscard]] bool Afford(uint64_t bytes);
  [[nodiscard]] bool exhausted() const { return exhausted_; }
  // Adds a map that has no extent, or one of [begin, end) of `section`. The index of the map.
  uint32_t AddMap(MapSpec&& map);
  uint32_t AddMap(MapSpec&& map, const elf::Section& section, uint64_t begin, uint64_t end);

  const elf::File& file;
  CollectionSpec spec;
  std::vector<SectionRole> roles;       // by section
  std::optional<elf::Btf> btf;          // nothing: none, or a damaged one (spec.btf_problem)
  std::vector<TypedSection> datasecs;   // by name
  std::vector<elf::BtfType> tags;       // declaration tags
  std::vector<elf::BtfType> undefined;  // functions and variables said to be elsewhere
  Extents functions;
  Extents maps;
  std::vector<FunctionSymbol> function_symbols;                  // in the order of the functions
  std::vector<std::pair<uint32_t, uint32_t>> externs_by_symbol;  // symbol and extern
  std::vector<std::optional<uint32_t>> data_maps;                // by section, of global data
  std::vector<std::pair<uint32_t, uint32_t>> values_at;          // map, offset of its `values`
  std::optional<uint32_t> arena;                                 // the map

 private:
  void SortSymbols();

  std::vector<uint32_t> symbols_;     // by section and value
  std::vector<uint32_t> symbols_of_;  // by section: where its own begin; and the end
  std::vector<std::pair<std::string_view, uint32_t>> sections_;  // by name
  std::vector<std::pair<std::string_view, elf::TypeId>> function_types_;
  bool function_types_sorted_ = false;
  uint64_t affordable_;  // bytes
  bool exhausted_ = false;
};

// The passes, in the order in which Parse makes them. A pass may use what those before it found.
void ReadTypes(Object& object);       // object_types.cc
void ReadExterns(Object& object);     // externs.cc
void ReadFunctions(Object& object);   // functions.cc
void ReadBtfMaps(Object& object);     // btf_map_defs.cc
void ReadLegacyMaps(Object& object);  // map_defs.cc
void ReadDataMaps(Object& object);    // data_maps.cc: global data, .kconfig, an arena's globals
void ReadStructOps(Object& object);   // struct_ops.cc
void ReadJumpTables(Object& object);  // data_maps.cc
void ReadReferences(Object& object);  // references.cc
void ReadSlots(Object& object);       // slots.cc
void ReadCodeInfos(Object& object);   // code_infos.cc: CO-RE relocations, functions, source lines
void ReadPrograms(Object& object);    // functions.cc: which functions are programs
void ReadVariables(Object& object);   // variables.cc
void FinishTypes(Object& object);     // finish_types.cc

// The map of a data section, which is made where there is none yet.
uint32_t DataMapOf(Object& object, const elf::Section& section);  // data_maps.cc

// Makes room for so many more, and grows by half at least: many small steps cost no more than one.
template <typename T>
void MakeRoom(std::vector<T>& all, size_t more) {
  const size_t wanted = all.size() + more;
  if (wanted > all.capacity()) all.reserve(std::max(wanted, all.capacity() + all.capacity() / 2));
}

// Keeps the first problem.
[[gnu::cold]] void Note(std::string& problem, std::string what);
// "section 2 'xdp': instruction 7"
[[gnu::cold]] std::string Where(const elf::Section& section, uint64_t offset);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_OBJECT_H_
