// Whether the structs of one BTF lie in memory like those of another: that of a header that was
// made from it and compiled.
#ifndef PUREBPF_TESTS_ELF_BTF_SAME_LAYOUT_H_
#define PUREBPF_TESTS_ELF_BTF_SAME_LAYOUT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "purebpf/elf/btf.h"

namespace purebpf::elf {

struct LayoutComparison {
  size_t compared = 0;                   // structs, unions and enums with a name
  std::vector<std::string> differences;  // "struct file: member f_op at bit 64, not 128"
};

// Every struct, union and enum of `original` that has a name, and types without one within them:
// its size, and each member's name, offset and width. The first of a name stands for all.
LayoutComparison CompareLayouts(const Btf& original, const Btf& compiled);

// C that holds each of these types, so that compilers put all into their BTF: those behind pointers
// alone, they leave out.
std::string UseOfAll(const Btf& original);

}  // namespace purebpf::elf

#endif  // PUREBPF_TESTS_ELF_BTF_SAME_LAYOUT_H_
