// CO-RE: what a resolution does to an instruction.
#ifndef PUREBPF_LOADER_INTERNAL_CORE_CORE_PATCH_H_
#define PUREBPF_LOADER_INTERNAL_CORE_CORE_PATCH_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/insn.h"
#include "purebpf/loader/internal/core/core_resolve.h"

namespace purebpf::internal {

// The helper that a poisoned instruction calls. There is none of this number, so that the verifier
// refuses a program that can reach it ("invalid func unknown#195896080") and drops it where it
// cannot be reached. All loaders agree on the number: "bad relo".
inline constexpr int32_t kCorePoison = 0xbad2310;

constexpr bool IsCorePoison(const Insn& insn) {
  return insn == Insn{.code = kCall, .registers = 0, .off = 0, .imm = kCorePoison};
}

// Writes the resolved value into the instruction at `index`: the immediate of an ALU instruction or
// of an ld_imm64, the offset of a load or store, which also takes the field's width on the kernel.
// Without a value the instruction is poisoned, both slots of an ld_imm64.
//
// kMalformed, and nothing is changed: an index beyond the instructions, an instruction of another
// form, one that does not hold the value that the local types give; kUnsupported: an offset above
// 32767 in a load or store, a width that loads do not have.
[[nodiscard]] Result<void> PatchInsn(std::span<Insn> insns, size_t index,
                                     const CoreResolution& resolution);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_CORE_CORE_PATCH_H_
