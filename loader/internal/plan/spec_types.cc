#include "purebpf/loader/internal/plan/spec_types.h"

#include "purebpf/loader/internal/plan/refused.h"

namespace purebpf::internal {

Result<const elf::Btf*> SpecTypes::Get() {
  if (spec_.btf.empty())
    return Refused(Code::kMalformed, "",
                   spec_.btf_problem.empty() ? "the object has no types (no section .BTF)"
                                             : "the object has no types: " + spec_.btf_problem,
                   "compile with -g");
  if (!btf_) btf_ = elf::Btf::Parse(spec_.btf);
  if (!*btf_) return Refused(Code::kMalformed, "", "the object's types: " + btf_->error().message);
  return &**btf_;
}

}  // namespace purebpf::internal
