// Types of functions for kernels that do not know __arg_ctx.
//
// The verifier checks a global function by itself, and must be told which of its parameters is the
// program's context. Since Linux 6.8 the tag "arg:ctx" says it; before, the parameter's type alone
// does: a pointer to the structure that the context of this type of program is (kernel/bpf/btf.c:
// btf_get_prog_ctx_type). A function that programs of several types call, or that takes `void *`,
// cannot have it in its source. So for such a kernel the function gets a second type, of which the
// tagged parameters are such pointers, for each type of program that calls it.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_CONTEXT_TYPES_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_CONTEXT_TYPES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/program.h"
#include "purebpf/elf/btf_writer.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/internal/plan/link.h"
#include "purebpf/loader/internal/plan/spec_types.h"
#include "purebpf/loader/target_kernel.h"

namespace purebpf::internal {

class ContextTypes {
 public:
  ContextTypes(const CollectionSpec& spec, SpecTypes& local, TargetKernel& target)
      : spec_(spec), local_(local), target_(target) {}

  // Makes `func_info`, the records of the program's pieces, refer to such types where the kernel
  // needs them.
  void Apply(ProgType type, const std::vector<Piece>& pieces, InfoRecords& func_info);

  // The object's types with those that were made; nothing where none were.
  [[nodiscard]] std::optional<elf::Result<std::vector<std::byte>>> Types() const;

 private:
  [[nodiscard]] bool IsNeeded();
  // Of `function`, whose own type is `type`: another one, or the same where it will do.
  [[nodiscard]] elf::TypeId TypeFor(ProgType program, std::string_view context,
                                    const FunctionSpec& function, elf::TypeId type);
  [[nodiscard]] elf::TypeId PointerTo(std::string_view context);

  const CollectionSpec& spec_;
  SpecTypes& local_;
  TargetKernel& target_;
  std::optional<bool> needed_;
  std::optional<elf::BtfWriter> writer_;
  std::map<std::string_view, elf::TypeId> pointers_;  // by the structure's name
  // By the function's type and the structure's name.
  std::map<std::pair<elf::TypeId, std::string_view>, elf::TypeId> made_;
};

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_CONTEXT_TYPES_H_
