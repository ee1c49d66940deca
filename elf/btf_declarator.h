// C's declarators: a declaration reads from the inside out, a type in BTF from the outside in.
// Internal to elf/.
//
//   ptr -> const -> array[4] -> int     "const int (*name)[4]"
#ifndef PUREBPF_ELF_BTF_DECLARATOR_H_
#define PUREBPF_ELF_BTF_DECLARATOR_H_

#include <string>
#include <string_view>

#include "purebpf/elf/btf.h"

namespace purebpf::elf {

// Of pointers, arrays, qualifiers and results in a row, and of function prototypes in each other.
inline constexpr int kMaxDeclaratorDepth = 64;
inline constexpr int kMaxPrototypeDepth = 16;

class Declarator {
 public:
  explicit Declarator(const Btf& btf) : btf_(btf) {}
  virtual ~Declarator() = default;

  // What is nested deeper than the limits reads as void.
  [[nodiscard]] std::string Declare(TypeId id, std::string_view name);

 protected:
  [[nodiscard]] const Btf& btf() const { return btf_; }
  // What a declaration begins with: "struct file", "u32", "unsigned int".
  virtual std::string Specifier(const BtfType& type) = 0;
  // As __attribute__ has it, or "" to leave it out.
  virtual std::string Attribute(const BtfType& type_tag) = 0;
  virtual std::string ParameterName(std::string_view name) = 0;
  // Whether one more parameter may follow; what is left out reads as "...".
  virtual bool HasRoom(size_t length) = 0;

 private:
  std::string Parameters(const BtfType& prototype);

  const Btf& btf_;
  int prototypes_ = 0;  // that are being written
};

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_DECLARATOR_H_
