// Single definitions of a C header: how a struct, union, enum or typedef is written when all that
// it needs has been. Internal to elf/.
#ifndef PUREBPF_ELF_BTF_C_WRITER_H_
#define PUREBPF_ELF_BTF_C_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_c_layout.h"
#include "purebpf/elf/btf_c_names.h"
#include "purebpf/elf/btf_declarator.h"

namespace purebpf::elf {

class CWriter final : public Declarator {
 public:
  // `budget`: bytes of text, in all that is written.
  CWriter(const Btf& types, uint64_t budget);

  // The name of a struct, union, enum or forward declaration, without "struct"; of a typedef. The
  // same each time that it is asked for.
  [[nodiscard]] std::string_view NameOf(const BtfType& type);
  // "struct file", "union {...", "u32": for types with a name.
  [[nodiscard]] std::string Reference(const BtfType& type);
  // Of a kfunc: its name cannot be changed, so "" where it is taken.
  [[nodiscard]] std::string Prototype(const BtfType& function);

  // "struct file {\n\t...\n}", with attributes, without the ';'. Without a name for each place
  // where a type that has none stands.
  [[nodiscard]] std::string StructDefinition(const BtfType& type, std::string_view name);
  [[nodiscard]] std::string EnumDefinition(const BtfType& type);

  // Text has been written, or names looked at, that took as much: false from the first time on that
  // the budget is exceeded.
  bool Charge(uint64_t bytes);
  [[nodiscard]] bool exhausted() const { return exhausted_; }

 protected:
  std::string Specifier(const BtfType& type) override;
  std::string Attribute(const BtfType& type_tag) override;
  std::string ParameterName(std::string_view name) override;
  bool HasRoom(size_t) override { return !exhausted_; }

 private:
  // What a name stands for, the first time that it is used: a forward declaration and the first
  // definition of its kind share it.
  struct Tag {
    std::string_view keyword;
    bool defined = false;
  };

  std::string TagFor(const BtfType& type);
  void Pad(std::string& text, uint64_t from, uint64_t to) const;
  void AppendMember(std::string& text, const BtfMember& member, CPlace place);
  std::string Indent() const { return std::string(depth_, '\t'); }

  CNames tags_;
  CNames names_;
  std::unordered_map<std::string, Tag> tag_uses_;
  std::vector<std::string> type_names_;    // "" until asked for
  std::vector<bool> enumerators_written_;  // of enums without a name
  CLayouts layouts_;
  size_t depth_ = 0;  // of braces
  uint64_t budget_;
  bool exhausted_ = false;
};

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_C_WRITER_H_
