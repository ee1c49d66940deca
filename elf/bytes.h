// Untrusted bytes. There are two ways to touch them: Slice and a ByteReader whose failure
// sticks, so that a record is read whole and checked once. No cast onto file bytes, no pointer
// sums; comparisons have the form `size > total - offset`, which cannot overflow.
#ifndef PUREBPF_ELF_BYTES_H_
#define PUREBPF_ELF_BYTES_H_

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace purebpf::elf {

using Bytes = std::span<const std::byte>;

// The `size` bytes at `offset`; nothing where they are not all there.
constexpr std::optional<Bytes> Slice(Bytes bytes, uint64_t offset, uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return std::nullopt;
  return bytes.subspan(static_cast<size_t>(offset), static_cast<size_t>(size));
}

// The NUL-terminated string at `offset` of a string table; nothing where it starts or ends outside.
inline std::optional<std::string_view> StringAt(Bytes table, uint64_t offset) {
  if (offset >= table.size()) return std::nullopt;
  const auto* begin = reinterpret_cast<const char*>(table.data()) + offset;
  const size_t room = table.size() - static_cast<size_t>(offset);
  const void* end = std::memchr(begin, 0, room);
  if (end == nullptr) return std::nullopt;
  return std::string_view(begin, static_cast<size_t>(static_cast<const char*>(end) - begin));
}

// Reads integers of a byte order from front to back. After the first failure everything reads as
// zero or empty and ok() stays false.
class ByteReader {
 public:
  ByteReader(Bytes bytes, std::endian order) : rest_(bytes), order_(order) {}

  uint8_t U8() { return Int<uint8_t>(); }
  uint16_t U16() { return Int<uint16_t>(); }
  uint32_t U32() { return Int<uint32_t>(); }
  uint64_t U64() { return Int<uint64_t>(); }

  // The next `size` bytes.
  Bytes Take(uint64_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const Bytes head = rest_.first(static_cast<size_t>(size));
    rest_ = rest_.subspan(static_cast<size_t>(size));
    return head;
  }

  [[nodiscard]] bool ok() const { return !failed_; }
  [[nodiscard]] size_t remaining() const { return rest_.size(); }

 private:
  template <std::unsigned_integral T>
  T Int() {
    const Bytes raw = Take(sizeof(T));
    if (raw.empty()) return 0;
    T value;
    std::memcpy(&value, raw.data(), sizeof value);
    return order_ == std::endian::native ? value : std::byteswap(value);
  }

  Bytes rest_;
  std::endian order_;
  bool failed_ = false;
};

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BYTES_H_
