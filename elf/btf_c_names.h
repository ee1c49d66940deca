// Names for a C header: valid, and unique in their name space. Internal to elf/.
#ifndef PUREBPF_ELF_BTF_C_NAMES_H_
#define PUREBPF_ELF_BTF_C_NAMES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace purebpf::elf {

// `name` as an identifier of C: what C does not allow becomes '_', and a name that is C's own or
// the compiler's gets a '_' behind it.
[[nodiscard]] std::string CIdentifier(std::string_view name);

// One of C's name spaces: that of struct, union and enum tags, or that of all other names.
class CNames {
 public:
  // `name`, or where that is taken "name___2", "name___3": what follows three underscores is no
  // part of the name for CO-RE (the flavour rule).
  [[nodiscard]] std::string Take(std::string_view name);
  [[nodiscard]] bool Has(std::string_view name) const { return taken_.contains(std::string(name)); }

 private:
  std::unordered_map<std::string, uint32_t> taken_;  // with the last number that was tried
};

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_C_NAMES_H_
