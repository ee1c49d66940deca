// Internal. A fixture's values as text, and back: numbers, strings, bytes, enumerators, flags.
#ifndef PUREBPF_BPF_TESTING_VALUES_H_
#define PUREBPF_BPF_TESTING_VALUES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/bytes.h"

namespace purebpf::testing::internal {

// All the bytes that a fixture's repeats may stand for together.
inline constexpr size_t kMaxExpandedBytes = size_t{64} << 20;

// A text of 16 characters such as "hex:(00*16777216)" stands for many bytes: what has been spent of
// the limit above.
class Budget {
 public:
  // False where that is too much.
  [[nodiscard]] bool Take(size_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }

 private:
  size_t left_ = kMaxExpandedBytes;
};

// "text" with \" \\ \n \t \r and \xNN for what cannot be printed; every byte can.
std::string Quote(std::string_view text);
// Nothing where `word` is not a whole quoted string.
std::optional<std::string> Unquote(std::string_view word);

std::string Decimal(uint64_t value);
std::string SignedDecimal(int64_t value);
std::string Hexadecimal(uint64_t value);  // "0x1f"
// Decimal, 0x, and negative numbers as two's complement. Nothing where it is something else, or
// does not fit 64 bits.
std::optional<uint64_t> ParseNumber(std::string_view word);

// "0b0c(00*14)": a byte in two digits, and "(DIGITS*N)" for what repeats.
std::string HexOf(Bytes bytes);
// In lines of about 64 bytes.
std::vector<std::string> HexLines(Bytes bytes);
// Appends. False where the text is malformed or the bytes are beyond the budget.
[[nodiscard]] bool ParseHex(std::string_view text, Budget& budget, std::vector<std::byte>& bytes);
// What the digits stand for, without making the bytes; nothing where malformed.
std::optional<size_t> HexSize(std::string_view text);

// FNV-1a, 16 digits: the name of a blob.
std::string HashName(Bytes bytes);

// The enumerator's name, else the number.
std::string EnumText(std::span<const EnumRow> rows, uint64_t value);
std::optional<uint64_t> ParseEnum(std::span<const EnumRow> rows, std::string_view word);
// "A|B|0x40"; "0" where none is set. A row may have several bits.
std::string FlagsText(std::span<const EnumRow> rows, uint64_t value);
std::optional<uint64_t> ParseFlags(std::span<const EnumRow> rows, std::string_view word);

// Whether people can read it as lines: printable ASCII, line ends and tabs.
bool IsText(Bytes bytes);
inline std::string_view TextOf(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes BytesOfText(std::string_view text) { return std::as_bytes(std::span(text)); }

// The integer of `size` (1, 2, 4 or 8) bytes at `offset`, in this machine's byte order; the bytes
// must be there. 0 for another size.
uint64_t LoadInteger(Bytes bytes, size_t offset, size_t size);
void StoreInteger(MutableBytes bytes, size_t offset, size_t size, uint64_t value);

// Whether an integer of `size` bytes can hold it, signed or unsigned.
bool FitsInteger(uint64_t value, size_t size);

}  // namespace purebpf::testing::internal

#endif  // PUREBPF_BPF_TESTING_VALUES_H_
