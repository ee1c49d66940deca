#include "purebpf/tools/xconnect/text.h"

#include <array>
#include <charconv>

namespace purebpf::xconnect {
namespace {

// The Unicode Standard, table 3-7: which second byte may follow a first one. The others are always
// 80..BF.
struct Form {
  uint8_t first_low, first_high;
  uint8_t second_low, second_high;
  uint8_t length;
};
constexpr std::array<Form, 8> kForms = {{
    {0xC2, 0xDF, 0x80, 0xBF, 2},
    {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3},
    {0xED, 0xED, 0x80, 0x9F, 3},
    {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4},
    {0xF1, 0xF3, 0x80, 0xBF, 4},
    {0xF4, 0xF4, 0x80, 0x8F, 4},
}};

bool Between(char byte, uint8_t low, uint8_t high) {
  const auto value = static_cast<uint8_t>(byte);
  return value >= low && value <= high;
}

}  // namespace

size_t CharacterLength(std::string_view text) {
  if (text.empty()) return 0;
  if (Between(text[0], 0x00, 0x7F)) return 1;
  for (const Form& form : kForms) {
    if (!Between(text[0], form.first_low, form.first_high)) continue;
    if (text.size() < form.length || !Between(text[1], form.second_low, form.second_high)) return 0;
    for (size_t i = 2; i < form.length; ++i)
      if (!Between(text[i], 0x80, 0xBF)) return 0;
    return form.length;
  }
  return 0;
}

bool AppendCharacter(std::string& text, uint32_t code) {
  if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
  if (code < 0x80) {
    text.push_back(static_cast<char>(code));
    return true;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr std::array<uint32_t, 4> kLead = {0, 0xC0, 0xE0, 0xF0};
  text.push_back(static_cast<char>(kLead[static_cast<size_t>(more)] | (code >> (6 * more))));
  for (int i = more - 1; i >= 0; --i)
    text.push_back(static_cast<char>(0x80U | ((code >> (6 * i)) & 0x3FU)));
  return true;
}

std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  quoted += text;
  quoted += '\'';
  return quoted;
}

std::string Decimal(uint64_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return {digits.data(), end};
}

}  // namespace purebpf::xconnect
