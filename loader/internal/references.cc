// What instructions refer to: relocations told apart by what their symbol is.
#include <algorithm>
#include <charconv>
#include <optional>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/object.h"

namespace purebpf::internal {
namespace {

constexpr uint64_t kInsnSize = sizeof(Insn);

using Problem = std::unexpected<std::string>;
using Resolved = std::expected<Reference, std::string>;

bool IsNamed(const elf::Symbol& symbol) { return symbol.type != elf::SymbolType::kSection; }

class Resolver {
 public:
  explicit Resolver(Object& object) : object_(object), biased_(IsBiased()) {}

  // What the instruction, at `offset` of `section`, refers to by `relocation`.
  [[nodiscard]] Resolved Resolve(const elf::Section& section, const Insn& insn,
                                 const elf::Relocation& relocation) {
    const elf::Symbol& symbol = object_.file.symbols()[relocation.symbol];
    site_ = {&section, relocation.offset};
    const bool load = insn.code == kLoadImm64;
    if (!load && insn.code != kCall)
      return Fail(" (opcode " + std::to_string(insn.code) + ") is relocated against " +
                  elf::Quoted(symbol.name) + " but is neither a 64-bit load nor a call");
    if (symbol.section == elf::kUndefinedSection) return ToExtern(relocation.symbol);
    if (symbol.section >= object_.file.sections().size())
      return Fail(" refers to " + elf::Quoted(symbol.name) +
                  (symbol.section == elf::kCommonSection
                       ? ", a common symbol: initialise it, or compile with -fno-common"
                       : ", which lies in no section"));
    const elf::Section& target = object_.file.sections()[symbol.section];
    if (object_.Role(target.index) == SectionRole::kCode)
      return ToFunction(symbol, target, insn, load);
    if (!load)
      return Fail(" calls " + elf::Quoted(symbol.name) + " in " + elf::Describe(target) +
                  ", which holds no code");
    return ToData(symbol, target, Addend(symbol, insn.imm));
  }

  // A call that no relocation describes: its target lies in the same section.
  [[nodiscard]] Resolved Local(const elf::Section& section, uint64_t at, const Insn& insn) {
    site_ = {&section, at};
    const uint64_t target = at + (static_cast<uint64_t>(int64_t{insn.imm}) + 1) * kInsnSize;
    return FunctionAt(section, target, insn.code == kLoadImm64);
  }

 private:
  // The instruction that is looked at: its words are made only where something is wrong with it.
  struct Site {
    const elf::Section* section = nullptr;
    uint64_t offset = 0;
  };

  [[nodiscard, gnu::cold]] Problem Fail(const std::string& what) const {
    return Problem(Where(*site_.section, site_.offset) + what);
  }

  [[nodiscard]] Resolved ToExtern(uint32_t symbol) const {
    const auto found = std::ranges::lower_bound(object_.externs_by_symbol, symbol, {},
                                                &std::pair<uint32_t, uint32_t>::first);
    if (found == object_.externs_by_symbol.end() || found->first != symbol)
      return Fail(" is relocated against no symbol");
    return Reference{.kind = ReferenceKind::kExtern, .target = found->second};
  }

  // A symbol of its own says where the function is; a section's symbol leaves that to the
  // immediate: for a call in instructions from the one after it, for a load in bytes.
  [[nodiscard]] Resolved ToFunction(const elf::Symbol& symbol, const elf::Section& target,
                                    const Insn& insn, bool load) const {
    uint64_t offset = symbol.value;
    if (!IsNamed(symbol))
      offset += load ? static_cast<uint64_t>(int64_t{insn.imm})
                     : (static_cast<uint64_t>(int64_t{insn.imm}) + 1) * kInsnSize;
    return FunctionAt(target, offset, load);
  }

  [[nodiscard]] Resolved FunctionAt(const elf::Section& section, uint64_t offset, bool load) const {
    const Extent* function = object_.functions.At(section.index, offset);
    if (function == nullptr || function->begin != offset)
      return Fail(" refers to offset " + std::to_string(static_cast<int64_t>(offset)) + " of " +
                  elf::Describe(section) + ", where no function begins");
    return Reference{.kind = load ? ReferenceKind::kFunctionAddress : ReferenceKind::kFunctionCall,
                     .target = function->index};
  }

  // The immediate counts from the symbol, named or not.
  [[nodiscard]] uint64_t Addend(const elf::Symbol& symbol, int32_t imm) const {
    const auto addend = static_cast<uint64_t>(int64_t{imm});
    return biased_ && IsNamed(symbol) ? addend - symbol.value : addend;
  }

  [[nodiscard]] Resolved ToData(const elf::Symbol& symbol, const elf::Section& target,
                                uint64_t addend) {
    const auto offset = static_cast<int64_t>(symbol.value + addend);
    switch (object_.Role(target.index)) {
      case SectionRole::kBtfMaps:
      case SectionRole::kLegacyMaps:
        return ToMap(symbol, target, static_cast<uint64_t>(offset));
      case SectionRole::kJumpTables:
        return ToJumpTable(symbol, target, static_cast<uint64_t>(offset));
      case SectionRole::kArena:
        if (!object_.arena)
          return Fail(" refers to " + elf::Quoted(symbol.name) + " in " + elf::Describe(target) +
                      ", but the object defines no map of type BPF_MAP_TYPE_ARENA");
        return Reference{.kind = ReferenceKind::kArena, .target = *object_.arena, .offset = offset};
      case SectionRole::kData:
        break;
      default:
        // A section of the author's own; only what is loaded with the program can be meant.
        if (!target.Has(elf::SectionFlag::kAlloc) || target.size == 0)
          return Fail(" refers to " + elf::Quoted(symbol.name) + " in " + elf::Describe(target) +
                      ", which is no data of the program");
    }
    return Reference{
        .kind = ReferenceKind::kData, .target = DataMapOf(object_, target), .offset = offset};
  }

  [[nodiscard]] Resolved ToMap(const elf::Symbol& symbol, const elf::Section& target,
                               uint64_t offset) const {
    const Extent* map = object_.maps.At(target.index, offset);
    if (map == nullptr || map->begin != offset)
      return Fail(" refers to " + elf::Quoted(symbol.name) + ", offset " +
                  std::to_string(static_cast<int64_t>(offset)) + " of " + elf::Describe(target) +
                  ", where no map is defined");
    return Reference{.kind = ReferenceKind::kMap, .target = map->index};
  }

  [[nodiscard]] Resolved ToJumpTable(const elf::Symbol& symbol, const elf::Section& target,
                                     uint64_t offset) const {
    const Extent* table = object_.maps.At(target.index, offset);
    if (table == nullptr || table->begin != offset)
      return Fail(" refers to " + elf::Quoted(symbol.name) + ", offset " +
                  std::to_string(static_cast<int64_t>(offset)) + " of " + elf::Describe(target) +
                  ", where no jump table begins");
    return Reference{.kind = ReferenceKind::kData, .target = table->index};
  }

  // 12 of "GCC: (12.2.0-14+deb12u1) 12.2.0"; 0 where the object is not GCC's.
  [[nodiscard]] uint32_t GccVersion() const {
    const elf::Section* comment = object_.FindSection(".comment");
    if (comment == nullptr) return 0;
    std::string_view text(reinterpret_cast<const char*>(comment->contents.data()),
                          comment->contents.size());
    const size_t gcc = text.find("GCC: (");
    if (gcc == std::string_view::npos) return 0;
    text = text.substr(gcc, text.find('\0', gcc) - gcc);
    const size_t version = text.rfind(") ");
    if (version == std::string_view::npos) return 0;
    uint32_t number = 0;
    std::from_chars(text.data() + version + 2, text.data() + text.size(), number);
    return number;
  }

  // Binutils before 2.42 (Debian 12 has them for GCC 12) add the value of a named symbol to the
  // immediate, which is then to be counted from the section's start. Only an object of a GCC of
  // that time in which no immediate speaks against it is read so: a variable whose own first byte
  // is meant has 0 there otherwise.
  [[nodiscard]] bool IsBiased() const {
    constexpr uint32_t kFirstUnbiased = 14;  // of 2024, as is binutils 2.42
    if (GccVersion() == 0 || GccVersion() >= kFirstUnbiased) return false;
    bool any = false;
    for (const elf::Section& section : object_.file.sections()) {
      if (object_.Role(section.index) != SectionRole::kCode) continue;
      const auto relocations = object_.file.Relocations(section.index);
      if (!relocations) continue;
      for (const elf::Relocation& relocation : *relocations) {
        const elf::Symbol& symbol = object_.file.symbols()[relocation.symbol];
        const Extent* function = object_.functions.At(section.index, relocation.offset);
        if (function == nullptr || !IsNamed(symbol) || symbol.value == 0 ||
            symbol.section == elf::kUndefinedSection)
          continue;
        const auto at = static_cast<size_t>((relocation.offset - function->begin) / kInsnSize);
        const Insn& insn = object_.spec.functions[function->index].insns[at];
        const auto value = static_cast<int64_t>(symbol.value);
        // A call's own addend is -1.
        if (int64_t{insn.imm} < value - (insn.code == kCall ? 1 : 0)) return false;
        any = true;
      }
    }
    return any;
  }

  Object& object_;
  bool biased_;
  Site site_;
};

// The references of one function; `relocations` are those of its section, by offset.
std::expected<std::vector<Reference>, std::string> ReferencesOf(
    Resolver& resolver, const elf::Section& section, const Extent& function,
    const std::vector<Insn>& insns, const std::vector<elf::Relocation>& relocations) {
  std::vector<Reference> references;
  auto next = std::ranges::lower_bound(relocations, function.begin, {}, &elf::Relocation::offset);
  references.reserve(
      static_cast<size_t>(std::ranges::lower_bound(next, relocations.end(), function.end, {},
                                                   &elf::Relocation::offset) -
                          next));
  for (uint32_t i = 0; i < insns.size(); ++i) {
    const uint64_t at = function.begin + i * kInsnSize;
    const bool load = insns[i].code == kLoadImm64;
    if (next != relocations.end() && next->offset < at + (load ? 2 : 1) * kInsnSize) {
      if (next->offset != at)
        return Problem(elf::Describe(section) + ": a relocation at offset " +
                       std::to_string(next->offset) + " is not at an instruction's start");
      Reference reference = PUREBPF_TRY(resolver.Resolve(section, insns[i], *next));
      reference.insn = i;
      references.push_back(reference);
      ++next;
      if (next != relocations.end() && next->offset == at)
        return Problem(Where(section, at) + " is relocated twice");
    } else if ((insns[i].code == kCall && insns[i].src() == kPseudoCall) ||
               (load && insns[i].src() == kPseudoFunc)) {
      Reference reference = PUREBPF_TRY(resolver.Local(section, at, insns[i]));
      reference.insn = i;
      references.push_back(reference);
    }
    if (load) ++i;  // its second half
  }
  return references;
}

}  // namespace

void ReadReferences(Object& object) {
  object.maps.Sort();
  Resolver resolver(object);
  for (const elf::Section& section : object.file.sections()) {
    if (object.Role(section.index) != SectionRole::kCode) continue;
    auto relocations = object.file.Relocations(section.index);
    // In order, as compilers write them; two at one offset are refused, whichever comes first.
    if (relocations && !std::ranges::is_sorted(*relocations, {}, &elf::Relocation::offset))
      std::ranges::sort(*relocations, {}, &elf::Relocation::offset);
    for (const Extent& extent : object.functions.In(section.index)) {
      FunctionSpec& function = object.spec.functions[extent.index];
      if (!relocations) {
        Note(function.problem, relocations.error().message);
        continue;
      }
      auto references = ReferencesOf(resolver, section, extent, function.insns, *relocations);
      if (references) {
        function.references = std::move(*references);
      } else {
        Note(function.problem, std::move(references).error());
      }
    }
  }
}

}  // namespace purebpf::internal
