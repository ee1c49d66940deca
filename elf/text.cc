#include "purebpf/elf/text.h"

#include <array>
#include <charconv>
#include <cstddef>

namespace purebpf::elf {
namespace {

std::string Digits(uint64_t value, int base, std::string_view prefix) {
  std::array<char, 20> digits;  // 2^64 - 1 has 20 in decimal
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
  return Concat(
      {prefix, std::string_view(digits.data(), static_cast<size_t>(end - digits.data()))});
}

}  // namespace

std::string Concat(std::initializer_list<std::string_view> parts) {
  size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  std::string text;
  text.reserve(size);
  for (const std::string_view part : parts) text.append(part);
  return text;
}

std::string Hex(uint64_t value) { return Digits(value, 16, "0x"); }

std::string Decimal(uint64_t value) { return Digits(value, 10, ""); }

std::string Printable(std::string_view name) {
  constexpr size_t kShown = 80;
  std::string text = Concat({name.substr(0, kShown), name.size() > kShown ? "..." : ""});
  for (char& c : text) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return text;
}

std::string Quoted(std::string_view name) { return Concat({"'", Printable(name), "'"}); }

}  // namespace purebpf::elf
