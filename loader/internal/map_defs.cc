#include <algorithm>
#include <array>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/bytes.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/parse.h"

namespace purebpf::internal {
namespace {

// struct bpf_map_def of the days before BTF: type, key_size, value_size, max_entries and, in all
// but the oldest programs, map_flags. What follows differed between loaders.
constexpr uint64_t kFieldSize = sizeof(uint32_t);
constexpr uint64_t kLeastSize = 4 * kFieldSize;
constexpr uint64_t kKnownSize = 5 * kFieldSize;

MapSpec Decode(std::string_view name, const elf::Section& section, elf::Bytes definition,
               std::endian order) {
  MapSpec spec;
  spec.name = name;
  spec.section = section.name;
  spec.params.name = name;
  elf::ByteReader reader(definition, order);
  spec.params.type = static_cast<MapType>(reader.U32());
  spec.params.key_size = reader.U32();
  spec.params.value_size = reader.U32();
  spec.params.max_entries = reader.U32();
  if (definition.size() >= kKnownSize) spec.params.flags = reader.U32();
  const elf::Bytes extra = reader.Take(reader.remaining());
  spec.extra.assign(extra.begin(), extra.end());
  return spec;
}

}  // namespace

Result<std::vector<const elf::Symbol*>> MapSymbols(const elf::File& file,
                                                   const elf::Section& section) {
  std::vector<const elf::Symbol*> symbols;
  for (const elf::Symbol& symbol : file.symbols()) {
    if (symbol.section != section.index || symbol.name.empty()) continue;
    // Old clang gave variables no type; labels have none either, but are local.
    if (symbol.type == elf::SymbolType::kObject ||
        (symbol.type == elf::SymbolType::kNone && symbol.binding != elf::SymbolBinding::kLocal))
      symbols.push_back(&symbol);
  }
  if (symbols.empty() && section.size != 0)
    return Malformed(elf::Describe(section) + " has " + std::to_string(section.size) +
                     " bytes but no symbol names a map in it; was the object stripped?");
  std::ranges::sort(symbols, [](const elf::Symbol* a, const elf::Symbol* b) {
    return a->value != b->value ? a->value < b->value : a->index < b->index;
  });
  return symbols;
}

bool IsLegacyMapSection(std::string_view name) {
  return name == "maps" || name.starts_with("maps/");
}

Result<std::vector<PlacedMap>> ParseLegacyMaps(const elf::File& file, const elf::Section& section) {
  const auto variables = PUREBPF_TRY(MapSymbols(file, section));
  std::vector<PlacedMap> maps;
  for (size_t i = 0; i < variables.size(); ++i) {
    const elf::Symbol& symbol = *variables[i];
    // A definition ends where the next one starts: old clang stated no size.
    const uint64_t end = i + 1 < variables.size() ? variables[i + 1]->value : section.size;
    uint64_t size = end > symbol.value ? end - symbol.value : 0;
    if (symbol.size != 0) size = std::min(size, symbol.size);
    const auto definition = elf::Slice(section.contents, symbol.value, size);
    if (!definition || size < kLeastSize) {
      return Malformed(elf::Describe(section) + ": map " + elf::Quoted(symbol.name) +
                       " at offset " + std::to_string(symbol.value) + " has " +
                       std::to_string(size) + " bytes of " +
                       std::to_string(section.contents.size()) + "; a definition needs at least " +
                       std::to_string(kLeastSize));
    }
    maps.push_back({.section = section.index,
                    .offset = symbol.value,
                    .spec = Decode(symbol.name, section, *definition, file.order())});
  }
  return maps;
}

}  // namespace purebpf::internal
