// Names and text for C++ that come from an object file: valid, unique, and nothing but names.
#ifndef PUREBPF_TOOLS_SKELETON_CPP_NAMES_H_
#define PUREBPF_TOOLS_SKELETON_CPP_NAMES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace purebpf::skeleton {

// `name` as an identifier of C++: what C++ does not allow becomes '_', and a word that is C++'s
// own, or that a header of the C library makes a macro of, gets a '_' behind it. "" becomes
// "unnamed".
[[nodiscard]] std::string Identifier(std::string_view name);

// "a" or "a::b" of identifiers as above.
[[nodiscard]] bool IsNamespace(std::string_view text);

// "a/b.h" as a macro's name: "A_B_H_".
[[nodiscard]] std::string Guard(std::string_view text);

// One scope.
class Names {
 public:
  // `name` as an identifier, or where that is taken "name_2", "name_3".
  [[nodiscard]] std::string Take(std::string_view name);
  [[nodiscard]] bool Has(std::string_view name) const { return taken_.contains(std::string(name)); }

 private:
  std::unordered_map<std::string, uint32_t> taken_;  // with the last number that was tried
};

// In a comment that ends with its line: nothing that ends it, or continues it on the next one. Cut
// after 200 characters.
[[nodiscard]] std::string CommentText(std::string_view text);

// A string literal, on one line.
[[nodiscard]] std::string Literal(std::string_view text);

// A string literal of many lines with any bytes: every compiler takes megabytes of it in a fraction
// of a second, where a list of numbers costs it a minute and a gigabyte.
void AppendBytes(std::string_view bytes, std::string_view indent, std::string& text);

}  // namespace purebpf::skeleton

#endif  // PUREBPF_TOOLS_SKELETON_CPP_NAMES_H_
