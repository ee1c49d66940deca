// BTF as a header in C that BPF programs are compiled with: a vmlinux.h.
//
// Types come in the order that C needs, with forward declarations where they refer to each other.
// Every struct, union and enum has the size that BTF states, and every member its offset, for
// `clang -target bpf` and GCC's bpf-unknown-none: padding is explicit, and a struct is packed where
// nothing else gives its layout. All records have preserve_access_index, so that accesses are CO-RE
// relocations. Functions that BTF tags as kfuncs are declared, weak.
//
// Names that are taken get a flavour ("file___2"), which CO-RE ignores; names that C does not allow
// are changed until it does. Pointers have 8 bytes, as BPF's do: the structs of a 32-bit kernel
// that hold some are larger here than there.
#ifndef PUREBPF_ELF_BTF_C_DUMP_H_
#define PUREBPF_ELF_BTF_C_DUMP_H_

#include <string>
#include <string_view>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/error.h"

namespace purebpf::elf {

struct CDumpOptions {
  std::string_view guard = "__VMLINUX_H__";
};

// All types of `btf`; where it is split, its own and those of the base that they need. Malformed:
// structs that contain themselves, or types nested deeper than 512. Unsupported: types that share
// parts without a name so often that the text would be 16 times as long as `btf`.
[[nodiscard]] Result<std::string> DumpC(const Btf& btf, const CDumpOptions& options = {});

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_C_DUMP_H_
