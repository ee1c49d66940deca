// Which instructions of a program can be reached, whatever its input: a simple constant
// propagation, as the kernel's verifier does a better one. Where this says that an instruction
// cannot be reached, the verifier will not reach it either, and what is wrong with it does not
// matter.
//
// Known to be constant: immediates (CO-RE relocations are immediates by then), what arithmetic
// makes of them, what was spilled to the stack, and what is read from data that nobody can change.
// States of paths that meet are merged, and functions are taken to be called with anything, so that
// the verifier, which follows each path by itself, knows at least as much.
#ifndef PUREBPF_TOOLS_PUREBPF_REACH_H_
#define PUREBPF_TOOLS_PUREBPF_REACH_H_

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/insn.h"

namespace purebpf::tool {

struct ByteRange {
  uint32_t offset = 0;
  uint32_t size = 0;
};

// The ld_imm64 at `insn` takes an address in a map's value that stays as it is.
struct FrozenAddress {
  uint32_t insn = 0;
  Bytes value;  // what follows within `size` is zero
  uint32_t size = 0;
  std::span<const ByteRange> unknown = {};  // ascending, apart: what may be anything
};

// A 64-bit immediate of this value stands for one that is not known.
inline constexpr uint64_t kUnknownImmediate = 0xffffffffa5a5a5a5;

// By instruction. `frozen` by instruction, ascending; its numbers are of the byte order given.
// `entries`: where functions begin that are entered though nothing that is reached calls them. Time
// and memory are linear in the number of instructions; everything can be reached where there are
// more than the kernel takes (1'000'000), or jumps by table.
[[nodiscard]] std::vector<bool> ReachableInsns(std::span<const Insn> insns,
                                               std::span<const FrozenAddress> frozen,
                                               std::endian order,
                                               std::span<const uint32_t> entries = {});

}  // namespace purebpf::tool

#endif  // PUREBPF_TOOLS_PUREBPF_REACH_H_
