// .BTF.ext: what an object says of its instructions, in three parts: where functions begin, from
// which source line an instruction comes, and which depend on the kernel's types (CO-RE).
//
//   header      magic, version, flags, its length, then offset and length of each part
//   a part      the size of a record, then for each section of code:
//               the section's name, the number of records, the records
//
// Records may be longer than the fields that are known here: the stated size counts. Each part is
// read by itself: damaged source lines harm no relocation. Parts may be absent or empty, and so may
// the whole be; then there is nothing, which is no error.
// Source: Documentation/bpf/btf.rst, include/uapi/linux/bpf.h: bpf_func_info, bpf_line_info,
// bpf_core_relo.
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

// Where a function begins.
struct FuncInfo {
  uint32_t offset = 0;          // of its first instruction, in bytes from its section's start
  TypeId type = TypeId::kVoid;  // a FUNC; not checked
};

// The source of the instructions from here to the next such record.
struct LineInfo {
  uint32_t offset = 0;  // of the instruction, in bytes from its section's start
  uint32_t file = 0;    // the file's name, for Btf::Name; the kernel takes it as it is
  uint32_t text = 0;    // the line's text, likewise
  uint32_t line = 0;    // from 1
  uint32_t column = 0;  // from 1; 0: not known
};

// An instruction that depends on how the kernel lays out a type.
struct CoreRelocation {
  uint32_t offset = 0;          // of the instruction, in bytes from its section's start
  TypeId type = TypeId::kVoid;  // the root type, in the object's own BTF
  std::string_view access;      // "0:1:2": which member of it
  uint32_t kind = 0;            // enum bpf_core_relo_kind
};

// Those of one section of code, in file order. A section may be named more than once.
struct FuncSection {
  std::string_view section;
  std::vector<FuncInfo> functions;
};
struct LineSection {
  std::string_view section;
  std::vector<LineInfo> lines;
};
struct CoreSection {
  std::string_view section;
  std::vector<CoreRelocation> relocations;
};

// Each takes the bytes of .BTF.ext and the object's .BTF, from whose bytes names borrow. Types are
// there; offsets of instructions and names are as the file has them.
[[nodiscard]] Result<std::vector<FuncSection>> ParseFuncInfo(Bytes bytes, const Btf& btf);
[[nodiscard]] Result<std::vector<LineSection>> ParseLineInfo(Bytes bytes, const Btf& btf);
[[nodiscard]] Result<std::vector<CoreSection>> ParseCoreRelocations(Bytes bytes, const Btf& btf);

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_EXT_H_
