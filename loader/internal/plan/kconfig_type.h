// What the externs of .kconfig are, by their types.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_KCONFIG_TYPE_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_KCONFIG_TYPE_H_

#include <cstdint>
#include <optional>

#include "purebpf/elf/btf.h"
#include "purebpf/loader/kconfig.h"

namespace purebpf::internal {

// Nothing for a type that no option has.
std::optional<ConfigType> ConfigTypeOf(const elf::Btf& btf, elf::TypeId id);

// The first kernel (as LINUX_VERSION_CODE) whose system calls, on this machine's architecture, are
// functions of struct pt_regs: "__x64_sys_bpf". The greatest number where none is.
uint32_t SyscallWrapperSince();

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_KCONFIG_TYPE_H_
