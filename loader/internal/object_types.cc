// The object's own types: section .BTF, and what of it the passes need.
#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "purebpf/elf/bytes.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/object.h"

namespace purebpf::internal {
namespace {

// The symbols that a section's variables are among.
std::span<const uint32_t> DataSymbols(const Object& object, const elf::Section& section) {
  if (object.Role(section.index) == SectionRole::kCode) return {};
  return object.SymbolsIn(section.index);
}

// Symbols of variables, by section and name: sorted when one is asked for.
class VariableSymbols {
 public:
  explicit VariableSymbols(const Object& object) : object_(object), file_(object.file) {}

  [[nodiscard]] const elf::Symbol* Find(uint32_t section, std::string_view name) {
    if (!sorted_) Sort();
    const auto found = std::ranges::lower_bound(symbols_, std::pair(section, name), {},
                                                [this](uint32_t index) { return Key(index); });
    if (found == symbols_.end() || Key(*found) != std::pair(section, name)) return nullptr;
    return &file_.symbols()[*found];
  }

 private:
  void Sort() {
    for (const elf::Section& section : file_.sections())
      for (const uint32_t index : DataSymbols(object_, section))
        if (MayBeVariable(file_.symbols()[index])) symbols_.push_back(index);
    std::ranges::sort(symbols_, {},
                      [this](uint32_t index) { return std::pair(Key(index), index); });
    sorted_ = true;
  }

  [[nodiscard]] std::pair<uint32_t, std::string_view> Key(uint32_t index) const {
    const elf::Symbol& symbol = file_.symbols()[index];
    return {symbol.section, symbol.name};
  }

  const Object& object_;
  const elf::File& file_;
  std::vector<uint32_t> symbols_;
  bool sorted_ = false;
};

bool IsHidden(const elf::Symbol& symbol) {
  return symbol.visibility == elf::SymbolVisibility::kHidden ||
         symbol.visibility == elf::SymbolVisibility::kInternal;
}

// A DATASEC as the compiler left it has size 0, and offset 0 for variables that other objects may
// see: what they are stands in the symbols. A static variable's offset is right where clang wrote
// it (with a .rel.BTF that says the same); GCC leaves 0 and no .rel.BTF.
class Linker {
 public:
  explicit Linker(const Object& object)
      : object_(object), symbols_(object), relocated_(object.FindSection(".rel.BTF") != nullptr) {}

  [[nodiscard]] TypedSection Link(const elf::Btf& btf, const elf::BtfType& datasec) {
    TypedSection typed{.id = datasec.id, .name = datasec.name, .size = datasec.size};
    const elf::Section* section = object_.FindSection(datasec.name);
    const bool linked = datasec.size != 0;
    if (!linked && section != nullptr) typed.size = section->size;
    std::span<const uint32_t> in_order;
    if (section != nullptr) in_order = DataSymbols(object_, *section);
    typed.variables.reserve(datasec.count);
    for (uint32_t i = 0; i < datasec.count; ++i) {
      const elf::BtfSectionVariable entry = btf.Variable(datasec, i);
      const elf::BtfType variable = btf.Type(entry.variable);
      TypedVariable one{.name = variable.name,
                        .variable = entry.variable,
                        .type = variable.target,
                        .offset = entry.offset,
                        .size = entry.size,
                        .function = variable.kind != elf::BtfKind::kVar,
                        .is_static = variable.linkage == elf::kStaticLinkage};
      const elf::Symbol* symbol =
          section == nullptr ? nullptr : SymbolOf(*section, variable.name, in_order);
      if (symbol != nullptr) {
        const bool known = linked || (one.is_static && relocated_);
        if (!known) one.offset = static_cast<uint32_t>(symbol->value);
        if (IsHidden(*symbol)) one.is_static = true;
      }
      typed.visible |= !one.function && !one.is_static;
      typed.variables.push_back(one);
    }
    return typed;
  }

 private:
  // Types mostly list variables as they lie in the section, so the next of its symbols is tried
  // first.
  [[nodiscard]] const elf::Symbol* SymbolOf(const elf::Section& section, std::string_view name,
                                            std::span<const uint32_t>& in_order) {
    if (!in_order.empty()) {
      const elf::Symbol& symbol = object_.file.symbols()[in_order.front()];
      if (MayBeVariable(symbol) && symbol.name == name) {
        in_order = in_order.subspan(1);
        return &symbol;
      }
    }
    return symbols_.Find(section.index, name);
  }

  const Object& object_;
  VariableSymbols symbols_;
  bool relocated_;
};

}  // namespace

void ReadTypes(Object& object) {
  const elf::Section* section = object.FindSection(".BTF");
  if (section == nullptr || section->size == 0) return;
  auto blob = section->Contents();
  if (!blob) {
    object.spec.btf_problem = std::move(blob).error().message;
    return;
  }
  auto btf = elf::Btf::Parse(*blob);
  if (!btf) {
    object.spec.btf_problem = std::move(btf).error().message;
    return;
  }
  if (btf->order() != object.file.order()) {
    object.spec.btf_problem = "BTF: its byte order is not the object's";
    return;
  }
  object.btf.emplace(std::move(*btf));

  std::optional<Linker> linker;
  for (uint32_t i = 1; i < object.btf->type_count(); ++i) {
    const elf::TypeId id{i};
    switch (object.btf->KindOf(id)) {
      case elf::BtfKind::kDatasec:
        if (!linker) linker.emplace(object);
        object.datasecs.push_back(linker->Link(*object.btf, object.btf->Type(id)));
        break;
      case elf::BtfKind::kFunc: {
        const elf::BtfType function = object.btf->Type(id);
        object.AddFunctionType(function.name, id);
        if (function.linkage == elf::kExternLinkage) object.undefined.push_back(function);
        break;
      }
      case elf::BtfKind::kVar: {
        const elf::BtfType variable = object.btf->Type(id);
        if (variable.linkage == elf::kExternLinkage) object.undefined.push_back(variable);
        break;
      }
      case elf::BtfKind::kDeclTag:
        object.tags.push_back(object.btf->Type(id));
        break;
      default:
        break;
    }
  }
  std::ranges::stable_sort(object.datasecs, {}, &TypedSection::name);
}

}  // namespace purebpf::internal
