// Small facts of a kernel, each out of the file that has it.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_KERNEL_FACTS_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_KERNEL_FACTS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/elf/btf.h"
#include "purebpf/loader/target_kernel.h"

namespace purebpf::internal {

// In bytes; nothing where /proc does not say.
std::optional<uint32_t> AskPageSize(Kernel& kernel);

// "6.12.3-rc1" as LINUX_VERSION_CODE has it, 0x060c03; a sublevel above 255 is 255. Nothing where
// it begins otherwise.
std::optional<uint32_t> VersionCode(std::string_view release);
// The running kernel's. What uname says of a distribution's is not what it was built from: Debian
// and Ubuntu say that elsewhere.
std::optional<uint32_t> AskVersion(Kernel& kernel);

// Looks the names up among lines of /proc/kallsyms, "ffffffff81000000 T _text [module]". A compiler
// may have appended ".llvm.1234" to the name of a datum. kPermission where all addresses are
// hidden.
Result<void> FindSymbols(std::string_view lines, std::span<KernelSymbol> symbols);

// What a recording keeps of types that were read: contents in which what was looked at is found
// again, under the same ids.
std::vector<std::byte> ReduceBtf(Bytes file, const std::optional<elf::Btf>& btf,
                                 const elf::TypeIdSet& visited);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_KERNEL_FACTS_H_
