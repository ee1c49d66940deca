// Whether a kernel's type is what the object's type stands for.
//
// Compatible (fields, and types by kTypeExists, kTypeSize, kTypeIdTarget) is loose: the same shape
// of pointers and arrays down to the same kind of type, names aside. Matching (kTypeMatches) is
// close: every member, enumerator and parameter of the object's type must be in the kernel's, by
// name and with a matching type; what is behind a pointer must only have the same name and kind.
// Source: Documentation/bpf/libbpf/libbpf_overview.rst; bpf_core_read.h's macros say what programs
// expect.
#ifndef PUREBPF_LOADER_INTERNAL_CORE_CORE_MATCH_H_
#define PUREBPF_LOADER_INTERNAL_CORE_CORE_MATCH_H_

#include <cstdint>
#include <string_view>

#include "purebpf/elf/btf.h"
#include "purebpf/loader/internal/core/core_access.h"
#include "purebpf/loader/internal/core/core_types.h"

namespace purebpf::internal {

// The object's types and a kernel's, compared with each other.
class CoreMatcher {
 public:
  CoreMatcher(CoreTypes& local, CoreTypes& kernel, CoreBudget& budget)
      : local_(local), kernel_(kernel), budget_(budget) {}

  [[nodiscard]] CoreResult<bool> FieldsCompatible(elf::TypeId local, elf::TypeId kernel) const;
  // The caller has compared the names.
  [[nodiscard]] CoreResult<bool> TypesCompatible(elf::TypeId local, elf::TypeId kernel) const;
  [[nodiscard]] CoreResult<bool> TypesMatch(elf::TypeId local, elf::TypeId kernel) const;

  // The enumerator that the one step of `path` names, in the kernel's `root`.
  [[nodiscard]] CoreResult<bool> FindEnumerator(const CorePath& path, elf::TypeId root,
                                                CorePath& found) const;
  // The same path in the kernel's `root`. Where there is none, `found` is as far as it goes.
  [[nodiscard]] CoreResult<bool> FindField(const CorePath& path, elf::TypeId root,
                                           CorePath& found) const;

 private:
  struct Pair {
    elf::BtfType local;
    elf::BtfType kernel;
  };
  // Both without typedefs and modifiers.
  [[nodiscard]] CoreResult<Pair> Strip(elf::TypeId local, elf::TypeId kernel) const;

  [[nodiscard]] CoreResult<bool> Compatible(elf::TypeId local, elf::TypeId kernel, int level) const;
  [[nodiscard]] CoreResult<bool> ParametersCompatible(const Pair& types, int level) const;
  [[nodiscard]] CoreResult<bool> Match(elf::TypeId local, elf::TypeId kernel, bool behind_pointer,
                                       int level) const;
  [[nodiscard]] CoreResult<bool> ParametersMatch(const Pair& types, bool behind_pointer,
                                                 int level) const;
  [[nodiscard]] CoreResult<bool> EnumsMatch(const Pair& types) const;
  [[nodiscard]] CoreResult<bool> CompositesMatch(const Pair& types, bool behind_pointer,
                                                 int level) const;

  [[nodiscard]] CoreResult<bool> FindMember(const CoreStep& step, elf::TypeId type, int depth,
                                            CorePath& found, elf::TypeId& next) const;
  [[nodiscard]] CoreResult<bool> FindElement(const CoreStep& step, bool root, CorePath& found,
                                             elf::TypeId& next) const;

  CoreTypes& local_;
  CoreTypes& kernel_;
  CoreBudget& budget_;
};

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_CORE_CORE_MATCH_H_
