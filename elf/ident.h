// The identification that every ELF file begins with. Internal to elf/.
#ifndef PUREBPF_ELF_IDENT_H_
#define PUREBPF_ELF_IDENT_H_

#include <bit>
#include <cstdint>

#include "purebpf/elf/bytes.h"
#include "purebpf/elf/error.h"

namespace purebpf::elf {

inline constexpr uint64_t kIdentSize = 16;
inline constexpr uint64_t kHeaderSize = 64;  // of ELFCLASS64

// The byte order, of a file that has a whole header, is of 64 bits and not above 4 GiB.
Result<std::endian> ReadIdent(Bytes bytes);

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_IDENT_H_
