// The ELF64 numbers that BPF objects use. Source: the System V gABI; include/uapi/linux/elf.h.
#ifndef PUREBPF_ELF_CONSTANTS_H_
#define PUREBPF_ELF_CONSTANTS_H_

#include <cstdint>

namespace purebpf::elf {

enum class SectionType : uint32_t {
  kNull = 0,
  kProgbits = 1,
  kSymtab = 2,
  kStrtab = 3,
  kRela = 4,
  kNote = 7,
  kNobits = 8,
  kRel = 9,
  kGroup = 17,
  kSymtabShndx = 18,
};

enum class SectionFlag : uint64_t {
  kWrite = 1,
  kAlloc = 2,
  kExecInstr = 4,
  kMerge = 0x10,
  kStrings = 0x20,
  kCompressed = 0x800,
};

enum class SymbolType : uint8_t { kNone = 0, kObject = 1, kFunc = 2, kSection = 3, kFile = 4 };
enum class SymbolBinding : uint8_t { kLocal = 0, kGlobal = 1, kWeak = 2 };
enum class SymbolVisibility : uint8_t { kDefault = 0, kInternal = 1, kHidden = 2, kProtected = 3 };

// Special values of Symbol::section. In the file SHN_ABS is 0xfff1 and SHN_COMMON 0xfff2, which are
// also indices that SHT_SYMTAB_SHNDX may give; in 32 bits the two cannot be mistaken.
inline constexpr uint32_t kUndefinedSection = 0;
inline constexpr uint32_t kAbsoluteSection = 0xfffffff1;
inline constexpr uint32_t kCommonSection = 0xfffffff2;

// Documentation/bpf/llvm_reloc.rst. Only k64_64 and k64_32 patch instructions.
enum class RelocationType : uint32_t {
  kNone = 0,
  k64_64 = 1,       // the immediate of an ld_imm64
  k64Abs64 = 2,     // 8 bytes of data
  k64Abs32 = 3,     // 4 bytes of data
  k64NoDyld32 = 4,  // 4 bytes of .BTF or .BTF.ext
  k64_32 = 10,      // the immediate of a call
};

inline constexpr uint16_t kMachineNone = 0;
inline constexpr uint16_t kMachineBpf = 247;

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_CONSTANTS_H_
