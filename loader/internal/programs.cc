// Code sections cut into programs at their functions' symbols, and their relocations told apart.
#include <algorithm>
#include <limits>
#include <optional>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/bytes.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/parse.h"
#include "purebpf/loader/section_defs.h"

namespace purebpf::internal {
namespace {

constexpr uint64_t kInsnSize = sizeof(Insn);

struct Function {
  std::string_view name;
  uint64_t begin = 0;  // bytes from the section's start
  uint64_t end = 0;
  bool global = false;
};

bool IsCode(const elf::Section& section) {
  return section.type == elf::SectionType::kProgbits && section.Has(elf::SectionFlag::kExecInstr) &&
         !section.contents.empty();
}

std::string InsnText(uint64_t insn) { return "instruction " + std::to_string(insn); }

// The functions of each code section, by offset. Where two symbols name the same code the global
// one counts.
class FunctionTable {
 public:
  static Result<FunctionTable> Of(const elf::File& file) {
    FunctionTable table;
    table.by_section_.resize(file.sections().size());
    for (const elf::Symbol& symbol : file.symbols()) {
      if (symbol.section >= table.by_section_.size() || symbol.name.empty()) continue;
      if (!IsCode(file.sections()[symbol.section])) continue;
      // Before clang 7 a function's symbol had no type; labels have none either, but are local.
      const bool typed = symbol.type == elf::SymbolType::kFunc;
      const bool global = symbol.binding != elf::SymbolBinding::kLocal;
      if (!typed && !(symbol.type == elf::SymbolType::kNone && global)) continue;
      table.by_section_[symbol.section].push_back({.name = symbol.name,
                                                   .begin = symbol.value,
                                                   .end = symbol.value + symbol.size,
                                                   .global = global});
    }
    for (const elf::Section& section : file.sections())
      if (IsCode(section)) PUREBPF_TRY(Order(section, table.by_section_[section.index]));
    return table;
  }

  [[nodiscard]] const std::vector<Function>& In(uint32_t section) const {
    return by_section_[section];
  }

  // The function that `offset` of `section` lies in.
  [[nodiscard]] const Function* At(uint32_t section, uint64_t offset) const {
    if (section >= by_section_.size()) return nullptr;
    const auto& functions = by_section_[section];
    auto after = std::ranges::upper_bound(functions, offset, {}, &Function::begin);
    if (after == functions.begin()) return nullptr;
    const Function& function = *std::prev(after);
    return offset < function.end ? &function : nullptr;
  }

 private:
  // Sorts, drops aliases, gives a function without a size its end, and checks the bounds.
  static Result<void> Order(const elf::Section& section, std::vector<Function>& functions) {
    std::ranges::sort(functions, [](const Function& a, const Function& b) {
      if (a.begin != b.begin) return a.begin < b.begin;
      return a.global != b.global ? a.global : a.name < b.name;
    });
    const auto aliases = std::ranges::unique(functions, {}, &Function::begin);
    functions.erase(aliases.begin(), aliases.end());
    for (size_t i = 0; i < functions.size(); ++i) {
      Function& function = functions[i];
      const uint64_t limit =
          i + 1 < functions.size() ? functions[i + 1].begin : section.contents.size();
      if (function.end == function.begin) function.end = limit;
      const bool whole = function.begin % kInsnSize == 0 && function.end % kInsnSize == 0;
      if (function.begin >= function.end || function.end > limit || !whole) {
        return Malformed(elf::Describe(section) + ": function " + elf::Quoted(function.name) +
                         " is said to be bytes " + std::to_string(function.begin) + " to " +
                         std::to_string(function.end) + ", but must be whole instructions below " +
                         std::to_string(limit));
      }
    }
    return {};
  }

  std::vector<std::vector<Function>> by_section_;
};

Insn DecodeInsn(elf::ByteReader& reader, std::endian order) {
  Insn insn;
  insn.code = reader.U8();
  const uint8_t registers = reader.U8();
  // The two fields are nibbles that a foreign byte order swaps.
  insn.registers = order == std::endian::native
                       ? registers
                       : static_cast<uint8_t>(registers << 4 | registers >> 4);
  insn.off = static_cast<int16_t>(reader.U16());
  insn.imm = static_cast<int32_t>(reader.U32());
  return insn;
}

std::vector<Insn> DecodeInsns(elf::Bytes code, std::endian order) {
  elf::ByteReader reader(code, order);
  std::vector<Insn> insns;
  insns.reserve(code.size() / kInsnSize);
  while (reader.remaining() >= kInsnSize) insns.push_back(DecodeInsn(reader, order));
  return insns;
}

// All that a relocation may name.
class Resolver {
 public:
  Resolver(const elf::File& file, const FunctionTable& functions,
           const std::vector<PlacedMap>& maps)
      : file_(file), functions_(functions), maps_(maps) {}

  // What the instruction, `at` bytes into `section`, refers to by `relocation`.
  [[nodiscard]] Result<Reference> Resolve(const elf::Section& section, const Insn& insn,
                                          const elf::Relocation& relocation) const {
    const elf::Symbol& symbol = file_.symbols()[relocation.symbol];
    const bool load = insn.code == kLoadImm64;
    if (!load && insn.code != kCall)
      return Malformed(Where(section, relocation.offset) + " (opcode " + std::to_string(insn.code) +
                       ") is relocated against " + elf::Quoted(symbol.name) +
                       " but is neither a 64-bit load nor a call");
    if (symbol.section == elf::kUndefinedSection || symbol.section >= file_.sections().size())
      return Reference{.kind = ReferenceKind::kExtern, .target = std::string(symbol.name)};

    const elf::Section& target = file_.sections()[symbol.section];
    if (IsCode(target)) return ToFunction(symbol, target, insn, load);
    // The immediate is the addend: clang puts the offset there when it names only the section.
    const uint64_t offset = symbol.value + static_cast<uint64_t>(int64_t{insn.imm});
    if (target.name == ".maps" || IsLegacyMapSection(target.name))
      return ToMap(section, relocation, symbol, target, offset);
    return Reference{.kind = ReferenceKind::kData,
                     .target = std::string(target.name),
                     .offset = static_cast<int64_t>(offset)};
  }

  // A call that no relocation describes: its target lies in the same section.
  [[nodiscard]] Reference LocalCall(const elf::Section& section, uint64_t at,
                                    const Insn& insn) const {
    const uint64_t target = at + (static_cast<uint64_t>(int64_t{insn.imm}) + 1) * kInsnSize;
    return FunctionAt(section, target);
  }

  [[nodiscard]] static std::string Where(const elf::Section& section, uint64_t offset) {
    return elf::Describe(section) + ": " + InsnText(offset / kInsnSize);
  }

 private:
  [[nodiscard]] Reference ToFunction(const elf::Symbol& symbol, const elf::Section& target,
                                     const Insn& insn, bool load) const {
    if (symbol.type == elf::SymbolType::kSection) {
      // A call's addend counts instructions from the one after it, a load's counts bytes.
      const uint64_t addend = load ? static_cast<uint64_t>(int64_t{insn.imm})
                                   : (static_cast<uint64_t>(int64_t{insn.imm}) + 1) * kInsnSize;
      return FunctionAt(target, symbol.value + addend);
    }
    return {.kind = ReferenceKind::kFunction, .target = std::string(symbol.name)};
  }

  [[nodiscard]] Reference FunctionAt(const elf::Section& section, uint64_t offset) const {
    if (const Function* function = functions_.At(section.index, offset))
      return {.kind = ReferenceKind::kFunction,
              .target = std::string(function->name),
              .offset = static_cast<int64_t>(offset - function->begin)};
    return {.kind = ReferenceKind::kFunction,
            .target = std::string(section.name),
            .offset = static_cast<int64_t>(offset)};
  }

  [[nodiscard]] Result<Reference> ToMap(const elf::Section& section,
                                        const elf::Relocation& relocation,
                                        const elf::Symbol& symbol, const elf::Section& target,
                                        uint64_t offset) const {
    const auto key = [](const PlacedMap& map) { return std::pair(map.section, map.offset); };
    const auto map = std::ranges::lower_bound(maps_, std::pair(target.index, offset), {}, key);
    if (map == maps_.end() || key(*map) != std::pair(target.index, offset))
      return Malformed(Where(section, relocation.offset) + " refers to " +
                       elf::Quoted(symbol.name) + ", offset " + std::to_string(offset) + " of " +
                       elf::Describe(target) + ", where no map is defined");
    return Reference{.kind = ReferenceKind::kMap, .target = map->spec.name};
  }

  const elf::File& file_;
  const FunctionTable& functions_;
  const std::vector<PlacedMap>& maps_;  // by (section, offset)
};

// The references of one program; `relocations` are those of its section, by offset.
Result<std::vector<Reference>> ReferencesOf(const Resolver& resolver, const elf::Section& section,
                                            const Function& function,
                                            const std::vector<Insn>& insns,
                                            const std::vector<elf::Relocation>& relocations) {
  std::vector<Reference> references;
  auto next = std::ranges::lower_bound(relocations, function.begin, {}, &elf::Relocation::offset);
  for (uint32_t i = 0; i < insns.size(); ++i) {
    const uint64_t at = function.begin + i * kInsnSize;
    const bool described = next != relocations.end() && next->offset < at + kInsnSize;
    if (described) {
      if (next->offset != at)
        return Malformed(elf::Describe(section) + ": a relocation at offset " +
                         std::to_string(next->offset) + " is not at an instruction's start");
      Reference reference = PUREBPF_TRY(resolver.Resolve(section, insns[i], *next));
      reference.insn = i;
      references.push_back(std::move(reference));
      ++next;
      if (next != relocations.end() && next->offset == at)
        return Malformed(Resolver::Where(section, at) + " is relocated twice");
    } else if (insns[i].code == kCall && insns[i].src() == kPseudoCall) {
      Reference reference = resolver.LocalCall(section, at, insns[i]);
      reference.insn = i;
      references.push_back(std::move(reference));
    }
    if (insns[i].code == kLoadImm64) ++i;  // the second slot is no instruction
  }
  return references;
}

ProgramSpec NewProgram(const elf::Section& section, const Function& function) {
  ProgramSpec program;
  program.name = function.name;
  program.section = section.name;
  std::string_view kind = section.name;
  if (kind.starts_with('?')) {
    kind.remove_prefix(1);
    program.autoload = false;
  }
  if (const auto match = MatchSection(kind)) {
    program.type = match->def->type;
    program.attach_type = match->def->attach_type;
    program.flags = match->def->flags;
    program.attach_to = match->attach_to;
  }
  return program;
}

}  // namespace

Result<std::vector<ProgramSpec>> ParsePrograms(const elf::File& file,
                                               const std::vector<PlacedMap>& maps) {
  const FunctionTable functions = PUREBPF_TRY(FunctionTable::Of(file));
  const CoreReferences core = PUREBPF_TRY(CoreReferences::Of(file));
  const Resolver resolver(file, functions, maps);
  std::vector<ProgramSpec> programs;
  for (const elf::Section& section : file.sections()) {
    // .text holds what programs call.
    if (!IsCode(section) || section.name == ".text") continue;
    auto relocations = PUREBPF_TRY(Lift(file.Relocations(section.index)));
    // Two at one offset are refused, so their order does not matter.
    std::ranges::sort(relocations, {}, &elf::Relocation::offset);
    for (const Function& function : functions.In(section.index)) {
      ProgramSpec program = NewProgram(section, function);
      // FunctionTable has checked the bounds.
      const elf::Bytes code =
          section.contents.subspan(function.begin, function.end - function.begin);
      program.insns = DecodeInsns(code, file.order());
      auto references = ReferencesOf(resolver, section, function, program.insns, relocations);
      if (!references) return std::unexpected(std::move(references).error().Within(program.name));
      program.references = std::move(*references);
      core.Append(section.name, function.begin, function.end, program.references);
      programs.push_back(std::move(program));
    }
  }
  return programs;
}

}  // namespace purebpf::internal
