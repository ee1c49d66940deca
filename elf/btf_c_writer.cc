#include "purebpf/elf/btf_c_writer.h"

#include <algorithm>

#include "purebpf/elf/text.h"

namespace purebpf::elf {
namespace {

constexpr size_t kMaxBraces = 64;  // of types without a name in each other
constexpr std::string_view kPadName = "__purebpf_pad";
constexpr uint64_t kMaxPadFields = 16;  // of 64 bits; longer padding is an array

std::string_view KeywordOf(const BtfType& type) {
  switch (type.kind) {
    case BtfKind::kUnion:
      return "union ";
    case BtfKind::kEnum:
    case BtfKind::kEnum64:
      return "enum ";
    case BtfKind::kFwd:
      return type.kind_flag ? "union " : "struct ";
    default:
      return "struct ";
  }
}

bool IsAggregate(const BtfType& type) {
  return type.kind == BtfKind::kStruct || type.kind == BtfKind::kUnion;
}

bool IsWord(std::string_view text) { return !text.empty() && CIdentifier(text) == text; }

// "address_space(1)": the one attribute of pointers that kfuncs have (Linux 6.15).
bool IsAddressSpace(std::string_view text) {
  constexpr std::string_view kBefore = "address_space(";
  if (!text.starts_with(kBefore) || !text.ends_with(')')) return false;
  const std::string_view number = text.substr(kBefore.size(), text.size() - kBefore.size() - 1);
  return !number.empty() && number.size() < 10 &&
         number.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string Value(const BtfType& type, uint64_t value) {
  const auto negative = static_cast<int64_t>(value);
  const bool wide = type.kind == BtfKind::kEnum64;
  // Before clang 15 and pahole 1.24 nothing said that an enum is signed. It shows where its size
  // has no room for the value otherwise.
  if (!type.kind_flag && !wide && type.size < 4 && value > 0xffff) {
    return Concat({"-", Decimal(uint64_t{0x100000000} - value)});
  }
  if (type.kind_flag && negative == INT64_MIN) return "-9223372036854775807LL - 1";
  if (type.kind_flag && negative < 0) {
    return Concat({"-", Decimal(uint64_t{0} - value), wide ? "LL" : ""});
  }
  return Concat({Decimal(value), wide ? (type.kind_flag ? "LL" : "ULL") : ""});
}

// Enums have 4 bytes, or 8 where a value needs them. Any other size must be asked for.
std::string_view ModeOf(const BtfType& type, bool needs_eight) {
  switch (type.size) {
    case 1:
      return " __attribute__((mode(QI)))";
    case 2:
      return " __attribute__((mode(HI)))";
    case 8:
      return needs_eight ? "" : " __attribute__((mode(DI)))";
    default:
      return "";
  }
}

// Whether an enumerator of this value makes its enum 8 bytes long, in a C that has no other way.
bool NeedsEight(const BtfType& type, uint64_t value) {
  const auto number = static_cast<int64_t>(value);
  return type.kind_flag ? number < INT32_MIN || number > INT32_MAX : value > UINT32_MAX;
}

}  // namespace

CWriter::CWriter(const Btf& types, uint64_t budget)
    : Declarator(types),
      type_names_(types.type_count()),
      enumerators_written_(types.type_count()),
      layouts_(types),
      budget_(budget) {}

bool CWriter::Charge(uint64_t bytes) {
  if (bytes > budget_) exhausted_ = true;
  budget_ -= std::min(bytes, budget_);
  return !exhausted_;
}

std::string CWriter::TagFor(const BtfType& type) {
  const bool forward = type.kind == BtfKind::kFwd;
  const std::string_view keyword = KeywordOf(type);
  if (const auto use = tag_uses_.find(CIdentifier(type.name)); use != tag_uses_.end()) {
    Tag& tag = use->second;
    if (tag.keyword == keyword && (forward || !tag.defined)) {
      tag.defined = tag.defined || !forward;
      return use->first;
    }
    return tags_.Take(type.name);
  }
  std::string name = tags_.Take(type.name);
  tag_uses_.emplace(name, Tag{.keyword = keyword, .defined = !forward});
  return name;
}

std::string_view CWriter::NameOf(const BtfType& type) {
  std::string& name = type_names_[static_cast<uint32_t>(type.id)];
  if (!name.empty() || type.name.empty()) return name;
  Charge(type.name.size());
  name = type.kind == BtfKind::kTypedef ? names_.Take(type.name) : TagFor(type);
  return name;
}

std::string CWriter::Reference(const BtfType& type) {
  if (type.kind == BtfKind::kTypedef) return std::string(NameOf(type));
  return Concat({KeywordOf(type), NameOf(type)});
}

std::string CWriter::Prototype(const BtfType& function) {
  Charge(function.name.size());
  if (!IsWord(function.name) || names_.Has(function.name)) return "";
  return Concat(
      {"extern ", Declare(function.target, names_.Take(function.name)), " __weak __ksym;\n"});
}

std::string CWriter::Specifier(const BtfType& type) {
  switch (type.kind) {
    case BtfKind::kInt:
    case BtfKind::kFloat:
      return std::string(ScalarOf(btf(), type).name);
    case BtfKind::kStruct:
    case BtfKind::kUnion:
      return type.name.empty() ? StructDefinition(type, "") : Reference(type);
    case BtfKind::kEnum:
    case BtfKind::kEnum64:
      if (!type.name.empty()) return Reference(type);
      // A second time, its enumerators would be declared twice.
      if (enumerators_written_[static_cast<uint32_t>(type.id)]) {
        return std::string(ScalarOf(btf(), type).name);
      }
      return EnumDefinition(type);
    case BtfKind::kTypedef:
    case BtfKind::kFwd:
      return Reference(type);
    default:
      return "void";
  }
}

std::string CWriter::Attribute(const BtfType& type_tag) {
  if (!type_tag.kind_flag && IsWord(type_tag.name)) {
    return Concat({" BTF_TYPE_TAG(", type_tag.name, ")"});
  }
  if (type_tag.kind_flag && IsAddressSpace(type_tag.name)) {
    return Concat({" __attribute__((", type_tag.name, "))"});
  }
  return "";
}

std::string CWriter::ParameterName(std::string_view name) {
  Charge(name.size());
  // A type's name would hide the type from the parameters that follow.
  return names_.Has(name) ? "" : CIdentifier(name);
}

// Unnamed bit fields for the bits `from` .. `to`, none of them across the boundary of its type.
void CWriter::Pad(std::string& text, uint64_t from, uint64_t to) const {
  struct Unit {
    std::string_view name;
    uint64_t bits;
  };
  static constexpr Unit kUnits[] = {{"char", 8}, {"short", 16}, {"int", 32}, {"long", 64}};
  while (from < to) {
    if (from % 64 == 0 && to - from > kMaxPadFields * 64) {
      const uint64_t bytes = (to - from) / 64 * 8;
      text += Concat({Indent(), "unsigned char ", kPadName, "_", Decimal(from / 8), "[",
                      Decimal(bytes), "];\n"});
      from += bytes * 8;
      continue;
    }
    const uint64_t width = std::min(to - from, 64 - from % 64);
    for (const Unit& unit : kUnits) {
      if (from % unit.bits + width > unit.bits) continue;
      text += Concat({Indent(), unit.name, " : ", Decimal(width), ";\n"});
      break;
    }
    from += width;
  }
}

void CWriter::AppendMember(std::string& text, const BtfMember& member, CPlace place) {
  std::string line;
  if (!member.name.empty()) {
    line = Declare(member.type, CIdentifier(member.name));
  } else if (const auto inner = btf().Resolve(member.type); inner && IsAggregate(*inner)) {
    // Also where the type has a name: only with -fms-extensions would "struct file;" be a member.
    line = StructDefinition(*inner, "");
  } else {
    line = Declare(member.type, Concat({"__unnamed_", Decimal(place.offset)}));
  }
  text += Indent();
  text += line;
  if (place.width != 0) text += Concat({" : ", Decimal(place.width)});
  text += ";\n";
  Charge(line.size());
}

std::string CWriter::StructDefinition(const BtfType& type, std::string_view name) {
  std::string text = Concat({KeywordOf(type), name, name.empty() ? "{\n" : " {\n"});
  if (depth_ >= kMaxBraces) exhausted_ = true;
  ++depth_;
  const CStruct layout = layouts_.Of(type);
  const bool is_union = type.kind == BtfKind::kUnion;
  uint64_t end = 0;
  for (uint32_t i = 0; i < type.count && !exhausted_; ++i) {
    const BtfMember member = btf().Member(type, i);
    const CPlace place = layouts_.PlaceOf(member);
    const uint64_t position = is_union ? 0 : end;
    // GCC aligns __int128 to 8 bytes, clang to 16: padding that is not left to either is right for
    // both.
    const bool differs =
        position < place.offset && place.width == 0 && layouts_.AlignOf(member.type) == kMaxAlign;
    if (differs || layouts_.NextPlace(member, place, position, layout.packed) != place.offset) {
      Pad(text, position, place.offset);
    }
    AppendMember(text, member, place);
    const uint64_t width = place.width != 0 ? place.width : layouts_.BitsOf(member.type);
    end = std::max(end, place.offset + width);
  }
  const uint64_t size = uint64_t{type.size} * 8;
  const uint64_t alignment = uint64_t{layout.align} * 8;
  if ((end + alignment - 1) / alignment * alignment < size) {
    // Bit fields of a union lie on each other.
    if (is_union && size > 64) {
      text += Concat({Indent(), "unsigned char ", kPadName, "[", Decimal(type.size), "];\n"});
    } else {
      Pad(text, is_union ? 0 : end, size);
    }
  }
  --depth_;
  text += Indent();
  text += '}';
  if (layout.packed && layout.align == 1) text += " __attribute__((packed))";
  if (layout.packed && layout.align > 1) {
    text += Concat({" __attribute__((packed, aligned(", Decimal(layout.align), ")))"});
  }
  if (!layout.packed && layout.align == kMaxAlign) text += " __attribute__((aligned(16)))";
  Charge(text.size());
  return text;
}

std::string CWriter::EnumDefinition(const BtfType& type) {
  const std::string_view name = NameOf(type);
  std::string text = Concat({"enum ", name, name.empty() ? "{\n" : " {\n"});
  bool needs_eight = false;
  enumerators_written_[static_cast<uint32_t>(type.id)] = true;
  ++depth_;
  for (uint32_t i = 0; i < type.count && !exhausted_; ++i) {
    const BtfEnumerator enumerator = btf().Enumerator(type, i);
    needs_eight = needs_eight || NeedsEight(type, enumerator.value);
    const size_t before = text.size();
    text += Indent();
    text += names_.Take(enumerator.name.empty() ? "__unnamed" : enumerator.name);
    text += Concat({" = ", Value(type, enumerator.value), ",\n"});
    Charge(text.size() - before);
  }
  // C has no enum without a value; BTF says so of one that is only declared.
  if (type.count == 0) {
    text += Concat({Indent(), names_.Take(Concat({"__empty_", name})), " = 0,\n"});
  }
  --depth_;
  text += Concat({Indent(), "}", ModeOf(type, needs_eight)});
  return text;
}

}  // namespace purebpf::elf
