// Global variables: where each lies in its map's value.
#include <algorithm>
#include <tuple>

#include "purebpf/elf/bytes.h"
#include "purebpf/loader/internal/object.h"

namespace purebpf::internal {
namespace {

// From the types and from the symbols: without -g there are no types, and for some constants there
// never are.
void ReadSection(Object& object, const elf::Section& section, const MapSpec& map,
                 std::vector<VariableSpec>& variables) {
  const auto add = [&](std::string_view name, VariableSpec variable) {
    if (name.empty() || variable.offset > section.size ||
        variable.size > section.size - variable.offset ||
        !object.Afford(name.size() + map.name.size()))
      return;
    variable.name = name;
    variable.map = map.name;
    variable.constant = map.freeze;
    variables.push_back(std::move(variable));
  };
  const size_t first = variables.size();
  if (const TypedSection* typed = object.TypesOf(section))
    for (const TypedVariable& variable : typed->variables)
      if (!variable.function)
        add(variable.name, {.offset = variable.offset,
                            .size = variable.size,
                            .type = static_cast<uint32_t>(variable.type),
                            .local = variable.is_static});
  for (const uint32_t index : object.SymbolsIn(section.index)) {
    const elf::Symbol& symbol = object.file.symbols()[index];
    if (!IsVariable(symbol) || symbol.value > section.size || symbol.size > section.size) continue;
    add(symbol.name, {.offset = static_cast<uint32_t>(symbol.value),
                      .size = static_cast<uint32_t>(symbol.size),
                      .local = symbol.binding == elf::SymbolBinding::kLocal});
  }
  const auto key = [](const VariableSpec& v) { return std::tie(v.offset, v.name); };
  // Where both describe one, the one with the type came first.
  std::ranges::stable_sort(variables.begin() + static_cast<ptrdiff_t>(first), variables.end(), {},
                           key);
  const auto twice = std::ranges::unique(variables.begin() + static_cast<ptrdiff_t>(first),
                                         variables.end(), {}, key);
  variables.erase(twice.begin(), twice.end());
}

}  // namespace

void ReadVariables(Object& object) {
  for (const elf::Section& section : object.file.sections()) {
    if (section.size == 0 || section.size > UINT32_MAX) continue;
    if (const auto map = object.data_maps[section.index]) {
      ReadSection(object, section, object.spec.maps[*map], object.spec.variables);
    } else if (object.Role(section.index) == SectionRole::kArena && object.arena) {
      ReadSection(object, section, object.spec.maps[*object.arena], object.spec.variables);
    }
  }
}

}  // namespace purebpf::internal
