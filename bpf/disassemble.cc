#include "purebpf/bpf/disassemble.h"

#include <array>
#include <charconv>
#include <iterator>

#include "purebpf/bpf/helper_names.h"

namespace purebpf {
namespace {

// The low three bits of an opcode: its class.
enum Class : uint8_t { kLd, kLdx, kSt, kStx, kAlu, kJmp, kJmp32, kAlu64 };

constexpr uint8_t kSourceRegister = 0x08;  // BPF_X
constexpr uint8_t kModeMask = 0xe0;
constexpr uint8_t kSizeMask = 0x18;
constexpr uint8_t kOperationMask = 0xf0;

enum Mode : uint8_t {
  kImm = 0x00,
  kAbs = 0x20,
  kInd = 0x40,
  kMem = 0x60,
  kMemSigned = 0x80,  // Linux 6.6
  kAtomic = 0xc0,
};

enum Operation : uint8_t {
  kDiv = 0x30,
  kNeg = 0x80,
  kMod = 0x90,
  kMov = 0xb0,
  kEnd = 0xd0,
  kJumpAlways = 0x00,
  kCallOperation = 0x80,
  kExitOperation = 0x90,
  kJumpMay = 0xe0,  // BPF_JCOND, Linux 6.9
};

constexpr std::array<std::string_view, 16> kAluOperators = {
    "+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "", "%=", "^=", "=", "s>>=", "", "", ""};
constexpr std::array<std::string_view, 16> kConditions = {
    "", "==", ">", ">=", "&", "!=", "s>", "s>=", "", "", "<", "<=", "s<", "s<=", "", ""};
// By the size bits: W, H, B, DW.
constexpr std::array<std::string_view, 4> kUnsigned = {"u32", "u16", "u8", "u64"};
constexpr std::array<std::string_view, 4> kSigned = {"s32", "s16", "s8", "s64"};

// The immediate of an atomic instruction. Linux 5.12, but for plain addition; the last two 6.15.
constexpr int32_t kFetch = 0x01;
constexpr int32_t kExchange = 0xe0 | kFetch;
constexpr int32_t kCompareExchange = 0xf0 | kFetch;
constexpr int32_t kLoadAcquire = 0x100;
constexpr int32_t kStoreRelease = 0x110;

struct AtomicRow {
  int32_t operation;
  std::string_view sign;
  std::string_view name;
};
constexpr AtomicRow kAtomics[] = {
    {0x00, "+=", "add"}, {0x40, "|=", "or"}, {0x50, "&=", "and"}, {0xa0, "^=", "xor"}};

// What src says of a 64-bit immediate; 1 and 2 are in insn.h.
enum PseudoLoad : uint8_t { kBtfId = 3, kFunction = 4, kMapIndex = 5, kMapIndexValue = 6 };
// And of a call.
constexpr uint8_t kPseudoKernelFunction = 2;

std::string Register(uint8_t number, bool wide = true) {
  return (wide ? "r" : "w") + std::to_string(number);
}

std::string Signed(int64_t value) { return (value < 0 ? "" : "+") + std::to_string(value); }

std::string Hex(uint64_t value) {
  std::array<char, 16> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return "0x" + std::string(digits.data(), end);
}

std::string Unknown(const Insn& insn) { return "unknown opcode " + Hex(insn.code); }

size_t SizeIndex(const Insn& insn) { return (insn.code & kSizeMask) >> 3; }

// "(r1 +16)"
std::string Place(uint8_t base, int16_t off) {
  return "(" + Register(base) + " " + Signed(off) + ")";
}

// "*(u32 *)(r1 +16)"
std::string Memory(std::string_view type, uint8_t base, int16_t off) {
  return "*(" + std::string(type) + " *)" + Place(base, off);
}

std::string EndText(const Insn& insn, bool wide) {
  const std::string dst = Register(insn.dst());
  const std::string bits = std::to_string(insn.imm) + " " + dst;
  if (wide) return dst + " = bswap" + bits;  // Linux 6.6
  return dst + ((insn.code & kSourceRegister) != 0 ? " = be" : " = le") + bits;
}

std::string AluText(const Insn& insn, bool wide) {
  const uint8_t operation = insn.code & kOperationMask;
  const bool from_register = (insn.code & kSourceRegister) != 0;
  const std::string dst = Register(insn.dst(), wide);
  if (operation == kEnd) return EndText(insn, wide);
  if (operation == kNeg) return dst + " = -" + dst;
  const std::string_view sign = kAluOperators[operation >> 4];
  if (sign.empty()) return Unknown(insn);
  std::string source = from_register ? Register(insn.src(), wide) : std::to_string(insn.imm);
  if (operation == kMov && from_register && insn.off != 0) {
    if (insn.off == 1 && wide && insn.imm != 0)  // BPF_ADDR_SPACE_CAST, Linux 6.9
      return dst + " = addr_space_cast(" + source + ", " +
             std::to_string(static_cast<uint32_t>(insn.imm) >> 16) + ", " +
             std::to_string(insn.imm & 0xffff) + ")";
    source = "(s" + std::to_string(insn.off) + ")" + source;
  }
  const bool is_signed = (operation == kDiv || operation == kMod) && insn.off == 1;
  return dst + (is_signed ? " s" : " ") + std::string(sign) + " " + source;
}

std::string AtomicText(const Insn& insn) {
  const std::string type(kUnsigned[SizeIndex(insn)]);
  const bool wide = type == "u64";
  const std::string dst = Register(insn.dst());
  const std::string src = Register(insn.src());
  const std::string place = "(" + type + " *)" + Place(insn.dst(), insn.off);
  const std::string atomic = wide ? "atomic64_" : "atomic_";
  switch (insn.imm) {
    case kExchange:
      return src + " = " + atomic + "xchg(" + place + ", " + src + ")";
    case kCompareExchange:
      return Register(0) + " = " + atomic + "cmpxchg(" + place + ", " + Register(0) + ", " + src +
             ")";
    case kLoadAcquire:
      return dst + " = load_acquire((" + type + " *)" + Place(insn.src(), insn.off) + ")";
    case kStoreRelease:
      return "store_release(" + place + ", " + src + ")";
    default:
      break;
  }
  for (const AtomicRow& row : kAtomics) {
    if (insn.imm == row.operation)
      return "lock *" + place + " " + std::string(row.sign) + " " + src;
    if (insn.imm == (row.operation | kFetch))
      return src + " = " + atomic + "fetch_" + std::string(row.name) + "(" + place + ", " + src +
             ")";
  }
  return Unknown(insn) + ", atomic operation " + Hex(static_cast<uint32_t>(insn.imm));
}

std::string LoadImm64Text(std::span<const Insn> insns, std::string_view object) {
  const Insn& insn = insns.front();
  const std::string dst = Register(insn.dst()) + " = ";
  if (insns.size() < 2) return dst + "a 64-bit immediate that is cut off";
  const auto low = static_cast<uint32_t>(insn.imm);
  const auto high = static_cast<uint32_t>(insns[1].imm);
  const auto named = [&](std::string_view prefix) {
    return object.empty() ? std::string(prefix) + std::to_string(insn.imm) : std::string(object);
  };
  switch (insn.src()) {
    case 0:
      return dst + Hex(uint64_t{high} << 32 | low);
    case kPseudoMapFd:
      return dst + "map[" + named("fd:") + "]";
    case kPseudoMapValue:
      return dst + "map[" + named("fd:") + "][0]+" + std::to_string(high);
    case kMapIndex:
      return dst + "map[" + named("index:") + "]";
    case kMapIndexValue:
      return dst + "map[" + named("index:") + "][0]+" + std::to_string(high);
    case kBtfId:
      return dst + "&" + named("btf_id:");
    case kFunction:
      return dst + "function at pc" + Signed(insn.imm);
    default:
      return Unknown(insn) + ", 64-bit immediate of kind " + std::to_string(insn.src());
  }
}

std::string LoadText(std::span<const Insn> insns, std::string_view object) {
  const Insn& insn = insns.front();
  if (insn.code == kLoadImm64) return LoadImm64Text(insns, object);
  const std::string packet = "r0 = *(" + std::string(kUnsigned[SizeIndex(insn)]) + " *)skb[";
  switch (insn.code & kModeMask) {
    case kAbs:
      return packet + std::to_string(insn.imm) + "]";
    case kInd:
      return packet + Register(insn.src()) + " + " + std::to_string(insn.imm) + "]";
    default:
      return Unknown(insn);
  }
}

std::string CallText(const Insn& insn, std::string_view object) {
  if (insn.code != kCall) return "callx " + Register(insn.dst());
  switch (insn.src()) {
    case 0: {
      const auto number = static_cast<uint32_t>(insn.imm);
      const std::string_view name = HelperName(number);
      return "call " + (name.empty() ? "unknown" : "bpf_" + std::string(name)) + "#" +
             std::to_string(number);
    }
    case kPseudoCall:
      return "call pc" + Signed(insn.imm);
    case kPseudoKernelFunction:
      return "call kernel-function" +
             (object.empty() ? "#" + std::to_string(insn.imm) : " " + std::string(object));
    default:
      return Unknown(insn) + ", call of kind " + std::to_string(insn.src());
  }
}

std::string JumpText(const Insn& insn, bool wide, std::string_view object) {
  const uint8_t operation = insn.code & kOperationMask;
  if (operation == kCallOperation && wide) return CallText(insn, object);
  if (insn.code == kExit) return "exit";
  const std::string to = "pc" + Signed(insn.off);
  // The 32-bit form has its distance in the immediate (Linux 6.6).
  if (operation == kJumpAlways) return wide ? "goto " + to : "gotol pc" + Signed(insn.imm);
  if (operation == kJumpMay && wide) return "may_goto " + to;
  const std::string_view condition = kConditions[operation >> 4];
  if (condition.empty()) return Unknown(insn);
  const std::string right = (insn.code & kSourceRegister) != 0
                                ? Register(insn.src(), wide)
                                : Hex(static_cast<uint32_t>(insn.imm));
  return "if " + Register(insn.dst(), wide) + " " + std::string(condition) + " " + right +
         " goto " + to;
}

}  // namespace

std::string Disassemble(std::span<const Insn> insns, std::string_view object) {
  const Insn& insn = insns.front();
  const uint8_t mode = insn.code & kModeMask;
  const std::string_view type = kUnsigned[SizeIndex(insn)];
  switch (insn.code & 7) {
    case kLd:
      return LoadText(insns, object);
    case kLdx:
      if (mode == kMem) return Register(insn.dst()) + " = " + Memory(type, insn.src(), insn.off);
      if (mode == kMemSigned)
        return Register(insn.dst()) + " = " +
               Memory(kSigned[SizeIndex(insn)], insn.src(), insn.off);
      return Unknown(insn);
    case kSt:
      if (mode != kMem) return Unknown(insn);
      return Memory(type, insn.dst(), insn.off) + " = " + std::to_string(insn.imm);
    case kStx:
      if (mode == kMem) return Memory(type, insn.dst(), insn.off) + " = " + Register(insn.src());
      return mode == kAtomic ? AtomicText(insn) : Unknown(insn);
    case kAlu:
      return AluText(insn, false);
    case kAlu64:
      return AluText(insn, true);
    case kJmp:
      return JumpText(insn, true, object);
    default:
      return JumpText(insn, false, object);
  }
}

size_t SlotCount(std::span<const Insn> insns) {
  return insns.size() > 1 && insns.front().code == kLoadImm64 ? 2 : 1;
}

std::string_view HelperName(uint32_t number) {
  return number < std::size(kHelperNames) ? kHelperNames[number] : std::string_view();
}

}  // namespace purebpf
