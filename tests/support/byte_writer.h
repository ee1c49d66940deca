// Integers of a byte order, appended and overwritten: what the builders of test inputs write with.
#ifndef PUREBPF_TESTS_SUPPORT_BYTE_WRITER_H_
#define PUREBPF_TESTS_SUPPORT_BYTE_WRITER_H_

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace purebpf::testing {

class ByteWriter {
 public:
  explicit ByteWriter(std::endian order) : order_(order) {}

  ByteWriter& U8(uint8_t value) { return Int(value, 1); }
  ByteWriter& U16(uint16_t value) { return Int(value, 2); }
  ByteWriter& U32(uint32_t value) { return Int(value, 4); }
  ByteWriter& U64(uint64_t value) { return Int(value, 8); }
  ByteWriter& Append(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  ByteWriter& Zeros(size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }
  ByteWriter& AlignTo(size_t alignment) {
    while (bytes_.size() % alignment != 0) bytes_.emplace_back();
    return *this;
  }
  // Text and its NUL.
  ByteWriter& Text(std::string_view text) { return Append(std::as_bytes(std::span(text))).U8(0); }
  // Overwrites what is at `offset`, which must be there.
  void Put(size_t offset, uint64_t value, size_t width) {
    for (size_t i = 0; i < width; ++i) {
      const size_t place = order_ == std::endian::little ? i : width - 1 - i;
      bytes_.at(offset + place) = static_cast<std::byte>(value >> (8 * i));
    }
  }

  [[nodiscard]] size_t size() const { return bytes_.size(); }
  [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }
  std::vector<std::byte> Take() { return std::move(bytes_); }

 private:
  ByteWriter& Int(uint64_t value, size_t width) {
    const size_t offset = bytes_.size();
    bytes_.resize(offset + width);
    Put(offset, value, width);
    return *this;
  }

  std::endian order_;
  std::vector<std::byte> bytes_;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_SUPPORT_BYTE_WRITER_H_
