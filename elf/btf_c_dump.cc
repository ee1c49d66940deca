// The order of a C header: every type after what it needs, which is the whole type for a member,
// and no more than its name behind a pointer.
#include "purebpf/elf/btf_c_dump.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "purebpf/elf/btf_c_writer.h"
#include "purebpf/elf/text.h"

namespace purebpf::elf {
namespace {

constexpr int kMaxNesting = 512;  // of types that wait for each other
constexpr int kMaxChain = kMaxDeclaratorDepth;
// How much longer than BTF its text may be. The kernel's takes two thirds of its BTF; a type
// without a name is written wherever it is used, which a hostile file can do exponentially often.
constexpr uint64_t kMaxGrowth = 16;
constexpr uint64_t kMinBudget = 64 * 1024;  // bytes

enum class State : uint8_t { kUnknown, kDeclared, kDefining, kDefined };

bool IsAggregate(BtfKind kind) { return kind == BtfKind::kStruct || kind == BtfKind::kUnion; }

std::string TooDeep(const BtfType& type) {
  return Concat({"BTF: ", Describe(type), ": more than ", Decimal(kMaxNesting),
                 " types that wait for each other"});
}

std::string Loop(const BtfType& type) {
  return Concat({"BTF: ", Describe(type), " contains itself"});
}

constexpr std::string_view kBefore2023 =
    "#if !defined(__STDC_VERSION__) || __STDC_VERSION__ < 202000L\n";

constexpr std::string_view kTypesBegin = R"(#ifndef BTF_TYPE_TAG
#if defined(__has_attribute)
#if __has_attribute(btf_type_tag)
#define BTF_TYPE_TAG(tag) __attribute__((btf_type_tag(#tag)))
#endif
#endif
#endif
#ifndef BTF_TYPE_TAG
#define BTF_TYPE_TAG(tag)
#endif

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpacked-not-aligned"
#endif
#if defined(__clang__) && !defined(BPF_NO_PRESERVE_ACCESS_INDEX)
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#endif

)";
constexpr std::string_view kTypesEnd =
    R"(#if defined(__clang__) && !defined(BPF_NO_PRESERVE_ACCESS_INDEX)
#pragma clang attribute pop
#endif
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

)";
constexpr std::string_view kFunctionsBegin = R"(#ifndef BPF_NO_KFUNC_PROTOTYPES
#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif

)";
constexpr std::string_view kFunctionsEnd = "\n#endif\n\n";

class CDump {
 public:
  CDump(const Btf& btf, uint64_t budget)
      : btf_(btf), writer_(btf, budget), states_(btf.type_count()), used_(btf.type_count()) {}

  Result<std::string> Dump(std::string_view guard);

 private:
  void NoteUses();
  void AppendType(const BtfType& type);
  void AppendFunctions();

  // Writes what a declaration of that type needs. `whole`: the type's size too.
  void Require(TypeId id, bool whole);
  void RequireMembers(const BtfType& type);
  void DefineStruct(const BtfType& type);
  void DefineTypedef(const BtfType& type);
  void DefineEnum(const BtfType& type);
  void Forward(const BtfType& type);

  void Append(std::initializer_list<std::string_view> parts);
  void Fail(std::string message) {
    if (!failed_) error_.message = std::move(message);
    failed_ = true;
  }
  // `step` for each member or parameter, where `type` does not wait for too many others.
  template <typename Step>
  void Nested(const BtfType& type, Step step) {
    if (++nesting_ > kMaxNesting) Fail(TooDeep(type));
    // Types without a name are walked through wherever they stand: this is work too.
    for (uint32_t i = 0; i < type.count && Going() && writer_.Charge(1); ++i) step(i);
    --nesting_;
  }
  [[nodiscard]] bool Going() const { return !failed_ && !writer_.exhausted(); }
  State& StateOf(const BtfType& type) { return states_[static_cast<uint32_t>(type.id)]; }

  const Btf& btf_;
  CWriter writer_;
  std::vector<State> states_;
  std::vector<bool> used_;                    // enums without a name that another type refers to
  std::unordered_set<std::string> declared_;  // struct and union tags
  TypeId defining_ = TypeId::kVoid;
  int nesting_ = 0;
  std::string text_;
  ParseError error_;
  bool failed_ = false;
};

void CDump::Append(std::initializer_list<std::string_view> parts) {
  const size_t before = text_.size();
  for (const std::string_view part : parts) text_ += part;
  writer_.Charge(text_.size() - before);
}

void CDump::NoteUses() {
  const auto use = [this](TypeId id) {
    if (static_cast<uint32_t>(id) < used_.size()) used_[static_cast<uint32_t>(id)] = true;
  };
  for (uint32_t id = 1; id < btf_.type_count(); ++id) {
    const BtfType type = btf_.Type(TypeId{id});
    use(type.target);
    if (type.kind == BtfKind::kArray) use(btf_.Array(type).element);
    if (IsAggregate(type.kind)) {
      for (uint32_t i = 0; i < type.count; ++i) use(btf_.Member(type, i).type);
    }
    if (type.kind == BtfKind::kFuncProto) {
      for (uint32_t i = 0; i < type.count; ++i) use(btf_.Parameter(type, i).type);
    }
  }
}

void CDump::Require(TypeId id, bool whole) {
  for (int depth = 0; depth < kMaxChain && Going(); ++depth) {
    const BtfType type = btf_.Type(id);
    switch (type.kind) {
      case BtfKind::kPtr:
        whole = false;
        break;
      case BtfKind::kConst:
      case BtfKind::kVolatile:
      case BtfKind::kRestrict:
      case BtfKind::kTypeTag:
        break;
      case BtfKind::kArray:
        whole = true;
        id = btf_.Array(type).element;
        continue;
      case BtfKind::kFuncProto:
        Nested(type, [&](uint32_t i) { Require(btf_.Parameter(type, i).type, /*whole=*/false); });
        whole = false;
        break;
      case BtfKind::kTypedef:
        DefineTypedef(type);
        if (!whole) return;
        break;
      case BtfKind::kStruct:
      case BtfKind::kUnion:
        if (type.name.empty()) return RequireMembers(type);
        return whole ? DefineStruct(type) : Forward(type);
      case BtfKind::kFwd:
        return Forward(type);
      case BtfKind::kEnum:
      case BtfKind::kEnum64:
        if (!type.name.empty()) DefineEnum(type);
        return;
      default:
        return;
    }
    id = type.target;
  }
  if (!Going()) return;
  Fail(Concat({"BTF: type ", Decimal(static_cast<uint32_t>(id)), ": more than ", Decimal(kMaxChain),
               " types in a row, or a loop"}));
}

void CDump::RequireMembers(const BtfType& type) {
  Nested(type, [&](uint32_t i) { Require(btf_.Member(type, i).type, /*whole=*/true); });
}

void CDump::Forward(const BtfType& type) {
  State& state = StateOf(type);
  // A struct is declared by its own definition, unless a typedef comes before that.
  if (type.id == defining_ || type.name.empty()) return;
  if (state == State::kDeclared || state == State::kDefined) return;
  if (declared_.insert(std::string(writer_.NameOf(type))).second) {
    Append({writer_.Reference(type), ";\n\n"});
  }
  if (state == State::kUnknown) state = State::kDeclared;
}

void CDump::DefineStruct(const BtfType& type) {
  State& state = StateOf(type);
  if (state == State::kDefined) return;
  if (state == State::kDefining) return Fail(Loop(type));
  state = State::kDefining;
  const TypeId outer = std::exchange(defining_, type.id);
  RequireMembers(type);
  defining_ = outer;
  if (failed_) return;
  declared_.insert(std::string(writer_.NameOf(type)));
  Append({writer_.StructDefinition(type, writer_.NameOf(type)), ";\n\n"});
  state = State::kDefined;
}

void CDump::DefineTypedef(const BtfType& type) {
  State& state = StateOf(type);
  if (state == State::kDefined) return;
  if (state == State::kDefining) return Fail(Loop(type));
  state = State::kDefining;
  const TypeId outer = std::exchange(defining_, type.id);
  Require(type.target, /*whole=*/false);
  defining_ = outer;
  if (failed_) return;
  // A word of C since 2023.
  const bool is_bool = type.name == "bool";
  Append({is_bool ? kBefore2023 : "", "typedef ",
          writer_.Declare(type.target, writer_.NameOf(type)), ";\n", is_bool ? "#endif\n" : "",
          "\n"});
  state = State::kDefined;
}

void CDump::DefineEnum(const BtfType& type) {
  State& state = StateOf(type);
  if (state == State::kDefined) return;
  state = State::kDefined;
  const bool is_bool = type.name.empty() && type.count == 2 &&
                       btf_.Enumerator(type, 0).name == "false" &&
                       btf_.Enumerator(type, 1).name == "true";
  Append({is_bool ? kBefore2023 : "", writer_.EnumDefinition(type), ";\n",
          is_bool ? "#endif\n" : "", "\n"});
}

void CDump::AppendType(const BtfType& type) {
  switch (type.kind) {
    case BtfKind::kStruct:
    case BtfKind::kUnion:
      if (!type.name.empty()) DefineStruct(type);
      return;
    case BtfKind::kTypedef:
      return DefineTypedef(type);
    case BtfKind::kEnum:
    case BtfKind::kEnum64:
      // One without a name stands where it is used.
      if (!type.name.empty() || !used_[static_cast<uint32_t>(type.id)]) DefineEnum(type);
      return;
    default:
      return;
  }
}

void CDump::AppendFunctions() {
  std::string prototypes;
  for (uint32_t id = btf_.first_id(); id < btf_.type_count() && !writer_.exhausted(); ++id) {
    const BtfType tag = btf_.Type(TypeId{id});
    if (tag.kind != BtfKind::kDeclTag || tag.name != "bpf_kfunc") continue;
    const BtfType function = btf_.Type(tag.target);
    if (function.kind != BtfKind::kFunc) continue;
    Require(function.target, /*whole=*/false);
    prototypes += writer_.Prototype(function);
  }
  if (!prototypes.empty()) Append({kFunctionsBegin, prototypes, kFunctionsEnd});
}

Result<std::string> CDump::Dump(std::string_view guard) {
  NoteUses();
  Append({"#ifndef ", guard, "\n#define ", guard, "\n\n", kTypesBegin});
  for (uint32_t id = btf_.first_id(); id < btf_.type_count() && Going(); ++id) {
    AppendType(btf_.Type(TypeId{id}));
  }
  if (Going()) AppendFunctions();
  Append({kTypesEnd, "#endif /* ", guard, " */\n"});
  if (failed_) return std::unexpected(std::move(error_));
  if (writer_.exhausted()) {
    return Unsupported(
        Concat({"BTF: its types repeat each other, or nest, so often that their text "
                "in C has more than ",
                Decimal(kMaxGrowth), " times their size"}));
  }
  return std::move(text_);
}

// Bytes of all types and names.
uint64_t SizeOf(const Btf& btf) {
  uint64_t size = btf.strings().size();
  for (uint32_t id = btf.first_id(); id < btf.type_count(); ++id) {
    size += btf.Record(TypeId{id}).size();
  }
  return size + (btf.base() != nullptr ? SizeOf(*btf.base()) : 0);
}

}  // namespace

Result<std::string> DumpC(const Btf& btf, const CDumpOptions& options) {
  return CDump(btf, kMaxGrowth * SizeOf(btf) + kMinBudget).Dump(options.guard);
}

}  // namespace purebpf::elf
