// The passes from an ELF file to a CollectionSpec. Pure: no system call, nothing kept.
#ifndef PUREBPF_LOADER_INTERNAL_PARSE_H_
#define PUREBPF_LOADER_INTERNAL_PARSE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/elf/error.h"
#include "purebpf/elf/file.h"
#include "purebpf/loader/collection_spec.h"

namespace purebpf::internal {

// An Error of operation "parse object".
Error ParseFailure(elf::ParseError error);
std::unexpected<Error> Malformed(std::string detail);

// A reading of elf/ as one of ours.
template <typename T>
Result<T> Lift(elf::Result<T> result) {
  if (!result) return std::unexpected(ParseFailure(std::move(result).error()));
  return std::move(result).value();
}

// A map, and where its definition stands: what a relocation against it names.
struct PlacedMap {
  uint32_t section = 0;
  uint64_t offset = 0;
  MapSpec spec;
};

// The symbols of a section's maps, by offset. kMalformed where it has bytes but no symbols.
// (map_defs.cc)
[[nodiscard]] Result<std::vector<const elf::Symbol*>> MapSymbols(const elf::File& file,
                                                                 const elf::Section& section);

// Whether a section holds legacy map definitions: "maps", or "maps/NAME".
bool IsLegacyMapSection(std::string_view name);

// Every map of a section of legacy definitions, by offset. (map_defs.cc)
[[nodiscard]] Result<std::vector<PlacedMap>> ParseLegacyMaps(const elf::File& file,
                                                             const elf::Section& section);

// Every map of section .maps, by offset; needs the object's BTF. (btf_map_defs.cc)
[[nodiscard]] Result<std::vector<PlacedMap>> ParseBtfMaps(const elf::File& file,
                                                          const elf::Section& section);

// The CO-RE relocations of an object. (core_references.cc)
class CoreReferences {
 public:
  // None where the object has no .BTF.ext.
  [[nodiscard]] static Result<CoreReferences> Of(const elf::File& file);

  // Appends those of the bytes from `begin` to `end` of a section to a program's references.
  void Append(std::string_view section, uint64_t begin, uint64_t end,
              std::vector<Reference>& references) const;

 private:
  struct Entry {
    std::string_view section;
    uint32_t offset;
    std::string target;
  };
  std::vector<Entry> entries_;  // by section and offset
};

// Every program of the code sections, cut at the functions' symbols, with its references.
// (programs.cc)
[[nodiscard]] Result<std::vector<ProgramSpec>> ParsePrograms(const elf::File& file,
                                                             const std::vector<PlacedMap>& maps);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PARSE_H_
