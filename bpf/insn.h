// One BPF instruction slot of 8 bytes, as the kernel takes it, in this machine's byte order.
// Source: Documentation/bpf/standardization/instruction-set.rst, include/uapi/linux/bpf.h:
// bpf_insn.
#ifndef PUREBPF_BPF_INSN_H_
#define PUREBPF_BPF_INSN_H_

#include <cstdint>

namespace purebpf {

struct Insn {
  uint8_t code = 0;
  uint8_t registers = 0;  // the kernel's two bit fields: see dst() and src()
  int16_t off = 0;
  int32_t imm = 0;

  // Bit fields are laid out from the other end on a big-endian machine.
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  constexpr uint8_t dst() const { return registers & 0x0f; }
  constexpr uint8_t src() const { return registers >> 4; }
  static constexpr uint8_t Registers(uint8_t dst, uint8_t src) {
    return static_cast<uint8_t>(dst | src << 4);
  }
#else
  constexpr uint8_t dst() const { return registers >> 4; }
  constexpr uint8_t src() const { return registers & 0x0f; }
  static constexpr uint8_t Registers(uint8_t dst, uint8_t src) {
    return static_cast<uint8_t>(dst << 4 | src);
  }
#endif
  constexpr void set_src(uint8_t src) { registers = Registers(dst(), src); }

  bool operator==(const Insn&) const = default;
};
static_assert(sizeof(Insn) == 8);

// Opcodes that the loader itself must know.
inline constexpr uint8_t kLoadImm64 = 0x18;  // BPF_LD | BPF_DW | BPF_IMM: takes two slots
inline constexpr uint8_t kCall = 0x85;       // BPF_JMP | BPF_CALL
inline constexpr uint8_t kExit = 0x95;       // BPF_JMP | BPF_EXIT

// What src says of the immediate of kLoadImm64.
inline constexpr uint8_t kPseudoMapFd = 1;     // BPF_PSEUDO_MAP_FD
inline constexpr uint8_t kPseudoMapValue = 2;  // BPF_PSEUDO_MAP_VALUE, Linux 5.2
inline constexpr uint8_t kPseudoBtfId = 3;     // BPF_PSEUDO_BTF_ID, Linux 5.10
inline constexpr uint8_t kPseudoFunc = 4;      // BPF_PSEUDO_FUNC, Linux 5.13
// And of kCall.
inline constexpr uint8_t kPseudoCall = 1;       // BPF_PSEUDO_CALL, Linux 4.16
inline constexpr uint8_t kPseudoKfuncCall = 2;  // BPF_PSEUDO_KFUNC_CALL, Linux 5.13

}  // namespace purebpf

#endif  // PUREBPF_BPF_INSN_H_
