// What all skeletons have in common: the headers that `purebpf gen skeleton` writes name the maps,
// programs and variables of one object, and this does the rest. docs/SKELETON.md shows it at work.
//
//   auto spec = count::Spec::Read();                  // editable; leave it out where nothing is
//   spec->variables.limit = 7;
//   auto objects = count::Load(*spec);                // or count::Load() alone
//   objects->maps.packets->Lookup(6);
//   uint64_t seen = objects->variables.seen;
//   objects->Attach();                                // what its section names say
#ifndef PUREBPF_LOADER_SKELETON_H_
#define PUREBPF_LOADER_SKELETON_H_

#include <cstddef>
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
#include "purebpf/bpf/link.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/program.h"
#include "purebpf/bpf/ring_records.h"
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
    if (!result) Note(result.error());
    return failed();
  }
  [[nodiscard]] bool failed() const { return !status_; }
  [[nodiscard]] Result<void> Take() { return std::move(status_); }

 private:
  void Note(Error& error);

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
  // Where `check` (if any) takes it.
  std::optional<Map> TakeMap(const char* name, Result<void> (*check)(const MapParams&));

  Kernel& kernel_;
  Collection& collection_;
  Steps steps_;
};

template <typename T>
void LoadedParts::Give(const char* name, std::optional<T>& map) {
  if constexpr (std::is_same_v<T, Map>) {
    map = TakeMap(name, nullptr);
  } else {
    std::optional<Map> taken = TakeMap(name, &T::Check);
    if (!taken) return;
    auto typed = T::From(std::move(*taken));
    if (typed) map.emplace(std::move(*typed));
  }
}

// Functions that the kernel has registered, until this ends.
class StructOpsRegistration {
 public:
  explicit StructOpsRegistration(const Map& map) : map_(&map) {}
  StructOpsRegistration(StructOpsRegistration&& other) noexcept
      : map_(std::exchange(other.map_, nullptr)) {}
  StructOpsRegistration& operator=(StructOpsRegistration&& other) noexcept {
    std::swap(map_, other.map_);
    return *this;
  }
  ~StructOpsRegistration();

  [[nodiscard]] bool IsOf(const Map& map) const { return map_ == &map; }

 private:
  const Map* map_;
};

// Attaches one after the other, all or nothing.
class Attaching {
 public:
  // What it registers is put behind what is `registered` already.
  Attaching(Collection& collection, const std::vector<ProgramSpec>& specs,
            std::vector<StructOpsRegistration>& registered)
      : collection_(collection),
        specs_(specs),
        registered_(registered),
        before_(registered.size()) {}

  // Knows a program from now on.
  void Add(const char* name, const std::optional<Program>& program) {
    if (program) programs_.emplace_back(name, &*program);
  }
  // The link of the program or struct_ops map of that name, where it has none and its section says
  // where it goes.
  void Attach(const char* name, std::optional<Link>& link);
  // Undoes all where one failed.
  [[nodiscard]] Result<void> Finish();

 private:
  Result<std::optional<Link>> AttachOne(std::string_view name);
  Result<std::optional<Link>> AttachMap(const Map& map, std::string_view name);

  Collection& collection_;
  const std::vector<ProgramSpec>& specs_;
  std::vector<std::pair<std::string_view, const Program*>> programs_;
  std::vector<std::optional<Link>*> made_;
  std::vector<StructOpsRegistration>& registered_;
  size_t before_;  // of registered_
  Steps steps_;
};

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
    SkeletonObjects objects(std::move(*collection), spec.collection().programs);
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
  // What Attach() attached. Others may be put here, too: objects.links.count = std::move(*link).
  typename S::LinksOf links;

  // Attaches what was loaded, is not yet, and whose section's name says where (loader/attach.h),
  // and gives struct_ops to the kernel; all or nothing. What goes to an interface, a cgroup and the
  // like is left out: only the caller knows which.
  Result<void> Attach() {
    internal::Attaching attaching(collection_, specs_, registered_);
    programs.Visit([&](const char* name, auto& program) { attaching.Add(name, program); });
    links.Visit([&](const char* name, auto& link) { attaching.Attach(name, link); });
    return attaching.Finish();
  }
  // Ends what Attach made, and all that is in `links`. The kernel takes struct_ops of a section
  // without links (".struct_ops") once only: attaching them again is kConflict.
  void Detach() {
    links.Visit([](const char*, auto& link) { link.reset(); });
    registered_.clear();
  }

  // What is in no member, and LoadOptions::partial's failures().
  [[nodiscard]] const Collection& collection() const { return collection_; }

 private:
  SkeletonObjects(Collection collection, std::vector<ProgramSpec> specs)
      : collection_(std::move(collection)), specs_(std::move(specs)) {}

  Collection collection_;
  std::vector<ProgramSpec> specs_;
  std::vector<internal::StructOpsRegistration> registered_;  // of maps in collection_
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
