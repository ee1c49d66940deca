// BPF instructions as text, spelled as the kernel's verifier spells them in its log, so that a
// listing and a log read alike: "r2 = *(u32 *)(r1 +16)", "if r0 == 0x0 goto pc+2". Pure: any bytes
// have a text.
// Source: kernel/bpf/disasm.c, Documentation/bpf/standardization/instruction-set.rst.
#ifndef PUREBPF_BPF_DISASSEMBLE_H_
#define PUREBPF_BPF_DISASSEMBLE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "purebpf/bpf/insn.h"

namespace purebpf {

// The instruction at the front of `insns`, which must not be empty; only a 64-bit load looks at the
// slot behind it. `object` stands for a descriptor or id in the instruction, where the caller has a
// better name for it: "r1 = map[xconnect_map]" instead of "r1 = map[fd:4]".
std::string Disassemble(std::span<const Insn> insns, std::string_view object = {});

// How many slots that instruction takes: 2 for a 64-bit load that is whole, else 1.
size_t SlotCount(std::span<const Insn> insns);

// "map_lookup_elem", without the "bpf_" that the functions have in C; empty where no helper has
// that number here.
std::string_view HelperName(uint32_t number);

}  // namespace purebpf

#endif  // PUREBPF_BPF_DISASSEMBLE_H_
