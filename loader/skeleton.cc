#include "purebpf/loader/skeleton.h"

#include <new>
#include <string>

#include "purebpf/bpf/host_kernel.h"

namespace purebpf {

Kernel& RunningKernel() {
  // Never destroyed: what others destroy at the end may still close descriptors.
  alignas(HostKernel) static std::byte storage[sizeof(HostKernel)];
  static HostKernel* const kernel = new (storage) HostKernel;
  return *kernel;
}

namespace internal {
namespace {

[[gnu::cold]] Error Missing(const CollectionSpec& spec, std::string_view name, std::string detail) {
  return Error{.code = Code::kMalformed,
               .operation = "read '" + std::string(name) + "' of skeleton",
               .object = spec.name,
               .detail = std::move(detail),
               .hint = "generate the header again: it is of another object"};
}

}  // namespace

void Steps::Note(Error& error) {
  if (status_) status_ = std::unexpected(std::move(error));
}

template <typename T>
T* SpecParts::Or(T* found, const char* name) {
  Result<void> there;
  if (found == nullptr) there = std::unexpected(Missing(spec_, name, "the object has none"));
  steps_.Failed(there);
  return found;
}

MapSpec* SpecParts::FindMap(const char* name) { return Or(spec_.FindMap(name), name); }

ProgramSpec* SpecParts::FindProgram(const char* name) { return Or(spec_.FindProgram(name), name); }

MapSpec* SpecParts::FindVariable(const char* name, size_t size, uint32_t& offset) {
  const VariableSpec* const variable = Or(spec_.FindVariable(name), name);
  if (variable == nullptr) return nullptr;
  offset = variable->offset;
  if (variable->size == size) return Or(spec_.FindMap(variable->map), name);
  Result<void> differs = std::unexpected(
      Missing(spec_, name,
              "it has " + std::to_string(variable->size) + " bytes, not " + std::to_string(size)));
  steps_.Failed(differs);
  return nullptr;
}

MutableBytes LoadedParts::Variable(const char* name, size_t size) {
  auto memory = collection_.Variable(name);
  if (!memory) {
    // Its map was not loaded, or this kernel maps none.
    const Code code = memory.error().code;
    if (code != Code::kNotFound && code != Code::kUnsupported) steps_.Failed(memory);
    return {};
  }
  return memory->size() == size ? *memory : MutableBytes();
}

std::optional<Map> LoadedParts::TakeMap(const char* name, Result<void> (*check)(const MapParams&)) {
  const Map* const found = collection_.FindMap(name);
  if (found == nullptr) return std::nullopt;
  if (check != nullptr) {
    auto fits = check(found->params());
    if (steps_.Failed(fits)) return std::nullopt;
  }
  auto map = collection_.TakeMap(name);
  if (steps_.Failed(map)) return std::nullopt;
  return std::move(*map);
}

void LoadedParts::Give(const char* name, std::optional<Program>& program) {
  if (collection_.FindProgram(name) == nullptr) return;
  auto taken = collection_.TakeProgram(name);
  if (!steps_.Failed(taken)) program.emplace(std::move(*taken));
}

StructOpsRegistration::~StructOpsRegistration() {
  constexpr uint32_t kKey = 0;
  if (map_ != nullptr) (void)map_->Delete(BytesOf(kKey));
}

}  // namespace internal
}  // namespace purebpf
