#include "purebpf/elf/btf_declarator.h"

#include <utility>

#include "purebpf/elf/text.h"

namespace purebpf::elf {
namespace {

// A pointer to an array or a function binds less than they do.
std::string Bound(std::string inner) {
  if (inner.starts_with('*')) return Concat({"(", inner, ")"});
  return inner;
}

// An array may have a qualifier that its elements have too.
void Qualify(std::string& qualifiers, std::string_view word) {
  if (!qualifiers.contains(word)) qualifiers += word;
}

}  // namespace

std::string Declarator::Parameters(const BtfType& prototype) {
  if (prototypes_ >= kMaxPrototypeDepth) return "()";
  ++prototypes_;
  std::string text = "(";
  for (uint32_t i = 0; i < prototype.count; ++i) {
    const BtfParameter parameter = btf_.Parameter(prototype, i);
    if (i != 0) text += ", ";
    if (!HasRoom(text.size())) {
      text += "...";
      break;
    }
    const bool variadic = parameter.type == TypeId::kVoid && i + 1 == prototype.count;
    // "(...)" alone is C only from 2023 on; "()" has always been.
    if (variadic && i == 0) break;
    text += variadic ? "..." : Declare(parameter.type, ParameterName(parameter.name));
  }
  if (prototype.count == 0) text += "void";
  text += ')';
  --prototypes_;
  return text;
}

std::string Declarator::Declare(TypeId id, std::string_view name) {
  std::string inner(name);
  std::string qualifiers;  // of the next type that is not one itself
  std::string attributes;
  BtfType type = btf_.Type(id);
  for (int depth = 0;; ++depth) {
    if (depth == kMaxDeclaratorDepth) type = BtfType{};
    switch (type.kind) {
      case BtfKind::kConst:
        Qualify(qualifiers, "const ");
        break;
      case BtfKind::kVolatile:
        Qualify(qualifiers, "volatile ");
        break;
      case BtfKind::kRestrict:
        Qualify(qualifiers, "restrict ");
        break;
      case BtfKind::kTypeTag:
        attributes += Attribute(type);
        break;
      case BtfKind::kPtr:
        if (inner.empty() && !qualifiers.empty()) qualifiers.pop_back();  // "const *const)"
        if (!attributes.empty()) attributes = attributes.substr(1) + " ";
        inner = Concat({"*", attributes, qualifiers, inner});
        qualifiers.clear();
        attributes.clear();
        break;
      case BtfKind::kArray: {
        const BtfArray array = btf_.Array(type);
        inner = Concat({Bound(std::move(inner)), "[", Decimal(array.count), "]"});
        type = btf_.Type(array.element);
        continue;  // the array's qualifiers are its elements'
      }
      case BtfKind::kFuncProto:
        inner = Bound(std::move(inner)) + Parameters(type);
        qualifiers.clear();
        attributes.clear();
        break;
      default:
        return Concat({qualifiers, Specifier(type), attributes, inner.empty() ? "" : " ", inner});
    }
    type = btf_.Type(type.target);
  }
}

}  // namespace purebpf::elf
