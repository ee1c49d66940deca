#include "purebpf/tools/skeleton/cpp_types.h"

#include <algorithm>

#include "purebpf/elf/text.h"

namespace purebpf::skeleton {
namespace {

using elf::BtfKind;
using elf::BtfMember;
using elf::BtfType;
using elf::Concat;
using elf::CPlace;
using elf::Decimal;

constexpr int kMaxDepth = 64;  // of types in each other
constexpr size_t kMaxDimensions = 8;

bool IsAggregate(const BtfType& type) {
  return type.kind == BtfKind::kStruct || type.kind == BtfKind::kUnion;
}

bool IsEnum(const BtfType& type) {
  return type.kind == BtfKind::kEnum || type.kind == BtfKind::kEnum64;
}

// What a type is an array of (itself, where it is none), under which name.
struct Shape {
  BtfType base;
  std::string_view alias;  // of the typedef next to it
  std::vector<uint32_t> dimensions;
};

Shape ShapeOf(const elf::Btf& btf, elf::TypeId id) {
  Shape shape;
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const BtfType type = btf.Type(id);
    switch (type.kind) {
      case BtfKind::kTypedef:
        shape.alias = type.name;
        [[fallthrough]];
      case BtfKind::kConst:
      case BtfKind::kVolatile:
      case BtfKind::kRestrict:
      case BtfKind::kTypeTag:
        id = type.target;
        break;
      case BtfKind::kArray:
        if (shape.dimensions.size() == kMaxDimensions) return {};
        shape.alias = "";
        shape.dimensions.push_back(btf.Array(type).count);
        id = btf.Array(type).element;
        break;
      default:
        shape.base = type;
        return shape;
    }
  }
  return {};
}

std::string_view IntegerOf(uint32_t size, bool is_signed) {
  switch (size) {
    case 1:
      return is_signed ? "int8_t" : "uint8_t";
    case 2:
      return is_signed ? "int16_t" : "uint16_t";
    case 4:
      return is_signed ? "int32_t" : "uint32_t";
    case 8:
      return is_signed ? "int64_t" : "uint64_t";
    case 16:
      return is_signed ? "purebpf::Int128" : "purebpf::Uint128";
    default:
      return "";
  }
}

std::string_view ScalarName(const elf::Btf& btf, const BtfType& type) {
  if (type.kind == BtfKind::kPtr) return "uint64_t";
  if (type.kind == BtfKind::kFloat)
    return type.size == 4 ? "float" : type.size == 8 ? "double" : "";
  const elf::BtfInt encoding = btf.Int(type);
  if (encoding.is_bool && type.size == 1) return "bool";
  if (type.name == "char" && type.size == 1) return "char";
  return IntegerOf(type.size, encoding.is_signed);
}

// "  // points to struct node", "".
std::string PointedTo(const BtfType& type) {
  if (type.kind == BtfKind::kFuncProto) return "  // points to a function";
  if (type.name.empty()) return "  // a pointer";
  const bool tagged = IsAggregate(type) || type.kind == BtfKind::kFwd;
  const bool is_union =
      type.kind == BtfKind::kUnion || (type.kind == BtfKind::kFwd && type.kind_flag);
  return Concat({"  // points to ",
                 !tagged    ? ""
                 : is_union ? "union "
                            : "struct ",
                 CommentText(type.name)});
}

std::string_view KeywordOf(const BtfType& type) {
  if (IsEnum(type)) return "enum ";
  return type.kind == BtfKind::kUnion ? "union " : "struct ";
}

// With the sign that the enum's size has room for.
std::string ValueOf(const BtfType& type, uint64_t value) {
  const uint32_t bits = std::min(type.size, 8U) * 8;
  const uint64_t mask = bits == 64 ? UINT64_MAX : (uint64_t{1} << bits) - 1;
  value &= mask;
  if (!type.kind_flag || (value >> (bits - 1) & 1) == 0)
    return Concat({Decimal(value), value > UINT32_MAX && !type.kind_flag ? "U" : ""});
  // The least number has no literal of its own.
  if (bits == 64 && value == uint64_t{1} << 63) return "-9223372036854775807 - 1";
  return Concat({"-", Decimal(mask - value + 1)});
}

}  // namespace

CppTypes::CppTypes(const elf::Btf& btf, Names& names, uint64_t budget)
    : btf_(btf),
      names_(names),
      layouts_(btf),
      states_(btf.type_count()),
      announced_(btf.type_count()),
      keys_(btf.type_count()),
      type_names_(btf.type_count()),
      budget_(budget) {}

bool CppTypes::Charge(uint64_t bytes) {
  if (bytes > budget_) exhausted_ = true;
  budget_ -= std::min(bytes, budget_);
  return !exhausted_;
}

void CppTypes::Announce(elf::TypeId id, uint8_t uses, int depth) {
  const BtfType type = ShapeOf(btf_, id).base;
  uint8_t& announced = announced_[static_cast<uint32_t>(type.id)];
  if (!IsAggregate(type) || (announced & uses) == uses || depth == kMaxDepth) return;
  announced |= uses;
  if (type.kind == BtfKind::kUnion || layouts_.Of(type).packed) uses |= kInUnnamed;
  for (uint32_t i = 0; i < type.count; ++i) {
    const BtfMember member = btf_.Member(type, i);
    uint8_t inside = uses;
    if (IsNested(member)) inside |= kInUnnamed;
    Announce(member.type, inside, depth + 1);
  }
}

std::string_view CppTypes::NameOf(const BtfType& type) const {
  if (IsAggregate(type) || IsEnum(type)) return type_names_[static_cast<uint32_t>(type.id)];
  const bool scalar =
      type.kind == BtfKind::kInt || type.kind == BtfKind::kPtr || type.kind == BtfKind::kFloat;
  return scalar ? ScalarName(btf_, type) : "";
}

std::string CppTypes::Spell(elf::TypeId id, const std::set<std::string>& hidden) const {
  const Shape shape = ShapeOf(btf_, id);
  std::string text(NameOf(shape.base));
  // A member of the same name stands before the type: "struct flow" is the type all the same.
  if (hidden.contains(text)) text.insert(0, KeywordOf(shape.base));
  for (size_t i = shape.dimensions.size(); i-- > 0;)
    text = Concat({"std::array<", text, ", ", Decimal(shape.dimensions[i]), ">"});
  return text;
}

std::optional<std::string> CppTypes::Define(elf::TypeId id, uint64_t size, std::string_view hint) {
  const auto known = btf_.SizeOf(id);
  if (!known || *known != size || size == 0) return std::nullopt;
  if (!DefineBase(id, hint, 0)) return std::nullopt;
  return Spell(id, {});
}

bool CppTypes::DefineBase(elf::TypeId id, std::string_view hint, int depth) {
  const Shape shape = ShapeOf(btf_, id);
  const std::string_view name = !shape.base.name.empty() ? shape.base.name
                                : !shape.alias.empty()   ? shape.alias
                                                         : hint;
  if (IsAggregate(shape.base)) return DefineAggregate(shape.base, name, depth);
  if (IsEnum(shape.base)) DefineEnum(shape.base, name);
  return !NameOf(shape.base).empty();
}

void CppTypes::DefineEnum(const BtfType& type, std::string_view name) {
  State& state = StateOf(type);
  const std::string_view underlying = IntegerOf(type.size, type.kind_flag);
  if (state != State::kUnknown || underlying.empty() || type.size > 8) return;
  state = State::kDefined;
  std::string& taken = type_names_[static_cast<uint32_t>(type.id)];
  taken = names_.Take(name);
  std::string text = Concat({"enum class ", taken, " : ", underlying, " {\n"});
  Names enumerators;
  for (uint32_t i = 0; i < type.count && !exhausted_; ++i) {
    const elf::BtfEnumerator enumerator = btf_.Enumerator(type, i);
    const std::string line = Concat(
        {"  ", enumerators.Take(enumerator.name), " = ", ValueOf(type, enumerator.value), ",\n"});
    Charge(line.size());
    text += line;
  }
  definitions_ += Concat({text, "};\n\n"});
}

bool CppTypes::DefineMembers(const BtfType& type, std::string_view hint, int depth) {
  for (uint32_t i = 0; i < type.count && Charge(1); ++i) {
    const BtfMember member = btf_.Member(type, i);
    const Shape shape = ShapeOf(btf_, member.type);
    if (IsNested(member)) {
      if (depth >= kMaxDepth || !DefineMembers(shape.base, hint, depth + 1)) return false;
    } else {
      // What cannot be defined is bytes.
      DefineBase(member.type, Concat({hint, "_", member.name}), depth + 1);
    }
  }
  return !exhausted_;
}

// Whether it is a struct or union without a name, whose members count as the outer one's.
bool CppTypes::IsNested(const BtfMember& member) const {
  if (!member.name.empty()) return false;
  const Shape shape = ShapeOf(btf_, member.type);
  return IsAggregate(shape.base) && shape.dimensions.empty();
}

// In bits; 0 for arrays of unknown length.
uint64_t CppTypes::WidthOf(const BtfMember& member) const {
  const CPlace place = layouts_.PlaceOf(member);
  return place.width != 0 ? place.width : layouts_.BitsOf(member.type);
}

// Members come one after the other, whole, within the struct.
bool CppTypes::IsSound(const BtfType& type, int depth) const {
  const bool is_union = type.kind == BtfKind::kUnion;
  uint64_t position = 0;
  for (uint32_t i = 0; i < type.count; ++i) {
    const BtfMember member = btf_.Member(type, i);
    const CPlace place = layouts_.PlaceOf(member);
    const uint64_t bits = WidthOf(member);
    if (bits == 0) continue;
    if (is_union ? place.offset != 0 : place.offset < position) return false;
    if (place.width == 0 && place.offset % 8 != 0) return false;
    if (bits > uint64_t{type.size} * 8 - std::min(place.offset, uint64_t{type.size} * 8))
      return false;
    if (IsNested(member) && (depth >= kMaxDepth || place.width != 0 ||
                             !IsSound(ShapeOf(btf_, member.type).base, depth + 1)))
      return false;
    position = place.offset + bits;
  }
  return true;
}

bool CppTypes::DefineAggregate(const BtfType& type, std::string_view name, int depth) {
  State& state = StateOf(type);
  if (state == State::kDefined || state == State::kOpaque) return true;
  if (state == State::kDefining || type.size == 0 || depth >= kMaxDepth) return false;
  state = State::kDefining;
  const std::string taken = names_.Take(name);
  // First what runs out of budget where the type is walked through too often.
  const bool sound = DefineMembers(type, taken, depth) && IsSound(type, 0);
  Writing writing;
  writing.name = taken;
  writing.initial = (UsesOf(type) & kInUnnamed) == 0;
  if (sound) {
    TakeMemberNames(type, writing, 0);
    WriteBody(type, writing, {.initial = writing.initial});
    state = State::kDefined;
  } else {
    writing.text = Concat({"  uint8_t bytes[", Decimal(type.size), "]", writing.initial ? "{}" : "",
                           ";  // no layout that C++ has\n"});
    state = State::kOpaque;
  }
  const std::string definition = Concat(
      {KeywordOf(type), sound ? Attributes(type) : "", taken, " {\n", writing.text, "};\n\n"});
  const std::string checks =
      Concat({"static_assert(sizeof(", taken, ") == ", Decimal(type.size), ");\n", writing.checks});
  if (!Charge(definition.size() + checks.size())) return false;
  // Only now, so that what holds itself holds bytes.
  type_names_[static_cast<uint32_t>(type.id)] = taken;
  definitions_ += definition;
  checks_ += checks;
  return true;
}

// "[[gnu::packed]] ", or "".
std::string CppTypes::Attributes(const BtfType& type) const {
  const elf::CStruct layout = layouts_.Of(type);
  if (!layout.packed) return "";
  if (layout.align == 1) return "[[gnu::packed]] ";
  return Concat({"[[gnu::packed, gnu::aligned(", Decimal(layout.align), ")]] "});
}

// In the order in which WriteBody comes to them.
void CppTypes::TakeMemberNames(const BtfType& type, Writing& writing, int depth) {
  for (uint32_t i = 0; i < type.count && Charge(1); ++i) {
    const BtfMember member = btf_.Member(type, i);
    if (IsNested(member)) {
      if (depth < kMaxDepth && WidthOf(member) != 0)
        TakeMemberNames(ShapeOf(btf_, member.type).base, writing, depth + 1);
    } else {
      writing.names.push_back(writing.members.Take(member.name));
      writing.hidden.insert(writing.names.back());
    }
  }
}

void CppTypes::Line(Writing& writing, const Scope& scope, std::string_view text) {
  writing.text += std::string(static_cast<size_t>(scope.depth) * 2, ' ');
  writing.text += text;
  writing.text += '\n';
  Charge(text.size());
}

void CppTypes::Pad(Writing& writing, const Scope& scope, uint64_t from, uint64_t to) {
  while (from < to && !exhausted_) {
    const std::string name = writing.members.Take("padding");
    const std::string_view initial = scope.initial ? "{}" : "";
    uint64_t width = to - from;
    if (from % 8 == 0 && width >= 8) {
      const uint64_t bytes = width / 8;
      width = bytes * 8;
      const std::string count = bytes == 1 ? "" : Concat({"[", Decimal(bytes), "]"});
      Line(writing, scope, Concat({"uint8_t ", name, count, initial, ";"}));
    } else {
      width = std::min(width, 8 - from % 8);
      Line(writing, scope,
           Concat({"uint8_t ", name, " : ", Decimal(width), scope.initial ? " {}" : "", ";"}));
    }
    from += width;
  }
}

void CppTypes::WriteMember(const BtfMember& member, Writing& writing, const Scope& scope,
                           bool initial) {
  const uint64_t bits = WidthOf(member);
  if (IsNested(member)) {
    if (bits != 0) WriteNested(member, writing, scope, initial);
    return;
  }
  if (writing.next_name >= writing.names.size()) return;
  const std::string name = writing.names[writing.next_name++];
  const Shape shape = ShapeOf(btf_, member.type);
  const CPlace place = layouts_.PlaceOf(member);
  if (bits == 0)
    return Line(writing, scope,
                shape.dimensions.empty()
                    ? Concat({"// ", name, ": no bytes"})
                    : Concat({"// ", name, ": from byte ", Decimal((scope.base + place.offset) / 8),
                              " on, as many as there are"}));
  std::string type(NameOf(shape.base));
  if (writing.hidden.contains(type)) type.insert(0, KeywordOf(shape.base));
  std::string line;
  if (place.width != 0) {
    if (type.empty()) type = "uint64_t";
    line = Concat({type, " ", name, " : ", Decimal(place.width), initial ? " {}" : ""});
  } else if (type.empty()) {
    line = Concat({"uint8_t ", name, "[", Decimal(bits / 8), "]", initial ? "{}" : ""});
  } else {
    line = Concat({type, " ", name});
    for (const uint32_t count : shape.dimensions) line += Concat({"[", Decimal(count), "]"});
    if (initial) line += "{}";
  }
  line += ';';
  if (shape.base.kind == BtfKind::kPtr) line += PointedTo(ShapeOf(btf_, shape.base.target).base);
  Line(writing, scope, line);
  if (place.width != 0) return;
  const std::string check = Concat({"static_assert(offsetof(", writing.name, ", ", name,
                                    ") == ", Decimal((scope.base + place.offset) / 8), ");\n"});
  Charge(check.size());
  writing.checks += check;
}

void CppTypes::WriteNested(const BtfMember& member, Writing& writing, const Scope& scope,
                           bool initial) {
  const BtfType type = ShapeOf(btf_, member.type).base;
  Line(writing, scope, Concat({KeywordOf(type), Attributes(type), "{"}));
  // In one that stands in another there are none: they are a constructor, as for a type (Announce).
  WriteBody(type, writing,
            {.depth = scope.depth + 1,
             .base = scope.base + member.bit_offset,
             .initial = initial && scope.depth == 1});
  Line(writing, scope, "};");
}

void CppTypes::WriteBody(const BtfType& type, Writing& writing, const Scope& scope) {
  if (type.kind == BtfKind::kUnion) return WriteUnion(type, writing, scope);
  const bool packed = layouts_.Of(type).packed;
  uint64_t position = 0;
  for (uint32_t i = 0; i < type.count && !exhausted_; ++i) {
    const BtfMember member = btf_.Member(type, i);
    const CPlace place = layouts_.PlaceOf(member);
    const uint64_t bits = WidthOf(member);
    if (bits != 0) {
      Pad(writing, scope, position, place.offset);
      position = place.offset + bits;
    }
    WriteMember(member, writing, scope, scope.initial && !(packed && IsNested(member)));
  }
  Pad(writing, scope, position, uint64_t{type.size} * 8);
}

// One member has an initial value, which must be the whole of it. In a key each member is made as
// long as the union.
void CppTypes::WriteUnion(const BtfType& type, Writing& writing, Scope scope) {
  const uint64_t size = uint64_t{type.size} * 8;
  const bool packed = layouts_.Of(type).packed;
  bool whole = !scope.initial;
  uint64_t longest = 0;
  for (uint32_t i = 0; i < type.count && !exhausted_; ++i) {
    const BtfMember member = btf_.Member(type, i);
    const uint64_t bits = WidthOf(member);
    longest = std::max(longest, bits);
    if ((UsesOf(type) & kInKey) != 0 && bits != 0 && bits != size) {
      Line(writing, scope, packed ? "struct [[gnu::packed]] {" : "struct {");
      const Scope inside{.depth = scope.depth + 1, .base = scope.base, .initial = false};
      WriteMember(member, writing, inside, false);
      Pad(writing, inside, bits, size);
      Line(writing, scope, "};");
      continue;
    }
    const bool initial =
        !whole && bits == size && layouts_.PlaceOf(member).width == 0 && !IsNested(member);
    WriteMember(member, writing, scope, initial);
    whole = whole || initial;
  }
  if (whole && longest == size) return;
  scope.initial = !whole;
  Pad(writing, scope, 0, size);
}

bool CppTypes::IsKey(elf::TypeId id, int depth) const {
  const Shape shape = ShapeOf(btf_, id);
  if (shape.base.kind == BtfKind::kFloat) return false;
  if (!IsAggregate(shape.base)) return true;
  if (depth >= kMaxDepth) return false;
  if (states_[static_cast<uint32_t>(shape.base.id)] == State::kOpaque) return true;
  uint8_t& known = keys_[static_cast<uint32_t>(shape.base.id)];
  if (known != 0) return known == 1;
  known = 2;
  for (uint32_t i = 0; i < shape.base.count; ++i) {
    const BtfMember member = btf_.Member(shape.base, i);
    const uint64_t bits = WidthOf(member);
    if (bits == 0) continue;
    if (!IsKey(member.type, depth + 1)) return false;
    const bool whole = bits == uint64_t{shape.base.size} * 8 || (UsesOf(shape.base) & kInKey) != 0;
    if (shape.base.kind == BtfKind::kUnion && !whole) return false;
  }
  known = 1;
  return true;
}

}  // namespace purebpf::skeleton
