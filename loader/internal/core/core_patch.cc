#include "purebpf/loader/internal/core/core_patch.h"

#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/core/core_error.h"

namespace purebpf::internal {
namespace {

using elf::Concat;
using elf::Decimal;
using elf::Hex;

// Fields of an opcode: Documentation/bpf/standardization/instruction-set.rst.
constexpr uint8_t kClassMask = 0x07;
constexpr uint8_t kWidthMask = 0x18;
constexpr uint8_t kRegisterSource = 0x08;

enum class Class : uint8_t { kLd, kLdx, kSt, kStx, kAlu, kJmp, kJmp32, kAlu64 };

Class ClassOf(const Insn& insn) { return static_cast<Class>(insn.code & kClassMask); }

// By the two bits of the width: 4, 2, 1 and 8 bytes.
constexpr uint32_t kWidths[] = {4, 2, 1, 8};

uint32_t WidthOf(const Insn& insn) { return kWidths[(insn.code & kWidthMask) >> 3]; }

bool SetWidth(Insn& insn, uint32_t width) {
  for (size_t bits = 0; bits < std::size(kWidths); ++bits) {
    if (kWidths[bits] != width) continue;
    insn.code = static_cast<uint8_t>((insn.code & ~kWidthMask) | bits << 3);
    return true;
  }
  return false;
}

[[gnu::cold]] std::unexpected<Error> Refused(Code code, size_t index, std::string_view text) {
  return CoreError(code, Concat({"instruction ", Decimal(index), " ", text}));
}

std::string Signed(uint64_t value) { return std::to_string(static_cast<int64_t>(value)); }

// The instruction was compiled for other types than those that the object describes.
[[gnu::cold]] std::unexpected<Error> Holds(size_t index, std::string_view what, uint64_t found,
                                           const CoreResolution& resolution) {
  return Refused(Code::kMalformed, index,
                 Concat({"has the ", what, " ", Signed(found), ", but by the object's own types ",
                         CoreKindName(resolution.kind), " is ", Signed(resolution.local_value)}));
}

void Poison(Insn& insn) {
  insn = Insn{.code = kCall, .registers = 0, .off = 0, .imm = kCorePoison};
}

// A lone second slot would be an unknown opcode, whose message tells nobody anything.
void Poison(std::span<Insn> insns) {
  if (insns[0].code == kLoadImm64 && insns.size() > 1) Poison(insns[1]);
  Poison(insns[0]);
}

Result<void> PatchAlu(Insn& insn, size_t index, const CoreResolution& resolution) {
  if ((insn.code & kRegisterSource) != 0)
    return Refused(Code::kMalformed, index,
                   Concat({"(opcode ", Hex(insn.code), ") has no immediate to be relocated"}));
  const auto found = static_cast<uint64_t>(int64_t{insn.imm});
  if (resolution.checked && found != resolution.local_value)
    return Holds(index, "immediate", found, resolution);
  insn.imm = static_cast<int32_t>(resolution.value);
  return {};
}

Result<void> PatchMemory(Insn& insn, size_t index, const CoreResolution& resolution) {
  const auto found = static_cast<uint64_t>(int64_t{insn.off});
  if (resolution.checked && found != resolution.local_value)
    return Holds(index, "offset", found, resolution);
  if (resolution.value > static_cast<uint64_t>(std::numeric_limits<int16_t>::max()))
    return Refused(Code::kUnsupported, index,
                   Concat({"is a load or store, whose offset ends at 32767; on this kernel it is ",
                           Decimal(resolution.value)}));
  if (resolution.width_differs) {
    Poison(insn);
    return {};
  }
  Insn patched = insn;
  patched.off = static_cast<int16_t>(resolution.value);
  if (resolution.width != resolution.local_width) {
    if (WidthOf(insn) != resolution.local_width)
      return Refused(Code::kMalformed, index,
                     Concat({"takes ", Decimal(WidthOf(insn)), " bytes of a field that has ",
                             Decimal(resolution.local_width), " in the object's types and ",
                             Decimal(resolution.width), " in the kernel's"}));
    if (!SetWidth(patched, resolution.width))
      return Refused(Code::kUnsupported, index,
                     Concat({"is a load or store of 1, 2, 4 or 8 bytes; on this kernel the field ",
                             "has ", Decimal(resolution.width)}));
  }
  insn = patched;
  return {};
}

Result<void> PatchLoadImm64(std::span<Insn> insns, size_t index, const CoreResolution& resolution) {
  Insn& low = insns[0];
  if (low.code != kLoadImm64 || low.src() != 0 || low.off != 0 || insns.size() < 2 ||
      insns[1].code != 0 || insns[1].registers != 0 || insns[1].off != 0)
    return Refused(Code::kMalformed, index,
                   Concat({"(opcode ", Hex(low.code), ", source ", Decimal(low.src()),
                           ") is no whole load of a 64-bit number"}));
  Insn& high = insns[1];
  const uint64_t found =
      uint64_t{static_cast<uint32_t>(high.imm)} << 32 | static_cast<uint32_t>(low.imm);
  if (resolution.checked && found != resolution.local_value)
    return Holds(index, "value", found, resolution);
  low.imm = static_cast<int32_t>(resolution.value);
  high.imm = static_cast<int32_t>(resolution.value >> 32);
  return {};
}

}  // namespace

Result<void> PatchInsn(std::span<Insn> insns, size_t index, const CoreResolution& resolution) {
  if (index >= insns.size())
    return Refused(Code::kMalformed, index,
                   Concat({"is not there: the code has ", Decimal(insns.size())}));
  const std::span<Insn> rest = insns.subspan(index);
  if (resolution.poison) {
    Poison(rest);
    return {};
  }
  switch (ClassOf(rest[0])) {
    case Class::kAlu:
    case Class::kAlu64:
      return PatchAlu(rest[0], index, resolution);
    case Class::kLdx:
    case Class::kSt:
    case Class::kStx:
      return PatchMemory(rest[0], index, resolution);
    case Class::kLd:
      return PatchLoadImm64(rest, index, resolution);
    case Class::kJmp:
    case Class::kJmp32:
      break;
  }
  return Refused(Code::kMalformed, index,
                 Concat({"(opcode ", Hex(rest[0].code),
                         ") is neither arithmetic with an immediate, nor a load or store"}));
}

}  // namespace purebpf::internal
