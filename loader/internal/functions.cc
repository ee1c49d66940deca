// Code sections cut into functions at their symbols, and which of them are programs.
#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/call_targets.h"
#include "purebpf/loader/internal/object.h"
#include "purebpf/loader/section_defs.h"

namespace purebpf::internal {
namespace {

constexpr uint64_t kInsnSize = sizeof(Insn);

// In the file as in memory, but for the byte order. `code` is whole instructions.
std::vector<Insn> DecodeInsns(elf::Bytes code, std::endian order) {
  std::vector<Insn> insns(code.size() / kInsnSize);
  std::memcpy(insns.data(), code.data(), insns.size() * kInsnSize);
  if (order == std::endian::native) return insns;
  for (Insn& insn : insns) {
    // The two fields are nibbles that a foreign byte order swaps.
    insn.registers = static_cast<uint8_t>(insn.registers << 4 | insn.registers >> 4);
    insn.off = std::byteswap(insn.off);
    insn.imm = std::byteswap(insn.imm);
  }
  return insns;
}

// Several symbols may name the same code.
struct Function {
  uint64_t begin = 0;  // bytes from the section's start
  uint64_t size = 0;   // 0: as far as the next one
  std::span<const uint32_t> symbols;
};

bool IsGlobal(const elf::Symbol& symbol) { return symbol.binding != elf::SymbolBinding::kLocal; }

// Tells functions from labels. Before clang 8 neither had a type; global labels stand inside of a
// function, and local ones are not called.
class FunctionFilter {
 public:
  explicit FunctionFilter(const Object& object) : object_(object) {}

  // `before` are the functions of the section up to the symbol.
  bool IsFunction(const elf::Symbol& symbol, const std::vector<Function>& before) {
    if (symbol.type == elf::SymbolType::kFunc) return true;
    if (symbol.type != elf::SymbolType::kNone) return false;
    if (!before.empty() && symbol.value > before.back().begin &&
        symbol.value - before.back().begin < before.back().size)
      return false;
    if (IsGlobal(symbol)) return true;
    if (!targets_) targets_.emplace(object_);
    return targets_->Has(symbol.section, symbol.value);
  }

 private:
  const Object& object_;
  std::optional<CallTargets> targets_;  // looked for only where a symbol asks for it
};

// Their symbols are put into `named`.
std::vector<Function> FunctionsOf(const Object& object, FunctionFilter& filter,
                                  const elf::Section& section, std::vector<uint32_t>& named) {
  std::vector<Function> functions;
  const std::span<const uint32_t> symbols = object.SymbolsIn(section.index);
  functions.reserve(symbols.size());
  named.clear();
  named.reserve(symbols.size());  // so that those of a function stay where they are
  for (const uint32_t index : symbols) {
    const elf::Symbol& symbol = object.file.symbols()[index];
    if (!filter.IsFunction(symbol, functions)) continue;
    if (functions.empty() || functions.back().begin != symbol.value)
      functions.push_back({.begin = symbol.value, .size = 0, .symbols = {}});
    Function& function = functions.back();
    function.size = std::max(function.size, symbol.size);
    named.push_back(index);
    function.symbols = std::span(named).last(function.symbols.size() + 1);
  }
  return functions;
}

// The symbol that gives a function its name: one that other objects may see, if there is one.
const elf::Symbol& NameOf(const Object& object, const Function& function) {
  for (const uint32_t index : function.symbols)
    if (IsGlobal(object.file.symbols()[index])) return object.file.symbols()[index];
  return object.file.symbols()[function.symbols.front()];
}

FunctionSpec Cut(const Object& object, const elf::Section& section, const Function& function,
                 uint64_t limit) {
  const elf::Symbol& symbol = NameOf(object, function);
  FunctionSpec spec;
  spec.name = symbol.name;
  spec.section = section.name;
  spec.global = IsGlobal(symbol);
  spec.weak = symbol.binding == elf::SymbolBinding::kWeak;
  spec.section_insn = static_cast<uint32_t>(function.begin / kInsnSize);
  const uint64_t room = limit > function.begin ? limit - function.begin : 0;
  const uint64_t size = function.size == 0 ? room : function.size;
  if (size == 0 || size > room || size % kInsnSize != 0 || function.begin % kInsnSize != 0) {
    spec.problem = elf::Describe(section) + ": function " + elf::Quoted(symbol.name) +
                   " is said to be " + std::to_string(size) + " bytes at offset " +
                   std::to_string(function.begin) + ", but must be whole instructions below " +
                   std::to_string(limit);
    return spec;
  }
  spec.insns = DecodeInsns(
      section.contents.subspan(static_cast<size_t>(function.begin), static_cast<size_t>(size)),
      object.file.order());
  return spec;
}

// What a section's name makes of its functions: a program without name and code.
ProgramSpec ProgramOf(std::string_view section) {
  ProgramSpec program;
  program.section = section;
  if (section.starts_with('?')) {
    section.remove_prefix(1);
    program.autoload = false;
  }
  if (const auto match = MatchSection(section)) {
    program.type = match->def->type;
    program.attach_type = match->def->attach_type;
    program.flags = match->def->flags;
    program.attach_to = match->attach_to;
  }
  return program;
}

// The functions that others call, or take the address of.
std::vector<bool> Used(const CollectionSpec& spec) {
  std::vector<bool> used(spec.functions.size());
  for (uint32_t user = 0; user < spec.functions.size(); ++user)
    for (const Reference& reference : spec.functions[user].references)
      if ((reference.kind == ReferenceKind::kFunctionCall ||
           reference.kind == ReferenceKind::kFunctionAddress) &&
          reference.target != user)
        used[reference.target] = true;
  return used;
}

}  // namespace

void ReadFunctions(Object& object) {
  FunctionFilter filter(object);
  std::vector<uint32_t> named;
  for (const elf::Section& section : object.file.sections()) {
    if (object.Role(section.index) != SectionRole::kCode) continue;
    const std::vector<Function> functions = FunctionsOf(object, filter, section, named);
    MakeRoom(object.spec.functions, functions.size());
    MakeRoom(object.function_symbols, functions.size());
    object.functions.MakeRoom(functions.size());
    for (size_t i = 0; i < functions.size(); ++i) {
      const Function& function = functions[i];
      // A symbol may say that it lies beyond its section.
      uint64_t limit = section.contents.size();
      if (i + 1 < functions.size()) limit = std::min(limit, functions[i + 1].begin);
      const auto index = static_cast<uint32_t>(object.spec.functions.size());
      if (!object.Afford(NameOf(object, function).name.size() + section.name.size() +
                         std::min(function.size, limit)))
        return;
      FunctionSpec spec = Cut(object, section, function, limit);
      object.functions.Add({.section = section.index,
                            .begin = function.begin,
                            .end = function.begin + spec.insns.size() * kInsnSize,
                            .index = index});
      for (const uint32_t symbol : function.symbols)
        object.function_symbols.push_back({.function = index, .symbol = symbol});
      object.spec.functions.push_back(std::move(spec));
    }
  }
  object.functions.Sort();
}

void ReadPrograms(Object& object) {
  CollectionSpec& spec = object.spec;
  const std::vector<bool> used = Used(spec);
  spec.programs.reserve(object.function_symbols.size());
  ProgramSpec like;  // of the section at hand: many functions may share one
  for (const FunctionSymbol& entry : object.function_symbols) {
    const FunctionSpec& function = spec.functions[entry.function];
    if (IsTextSection(function.section)) continue;
    const elf::Symbol& symbol = object.file.symbols()[entry.symbol];
    if (!object.Afford(symbol.name.size() + 2 * function.section.size())) return;
    if (like.section != function.section) like = ProgramOf(function.section);
    ProgramSpec program = like;
    program.name = symbol.name;
    program.function = entry.function;
    // A static function is a program where it stands in a program's section. One that others use
    // was hardly meant to be one: it is loaded only when named.
    if (!IsGlobal(symbol)) {
      if (function.global || program.type == ProgType::kUnspec) continue;
      if (used[entry.function]) program.autoload = false;
    }
    spec.programs.push_back(std::move(program));
  }
}

}  // namespace purebpf::internal
