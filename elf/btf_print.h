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

// What the access string of a CO-RE relocation leads to: "struct task_struct: se.vruntime" for
// "0:20:3", "enum bpf_map_type: BPF_MAP_TYPE_HASH" for "1", "struct file" for "0". The string
// itself where it does not fit the type.
[[nodiscard]] std::string FormatAccess(const Btf& btf, TypeId root, std::string_view access);

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_PRINT_H_
