// What programs that are attached to a type are made for: a function of the kernel, of a module or
// of a BPF program; a tracepoint; a hook; an iterator.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_ATTACH_TYPE_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_ATTACH_TYPE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "purebpf/bpf/error.h"
#include "purebpf/elf/btf_types.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/internal/plan/kernel_types.h"
#include "purebpf/loader/load_options.h"

namespace purebpf::internal {

// How the kernel's types name what a program of a type is attached to.
struct AttachRule {
  std::string_view prefix;                  // before the name in the section
  elf::BtfKind kind = elf::BtfKind::kVoid;  // kVoid: the program is attached to no type
};
AttachRule AttachRuleOf(ProgType type, AttachType attach_type);

// Whether a kernel that cannot be told the attach type when the program is loaded (before Linux
// 4.17) has programs of this kind, and takes them for the same.
[[nodiscard]] bool IsAttachTypeOptional(ProgType type, AttachType attach_type);

// Where the program is attached. A plan has module indices of its own: these are TargetKernel's.
struct AttachedTo {
  uint32_t type = 0;               // 0: to no type
  std::optional<uint32_t> module;  // into TargetKernel::Modules()
  uint32_t program_id = 0;
  int program_fd = -1;
};

// Says that the program's target may be asked for.
void WantAttachType(const ProgramSpec& program, KernelTypes& types);

// kInvalidArgument: neither section nor options say to what it is attached; kNotFound: the kernel
// lacks that. `kernel` is the one that runs, where there is one: a target that is a BPF program is
// asked for its types there.
[[nodiscard]] Result<AttachedTo> FindAttachType(const ProgramSpec& program,
                                                const LoadOptions& options, KernelTypes& types,
                                                Kernel* kernel);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_ATTACH_TYPE_H_
