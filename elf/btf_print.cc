#include "purebpf/elf/btf_print.h"

#include <charconv>
#include <optional>

#include "purebpf/elf/btf_declarator.h"
#include "purebpf/elf/text.h"

namespace purebpf::elf {
namespace {

constexpr size_t kMaxLength = 2048;  // of one parameter list, bytes

class Printer final : public Declarator {
 public:
  explicit Printer(const Btf& types) : Declarator(types) {}

 protected:
  std::string Specifier(const BtfType& type) override {
    switch (type.kind) {
      case BtfKind::kVoid:
        return "void";
      case BtfKind::kStruct:
        return Tagged("struct ", type.name);
      case BtfKind::kUnion:
        return Tagged("union ", type.name);
      case BtfKind::kEnum:
      case BtfKind::kEnum64:
        return Tagged("enum ", type.name);
      case BtfKind::kFwd:
        return Tagged(type.kind_flag ? "union " : "struct ", type.name);
      case BtfKind::kTypedef:
      case BtfKind::kInt:
      case BtfKind::kFloat:
        return type.name.empty() ? Describe(type) : Printable(type.name);
      default:
        return Describe(type);
    }
  }
  std::string Attribute(const BtfType& tag) override { return " __" + Printable(tag.name); }
  std::string ParameterName(std::string_view name) override { return Printable(name); }
  bool HasRoom(size_t length) override {
    ++parameters_;
    return length < kMaxLength && parameters_ <= kMaxParameters;
  }

 private:
  // In all prototypes together: those of a prototype's parameters would multiply.
  static constexpr int kMaxParameters = 64;

  static std::string Tagged(std::string_view word, std::string_view name) {
    return Concat({word, name.empty() ? "{...}" : Printable(name)});
  }

  int parameters_ = 0;
};

// The next number of "0:20:3"; nothing where there is none.
std::optional<uint32_t> NextIndex(std::string_view& access) {
  uint32_t index = 0;
  const auto [end, error] = std::from_chars(access.data(), access.data() + access.size(), index);
  if (error != std::errc()) return std::nullopt;
  access.remove_prefix(static_cast<size_t>(end - access.data()));
  if (access.starts_with(':')) access.remove_prefix(1);
  return index;
}

// ".vruntime" or "[3]" behind `text`, and the type there; false where there is nothing of the kind.
bool Descend(const Btf& btf, BtfType& type, uint32_t index, std::string& text) {
  TypeId next;
  if (type.kind == BtfKind::kArray) {
    text += Concat({"[", Decimal(index), "]"});
    next = btf.Array(type).element;
  } else {
    if (index >= type.count) return false;
    const BtfMember member = btf.Member(type, index);
    if (!member.name.empty()) text += Concat({text.empty() ? "" : ".", Printable(member.name)});
    next = member.type;
  }
  const auto resolved = btf.Resolve(next);
  if (!resolved) return false;
  type = *resolved;
  return true;
}

}  // namespace

std::string FormatAccess(const Btf& btf, TypeId root, std::string_view access) {
  constexpr int kMaxSteps = 64;  // as many as the kernel takes
  const std::string name = FormatType(btf, root);
  std::string unfit = Concat({name, ": ", Printable(access)});
  const auto resolved = btf.Resolve(root);
  const auto first = NextIndex(access);
  if (!resolved || !first) return unfit;
  BtfType type = *resolved;
  std::string path;
  if (type.kind == BtfKind::kEnum || type.kind == BtfKind::kEnum64) {
    if (*first >= type.count) return unfit;
    path = Printable(btf.Enumerator(type, *first).name);
  } else if (*first != 0) {
    path = Concat({"[", Decimal(*first), "]"});
  }
  for (int step = 0; !access.empty(); ++step) {
    const auto index = NextIndex(access);
    if (!index || step == kMaxSteps || !Descend(btf, type, *index, path)) return unfit;
  }
  return path.empty() ? name : Concat({name, ": ", path});
}

std::string FormatType(const Btf& btf, TypeId id, std::string_view name) {
  const BtfType type = btf.Type(id);
  Printer printer(btf);
  switch (type.kind) {
    case BtfKind::kFunc:
      return Concat({type.linkage == kExternLinkage   ? "extern "
                     : type.linkage == kStaticLinkage ? "static "
                                                      : "",
                     printer.Declare(type.target, Printable(name.empty() ? type.name : name))});
    case BtfKind::kVar:
      return Concat({type.linkage == kExternLinkage   ? "extern "
                     : type.linkage == kStaticLinkage ? "static "
                                                      : "",
                     printer.Declare(type.target, Printable(name.empty() ? type.name : name))});
    default:
      return printer.Declare(id, Printable(name));
  }
}

}  // namespace purebpf::elf
