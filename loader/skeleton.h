// What all skeletons have in common: the headers that `purebpf gen skeleton` writes name the maps,
// programs and variables of one object, and this does the rest. docs/SKELETON.md shows it at work.
//
//   auto spec = count::Spec::Read();                  // editable; leave it out where nothing is
//   spec->variables.limit = 7;
//   auto objects = count::Load(*spec);                // or count::Load() alone
//   objects->maps.packets->Lookup(6);
//   uint64_t seen = objects->variables.seen;
#ifndef PUREBPF_LOADER_SKELETON_H_
#define PUREBPF_LOADER_SKELETON_H_

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/program.h"
#include "purebpf/bpf/typed_map.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/loader/skeleton_variables.h"
#include "purebpf/loader/skeleton_version.h"

namespace purebpf {

// Of C's types that C++ has no name for.
__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

// How a skeleton's Maps has a map that is no handle of its own: one of global data, whose variables
// the skeleton has, and one of functions for the kernel. A pointer, null where it was not loaded.
struct DataMap;
struct StructOpsMap;

// The running kernel, for those who leave Load's argument away. It has no state.
[[nodiscard]] Kernel& RunningKernel();

namespace internal {

template <typename T>
inline constexpr bool kKept = std::is_same_v<T, DataMap> || std::is_same_v<T, StructOpsMap>;

template <typename T>
using InSpec = MapSpec*;
template <typename T>
using Loaded = std::conditional_t<kKept<T>, const Map*, std::optional<T>>;

// What one step after the other found wrong: the first.
class Steps {
 public:
  template <typename T>
  bool Failed(Result<T>& result) {
    if (!result && status_) status_ = std::unexpected(std::move(result).error());
    return !status_;
  }
  [[nodiscard]] bool failed() const { return !status_; }
  [[nodiscard]] Result<void> Take() { return std::move(status_); }

 private:
  Result<void> status_;
};

// The members of a skeleton's spec. The names are those of the object that it was generated from:
// another one is an Error.
class SpecParts {
 public:
  explicit SpecParts(CollectionSpec& spec) : spec_(spec) {}
  MapSpec* FindMap(const char* name);
  ProgramSpec* FindProgram(const char* name);
  // Its map; and where it is there.
  MapSpec* FindVariable(const char* name, size_t size, uint32_t& offset);
  [[nodiscard]] Result<void> Take() { return steps_.Take(); }

 private:
  template <typename T>
  T* Or(T* found, const char* name);

  CollectionSpec& spec_;
  Steps steps_;
};

// The same of what is loaded.
class LoadedParts {
 public:
  LoadedParts(Kernel& kernel, Collection& collection) : kernel_(kernel), collection_(collection) {}

  // In this order: a map that is taken cannot be mapped any more, and taking moves the others.
  template <typename T>
  void Give(const char* name, LiveVariable<T>& variable) {
    const MutableBytes memory = Variable(name, sizeof(T));
    if (!memory.empty()) std::construct_at(&variable, kernel_, memory);
  }
  template <typename T>
  void Give(const char* name, std::optional<T>& map);
  void Give(const char* name, std::optional<Program>& program);
  void Give(const char* name, const Map*& map) { map = collection_.FindMap(name); }
  [[nodiscard]] Result<void> Take() { return steps_.Take(); }

 private:
  MutableBytes Variable(const char* name, size_t size);
  std::optional<Map> TakeMap(const char* name);

  Kernel& kernel_;
  Collection& collection_;
  Steps steps_;
};

template <typename T>
void LoadedParts::Give(const char* name, std::optional<T>& map) {
  std::optional<Map> taken = TakeMap(name);
  if (!taken) return;
  if constexpr (std::is_same_v<T, Map>) {
    map = std::move(taken);
  } else {
    auto typed = T::From(std::move(*taken));
    if (!steps_.Failed(typed)) map.emplace(std::move(*typed));
  }
}

}  // namespace internal

// What the object of skeleton S says, to be changed before it is loaded. Its members point into
// collection(), so do not add or remove maps and programs there.
template <typename S>
class SkeletonSpec {
 public:
  // An Error only where the embedded object was changed by hand.
  [[nodiscard]] static Result<SkeletonSpec> Read() {
    auto parsed = CollectionSpec::Parse(S::Bytes(), S::kName);
    if (!parsed) return std::unexpected(std::move(parsed).error());
    SkeletonSpec spec(std::make_unique<CollectionSpec>(std::move(*parsed)));
    internal::SpecParts parts(*spec.collection_);
    spec.maps.Visit([&](const char* name, MapSpec*& map) { map = parts.FindMap(name); });
    spec.programs.Visit(
        [&](const char* name, ProgramSpec*& program) { program = parts.FindProgram(name); });
    spec.variables.Visit([&]<typename T>(const char* name, InitialVariable<T>& variable) {
      uint32_t offset = 0;
      MapSpec* const map = parts.FindVariable(name, sizeof(T), offset);
      if (map != nullptr) std::construct_at(&variable, *map, offset);
    });
    if (auto complete = parts.Take(); !complete) return std::unexpected(complete.error());
    return spec;
  }
  SkeletonSpec(SkeletonSpec&&) noexcept = default;
  ~SkeletonSpec() = default;

  // maps.packets->params.max_entries = 512; programs.probe->autoload = false;
  typename S::template MapsOf<internal::InSpec> maps;
  typename S::template ProgramsOf<ProgramSpec*> programs;
  // variables.limit = 7;
  typename S::template VariablesOf<InitialVariable> variables;

  [[nodiscard]] CollectionSpec& collection() { return *collection_; }
  [[nodiscard]] const CollectionSpec& collection() const { return *collection_; }

 private:
  explicit SkeletonSpec(std::unique_ptr<CollectionSpec> collection)
      : collection_(std::move(collection)) {}

  std::unique_ptr<CollectionSpec> collection_;
};

// What skeleton S has loaded. It owns everything: what ends with it is closed, unless it was moved
// out of a member.
template <typename S>
class SkeletonObjects {
 public:
  [[nodiscard]] static Result<SkeletonObjects> Load(Kernel& kernel, const SkeletonSpec<S>& spec,
                                                    const LoadOptions& options) {
    auto collection = spec.collection().Load(kernel, options);
    if (!collection) return std::unexpected(std::move(collection).error());
    SkeletonObjects objects(std::move(*collection));
    internal::LoadedParts parts(kernel, objects.collection_);
    objects.variables.Visit([&](const char* name, auto& variable) { parts.Give(name, variable); });
    objects.programs.Visit([&](const char* name, auto& program) { parts.Give(name, program); });
    objects.maps.Visit([&]<typename T>(const char* name, T& map) {
      if constexpr (!std::is_same_v<T, const Map*>) parts.Give(name, map);
    });
    objects.maps.Visit([&]<typename T>(const char* name, T& map) {
      if constexpr (std::is_same_v<T, const Map*>) parts.Give(name, map);
    });
    if (auto complete = parts.Take(); !complete) return std::unexpected(complete.error());
    return objects;
  }

  SkeletonObjects(SkeletonObjects&&) noexcept = default;
  SkeletonObjects& operator=(SkeletonObjects&& other) noexcept {
    // Member by member, variables would be assigned to.
    if (this != &other) {
      std::destroy_at(this);
      std::construct_at(this, std::move(other));
    }
    return *this;
  }
  ~SkeletonObjects() = default;

  // Empty is what was not loaded: by LoadOptions::only, skip or partial, by autoload in the spec,
  // or because its section begins with '?'.
  typename S::template MapsOf<internal::Loaded> maps;
  typename S::template ProgramsOf<std::optional<Program>> programs;
  typename S::template VariablesOf<LiveVariable> variables;

  // What is in no member, and LoadOptions::partial's failures().
  [[nodiscard]] Collection& collection() { return collection_; }

 private:
  explicit SkeletonObjects(Collection collection) : collection_(std::move(collection)) {}

  Collection collection_;
};

// As S::Load says.
template <typename S>
[[nodiscard]] Result<SkeletonObjects<S>> LoadSkeleton(Kernel& kernel,
                                                      const LoadOptions& options = {}) {
  auto spec = SkeletonSpec<S>::Read();
  if (!spec) return std::unexpected(std::move(spec).error());
  return SkeletonObjects<S>::Load(kernel, *spec, options);
}

}  // namespace purebpf

#endif  // PUREBPF_LOADER_SKELETON_H_
