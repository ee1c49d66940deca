#include "purebpf/loader/internal/call_targets.h"

#include <algorithm>

#include "purebpf/elf/bytes.h"

namespace purebpf::internal {
namespace {

constexpr uint64_t kInsnSize = sizeof(Insn);

// Whether an instruction calls a function of the object.
bool IsCall(uint8_t code, uint8_t registers, std::endian order) {
  const int src = order == std::endian::little ? registers >> 4 : registers & 0xf;
  return code == kCall && src == kPseudoCall;
}

}  // namespace

CallTargets::CallTargets(const Object& object) {
  for (const elf::Section& section : object.file.sections())
    if (object.Role(section.index) == SectionRole::kCode) ReadSection(object, section);
  std::ranges::sort(all_);
}

bool CallTargets::Has(uint32_t section, uint64_t offset) const {
  return std::ranges::binary_search(all_, std::pair(section, offset));
}

void CallTargets::ReadSection(const Object& object, const elf::Section& section) {
  auto relocations = object.file.Relocations(section.index);
  if (!relocations) return;  // noted with every function of the section
  std::ranges::sort(*relocations, {}, &elf::Relocation::offset);
  auto next = relocations->begin();
  elf::ByteReader reader(section.contents, object.file.order());
  for (uint64_t at = 0; reader.remaining() >= kInsnSize; at += kInsnSize) {
    const uint8_t code = reader.U8();
    const uint8_t registers = reader.U8();
    reader.U16();
    const auto imm = static_cast<uint64_t>(int64_t{static_cast<int32_t>(reader.U32())});
    while (next != relocations->end() && next->offset < at) ++next;
    if (!IsCall(code, registers, object.file.order())) continue;
    uint32_t target = section.index;
    uint64_t offset = at + (imm + 1) * kInsnSize;
    if (next != relocations->end() && next->offset == at) {
      const elf::Symbol& symbol = object.file.symbols()[next->symbol];
      const bool named = symbol.type != elf::SymbolType::kSection;
      target = symbol.section;
      offset = symbol.value + (named ? 0 : (imm + 1) * kInsnSize);
    }
    all_.emplace_back(target, offset);
  }
}

}  // namespace purebpf::internal
