// Types of the kernel and its modules by name: all names that plans from one spec may want are
// found in one pass, made when the first is asked for.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_KERNEL_TYPES_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_KERNEL_TYPES_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "purebpf/bpf/error.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_search.h"
#include "purebpf/loader/internal/core/core_resolve.h"
#include "purebpf/loader/target_kernel.h"

namespace purebpf::internal {

struct KernelType {
  const elf::Btf* btf = nullptr;
  elf::TypeId id = elf::TypeId::kVoid;
  std::optional<uint32_t> module;  // into TargetKernel::Modules(); nothing: the kernel's own
};

class KernelTypes {
 public:
  explicit KernelTypes(TargetKernel& target) : target_(target) {}
  KernelTypes(const KernelTypes&) = delete;
  KernelTypes& operator=(const KernelTypes&) = delete;

  // Names `name` (flavour and all) as one that may be asked for; the same for the root types of a
  // resolver, which is given what is found. What is named after the first question costs another
  // pass.
  void Want(std::string_view name, elf::BtfKind kind);
  void Want(CoreResolver& resolver) { resolver_ = &resolver; }

  // The first type of that kind and name, which Want named: the kernel's, else the first module's
  // that has one. kNotFound and the like where the kernel's types cannot be read; absence is no
  // error.
  [[nodiscard]] Result<std::optional<KernelType>> Find(std::string_view name, elf::BtfKind kind);
  // In one module.
  [[nodiscard]] std::optional<KernelType> FindIn(std::string_view module, std::string_view name,
                                                 elf::BtfKind kind);
  // Makes sure that the resolver has all candidates.
  Result<void> PrepareResolver();

 private:
  struct Name {
    std::string name;
    elf::BtfKind kind = elf::BtfKind::kVoid;
    uint32_t number = 0;                   // BtfSearch's
    std::optional<KernelType> in_modules;  // where the kernel itself has none
  };

  // The first of that kind among what was found.
  [[nodiscard]] static std::optional<elf::TypeId> First(const elf::Btf& btf,
                                                        std::span<const elf::TypeId> found,
                                                        elf::BtfKind kind);
  Result<void> Search();
  void SearchModules();

  TargetKernel& target_;
  CoreResolver* resolver_ = nullptr;
  std::deque<Name> names_;  // stay where they are: the search borrows them
  std::map<std::pair<std::string_view, elf::BtfKind>, Name*> by_name_;
  elf::BtfSearch search_;
  const elf::Btf* kernel_ = nullptr;
  size_t searched_ = 0;                // how many names the last pass looked for
  std::optional<Result<void>> state_;  // of the last pass
  bool resolver_has_kernel_ = false;
  std::optional<Result<void>> resolver_state_;
  size_t modules_searched_ = 0;  // for how many names
};

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_KERNEL_TYPES_H_
