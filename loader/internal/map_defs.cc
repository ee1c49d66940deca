// Maps of the days before BTF: variables of struct bpf_map_def in section "maps".
#include <algorithm>
#include <utility>
#include <vector>

#include "purebpf/elf/bytes.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/object.h"

namespace purebpf::internal {
namespace {

// type, key_size, value_size, max_entries and, in all but the oldest programs, map_flags. What
// follows differed between loaders.
constexpr uint64_t kFieldSize = sizeof(uint32_t);
constexpr uint64_t kLeastSize = 4 * kFieldSize;
constexpr uint64_t kKnownSize = 5 * kFieldSize;

// iproute2's struct bpf_elf_map: after map_flags come id, pinning, inner_id and inner_idx. No other
// loader's definitions are of this size.
constexpr uint64_t kElfMapSize = 9 * kFieldSize;

constexpr uint32_t kPinGlobally = 2;  // PIN_GLOBAL_NS; 1 is PIN_OBJECT_NS, for this object alone

// By which such definitions refer to each other; 0: not at all.
struct ElfMapIds {
  uint32_t map = 0;  // into CollectionSpec::maps
  uint32_t id = 0;
  uint32_t inner_id = 0;  // of the map that those in this one are like
};

ElfMapIds Decode(elf::Bytes definition, std::endian order, MapSpec& spec) {
  elf::ByteReader reader(definition, order);
  spec.params.type = static_cast<MapType>(reader.U32());
  spec.params.key_size = reader.U32();
  spec.params.value_size = reader.U32();
  spec.params.max_entries = reader.U32();
  if (definition.size() >= kKnownSize) spec.params.flags = reader.U32();
  if (definition.size() == kElfMapSize) {
    ElfMapIds ids{.id = reader.U32()};
    if (reader.U32() == kPinGlobally) spec.pinning = Pinning::kByName;
    ids.inner_id = reader.U32();
    return ids;  // inner_idx: iproute2 fills the slot of a map that is pinned already
  }
  const elf::Bytes extra = reader.Take(reader.remaining());
  spec.extra.assign(extra.begin(), extra.end());
  return {};
}

// Gives maps of maps the definition of those that they hold.
void AddInner(Object& object, const std::vector<ElfMapIds>& all) {
  std::vector<std::pair<uint32_t, uint32_t>> maps_by_id;
  for (const ElfMapIds& ids : all)
    if (ids.id != 0) maps_by_id.emplace_back(ids.id, ids.map);
  std::ranges::sort(maps_by_id);
  for (const ElfMapIds& ids : all) {
    if (ids.inner_id == 0) continue;
    const auto found = std::ranges::lower_bound(maps_by_id, ids.inner_id, {},
                                                &std::pair<uint32_t, uint32_t>::first);
    if (found == maps_by_id.end() || found->first != ids.inner_id || found->second == ids.map)
      continue;  // refused where the map is created: nothing says what is in it
    MapSpec inner = object.spec.maps[found->second];
    if (!object.Afford(2 * inner.name.size() + inner.section.size())) return;
    inner.inner.clear();
    inner.pinning = Pinning::kNone;
    object.spec.maps[ids.map].inner.push_back(std::move(inner));
  }
}

// The symbols of a section's maps, by offset; of several for one place the first.
std::vector<const elf::Symbol*> MapSymbols(const Object& object, const elf::Section& section) {
  std::vector<const elf::Symbol*> symbols;
  for (const uint32_t index : object.SymbolsIn(section.index)) {
    const elf::Symbol& symbol = object.file.symbols()[index];
    if (!IsVariable(symbol)) continue;
    if (symbols.empty() || symbols.back()->value != symbol.value) symbols.push_back(&symbol);
  }
  return symbols;
}

}  // namespace

void ReadLegacyMaps(Object& object) {
  std::vector<ElfMapIds> ids;
  for (const elf::Section& section : object.file.sections()) {
    if (object.Role(section.index) != SectionRole::kLegacyMaps) continue;
    const auto symbols = MapSymbols(object, section);
    for (size_t i = 0; i < symbols.size(); ++i) {
      const elf::Symbol& symbol = *symbols[i];
      // A definition ends where the next one starts: old clang stated no size.
      const uint64_t limit = i + 1 < symbols.size() ? symbols[i + 1]->value : section.size;
      uint64_t size = limit > symbol.value ? limit - symbol.value : 0;
      if (symbol.size != 0) size = std::min(size, symbol.size);
      if (!object.Afford(2 * symbol.name.size() + section.name.size() + size)) return;
      MapSpec map;
      map.name = symbol.name;
      map.section = section.name;
      map.params.name = symbol.name;
      const auto definition = elf::Slice(section.contents, symbol.value, size);
      if (definition && size >= kLeastSize) {
        ids.push_back(Decode(*definition, object.file.order(), map));
        ids.back().map = static_cast<uint32_t>(object.spec.maps.size());
      } else {
        map.problem = "its definition at offset " + std::to_string(symbol.value) + " of " +
                      elf::Describe(section) + " has " + std::to_string(size) + " bytes of " +
                      std::to_string(section.contents.size()) + ", but needs at least " +
                      std::to_string(kLeastSize);
      }
      object.AddMap(std::move(map), section, symbol.value, std::max(limit, symbol.value + 1));
    }
  }
  AddInner(object, ids);
}

}  // namespace purebpf::internal
