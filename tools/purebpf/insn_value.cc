#include "purebpf/tools/purebpf/insn_value.h"

namespace purebpf::tool {
namespace {

enum Operation : uint8_t {
  kSubtract = 0x10,
  kMultiply = 0x20,
  kDivide = 0x30,
  kOr = 0x40,
  kAnd = 0x50,
  kShiftLeft = 0x60,
  kShiftRight = 0x70,
  kNegate = 0x80,
  kModulo = 0x90,
  kXor = 0xa0,
  kShiftRightSigned = 0xc0,
};

template <typename Unsigned, typename Signed>
std::optional<uint64_t> Calculated(uint8_t operation, Unsigned dst, Unsigned operand) {
  constexpr Unsigned kShift = sizeof(Unsigned) * 8 - 1;
  switch (operation) {
    case kAdd:
      return static_cast<Unsigned>(dst + operand);
    case kSubtract:
      return static_cast<Unsigned>(dst - operand);
    case kMultiply:
      return static_cast<Unsigned>(dst * operand);
    case kDivide:
      if (operand == 0) return std::nullopt;
      return static_cast<Unsigned>(dst / operand);
    case kModulo:
      if (operand == 0) return std::nullopt;
      return static_cast<Unsigned>(dst % operand);
    case kOr:
      return static_cast<Unsigned>(dst | operand);
    case kAnd:
      return static_cast<Unsigned>(dst & operand);
    case kXor:
      return static_cast<Unsigned>(dst ^ operand);
    case kShiftLeft:
      return static_cast<Unsigned>(dst << (operand & kShift));
    case kShiftRight:
      return static_cast<Unsigned>(dst >> (operand & kShift));
    case kShiftRightSigned:
      return static_cast<Unsigned>(static_cast<Signed>(dst) >> (operand & kShift));
    case kNegate:
      return static_cast<Unsigned>(Unsigned{0} - dst);
    case kMove:
      return operand;
    default:
      return std::nullopt;
  }
}

template <typename Unsigned, typename Signed>
std::optional<bool> Compared(uint8_t operation, Unsigned dst, Unsigned operand) {
  const auto signed_dst = static_cast<Signed>(dst);
  const auto signed_operand = static_cast<Signed>(operand);
  switch (operation) {
    case kJumpEqual:
      return dst == operand;
    case kJumpNotEqual:
      return dst != operand;
    case 0x20:
      return dst > operand;
    case 0x30:
      return dst >= operand;
    case 0x40:
      return (dst & operand) != 0;
    case 0x60:
      return signed_dst > signed_operand;
    case 0x70:
      return signed_dst >= signed_operand;
    case 0xa0:
      return dst < operand;
    case 0xb0:
      return dst <= operand;
    case 0xc0:
      return signed_dst < signed_operand;
    case 0xd0:
      return signed_dst <= signed_operand;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<int64_t> JumpTarget(const Insn& insn, int64_t at) {
  const InsnClass kind = ClassOf(insn);
  if (kind != InsnClass::kJump && kind != InsnClass::kJump32) return std::nullopt;
  switch (OperationOf(insn)) {
    case kJumpExit:
      return std::nullopt;
    case kJumpCall:
      if (insn.src() != kPseudoCall) return std::nullopt;
      return at + 1 + insn.imm;
    case kJumpAlways:
      return at + 1 + (kind == InsnClass::kJump32 ? insn.imm : insn.off);
    default:
      return at + 1 + insn.off;
  }
}

std::optional<uint64_t> Calculate(const Insn& insn, uint64_t dst, uint64_t operand) {
  // A distance is a signed division or a move of fewer bits: rare, so not known here.
  if (insn.off != 0) return std::nullopt;
  if (ClassOf(insn) == InsnClass::kAlu64) {
    return Calculated<uint64_t, int64_t>(OperationOf(insn), dst, operand);
  }
  return Calculated<uint32_t, int32_t>(OperationOf(insn), static_cast<uint32_t>(dst),
                                       static_cast<uint32_t>(operand));
}

std::optional<bool> Compare(const Insn& insn, uint64_t dst, uint64_t operand) {
  if (ClassOf(insn) == InsnClass::kJump) {
    return Compared<uint64_t, int64_t>(OperationOf(insn), dst, operand);
  }
  return Compared<uint32_t, int32_t>(OperationOf(insn), static_cast<uint32_t>(dst),
                                     static_cast<uint32_t>(operand));
}

}  // namespace purebpf::tool
