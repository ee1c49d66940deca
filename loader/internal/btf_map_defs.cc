// BTF-defined maps: a variable of section .maps whose struct type says by its members' types what
// the map is. A number N is `int (*name)[N]`, a type T is `T *name`.
// Source: Documentation/bpf/btf.rst, bpf_helpers.h's __uint and __type.
#include <algorithm>
#include <limits>
#include <optional>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/parse.h"

namespace purebpf::internal {
namespace {

// Fields that a definition can have, with room for those of a later kernel.
constexpr uint32_t kMaxFields = 32;

// The definition of one map, while it is read.
class Definition {
 public:
  Definition(const elf::Btf& btf, std::string_view map) : btf_(btf) {
    spec_.name = map;
    spec_.section = ".maps";
    spec_.params.name = map;
  }

  Result<MapSpec> Read(const elf::BtfType& definition) {
    for (const elf::BtfMember& member : btf_.Members(definition)) PUREBPF_TRY(Field(member));
    return std::move(spec_);
  }

 private:
  Result<void> Field(const elf::BtfMember& member) {
    for (const NumberField& field : kNumberFields) {
      if (member.name != field.name) continue;
      const uint64_t value = PUREBPF_TRY(Number(member));
      if (value > std::numeric_limits<uint32_t>::max())
        return Wrong(member, "is " + std::to_string(value) + ", more than 32 bits hold");
      return Set(member, spec_.params.*field.target, static_cast<uint32_t>(value));
    }
    if (member.name == "type") {
      const uint64_t value = PUREBPF_TRY(Number(member));
      spec_.params.type = static_cast<MapType>(value);
    } else if (member.name == "map_extra") {
      spec_.params.map_extra = PUREBPF_TRY(Number(member));
    } else if (member.name == "pinning") {
      const uint64_t value = PUREBPF_TRY(Number(member));
      if (value > static_cast<uint64_t>(Pinning::kByName))
        return Wrong(member, "is " + std::to_string(value) + ", not 0 (none) or 1 (by name)");
      spec_.pinning = static_cast<Pinning>(value);
    } else if (member.name == "key") {
      return Set(member, spec_.params.key_size, PUREBPF_TRY(PointeeSize(member)));
    } else if (member.name == "value") {
      return Set(member, spec_.params.value_size, PUREBPF_TRY(PointeeSize(member)));
    } else if (member.name == "values") {
      spec_.has_values = true;
    } else {
      return Wrong(member, "is not a field of a map definition");
    }
    return {};
  }

  // key and key_size (value and value_size) may both be there, but must agree.
  Result<void> Set(const elf::BtfMember& member, uint32_t& field, uint32_t value) {
    if (field != 0 && field != value)
      return Wrong(member, "gives " + std::to_string(value) + " bytes, but " +
                               std::to_string(field) + " were given before");
    field = value;
    return {};
  }

  // The N of `int (*name)[N]`, or the value of an enum with one enumerator (the 64-bit form).
  Result<uint64_t> Number(const elf::BtfMember& member) const {
    const elf::BtfType type = PUREBPF_TRY(Lift(btf_.Resolve(member.type)));
    if (type.kind == elf::BtfKind::kPtr) {
      const elf::BtfType array = PUREBPF_TRY(Lift(btf_.Resolve(type.target)));
      if (array.kind == elf::BtfKind::kArray) return btf_.Array(array).count;
    }
    if (type.kind == elf::BtfKind::kEnum || type.kind == elf::BtfKind::kEnum64) {
      const auto enumerators = btf_.Enumerators(type);
      if (enumerators.size() == 1) return enumerators[0].value;
    }
    return Wrong(member, "is a " + elf::Describe(type) + "; a number is a pointer to an array");
  }

  Result<uint32_t> PointeeSize(const elf::BtfMember& member) const {
    const elf::BtfType type = PUREBPF_TRY(Lift(btf_.Resolve(member.type)));
    if (type.kind != elf::BtfKind::kPtr)
      return Wrong(member, "is a " + elf::Describe(type) + "; a type is given as a pointer to it");
    const uint64_t size = PUREBPF_TRY(Lift(btf_.SizeOf(type.target)));
    if (size > std::numeric_limits<uint32_t>::max())
      return Wrong(member, "has " + std::to_string(size) + " bytes, more than 32 bits hold");
    return static_cast<uint32_t>(size);
  }

  std::unexpected<Error> Wrong(const elf::BtfMember& member, const std::string& what) const {
    return Malformed("map " + elf::Quoted(spec_.name) + ": member " + elf::Quoted(member.name) +
                     " " + what);
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

  const elf::Btf& btf_;
  MapSpec spec_;
};

// The variables of section .maps by name: symbols and variables may both be many.
std::vector<elf::BtfType> VariablesByName(const elf::Btf& btf, const elf::BtfType& datasec) {
  std::vector<elf::BtfType> variables;
  for (const elf::BtfSectionVariable& entry : btf.Variables(datasec)) {
    const elf::BtfType variable = btf.Type(entry.variable);
    if (variable.kind == elf::BtfKind::kVar) variables.push_back(variable);
  }
  std::ranges::sort(variables, [](const elf::BtfType& a, const elf::BtfType& b) {
    return a.name != b.name ? a.name < b.name : a.id < b.id;
  });
  return variables;
}

// The struct type of the variable `name`.
Result<elf::BtfType> DefinitionType(const elf::Btf& btf, const std::vector<elf::BtfType>& variables,
                                    std::string_view name) {
  const auto variable = std::ranges::lower_bound(variables, name, {}, &elf::BtfType::name);
  if (variable == variables.end() || variable->name != name)
    return Malformed("map " + elf::Quoted(name) + " has no variable in BTF's section .maps");
  const elf::BtfType type = PUREBPF_TRY(Lift(btf.Resolve(variable->target)));
  if (type.kind != elf::BtfKind::kStruct)
    return Malformed("map " + elf::Quoted(name) + " is a " + elf::Describe(type) +
                     ", not a struct");
  // Many variables may share one type, so what a type costs is bounded.
  if (type.count > kMaxFields)
    return Malformed("map " + elf::Quoted(name) + " has " + std::to_string(type.count) +
                     " members; a definition has at most " + std::to_string(kMaxFields));
  return type;
}

}  // namespace

Result<std::vector<PlacedMap>> ParseBtfMaps(const elf::File& file, const elf::Section& section) {
  const auto symbols = PUREBPF_TRY(MapSymbols(file, section));
  if (symbols.empty()) return std::vector<PlacedMap>();
  const elf::Section* types = file.FindSection(".BTF");
  if (types == nullptr)
    return Malformed(elf::Describe(section) +
                     " defines maps by their types, but there is no .BTF: compile with -g, or "
                     "define them as struct bpf_map_def in section \"maps\"");
  const elf::Bytes blob = PUREBPF_TRY(Lift(types->Contents()));
  const elf::Btf btf = PUREBPF_TRY(Lift(elf::Btf::Parse(blob)));
  const auto datasec = btf.Find(elf::BtfKind::kDatasec, section.name);
  if (!datasec) return Malformed("BTF describes no section .maps");
  const auto variables = VariablesByName(btf, *datasec);

  std::vector<PlacedMap> maps;
  for (const elf::Symbol* symbol : symbols) {
    const elf::BtfType type = PUREBPF_TRY(DefinitionType(btf, variables, symbol->name));
    MapSpec spec = PUREBPF_TRY(Definition(btf, symbol->name).Read(type));
    maps.push_back({.section = section.index, .offset = symbol->value, .spec = std::move(spec)});
  }
  return maps;
}

}  // namespace purebpf::internal
