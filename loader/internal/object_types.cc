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

// The symbols of one section's variables, by name.
class VariableSymbols {
 public:
  VariableSymbols(const Object& object, const elf::Section& section) : file_(object.file) {
    if (object.Role(section.index) == SectionRole::kCode) return;
    const std::span<const uint32_t> all = object.SymbolsIn(section.index);
    symbols_.reserve(all.size());
    for (const uint32_t index : all) {
      const elf::SymbolType type = file_.symbols()[index].type;
      if (type == elf::SymbolType::kObject || type == elf::SymbolType::kNone)
        symbols_.push_back(index);
    }
  }

  // Types mostly list variables as they lie in the section, so the next symbol is tried first: the
  // names are sorted only where it is not the one.
  [[nodiscard]] const elf::Symbol* Find(std::string_view name) {
    if (next_ < symbols_.size() && NameOf(symbols_[next_]) == name)
      return &file_.symbols()[symbols_[next_++]];
    if (by_name_.size() != symbols_.size()) {
      by_name_ = symbols_;
      std::ranges::sort(by_name_, {},
                        [this](uint32_t index) { return std::pair(NameOf(index), index); });
    }
    const auto found = std::ranges::lower_bound(by_name_, name, {},
                                                [this](uint32_t index) { return NameOf(index); });
    if (found == by_name_.end() || NameOf(*found) != name) return nullptr;
    return &file_.symbols()[*found];
  }

 private:
  [[nodiscard]] std::string_view NameOf(uint32_t index) const {
    return file_.symbols()[index].name;
  }

  const elf::File& file_;
  std::vector<uint32_t> symbols_;  // by value
  std::vector<uint32_t> by_name_;  // empty until they are looked for
  size_t next_ = 0;
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
      : object_(object), relocated_(object.FindSection(".rel.BTF") != nullptr) {}

  [[nodiscard]] TypedSection Link(const elf::Btf& btf, const elf::BtfType& datasec) const {
    TypedSection typed{.id = datasec.id, .name = datasec.name, .size = datasec.size};
    const elf::Section* section = object_.FindSection(datasec.name);
    const bool linked = datasec.size != 0;
    if (!linked && section != nullptr) typed.size = section->size;
    std::optional<VariableSymbols> symbols;
    if (section != nullptr) symbols.emplace(object_, *section);
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
      const elf::Symbol* symbol = symbols ? symbols->Find(variable.name) : nullptr;
      if (symbol != nullptr) {
        const bool known = linked || (one.is_static && relocated_);
        if (!known) one.offset = static_cast<uint32_t>(symbol->value);
        if (IsHidden(*symbol)) one.is_static = true;
      }
      typed.variables.push_back(one);
    }
    return typed;
  }

 private:
  const Object& object_;
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
