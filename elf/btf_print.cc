#include "purebpf/elf/btf_print.h"

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

}  // namespace

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
