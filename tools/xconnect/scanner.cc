#include "purebpf/tools/xconnect/scanner.h"

#include <algorithm>
#include <array>
#include <utility>

#include "purebpf/bpf/try.h"
#include "purebpf/tools/xconnect/text.h"

namespace purebpf::xconnect {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t'; }
bool IsFlowIndicator(char c) { return std::string_view(",[]{}").contains(c); }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

// YAML 1.2.2, section 5.1: c-printable.
Scanned<> Scanner::CheckCharacters() const {
  for (size_t at = 0; at < text_.size();) {
    const std::string_view rest = text_.substr(at);
    const size_t length = CharacterLength(rest);
    if (length == 0) return std::unexpected(ErrorAt(at, "not valid UTF-8"));
    const auto byte = static_cast<unsigned char>(rest[0]);
    if (byte == 0) return std::unexpected(ErrorAt(at, "a NUL byte: this is not a text file"));
    const bool carriage_return = byte == '\r' && rest.size() > 1 && rest[1] == '\n';
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && !carriage_return) || byte == 0x7F)
      return std::unexpected(ErrorAt(at, "a control character"));
    at += length;
  }
  return {};
}

Scanned<bool> Scanner::NextContentLine() {
  while (!AtEnd()) {
    line_start_ = at_;
    while (Here() == ' ') ++at_;
    indent_ = at_ - line_start_;
    const size_t first = at_;
    if (!LineIsDone()) {
      if (Here() == '\t')
        return std::unexpected(ErrorHere("a tab in the indentation: expected spaces"));
      return true;
    }
    at_ = std::min(text_.find('\n', first), text_.size() - 1) + 1;
  }
  return false;
}

bool Scanner::LineIsDone() const {
  Scanner ahead = *this;
  ahead.SkipBlanks(Context::kBlock);
  return ahead.AtLineEnd() || ahead.AtComment();
}

void Scanner::SkipBlanks(Context context) {
  while (!AtEnd()) {
    if (IsBlank(Here())) {
      ++at_;
    } else if (context == Context::kFlow && AtComment()) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (context == Context::kFlow && AtLineEnd()) {
      ++at_;
    } else {
      return;
    }
  }
}

Scanned<> Scanner::EndLine(std::string_view after) {
  SkipBlanks(Context::kBlock);
  if (!AtLineEnd() && !AtComment())
    return std::unexpected(ErrorHere("expected the end of the line after " + std::string(after)));
  at_ = std::min(text_.find('\n', at_), text_.size());
  if (!AtEnd()) ++at_;
  return {};
}

bool Scanner::AtLineEnd() const {
  return AtEnd() || Here() == '\n' || (Here() == '\r' && Peek(1) == '\n');
}

bool Scanner::AtComment() const {
  if (Here() != '#') return false;
  return at_ == 0 || IsBlank(text_[at_ - 1]) || text_[at_ - 1] == '\n';
}

bool Scanner::AtMarker(std::string_view marker) const {
  if (!text_.substr(at_).starts_with(marker)) return false;
  Scanner ahead = *this;
  ahead.at_ += marker.size();
  return ahead.AtLineEnd() || IsBlank(ahead.Here());
}

bool Scanner::AtMappingColon(Context context) const {
  if (Here() != ':') return false;
  Scanner ahead = *this;
  ++ahead.at_;
  return ahead.AtLineEnd() || IsBlank(ahead.Here()) ||
         (context == Context::kFlow && IsFlowIndicator(ahead.Here()));
}

std::string_view Scanner::Unsupported(Context context) const {
  const char next = Peek(1);
  const bool alone = next == '\0' || IsBlank(next) || next == '\n' || next == '\r';
  switch (Here()) {
    case '-':
      return alone ? "lists are not supported" : "";
    case '[':
      return "lists are not supported";
    case '{':
      return "a mapping cannot stand here";
    case '&':
      return "anchors are not supported";
    case '*':
      return "aliases are not supported";
    case '!':
      return "tags are not supported";
    case '|':
    case '>':
      return "text blocks are not supported";
    case '%':
      return "directives are not supported";
    case '?':
      return alone ? "explicit keys are not supported" : "";
    case '@':
    case '`':
      return "this character is reserved in YAML: quote the name";
    case ',':
    case ']':
    case '}':
      return context == Context::kBlock ? "this character has a meaning in YAML: quote the name"
                                        : "";
    default:
      return "";
  }
}

Scanned<Scalar> Scanner::ReadScalar(Context context, std::string_view expected) {
  const std::string_view unsupported = Unsupported(context);
  std::string message = unsupported.empty() ? "" : std::string(unsupported) + "; ";
  message += "expected ";
  message += expected;
  if (!unsupported.empty() || AtLineEnd() || AtComment() || AtMappingColon(context) ||
      (context == Context::kFlow && IsFlowIndicator(Here())))
    return std::unexpected(ErrorHere(std::move(message)));
  if (Here() == '\'') return ReadSingleQuoted();
  if (Here() == '"') return ReadDoubleQuoted();
  return ReadPlain(context);
}

Scanned<Scalar> Scanner::ReadPlain(Context context) {
  const size_t begin = at_;
  size_t end = at_;
  while (!AtLineEnd() && !AtComment() && !AtMappingColon(context)) {
    if (context == Context::kFlow && IsFlowIndicator(Here())) break;
    if (!IsBlank(Here())) end = at_ + 1;
    ++at_;
  }
  at_ = end;
  return Scalar{std::string(text_.substr(begin, end - begin)), begin, /*plain=*/true};
}

Scanned<Scalar> Scanner::ReadSingleQuoted() {
  Scalar scalar{.offset = at_++};
  while (!AtLineEnd()) {
    const char c = text_[at_++];
    if (c != '\'') {
      scalar.text.push_back(c);
    } else if (Here() == '\'') {
      scalar.text.push_back('\'');
      ++at_;
    } else {
      return scalar;
    }
  }
  return std::unexpected(ErrorAt(scalar.offset, "the quote is not closed in its line"));
}

Scanned<Scalar> Scanner::ReadDoubleQuoted() {
  Scalar scalar{.offset = at_++};
  while (!AtLineEnd()) {
    if (Here() == '\\') {
      PUREBPF_TRY(ReadEscape(scalar.text));
      continue;
    }
    const char c = text_[at_++];
    if (c == '"') return scalar;
    scalar.text.push_back(c);
  }
  return std::unexpected(ErrorAt(scalar.offset, "the quote is not closed in its line"));
}

Scanned<> Scanner::ReadEscape(std::string& text) {
  const size_t begin = at_;
  const char kind = Peek(1);
  if (kind == '\\' || kind == '"' || kind == '/') {
    text.push_back(kind);
    at_ += 2;
    return {};
  }
  const size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
  if (digits == 0)
    return std::unexpected(
        ErrorAt(begin, R"(unknown escape: expected \\, \", \/, \xNN, \uNNNN or \UNNNNNNNN)"));
  uint32_t code = 0;
  for (size_t i = 0; i < digits; ++i) {
    const int digit = HexDigit(Peek(2 + i));
    if (digit < 0)
      return std::unexpected(
          ErrorAt(begin, "expected " + Decimal(digits) + " hexadecimal digits after \\" + kind));
    code = code << 4U | static_cast<uint32_t>(digit);
  }
  if (!AppendCharacter(text, code))
    return std::unexpected(ErrorAt(begin, "the escape is no Unicode character"));
  at_ += 2 + digits;
  return {};
}

Scanned<> Scanner::ReadColon(Context context, const Scalar& key) {
  SkipBlanks(context);
  // After a quoted key a flow mapping needs no space behind its colon: so JSON is YAML.
  const bool json = context == Context::kFlow && !key.plain && Here() == ':';
  if (json || AtMappingColon(context)) {
    ++at_;
    SkipBlanks(context);
    return {};
  }
  std::string message = "expected ': ' after " + Quoted(key.text);
  if (key.plain && key.text.contains(':')) message += " (the colon needs a space behind it)";
  return std::unexpected(ErrorHere(std::move(message)));
}

uint32_t Scanner::LineOf(size_t offset) const {
  const std::string_view before = text_.substr(0, offset);
  return 1 + static_cast<uint32_t>(std::count(before.begin(), before.end(), '\n'));
}

ConfigError Scanner::ErrorAt(size_t offset, std::string message) const {
  std::string_view line = text_.substr(0, offset);
  line = line.substr(line.rfind('\n') + 1);  // npos + 1 is 0: the first line
  uint32_t column = 1;
  while (!line.empty()) {
    // A byte that begins no character counts as one.
    line.remove_prefix(std::max(CharacterLength(line), size_t{1}));
    ++column;
  }
  return {.line = LineOf(offset), .column = column, .message = std::move(message)};
}

}  // namespace purebpf::xconnect
