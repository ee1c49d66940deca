// UTF-8, as far as a configuration file and a line of output need it.
#ifndef PUREBPF_TOOLS_XCONNECT_TEXT_H_
#define PUREBPF_TOOLS_XCONNECT_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace purebpf::xconnect {

// The bytes of the character that `text` begins with; 0 where it does not begin with one: a
// continuation byte, an overlong form, a surrogate, a value above U+10FFFF, or one cut short.
size_t CharacterLength(std::string_view text);

// Appends U+`code`; false, and nothing appended, where that is no character.
bool AppendCharacter(std::string& text, uint32_t code);

// 'text', for a message.
std::string Quoted(std::string_view text);

// A decimal number, without std::to_string's locale.
std::string Decimal(uint64_t number);

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_TEXT_H_
