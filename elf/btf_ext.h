// .BTF.ext: what an object says of its instructions. Of its three parts (functions, source lines,
// CO-RE relocations) this reader has the last.
//
//   header      magic, version, flags, its length, then offset and length of each part
//   a part      the size of a record, then for each section of code:
//               the section's name, the number of records, the records
//
// Records may be longer than the fields that are known here: the stated size counts.
// Source: Documentation/bpf/btf.rst, include/uapi/linux/bpf.h: bpf_core_relo.
#ifndef PUREBPF_ELF_BTF_EXT_H_
#define PUREBPF_ELF_BTF_EXT_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_types.h"
#include "purebpf/elf/bytes.h"
#include "purebpf/elf/error.h"

namespace purebpf::elf {

// An instruction that depends on how the kernel lays out a type.
struct CoreRelocation {
  uint32_t offset = 0;          // of the instruction, in bytes from its section's start
  TypeId type = TypeId::kVoid;  // the root type, in the object's own BTF
  std::string_view access;      // "0:1:2": which member of it
  uint32_t kind = 0;            // enum bpf_core_relo_kind
};

// Those of one section of code.
struct CoreSection {
  std::string_view section;
  std::vector<CoreRelocation> relocations;  // in file order
};

// All CO-RE relocations of `bytes`, a section .BTF.ext; none where it is empty or has none. Names
// borrow from the bytes of `btf`, the object's .BTF.
[[nodiscard]] Result<std::vector<CoreSection>> ParseCoreRelocations(Bytes bytes, const Btf& btf);

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_EXT_H_
