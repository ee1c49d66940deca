#include "purebpf/tools/skeleton/cpp_names.h"

#include <algorithm>
#include <array>

#include "purebpf/bpf/error.h"

namespace purebpf::skeleton {
namespace {

// C++23's words, those that generated headers use of others, and what is a macro somewhere: the
// compiler's own, and those of headers that C++ programs cannot well avoid. Sorted.
constexpr auto kReserved = std::to_array<std::string_view>({
    "EOF",          "NULL",
    "alignas",      "alignof",
    "and",          "and_eq",
    "asm",          "assert",
    "auto",         "bitand",
    "bitor",        "bool",
    "break",        "case",
    "catch",        "char",
    "char16_t",     "char32_t",
    "char8_t",      "class",
    "co_await",     "co_return",
    "co_yield",     "compl",
    "concept",      "const",
    "const_cast",   "consteval",
    "constexpr",    "constinit",
    "continue",     "decltype",
    "default",      "delete",
    "do",           "double",
    "dynamic_cast", "else",
    "enum",         "errno",
    "explicit",     "export",
    "extern",       "false",
    "float",        "for",
    "friend",       "goto",
    "i386",         "if",
    "inline",       "int",
    "int16_t",      "int32_t",
    "int64_t",      "int8_t",
    "linux",        "long",
    "major",        "makedev",
    "minor",        "mutable",
    "namespace",    "new",
    "noexcept",     "not",
    "not_eq",       "nullptr",
    "offsetof",     "operator",
    "or",           "or_eq",
    "private",      "protected",
    "public",       "purebpf",
    "register",     "reinterpret_cast",
    "requires",     "restrict",
    "return",       "short",
    "signed",       "sizeof",
    "static",       "static_assert",
    "static_cast",  "std",
    "stderr",       "stdin",
    "stdout",       "struct",
    "switch",       "template",
    "this",         "thread_local",
    "throw",        "true",
    "try",          "typedef",
    "typeid",       "typename",
    "typeof",       "uint16_t",
    "uint32_t",     "uint64_t",
    "uint8_t",      "union",
    "unix",         "unsigned",
    "using",        "virtual",
    "void",         "volatile",
    "wchar_t",      "while",
    "xor",          "xor_eq",
});
static_assert(std::ranges::is_sorted(kReserved));

// Macros of <cstdint> and <climits>, which generated headers have, and of <cerrno>: INT32_MAX,
// UINT_LEAST8_MAX, SIZE_MAX, CHAR_BIT, EINVAL.
bool IsMacro(std::string_view name) {
  constexpr auto kEnds = std::to_array<std::string_view>({"_MAX", "_MIN", "_C", "_WIDTH"});
  constexpr auto kStems = std::to_array<std::string_view>(
      {"INT", "UINT", "PTRDIFF", "SIG_ATOMIC", "SIZE", "WCHAR", "WINT", "CHAR", "SCHAR", "UCHAR",
       "SHRT", "USHRT", "LONG", "ULONG", "LLONG", "ULLONG", "MB_LEN"});
  if (name == "CHAR_BIT" || ErrnoNamed(name)) return true;
  const auto end =
      std::ranges::find_if(kEnds, [name](std::string_view e) { return name.ends_with(e); });
  if (end == kEnds.end()) return false;
  name.remove_suffix(end->size());
  // "INT32", "UINT_FAST8", "INTPTR": the integer types have a word or a width behind the stem.
  for (const std::string_view tail : {"8", "16", "32", "64", "PTR", "MAX"})
    if (name.ends_with(tail)) {
      name.remove_suffix(tail.size());
      break;
    }
  for (const std::string_view tail : {"_LEAST", "_FAST"})
    if (name.ends_with(tail)) name.remove_suffix(tail.size());
  return std::ranges::find(kStems, name) != kStems.end();
}

// Without the locale that isalnum() has.
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// What neither ends a string literal nor is anything else in it.
bool IsPlain(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '?'; }

void AppendEscaped(char c, std::string& text) {
  if (IsPlain(c)) {
    text += c;
    return;
  }
  // Three octal digits always, so that a digit that follows is not taken for a part of it. A '?' is
  // escaped because two of them could begin a trigraph.
  const auto byte = static_cast<uint8_t>(c);
  text += '\\';
  text += static_cast<char>('0' + (byte >> 6));
  text += static_cast<char>('0' + ((byte >> 3) & 7));
  text += static_cast<char>('0' + (byte & 7));
}

}  // namespace

std::string Identifier(std::string_view name) {
  constexpr size_t kMaxLength = 200;
  if (name.empty()) return "unnamed";
  std::string identifier(name.substr(0, kMaxLength));
  for (char& c : identifier) {
    if (!IsLetter(c) && !IsDigit(c)) c = '_';
  }
  if (IsDigit(identifier[0])) identifier.insert(0, 1, '_');
  if (std::ranges::binary_search(kReserved, std::string_view(identifier)) || IsMacro(identifier))
    identifier += '_';
  return identifier;
}

bool IsNamespace(std::string_view text) {
  while (true) {
    const size_t colons = text.find("::");
    const std::string_view part = text.substr(0, colons);
    if (part.empty() || Identifier(part) != part) return false;
    if (colons == std::string_view::npos) return true;
    text.remove_prefix(colons + 2);
  }
}

std::string Guard(std::string_view text) {
  std::string guard;
  for (const char c : text) {
    const bool lower = c >= 'a' && c <= 'z';
    guard += lower ? static_cast<char>(c - 'a' + 'A') : IsLetter(c) || IsDigit(c) ? c : '_';
  }
  if (guard.empty() || IsDigit(guard[0])) guard.insert(0, "H_");
  return guard + "_";
}

std::string Names::Take(std::string_view name) {
  std::string identifier = Identifier(name);
  const auto [first, inserted] = taken_.try_emplace(identifier, 1);
  if (inserted) return identifier;
  // What is tried is remembered: a thousand things of one name take a thousand steps.
  for (uint32_t number = first->second + 1;; ++number) {
    std::string candidate = identifier + "_" + std::to_string(number);
    if (!taken_.try_emplace(candidate, 1).second) continue;
    taken_[identifier] = number;
    return candidate;
  }
}

std::string CommentText(std::string_view text) {
  constexpr size_t kMaxLength = 200;
  std::string clean(text.substr(0, kMaxLength));
  char before = 0;
  for (char& c : clean) {
    // Two '?' and a '/' are a backslash to old compilers.
    if (c < ' ' || c > '~' || c == '\\' || (c == '?' && before == '?')) c = '_';
    before = c;
  }
  return clean;
}

std::string Literal(std::string_view text) {
  std::string literal = "\"";
  for (const char c : text) AppendEscaped(c, literal);
  return literal + "\"";
}

void AppendBytes(std::string_view bytes, std::string_view indent, std::string& text) {
  constexpr size_t kBytesPerLine = 64;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i % kBytesPerLine == 0) {
      if (i != 0) text += "\"\n";
      text += indent;
      text += '"';
    }
    AppendEscaped(bytes[i], text);
  }
  text += '"';
}

}  // namespace purebpf::skeleton
