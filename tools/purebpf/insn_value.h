// What BPF's instructions calculate, as far as two known numbers go.
// Source: Documentation/bpf/standardization/instruction-set.rst.
#ifndef PUREBPF_TOOLS_PUREBPF_INSN_VALUE_H_
#define PUREBPF_TOOLS_PUREBPF_INSN_VALUE_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "purebpf/bpf/insn.h"

namespace purebpf::tool {

enum class InsnClass : uint8_t {
  kLoad = 0,
  kLoadX = 1,
  kStore = 2,
  kStoreX = 3,
  kAlu = 4,
  kJump = 5,
  kJump32 = 6,
  kAlu64 = 7,
};
constexpr InsnClass ClassOf(const Insn& insn) { return static_cast<InsnClass>(insn.code & 7); }

// Of classes kAlu, kAlu64, kJump, kJump32.
inline constexpr uint8_t kFromRegister = 0x08;  // BPF_X
constexpr uint8_t OperationOf(const Insn& insn) { return insn.code & 0xf0; }
inline constexpr uint8_t kAdd = 0x00;
inline constexpr uint8_t kMove = 0xb0;
inline constexpr uint8_t kJumpAlways = 0x00;
inline constexpr uint8_t kJumpEqual = 0x10;
inline constexpr uint8_t kJumpNotEqual = 0x50;
inline constexpr uint8_t kJumpCall = 0x80;
inline constexpr uint8_t kJumpExit = 0x90;
inline constexpr uint8_t kMayJump = 0xe0;         // BPF_JCOND: may_goto
inline constexpr uint8_t kJumpByRegister = 0x0d;  // BPF_JMP | BPF_JA | BPF_X: by a jump table

// Of the others.
constexpr uint8_t ModeOf(const Insn& insn) { return insn.code & 0xe0; }
inline constexpr uint8_t kMemory = 0x60;
constexpr size_t SizeOf(const Insn& insn) {
  constexpr size_t kSizes[] = {4, 2, 1, 8};
  return kSizes[(insn.code >> 3) & 3];
}

inline constexpr uint8_t kPseudoFunction = 4;  // BPF_PSEUDO_FUNC: src of an ld_imm64

// Where the instruction at `at` may continue but for the next one; nothing for what is no jump or
// call of a function of the program.
[[nodiscard]] std::optional<int64_t> JumpTarget(const Insn& insn, int64_t at);

// The result of an arithmetic instruction, of its destination and its operand; nothing where it is
// not known here (byte swaps, division by zero, casts).
[[nodiscard]] std::optional<uint64_t> Calculate(const Insn& insn, uint64_t dst, uint64_t operand);

// Whether a conditional jump is taken.
[[nodiscard]] std::optional<bool> Compare(const Insn& insn, uint64_t dst, uint64_t operand);

}  // namespace purebpf::tool

#endif  // PUREBPF_TOOLS_PUREBPF_INSN_VALUE_H_
