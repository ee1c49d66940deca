// What the object uses of the kernel and does not define: symbols, functions, and options of how
// the kernel was built.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_EXTERN_VALUES_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_EXTERN_VALUES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/internal/core/core_types.h"
#include "purebpf/loader/internal/plan/kernel_types.h"
#include "purebpf/loader/internal/plan/spec_types.h"
#include "purebpf/loader/target_kernel.h"

namespace purebpf::internal {

struct ExternValue {
  enum class Kind : uint8_t {
    kAbsent,   // a weak one that this kernel lacks
    kAddress,  // in kernel memory
    kType,     // known by its id in the kernel's types
  };
  Kind kind = Kind::kAbsent;
  uint64_t address = 0;
  uint32_t type = 0;               // a VAR or a FUNC
  std::optional<uint32_t> module;  // into TargetKernel::Modules(), of `type`
};

class ExternValues {
 public:
  ExternValues(const CollectionSpec& spec, SpecTypes& local, KernelTypes& types,
               TargetKernel& target)
      : spec_(spec), local_(local), types_(types), target_(target), known_(spec.externs.size()) {}

  // Says that one may be asked for, so that one pass finds all.
  void Want(uint32_t index);

  // Of any kind but kKconfig. kNotFound: the kernel lacks it and it is not weak; kUnsupported: it
  // has another type there. Asked again, it answers from memory.
  [[nodiscard]] Result<ExternValue> Resolve(uint32_t index);

  // Of kKconfig: writes the value into `out`, of ExternSpec::size bytes, which are zero; a weak one
  // that is not set leaves them so.
  Result<void> Option(uint32_t index, MutableBytes out);

 private:
  [[nodiscard]] Result<ExternValue> FindVariable(const ExternSpec& spec);
  [[nodiscard]] Result<ExternValue> FindFunction(const ExternSpec& spec);
  [[nodiscard]] Result<ExternValue> FindUntyped(const ExternSpec& spec);
  [[nodiscard]] Result<ExternValue> FindAddress(const ExternSpec& spec);
  // Whether the object's type `local` is what the kernel's `remote` is.
  [[nodiscard]] Result<bool> Compatible(elf::TypeId local, const elf::Btf& kernel,
                                        elf::TypeId remote);
  [[nodiscard]] Result<std::string> LinuxValue(const ExternSpec& spec);

  const CollectionSpec& spec_;
  SpecTypes& local_;
  KernelTypes& types_;
  TargetKernel& target_;
  std::vector<std::optional<Result<ExternValue>>> known_;
  std::optional<Result<void>> symbols_read_;
  std::vector<KernelSymbol> symbols_;  // of all kAddress, by name
  CoreBudget budget_;
};

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_EXTERN_VALUES_H_
