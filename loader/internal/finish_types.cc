// The object's types made fit for the kernel, as a linker would leave them: sizes and offsets of
// the sections' variables, externs as variables that are there, and linkages that the kernel knows.
// Ids stay as they are: instructions and .BTF.ext hold them.
// Source: kernel/bpf/btf.c: btf_datasec_check_meta, btf_var_check_meta, btf_func_check.
#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <tuple>

#include "purebpf/elf/btf_writer.h"
#include "purebpf/loader/internal/object.h"

namespace purebpf::internal {
namespace {

constexpr std::string_view kKconfigSection = ".kconfig";
constexpr std::string_view kKsymsSection = ".ksyms";
// A symbol of the kernel's passes for a number of this size.
constexpr uint32_t kStandInSize = sizeof(uint32_t);
constexpr std::string_view kStandInName = "dummy_ksym";

using Entry = elf::BtfSectionVariable;

class Finisher {
 public:
  explicit Finisher(Object& object)
      : object_(object), btf_(*object.btf), writer_(elf::BtfWriter::Of(*object.btf)) {
    for (const ExternSpec& spec : object.spec.externs)
      if (spec.kind == ExternKind::kKconfig) {
        options_.emplace_back(spec.name, &spec);
        options_size_ = std::max(options_size_, uint64_t{spec.offset} + spec.size);
      }
    std::ranges::sort(options_);
  }

  elf::Result<std::vector<std::byte>> Finish() {
    for (const TypedSection& section : object_.datasecs) {
      if (section.name == kKsymsSection) {
        FinishKsyms(section);
      } else if (section.name == kKconfigSection) {
        FinishKconfig(section);
      } else {
        FinishData(section);
      }
    }
    HideFunctions();
    return writer_.Build();
  }

  // A function or variable that is said to lie in another object (GCC says so of what it inlines):
  // the kernel takes no such linkage.
  void Define(const elf::BtfType& type) { writer_.SetLinkage(type.id, elf::kGlobalLinkage); }

 private:
  // The kernel wants them by offset.
  void Write(const TypedSection& section, uint64_t size, std::vector<Entry> entries) {
    std::ranges::stable_sort(entries, {}, &Entry::offset);
    constexpr uint64_t kMaxSize = std::numeric_limits<uint32_t>::max();
    writer_.SetSize(section.id, static_cast<uint32_t>(std::min(size, kMaxSize)));
    for (uint32_t i = 0; i < entries.size(); ++i) writer_.SetVariable(section.id, i, entries[i]);
  }

  void FinishData(const TypedSection& section) {
    std::vector<Entry> entries;
    entries.reserve(section.variables.size());
    for (const TypedVariable& variable : section.variables) {
      entries.push_back({variable.variable, variable.offset, variable.size});
      if (!variable.function && variable.is_static)
        writer_.SetLinkage(variable.variable, elf::kStaticLinkage);
    }
    Write(section, section.size, std::move(entries));
  }

  // Their values are filled in before the program is loaded, so each stands in the map's value.
  void FinishKconfig(const TypedSection& section) {
    std::vector<Entry> entries;
    for (const TypedVariable& variable : section.variables) {
      Entry entry{variable.variable, variable.offset, variable.size};
      const auto found = std::ranges::lower_bound(options_, variable.name, {},
                                                  [](const auto& e) { return e.first; });
      if (found != options_.end() && found->first == variable.name)
        entry.offset = found->second->offset;
      entries.push_back(entry);
      if (!variable.function) writer_.SetLinkage(variable.variable, elf::kGlobalLinkage);
    }
    Write(section, options_size_, std::move(entries));
  }

  // The kernel has no notion of externs. Each passes for an int of its own, and a function for a
  // variable that all functions share; parameters without a name take that variable's.
  void FinishKsyms(const TypedSection& section) {
    std::vector<Entry> entries;
    uint32_t offset = 0;
    for (const TypedVariable& variable : section.variables) {
      Entry entry{variable.variable, offset, kStandInSize};
      if (variable.function) {
        entry.variable = StandIn();
        writer_.SetLinkage(variable.variable, elf::kGlobalLinkage);
        NameParameters(variable.type);
      } else {
        writer_.SetLinkage(variable.variable, elf::kGlobalLinkage);
        writer_.SetTarget(variable.variable, IntType());
      }
      entries.push_back(entry);
      offset += kStandInSize;
    }
    Write(section, offset, std::move(entries));
  }

  elf::TypeId StandIn() {
    if (!stand_in_) stand_in_ = writer_.AddVar(kStandInName, IntType(), elf::kGlobalLinkage);
    return *stand_in_;
  }

  // The first number of 32 bits that the object has.
  elf::TypeId IntType() {
    for (uint32_t id = 1; !int_type_ && id < btf_.type_count(); ++id) {
      const elf::BtfType type = btf_.Type(elf::TypeId{id});
      if (type.kind == elf::BtfKind::kInt && btf_.Int(type).bits == 32) int_type_ = type.id;
    }
    if (!int_type_)
      int_type_ = writer_.AddInt("int", kStandInSize, {.is_signed = true, .bits = 32});
    return *int_type_;
  }

  void NameParameters(elf::TypeId prototype) {
    const elf::BtfType type = btf_.Type(prototype);
    if (type.kind != elf::BtfKind::kFuncProto) return;
    // Many functions may share a long prototype.
    if (!named_.insert(prototype).second) return;
    for (uint32_t i = 0; i < type.count; ++i) {
      elf::BtfParameter parameter = btf_.Parameter(type, i);
      if (!parameter.name.empty() || parameter.type == elf::TypeId::kVoid) continue;
      parameter.name = kStandInName;
      writer_.SetParameter(prototype, i, parameter);
    }
  }

  // A global function that other objects may not see is verified with its callers, like a static
  // one.
  void HideFunctions() {
    for (const FunctionSymbol& entry : object_.function_symbols) {
      const elf::Symbol& symbol = object_.file.symbols()[entry.symbol];
      if (symbol.binding == elf::SymbolBinding::kLocal ||
          (symbol.visibility != elf::SymbolVisibility::kHidden &&
           symbol.visibility != elf::SymbolVisibility::kInternal) ||
          !IsTextSection(object_.spec.functions[entry.function].section))
        continue;
      if (const auto found = object_.FindFunctionType(symbol.name))
        writer_.SetLinkage(*found, elf::kStaticLinkage);
    }
  }

  Object& object_;
  const elf::Btf& btf_;
  elf::BtfWriter writer_;
  std::vector<std::pair<std::string_view, const ExternSpec*>> options_;  // of .kconfig, by name
  uint64_t options_size_ = 0;                                            // bytes
  std::optional<elf::TypeId> int_type_;
  std::optional<elf::TypeId> stand_in_;
  std::set<elf::TypeId> named_;  // prototypes
};

}  // namespace

void FinishTypes(Object& object) {
  if (!object.btf) return;
  if (const auto* section = object.FindSection(".BTF"); !object.Afford(2 * section->size)) return;
  Finisher finisher(object);
  for (const elf::BtfType& type : object.undefined) finisher.Define(type);
  auto blob = finisher.Finish();
  if (blob) {
    object.spec.btf = std::move(*blob);
  } else {
    object.spec.btf_problem = std::move(blob).error().message;
  }
}

}  // namespace purebpf::internal
