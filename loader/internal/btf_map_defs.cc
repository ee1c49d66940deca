// BTF-defined maps: a variable of section .maps whose struct type says by its members' types what
// the map is. A number N is `int (*name)[N]`, a type T is `T *name`.
// Source: Documentation/bpf/btf.rst, bpf_helpers.h's __uint, __ulong, __type and __array.
#include <algorithm>
#include <expected>
#include <limits>
#include <optional>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/object.h"

namespace purebpf::internal {
namespace {

// Fields that a definition can have, with room for those of a later kernel.
constexpr uint32_t kMaxFields = 32;
constexpr uint32_t kDescriptorSize = sizeof(uint32_t);
// .data, .rodata, .bss and .kconfig, which follow.
constexpr size_t kUsualDataMaps = 4;

bool HoldsMaps(MapType type) {
  return type == MapType::kArrayOfMaps || type == MapType::kHashOfMaps;
}

// The definition of one map, while it is read.
class Definition {
 public:
  Definition(Object& object, MapSpec& spec, bool inner = false)
      : object_(object), btf_(*object.btf), spec_(spec), inner_(inner) {}

  // Of the member `values`, in bytes.
  [[nodiscard]] std::optional<uint32_t> values_at() const { return values_at_; }

  elf::Result<void> Parse(const elf::BtfType& definition) {
    // Many variables may share one type, so what a type costs is bounded.
    if (definition.count > kMaxFields)
      return elf::Malformed(Whose() + "it has " + std::to_string(definition.count) +
                            " members; a definition has at most " + std::to_string(kMaxFields));
    std::optional<elf::BtfMember> values;
    for (uint32_t i = 0; i < definition.count; ++i) {
      const elf::BtfMember member = btf_.Member(definition, i);
      if (member.name == "values") {
        values = member;
      } else {
        PUREBPF_TRY(Field(member));
      }
    }
    // What they are depends on the map's type, which may come after them.
    if (values) {
      PUREBPF_TRY(Values(*values));
      values_at_ = values->bit_offset / 8;
    }
    return {};
  }

 private:
  elf::Result<void> Field(const elf::BtfMember& member) {
    for (const NumberField& field : kNumberFields) {
      if (member.name != field.name) continue;
      const uint64_t value = PUREBPF_TRY(Number(member));
      if (value > std::numeric_limits<uint32_t>::max())
        return Wrong(member, "is " + std::to_string(value) + ", more than 32 bits hold");
      return Set(member, spec_.params.*field.target, static_cast<uint32_t>(value));
    }
    if (member.name == "type") {
      spec_.params.type = static_cast<MapType>(PUREBPF_TRY(Number(member)));
    } else if (member.name == "map_extra") {
      spec_.params.map_extra = PUREBPF_TRY(Number(member));
    } else if (member.name == "pinning") {
      const uint64_t value = PUREBPF_TRY(Number(member));
      if (value > static_cast<uint64_t>(Pinning::kByName))
        return Wrong(member, "is " + std::to_string(value) + ", not 0 (none) or 1 (by name)");
      if (inner_ && value != 0) return Wrong(member, "stands in an inner map, which has no name");
      spec_.pinning = static_cast<Pinning>(value);
    } else if (member.name == "key") {
      return SetType(member, spec_.params.key_size, spec_.key_type);
    } else if (member.name == "value") {
      return SetType(member, spec_.params.value_size, spec_.value_type);
    } else {
      return Wrong(member, "is not a field of a map definition");
    }
    return {};
  }

  // `values` is an array of pointers: to an inner map's definition, or to a program's type.
  elf::Result<void> Values(const elf::BtfMember& member) {
    const bool maps = HoldsMaps(spec_.params.type);
    if (!maps && spec_.params.type != MapType::kProgArray)
      return Wrong(member, "stands in a map whose values are neither maps nor programs (type " +
                               std::to_string(static_cast<uint32_t>(spec_.params.type)) + ")");
    if (inner_) return Wrong(member, "stands in an inner map; maps nest one level deep");
    PUREBPF_TRY(Set(member, spec_.params.value_size, kDescriptorSize));
    const elf::BtfType array = PUREBPF_TRY(btf_.Resolve(member.type));
    if (array.kind != elf::BtfKind::kArray)
      return Wrong(member, "is a " + elf::Describe(array) + ", not an array of pointers");
    const elf::BtfType pointer = PUREBPF_TRY(btf_.Resolve(btf_.Array(array).element));
    if (pointer.kind != elf::BtfKind::kPtr)
      return Wrong(member, "is an array of " + elf::Describe(pointer) + ", not of pointers");
    if (!maps) return {};
    const elf::BtfType definition = PUREBPF_TRY(btf_.Resolve(pointer.target));
    if (definition.kind != elf::BtfKind::kStruct)
      return Wrong(member, "holds pointers to " + elf::Describe(definition) +
                               ", not to the definition of a map");
    if (!object_.Afford(2 * spec_.name.size())) return {};
    MapSpec inner;
    inner.name = spec_.name + ".inner";
    inner.section = spec_.section;
    inner.params.name = inner.name;
    PUREBPF_TRY(Definition(object_, inner, true).Parse(definition));
    spec_.inner.push_back(std::move(inner));
    return {};
  }

  // key and key_size (value and value_size) may both be there, but must agree.
  elf::Result<void> Set(const elf::BtfMember& member, uint32_t& field, uint32_t value) {
    if (field != 0 && field != value)
      return Wrong(member, "gives " + std::to_string(value) + " bytes, but " +
                               std::to_string(field) + " were given before");
    field = value;
    return {};
  }

  elf::Result<void> SetType(const elf::BtfMember& member, uint32_t& size, uint32_t& id) {
    const elf::BtfType type = PUREBPF_TRY(btf_.Resolve(member.type));
    if (type.kind != elf::BtfKind::kPtr)
      return Wrong(member, "is a " + elf::Describe(type) + "; a type is given as a pointer to it");
    const auto bytes = btf_.SizeOf(type.target);
    if (!bytes) return Wrong(member, "is of unknown size: " + bytes.error().message);
    if (*bytes > std::numeric_limits<uint32_t>::max())
      return Wrong(member, "has " + std::to_string(*bytes) + " bytes, more than 32 bits hold");
    id = static_cast<uint32_t>(type.target);
    return Set(member, size, static_cast<uint32_t>(*bytes));
  }

  // The N of `int (*name)[N]`, or the value of an enum with one enumerator (__ulong).
  elf::Result<uint64_t> Number(const elf::BtfMember& member) const {
    const elf::BtfType type = PUREBPF_TRY(btf_.Resolve(member.type));
    if (type.kind == elf::BtfKind::kPtr) {
      const elf::BtfType array = PUREBPF_TRY(btf_.Resolve(type.target));
      if (array.kind == elf::BtfKind::kArray) return btf_.Array(array).count;
    }
    const bool is_enum = type.kind == elf::BtfKind::kEnum || type.kind == elf::BtfKind::kEnum64;
    if (is_enum && type.count == 1) return btf_.Enumerator(type, 0).value;
    return Wrong(member, "is a " + elf::Describe(type) + "; a number is a pointer to an array");
  }

  [[nodiscard]] std::string Whose() const { return inner_ ? "inner map: " : ""; }

  [[nodiscard, gnu::cold]] std::unexpected<elf::ParseError> Wrong(const elf::BtfMember& member,
                                                                  const std::string& what) const {
    return elf::Malformed(Whose() + "member " + elf::Quoted(member.name) + " " + what);
  }

  struct NumberField {
    std::string_view name;
    uint32_t MapParams::* target;
  };
  static constexpr NumberField kNumberFields[] = {
      {"max_entries", &MapParams::max_entries}, {"map_flags", &MapParams::flags},
      {"key_size", &MapParams::key_size},       {"value_size", &MapParams::value_size},
      {"numa_node", &MapParams::numa_node},
  };

  Object& object_;
  const elf::Btf& btf_;
  MapSpec& spec_;
  bool inner_;
  std::optional<uint32_t> values_at_;
};

elf::Result<void> ReadDefinition(Object& object, const TypedVariable& variable, MapSpec& map,
                                 std::optional<uint32_t>& values_at) {
  const elf::BtfType type = PUREBPF_TRY(object.btf->Resolve(variable.type));
  if (type.kind != elf::BtfKind::kStruct)
    return elf::Malformed("it is a " + elf::Describe(type) + ", not a struct");
  Definition definition(object, map);
  PUREBPF_TRY(definition.Parse(type));
  values_at = definition.values_at();
  return {};
}

MapSpec NewMap(const elf::Section& section, std::string_view name) {
  MapSpec map;
  map.name = name;
  map.section = section.name;
  map.params.name = name;
  return map;
}

// A place in the section: a variable that the types describe, a symbol, or (in all sound objects)
// both.
struct Definer {
  uint64_t offset = 0;
  const TypedVariable* variable = nullptr;
  const elf::Symbol* symbol = nullptr;
};

std::vector<Definer> DefinersOf(const Object& object, const elf::Section& section) {
  std::vector<Definer> all;
  if (const TypedSection* typed = object.TypesOf(section))
    for (const TypedVariable& variable : typed->variables)
      if (!variable.function) all.push_back({.offset = variable.offset, .variable = &variable});
  for (const uint32_t index : object.SymbolsIn(section.index)) {
    const elf::Symbol& symbol = object.file.symbols()[index];
    if (MayBeVariable(symbol)) all.push_back({.offset = symbol.value, .symbol = &symbol});
  }
  std::ranges::stable_sort(all, {}, &Definer::offset);
  std::vector<Definer> places;
  for (const Definer& one : all) {
    if (places.empty() || places.back().offset != one.offset) {
      places.push_back(one);
    } else {
      if (places.back().variable == nullptr) places.back().variable = one.variable;
      if (places.back().symbol == nullptr) places.back().symbol = one.symbol;
    }
  }
  return places;
}

std::string WithoutTypes(const Object& object) {
  if (!object.spec.btf_problem.empty())
    return "it is defined by its type, but the types are damaged: " + object.spec.btf_problem;
  if (!object.btf)
    return "it is defined by its type, but there is no .BTF: compile with -g, or define it as "
           "struct bpf_map_def in section \"maps\"";
  return "it has no variable in BTF's section .maps";
}

}  // namespace

void ReadBtfMaps(Object& object) {
  for (const elf::Section& section : object.file.sections()) {
    if (object.Role(section.index) != SectionRole::kBtfMaps) continue;
    const std::vector<Definer> places = DefinersOf(object, section);
    MakeRoom(object.spec.maps, places.size() + kUsualDataMaps);
    object.maps.MakeRoom(places.size());
    for (size_t i = 0; i < places.size(); ++i) {
      const Definer& place = places[i];
      const uint64_t limit = i + 1 < places.size() ? places[i + 1].offset : section.size;
      const std::string_view name =
          place.variable != nullptr ? place.variable->name : place.symbol->name;
      if (!object.Afford(2 * name.size())) return;
      const uint32_t index = object.AddMap(NewMap(section, name), section, place.offset,
                                           std::max(limit, place.offset + 1));
      MapSpec& map = object.spec.maps[index];
      std::optional<uint32_t> values_at;
      if (place.variable == nullptr) {
        map.problem = WithoutTypes(object);
      } else if (auto read = ReadDefinition(object, *place.variable, map, values_at); !read) {
        map.problem = std::move(read).error().message;
      }
      if (values_at) object.values_at.emplace_back(index, *values_at);
    }
  }
}

}  // namespace purebpf::internal
