// Maps that no definition asks for: the object's global data, the options of .kconfig, jump tables,
// and the globals of an arena.
#include <algorithm>
#include <limits>

#include "purebpf/elf/bytes.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/object.h"

namespace purebpf::internal {
namespace {

constexpr std::string_view kKconfigSection = ".kconfig";
constexpr uint32_t kKeySize = sizeof(uint32_t);
constexpr MapType kInsnArray{34};             // BPF_MAP_TYPE_INSN_ARRAY, Linux 6.19
constexpr uint32_t kInsnArrayValueSize = 16;  // struct bpf_insn_array_value
constexpr uint64_t kJumpTableEntry = sizeof(uint64_t);

// bpf_map_create's name: 15 characters, of which a section's kin (".rodata.foo") take what they
// need, and a section of everybody's (".bss") leaves eight to the object's name up to its first
// dot. All other tools know the maps by these names.
std::string KernelNameOf(std::string_view object, std::string_view section) {
  constexpr size_t kMaxName = 15;
  constexpr size_t kLeastSuffix = 7;
  const size_t suffix = std::min(std::max(kLeastSuffix, section.size()), kMaxName);
  const bool own_name = section.find('.', 1) != std::string_view::npos;
  std::string_view prefix = object.substr(0, std::min(object.find('.'), kMaxName));
  prefix = own_name ? "" : prefix.substr(0, kMaxName - suffix);
  std::string name(prefix);
  name += section.substr(0, suffix);
  for (char& c : name) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '.';
    if (!fine) c = '_';
  }
  return name;
}

MapSpec NewDataMap(const Object& object, std::string_view section, uint64_t size, bool read_only) {
  MapSpec map;
  map.name = section;
  map.section = section;
  map.origin = MapOrigin::kData;
  map.freeze = read_only;
  map.params = {.name = KernelNameOf(object.spec.name, section),
                .type = MapType::kArray,
                .key_size = kKeySize,
                .value_size = static_cast<uint32_t>(size),
                .max_entries = 1,
                .flags = read_only ? kReadOnlyProg : 0U};
  if (size > std::numeric_limits<int32_t>::max())
    map.problem =
        "global data of " + std::to_string(size) + " bytes; a map's value has less than 2147483648";
  if (const TypedSection* typed = object.FindTyped(section)) {
    map.value_type = static_cast<uint32_t>(typed->id);
    if (typed->visible) map.params.flags |= kMmapable;
  }
  return map;
}

void ReadKconfig(Object& object) {
  uint64_t size = 0;
  for (const ExternSpec& spec : object.spec.externs)
    if (spec.kind == ExternKind::kKconfig) size = std::max(size, uint64_t{spec.offset} + spec.size);
  if (size == 0) return;
  MapSpec map = NewDataMap(object, kKconfigSection, size, true);
  map.origin = MapOrigin::kKconfig;
  object.AddMap(std::move(map));
}

// Its first bytes are the object's variables in the arena's address space.
void ReadArena(Object& object) {
  std::vector<MapSpec>& maps = object.spec.maps;
  for (uint32_t i = 0; i < maps.size(); ++i) {
    if (maps[i].params.type != MapType::kArena) continue;
    if (object.arena)
      Note(maps[i].problem, "the object has a second arena, '" + maps[*object.arena].name +
                                "'; the kernel lets a program use one");
    if (!object.arena) object.arena = i;
  }
  if (!object.arena) return;
  for (const elf::Section& section : object.file.sections()) {
    if (object.Role(section.index) != SectionRole::kArena) continue;
    if (object.Afford(section.contents.size()))
      maps[*object.arena].contents.assign(section.contents.begin(), section.contents.end());
    return;
  }
}

}  // namespace

uint32_t DataMapOf(Object& object, const elf::Section& section) {
  std::optional<uint32_t>& index = object.data_maps[section.index];
  if (index) return *index;
  MapSpec map = NewDataMap(object, section.name, section.size, IsReadOnlyData(section));
  if (object.Afford(2 * section.name.size() + section.contents.size()))
    map.contents.assign(section.contents.begin(), section.contents.end());
  index = object.AddMap(std::move(map));
  return *index;
}

void ReadDataMaps(Object& object) {
  for (const elf::Section& section : object.file.sections())
    if (object.Role(section.index) == SectionRole::kData) DataMapOf(object, section);
  ReadKconfig(object);
  ReadArena(object);
}

void ReadJumpTables(Object& object) {
  for (const elf::Section& section : object.file.sections()) {
    if (object.Role(section.index) != SectionRole::kJumpTables) continue;
    uint64_t end = 0;  // of the one before: tables do not overlap
    for (const uint32_t index : object.SymbolsIn(section.index)) {
      const elf::Symbol& symbol = object.file.symbols()[index];
      const auto table = elf::Slice(section.contents, symbol.value, symbol.size);
      if (!table || table->empty() || symbol.value < end) continue;
      if (table->size() % kJumpTableEntry != 0 ||
          table->size() / kJumpTableEntry > std::numeric_limits<uint32_t>::max())
        continue;
      if (!object.Afford(symbol.name.size() + table->size())) return;
      end = symbol.value + symbol.size;
      MapSpec map;
      map.name = symbol.name;
      map.section = section.name;
      map.origin = MapOrigin::kJumpTable;
      map.freeze = true;
      map.params = {.name = std::string(section.name),
                    .type = kInsnArray,
                    .key_size = kKeySize,
                    .value_size = kInsnArrayValueSize,
                    .max_entries = static_cast<uint32_t>(table->size() / kJumpTableEntry)};
      elf::ByteReader reader(*table, object.file.order());
      map.contents.reserve(table->size());
      while (reader.remaining() != 0) {
        const uint64_t insn = reader.U64() / sizeof(Insn);  // a byte's offset, in the file
        const Bytes bytes = BytesOf(insn);
        map.contents.insert(map.contents.end(), bytes.begin(), bytes.end());
      }
      object.AddMap(std::move(map), section, symbol.value, end);
    }
  }
}

}  // namespace purebpf::internal
