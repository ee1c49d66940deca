#include "purebpf/loader/internal/plan/kernel_types.h"

#include <vector>

#include "purebpf/bpf/try.h"

namespace purebpf::internal {

void KernelTypes::Want(std::string_view name, elf::BtfKind kind) {
  if (by_name_.contains({name, kind})) return;
  Name& entry = names_.emplace_back(Name{.name = std::string(name), .kind = kind});
  entry.number = search_.WantExact(entry.name, {kind});
  by_name_.emplace(std::pair(std::string_view(entry.name), kind), &entry);
}

std::optional<elf::TypeId> KernelTypes::First(const elf::Btf& btf,
                                              std::span<const elf::TypeId> found,
                                              elf::BtfKind kind) {
  for (const elf::TypeId id : found)
    if (btf.KindOf(id) == kind) return id;
  return std::nullopt;
}

// One pass over the kernel's types, for all names. The resolver's too, where its types are these.
Result<void> KernelTypes::Search() {
  if (state_ && (!*state_ || searched_ == names_.size())) return *state_;
  const bool for_resolver =
      resolver_ != nullptr && !resolver_has_kernel_ && !target_.has_core_types_of_its_own();
  if (for_resolver) resolver_->Want(search_);
  const auto types = target_.Types(&search_);
  searched_ = names_.size();
  if (!types) {
    state_ = std::unexpected(types.error());
    return *state_;
  }
  kernel_ = *types;
  if (for_resolver) {
    resolver_->SearchKernel(*kernel_, search_);
    resolver_has_kernel_ = true;
  }
  state_.emplace();
  return {};
}

// All names that the kernel itself does not have, in every module.
void KernelTypes::SearchModules() {
  if (modules_searched_ == names_.size()) return;
  modules_searched_ = names_.size();
  elf::BtfSearch search;
  std::vector<std::pair<Name*, uint32_t>> missing;  // and the search's number
  for (Name& name : names_) {
    if (First(*kernel_, search_.Found(name.number), name.kind)) continue;
    name.in_modules.reset();
    missing.emplace_back(&name, search.WantExact(name.name, {name.kind}));
  }
  const auto modules = target_.Modules();
  for (uint32_t m = 0; m < modules.size(); ++m) {
    search.Run(*modules[m].types);
    for (const auto& [name, number] : missing) {
      const auto id = First(*modules[m].types, search.Found(number), name->kind);
      if (id && !name->in_modules)
        name->in_modules = KernelType{.btf = modules[m].types, .id = *id, .module = m};
    }
  }
}

Result<std::optional<KernelType>> KernelTypes::Find(std::string_view name, elf::BtfKind kind) {
  Want(name, kind);
  const Name& wanted = *by_name_.find({name, kind})->second;
  PUREBPF_TRY(Search());
  if (const auto id = First(*kernel_, search_.Found(wanted.number), kind))
    return KernelType{.btf = kernel_, .id = *id, .module = {}};
  SearchModules();
  return wanted.in_modules;
}

std::optional<KernelType> KernelTypes::FindIn(std::string_view module, std::string_view name,
                                              elf::BtfKind kind) {
  const auto modules = target_.Modules();
  for (uint32_t m = 0; m < modules.size(); ++m) {
    if (modules[m].name != module) continue;
    elf::BtfSearch search;
    const uint32_t number = search.WantExact(name, {kind});
    search.Run(*modules[m].types);
    const auto id = First(*modules[m].types, search.Found(number), kind);
    if (!id) return std::nullopt;
    return KernelType{.btf = modules[m].types, .id = *id, .module = m};
  }
  return std::nullopt;
}

Result<void> KernelTypes::PrepareResolver() {
  if (resolver_state_) return *resolver_state_;
  if (resolver_ != nullptr && resolver_->WantsKernel()) {
    if (target_.has_core_types_of_its_own()) {
      // Of another kernel than the running one: its modules are not known.
      const auto types = target_.CoreTypes();
      if (!types) {
        resolver_state_ = std::unexpected(types.error());
        return *resolver_state_;
      }
      resolver_->SearchKernel(**types);
    } else {
      auto searched = Search();
      if (searched && !resolver_has_kernel_) {
        // The pass was made before the resolver was there.
        resolver_->SearchKernel(*kernel_);
        resolver_has_kernel_ = true;
      }
      if (!searched) {
        resolver_state_ = std::move(searched);
        return *resolver_state_;
      }
      if (resolver_->WantsModules())
        for (const KernelModule& module : target_.Modules())
          resolver_->SearchModule(module.name, *module.types);
    }
  }
  resolver_state_.emplace();
  return {};
}

}  // namespace purebpf::internal
