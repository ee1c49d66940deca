#include "purebpf/elf/btf_c_names.h"

#include <algorithm>
#include <array>

#include "purebpf/elf/text.h"

namespace purebpf::elf {
namespace {

// C17's words and GNU C's, and the types that clang knows without a declaration. Sorted. Words of
// C23 that a kernel uses as names (bool, true, false) are not here: see btf_c_dump.cc.
constexpr auto kReserved = std::to_array<std::string_view>({
    "_Alignas",
    "_Alignof",
    "_Atomic",
    "_Bool",
    "_Complex",
    "_Float16",
    "_Generic",
    "_Imaginary",
    "_Noreturn",
    "_Static_assert",
    "_Thread_local",
    "__attribute__",
    "__builtin_ms_va_list",
    "__builtin_va_list",
    "__int128",
    "__int128_t",
    "__uint128_t",
    "asm",
    "auto",
    "break",
    "case",
    "char",
    "const",
    "continue",
    "default",
    "do",
    "double",
    "else",
    "enum",
    "extern",
    "float",
    "for",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "register",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "struct",
    "switch",
    "typedef",
    "typeof",
    "union",
    "unsigned",
    "void",
    "volatile",
    "while",
});
static_assert(std::ranges::is_sorted(kReserved));

// Without the locale that isalnum() has.
bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

std::string CIdentifier(std::string_view name) {
  std::string identifier(name);
  for (char& c : identifier) {
    if (!IsWordCharacter(c)) c = '_';
  }
  if (!identifier.empty() && identifier[0] >= '0' && identifier[0] <= '9') {
    identifier.insert(0, 1, '_');
  }
  if (std::ranges::binary_search(kReserved, std::string_view(identifier))) identifier += '_';
  return identifier;
}

std::string CNames::Take(std::string_view name) {
  std::string identifier = CIdentifier(name);
  auto [first, inserted] = taken_.try_emplace(identifier, 1);
  if (inserted) return identifier;
  // What is tried is remembered: a thousand types of one name take a thousand steps.
  for (uint32_t number = first->second + 1;; ++number) {
    std::string candidate = Concat({identifier, "___", Decimal(number)});
    if (!taken_.try_emplace(candidate, 1).second) continue;
    taken_[identifier] = number;
    return candidate;
  }
}

}  // namespace purebpf::elf
