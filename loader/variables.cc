// A collection's global variables, through the memory of the maps that hold them.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/collection.h"

namespace purebpf {
namespace {

[[gnu::cold]] std::unexpected<Error> Refused(Code code, std::string_view variable,
                                             std::string_view collection, std::string detail,
                                             std::string hint = "") {
  return std::unexpected(Error{.code = code,
                               .operation = "use variable '" + std::string(variable) + "'",
                               .object = std::string(collection),
                               .detail = std::move(detail),
                               .hint = std::move(hint),
                               .log = ""});
}

bool CanBeMapped(const Map& map) {
  return (map.params().flags & kMmapable) != 0 || map.params().type == MapType::kArena;
}

}  // namespace

Collection::Collection(Collection&&) noexcept = default;

Collection& Collection::operator=(Collection&& other) noexcept {
  if (this == &other) return *this;
  Unmap();
  name_ = std::move(other.name_);
  maps_ = std::move(other.maps_);
  programs_ = std::move(other.programs_);
  variables_ = std::move(other.variables_);
  struct_ops_ = std::move(other.struct_ops_);
  mappings_ = std::exchange(other.mappings_, {});
  failures_ = std::move(other.failures_);
  return *this;
}

Collection::~Collection() { Unmap(); }

void Collection::Unmap() {
  for (const Mapping& mapping : mappings_) mapping.kernel->UnmapMemory(mapping.memory);
  mappings_.clear();
}

const VariableSpec* Collection::FindVariable(std::string_view name) const {
  const auto found = std::ranges::find_if(
      variables_, [&](const VariableSpec& variable) { return variable.name == name; });
  return found == variables_.end() ? nullptr : &*found;
}

Result<const VariableSpec*> Collection::VariableOf(std::string_view name, size_t size) const {
  const VariableSpec* variable = FindVariable(name);
  if (variable == nullptr) return Refused(Code::kNotFound, name, name_, "there is none");
  if (variable->size != size)
    return Refused(
        Code::kInvalidArgument, name, name_,
        "it has " + std::to_string(variable->size) + " bytes, not " + std::to_string(size));
  return variable;
}

Result<MutableBytes> Collection::Variable(std::string_view name) {
  const VariableSpec* variable = FindVariable(name);
  if (variable == nullptr) return Refused(Code::kNotFound, name, name_, "there is none");
  auto mapping = std::ranges::find(mappings_, variable->map, &Mapping::map);
  if (mapping == mappings_.end()) {
    const Map* map = FindMap(variable->map);
    if (map == nullptr)
      return Refused(Code::kNotFound, name, name_,
                     "its map '" + variable->map + "' was not loaded, or taken");
    if (!CanBeMapped(*map))
      return Refused(Code::kUnsupported, name, name_,
                     "its map '" + variable->map + "' cannot be mapped into memory",
                     "Linux 5.5 can, where a variable of its section is not static");
    const Access access = variable->constant ? Access::kRead : Access::kReadWrite;
    const auto memory = map->kernel().MapMemory(map->fd(), map->value_size(), 0, access);
    if (!memory) {
      Error error = SystemError(memory.error(), "map memory of", variable->map);
      return std::unexpected(std::move(error).Within(name_));
    }
    mappings_.push_back({variable->map, &map->kernel(), *memory});
    mapping = std::prev(mappings_.end());
  }
  if (variable->offset > mapping->memory.size() ||
      variable->size > mapping->memory.size() - variable->offset)
    return Refused(Code::kInvalidArgument, name, name_, "it lies outside of its map");
  const MutableBytes bytes = mapping->memory.subspan(variable->offset, variable->size);
  mapping->kernel->Look(bytes);
  return bytes;
}

Result<void> Collection::Read(std::string_view name, MutableBytes out) {
  const VariableSpec* variable = PUREBPF_TRY(VariableOf(name, out.size()));
  const Map* map = FindMap(variable->map);
  const bool mapped = std::ranges::find(mappings_, variable->map, &Mapping::map) != mappings_.end();
  if (mapped || map == nullptr || CanBeMapped(*map)) {
    const MutableBytes bytes = PUREBPF_TRY(Variable(name));
    std::ranges::copy(bytes, out.begin());
    return {};
  }
  std::vector<std::byte> value(map->value_size());
  constexpr uint32_t kKey = 0;
  PUREBPF_TRY(map->Lookup(BytesOf(kKey), value));
  if (variable->offset > value.size() || variable->size > value.size() - variable->offset)
    return Refused(Code::kInvalidArgument, name, name_, "it lies outside of its map");
  std::copy_n(value.begin() + variable->offset, variable->size, out.begin());
  return {};
}

Result<void> Collection::Write(std::string_view name, Bytes bytes) {
  const VariableSpec* variable = PUREBPF_TRY(VariableOf(name, bytes.size()));
  if (variable->constant)
    return Refused(Code::kInvalidArgument, name, name_, "it is a constant",
                   "set it in the spec, before loading");
  const Map* map = FindMap(variable->map);
  const bool mapped = std::ranges::find(mappings_, variable->map, &Mapping::map) != mappings_.end();
  if (mapped || map == nullptr || CanBeMapped(*map)) {
    std::ranges::copy(bytes, PUREBPF_TRY(Variable(name)).begin());
    return {};
  }
  std::vector<std::byte> value(map->value_size());
  constexpr uint32_t kKey = 0;
  PUREBPF_TRY(map->Lookup(BytesOf(kKey), value));
  if (variable->offset > value.size() || variable->size > value.size() - variable->offset)
    return Refused(Code::kInvalidArgument, name, name_, "it lies outside of its map");
  std::ranges::copy(bytes, value.begin() + variable->offset);
  return map->Put(BytesOf(kKey), value);
}

}  // namespace purebpf
