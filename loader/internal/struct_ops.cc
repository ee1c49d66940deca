// Instances of a kernel structure of functions: the variables of sections .struct_ops and
// .struct_ops.link. Which kernel structure each is, and where its members lie there, is for the
// plan to find out: here stands what the object holds, by the object's own types.
#include <algorithm>
#include <limits>

#include "purebpf/elf/bytes.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/object.h"

namespace purebpf::internal {
namespace {

constexpr uint32_t kKeySize = sizeof(uint32_t);

MapSpec NewInstance(const elf::Section& section, std::string_view name) {
  MapSpec map;
  map.name = name;
  map.section = section.name;
  map.origin = MapOrigin::kStructOps;
  map.autocreate = !section.name.starts_with('?');
  map.params.name = name;
  map.params.type = MapType::kStructOps;
  map.params.key_size = kKeySize;
  map.params.max_entries = 1;
  // Registered by a link, not by filling in the value (Linux 6.4).
  if (section.name.ends_with(".link")) map.params.flags = kLink;
  return map;
}

void ReadInstance(Object& object, const elf::Section& section, const TypedVariable& variable,
                  MapSpec& map) {
  const auto type = object.btf->Resolve(variable.type);
  if (!type || type->kind != elf::BtfKind::kStruct || type->name.empty()) {
    map.problem = "struct_ops " + elf::Quoted(map.name) + " is a " +
                  (type ? elf::Describe(*type) : type.error().message) +
                  ", not a struct that has a name";
    return;
  }
  map.value_type = static_cast<uint32_t>(type->id);
  map.params.value_size = type->size;
  const auto bytes = elf::Slice(section.contents, variable.offset, type->size);
  if (!bytes) {
    map.problem = "struct_ops " + elf::Quoted(map.name) + ": offset " +
                  std::to_string(variable.offset) + " + size " + std::to_string(type->size) +
                  " ends past the " + std::to_string(section.contents.size()) + " bytes of " +
                  elf::Describe(section);
    return;
  }
  if (object.Afford(bytes->size())) map.contents.assign(bytes->begin(), bytes->end());
}

}  // namespace

void ReadStructOps(Object& object) {
  for (const elf::Section& section : object.file.sections()) {
    if (object.Role(section.index) != SectionRole::kStructOps) continue;
    const TypedSection* typed = object.TypesOf(section);
    if (typed == nullptr) continue;  // without types nothing says what it is
    std::vector<const TypedVariable*> variables;
    for (const TypedVariable& variable : typed->variables)
      if (!variable.function) variables.push_back(&variable);
    std::ranges::stable_sort(variables, {}, [](const TypedVariable* v) { return v->offset; });
    uint64_t end = 0;  // of the one before
    for (const TypedVariable* variable : variables) {
      if (!object.Afford(3 * variable->name.size())) return;
      MapSpec map = NewInstance(section, variable->name);
      if (variable->offset < end) {
        map.problem = "struct_ops " + elf::Quoted(map.name) + " begins at offset " +
                      std::to_string(variable->offset) + " of " + elf::Describe(section) +
                      ", inside of the one before";
        object.AddMap(std::move(map));
        continue;
      }
      ReadInstance(object, section, *variable, map);
      end = uint64_t{variable->offset} + std::max<uint64_t>(map.contents.size(), 1);
      object.AddMap(std::move(map), section, variable->offset, end);
    }
  }
}

}  // namespace purebpf::internal
