// Names in ELF string tables. Internal to elf/.
#ifndef PUREBPF_ELF_NAMES_H_
#define PUREBPF_ELF_NAMES_H_

#include <cstdint>
#include <expected>
#include <string_view>

#include "purebpf/elf/bytes.h"
#include "purebpf/elf/error.h"

namespace purebpf::elf {

// Longer names are refused: a small file can point thousands of symbols into one long run without a
// NUL, and looking at each would be quadratic in its size. The kernel's own names end at 512
// (KSYM_NAME_LEN).
inline constexpr uint64_t kMaxNameLength = 4096;

enum class NameFault : uint8_t {
  kOutside,       // starts past the table's end
  kUnterminated,  // no NUL before the table's end
  kTooLong,       // more than kMaxNameLength
};

std::expected<std::string_view, NameFault> NameAt(Bytes table, uint32_t offset);

// "`whose`: name at 0x40 lies outside of the string table's 0x20 bytes", and so on.
[[gnu::cold]] std::unexpected<ParseError> NameError(std::string_view whose, Bytes table,
                                                    uint32_t offset, NameFault fault);

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_NAMES_H_
