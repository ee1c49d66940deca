// Bytes written as people read them: Hex("10 00 00 00  03 00"). Spaces are for the eye.
#ifndef PUREBPF_TESTS_NETLINK_HEX_H_
#define PUREBPF_TESTS_NETLINK_HEX_H_

#include <bit>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/bytes.h"

namespace purebpf::testing {

// The literals of these tests are in little-endian order, as netlink is on such a machine.
inline constexpr bool kLittleEndian = std::endian::native == std::endian::little;

inline std::vector<std::byte> Hex(std::string_view text) {
  std::vector<std::byte> bytes;
  bool high = true;
  for (const char c : text) {
    if (c == ' ' || c == '\n') continue;
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    if (high) {
      bytes.push_back(static_cast<std::byte>(digit << 4));
    } else {
      bytes.back() |= static_cast<std::byte>(digit);
    }
    high = !high;
  }
  return bytes;
}

inline std::string ToHex(Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    if (!text.empty()) text += ' ';
    text += "0123456789abcdef"[std::to_integer<unsigned>(byte) >> 4];
    text += "0123456789abcdef"[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_NETLINK_HEX_H_
