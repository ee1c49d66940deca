#include "purebpf/loader/internal/plan/program_function.h"

#include <string>

#include "purebpf/bpf/btf.h"
#include "purebpf/bpf/program.h"
#include "purebpf/bpf/try.h"
#include "purebpf/elf/btf.h"
#include "purebpf/loader/internal/plan/refused.h"

namespace purebpf::internal {
namespace {

Result<ProgramInfo> InfoOf(Kernel& kernel, const AttachTarget& target) {
  if (target.target_fd < 0) {
    const Program program = PUREBPF_TRY(Program::FromId(kernel, target.target_id));
    return program.Info();
  }
  // The descriptor stays its owner's.
  const auto second = kernel.Duplicate(target.target_fd);
  if (!second)
    return std::unexpected(SystemError(second.error(), "open program",
                                       "descriptor " + std::to_string(target.target_fd)));
  const Program program = PUREBPF_TRY(Program::FromFd(kernel, *second));
  return program.Info();
}

}  // namespace

Result<uint32_t> FunctionInProgram(Kernel& kernel, const AttachTarget& target,
                                   std::string_view function) {
  const ProgramInfo info = PUREBPF_TRY(InfoOf(kernel, target));
  if (info.btf_id == 0)
    return Refused(
        Code::kNotFound, "",
        "the program that it is attached to ('" + info.name + "') was loaded without types",
        "load that one with its BTF");
  const BtfObject object = PUREBPF_TRY(BtfObject::FromId(kernel, info.btf_id));
  const auto bytes = PUREBPF_TRY(object.Contents());
  const auto btf = elf::Btf::Parse(bytes);
  if (!btf) return Refused(Code::kMalformed, "", "types of the target: " + btf.error().message);
  const auto found = btf->Find(elf::BtfKind::kFunc, function);
  if (!found)
    return Refused(Code::kNotFound, "",
                   "the program that it is attached to ('" + info.name + "') has no function '" +
                       std::string(function) + "'");
  return static_cast<uint32_t>(found->id);
}

}  // namespace purebpf::internal
