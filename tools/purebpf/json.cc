#include "purebpf/tools/purebpf/json.h"

#include <array>
#include <charconv>
#include <cstddef>

namespace purebpf::tool {
namespace {

template <typename T>
void AppendNumber(std::string& out, T value) {
  std::array<char, 20> digits;  // -2^63 and 2^64 - 1 have 20
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// The bytes of the character that `text` begins with; 0 where it does not begin with one (a
// continuation byte, an overlong form, a surrogate, beyond U+10FFFF, cut short).
size_t CharacterLength(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) {
    return 0;
  }
  return length;
}

void AppendEscaped(std::string& out, char c) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 0xf];
  }
}

// DEL is allowed in JSON, but not good for a terminal.
bool IsPlain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

}  // namespace

void JsonWriter::Separate() {
  if (!first_) out_ += ',';
  first_ = false;
}

void JsonWriter::Begin(char bracket) {
  Separate();
  out_ += bracket;
  first_ = true;
}

void JsonWriter::End(char bracket) {
  out_ += bracket;
  first_ = false;
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  Text(key);
  out_ += ':';
  first_ = true;
  return *this;
}

void JsonWriter::Text(std::string_view text) {
  Separate();
  out_ += '"';
  while (!text.empty()) {
    size_t plain = 0;
    while (plain < text.size() && IsPlain(text[plain])) ++plain;
    out_ += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const size_t length = CharacterLength(text);
    if (length <= 1) {
      if (length == 0) {
        out_ += "\xef\xbf\xbd";
      } else {
        AppendEscaped(out_, text[0]);
      }
      text.remove_prefix(1);
      continue;
    }
    out_ += text.substr(0, length);
    text.remove_prefix(length);
  }
  out_ += '"';
}

void JsonWriter::Signed(int64_t value) {
  Separate();
  AppendNumber(out_, value);
}

void JsonWriter::Unsigned(uint64_t value) {
  Separate();
  AppendNumber(out_, value);
}

void JsonWriter::Bool(bool value) {
  Separate();
  out_ += value ? "true" : "false";
}

void WriteError(JsonWriter& json, const Error& error) {
  json.BeginObject();
  json.Key("code").Text(CodeName(error.code));
  json.Key("operation").Text(error.operation);
  json.Key("object").Text(error.object);
  json.Key("detail").Text(error.detail);
  json.Key("hint").Text(error.hint);
  json.Key("errno").Number(error.sys_errno);
  json.Key("errno_name").Text(error.sys_errno == 0 ? "" : ErrnoName(error.sys_errno));
  json.Key("log").Text(error.log);
  json.EndObject();
}

}  // namespace purebpf::tool
