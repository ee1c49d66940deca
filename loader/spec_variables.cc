// A spec's global variables, read and written before it is loaded.
#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_writer.h"
#include "purebpf/loader/collection_spec.h"

namespace purebpf {
namespace {

[[gnu::cold]] std::unexpected<Error> Refused(Code code, std::string_view operation,
                                             const CollectionSpec& spec, std::string detail) {
  return std::unexpected(Error{.code = code,
                               .operation = std::string(operation),
                               .object = spec.name,
                               .detail = std::move(detail)});
}

// A variable, and the map that it lies in.
struct Found {
  const VariableSpec* variable = nullptr;
  const MapSpec* map = nullptr;
};

Result<Found> Find(const CollectionSpec& spec, std::string_view name, std::string_view operation) {
  const VariableSpec* variable = spec.FindVariable(name);
  if (variable == nullptr)
    return Refused(Code::kNotFound, operation, spec,
                   "has no global variable '" + std::string(name) + "'");
  const MapSpec* map = spec.FindMap(variable->map);
  if (map == nullptr)
    return Refused(Code::kNotFound, operation, spec,
                   "variable '" + std::string(name) + "' lies in map '" + variable->map +
                       "', which the spec lacks");
  // An arena's values are its pages, which have no size here.
  if (map->params.type != MapType::kArena &&
      uint64_t{variable->offset} + variable->size > map->params.value_size)
    return Refused(Code::kInvalidArgument, operation, spec,
                   "variable '" + std::string(name) + "' ends past the " +
                       std::to_string(map->params.value_size) + " bytes of map '" + map->name +
                       "'");
  return Found{variable, map};
}

// What the types must be told when a data section grows.
struct LastVariable {
  elf::BtfType section;
  elf::BtfSectionVariable entry;
  uint32_t index = 0;  // in the section
  elf::BtfType variable;
  elf::BtfArray array;
  uint64_t element_size = 0;
};

std::optional<LastVariable> FindLast(const elf::Btf& btf, uint32_t section) {
  LastVariable last{.section = btf.Type(elf::TypeId{section})};
  if (last.section.kind != elf::BtfKind::kDatasec || last.section.count == 0) return std::nullopt;
  for (uint32_t i = 0; i < last.section.count; ++i) {
    const elf::BtfSectionVariable entry = btf.Variable(last.section, i);
    if (i != 0 && entry.offset < last.entry.offset) continue;
    last.entry = entry;
    last.index = i;
  }
  last.variable = btf.Type(last.entry.variable);
  if (last.variable.kind != elf::BtfKind::kVar) return std::nullopt;
  const auto type = btf.Resolve(last.variable.target);
  if (!type || type->kind != elf::BtfKind::kArray) return std::nullopt;
  last.array = btf.Array(*type);
  const auto size = btf.SizeOf(last.array.element);
  if (!size || *size == 0) return std::nullopt;
  last.element_size = *size;
  return last;
}

}  // namespace

const VariableSpec* CollectionSpec::FindVariable(std::string_view variable) const {
  const auto found = std::ranges::find(variables, variable, &VariableSpec::name);
  return found == variables.end() ? nullptr : &*found;
}

Result<std::vector<std::byte>> CollectionSpec::GetVariable(std::string_view variable) const {
  const Found found = PUREBPF_TRY(Find(*this, variable, "read variable"));
  const std::vector<std::byte>& contents = found.map->contents;
  std::vector<std::byte> value(found.variable->size);
  const size_t offset = found.variable->offset;
  if (offset < contents.size())
    std::memcpy(value.data(), contents.data() + offset,
                std::min(value.size(), contents.size() - offset));
  return value;
}

Result<void> CollectionSpec::SetVariable(std::string_view variable, Bytes value) {
  const Found found = PUREBPF_TRY(Find(*this, variable, "set variable"));
  if (value.size() != found.variable->size)
    return Refused(Code::kInvalidArgument, "set variable", *this,
                   "variable '" + std::string(variable) + "' has " +
                       std::to_string(found.variable->size) + " bytes, not " +
                       std::to_string(value.size()));
  if (value.empty()) return {};
  std::vector<std::byte>& contents = FindMap(found.variable->map)->contents;
  const size_t offset = found.variable->offset;
  if (contents.size() < offset + value.size()) contents.resize(offset + value.size());
  std::memcpy(contents.data() + offset, value.data(), value.size());
  return {};
}

Result<void> CollectionSpec::ResizeData(std::string_view map, uint32_t size) {
  constexpr std::string_view kResize = "resize data";
  MapSpec* spec = FindMap(map);
  if (spec == nullptr || spec->origin != MapOrigin::kData)
    return Refused(Code::kNotFound, kResize, *this,
                   "has no section of global data '" + std::string(map) + "'");
  if (size == spec->params.value_size) return {};
  const auto parsed = elf::Btf::Parse(btf);
  const auto last = parsed ? FindLast(*parsed, spec->value_type) : std::nullopt;
  if (!last)
    return Refused(Code::kInvalidArgument, kResize, *this,
                   "the last variable of '" + spec->name +
                       "' is no array (or the object has no types), so it cannot grow");
  const uint64_t array = size > last->entry.offset ? size - last->entry.offset : 0;
  if (array == 0 || array % last->element_size != 0)
    return Refused(Code::kInvalidArgument, kResize, *this,
                   "'" + spec->name + "' of " + std::to_string(size) + " bytes leaves " +
                       std::to_string(array) + " for array '" + std::string(last->variable.name) +
                       "', whose elements have " + std::to_string(last->element_size));
  elf::BtfWriter writer = elf::BtfWriter::Of(*parsed);
  const elf::TypeId type =
      writer.AddArray({.element = last->array.element,
                       .index = last->array.index,
                       .count = static_cast<uint32_t>(array / last->element_size)});
  writer.SetTarget(last->variable.id, type);
  writer.SetSize(last->section.id, size);
  writer.SetVariable(last->section.id, last->index,
                     {.variable = last->entry.variable,
                      .offset = last->entry.offset,
                      .size = static_cast<uint32_t>(array)});
  auto blob = writer.Build();
  if (!blob) return Refused(Code::kUnsupported, kResize, *this, std::move(blob).error().message);
  for (VariableSpec& variable : variables) {
    if (variable.map != spec->name || variable.offset != last->entry.offset) continue;
    variable.size = static_cast<uint32_t>(array);
    variable.type = static_cast<uint32_t>(type);
  }
  btf = std::move(*blob);
  spec->params.value_size = size;
  if (!spec->contents.empty()) spec->contents.resize(size);
  return {};
}

}  // namespace purebpf
