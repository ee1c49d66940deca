// Types as people write them: "const char *name", "int (*next)(struct file *, loff_t)". For
// messages and listings; a header that compiles is btf_c_dump.h.
#ifndef PUREBPF_ELF_BTF_PRINT_H_
#define PUREBPF_ELF_BTF_PRINT_H_

#include <string>
#include <string_view>

#include "purebpf/elf/btf.h"

namespace purebpf::elf {

// The declaration of `name` with the type `id`; of the type alone where no name is given. Functions
// and variables are declared under their own name, structs are named and not spelled out
// ("struct task_struct", "struct {...}"). Hostile names are cut and cleaned, and so is what is
// nested too deep or longer than some thousand bytes: any id gives a short text of one line.
[[nodiscard]] std::string FormatType(const Btf& btf, TypeId id, std::string_view name = {});

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_PRINT_H_
