// Any byte string is a skeleton or an Error, and no name of an object becomes code of its own:
// outside of comments and literals all is printable, brackets close in order, and directives are
// those that the generator writes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "purebpf/tools/skeleton/skeleton.h"

namespace {

// The text without comments and without what is in literals. Aborts where a literal has no end.
std::string CodeOf(std::string_view text) {
  std::string code;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("//")) i = text.find('\n', i);
    if (i >= text.size()) std::abort();
    code += text[i];
    if (text[i] != '"') continue;
    for (++i; i < text.size() && text[i] != '"'; ++i) {
      if (text[i] == '\n') std::abort();
      if (text[i] == '\\') ++i;
    }
    if (i >= text.size()) std::abort();
    code += '"';
  }
  return code;
}

void CheckCharacters(std::string_view code) {
  std::string open;
  for (const char c : code) {
    if (c != '\n' && (c < ' ' || c > '~')) std::abort();
    if (c == '(') open += ')';
    if (c == '[') open += ']';
    if (c == '{') open += '}';
    if (c != ')' && c != ']' && c != '}') continue;
    if (open.empty() || open.back() != c) std::abort();
    open.pop_back();
  }
  if (!open.empty()) std::abort();
}

void CheckDirectives(std::string_view code) {
  while (!code.empty()) {
    const std::string_view line = code.substr(0, code.find('\n'));
    code.remove_prefix(line.size() < code.size() ? line.size() + 1 : line.size());
    if (line.find('#') == std::string_view::npos) continue;
    bool known = false;
    for (const std::string_view one :
         {"#ifndef FUZZ_SKEL_H_", "#define FUZZ_SKEL_H_", "#endif  ", "#include <array>",
          "#include <cstddef>", "#include <cstdint>", "#include <optional>", "#include <span>",
          "#include \"\"", "#pragma GCC diagnostic push", "#pragma GCC diagnostic ignored \"\"",
          "#pragma GCC diagnostic pop"})
      known = known || line == one;
    if (!known) std::abort();
  }
}

void Check(std::string_view text) {
  const std::string code = CodeOf(text);
  CheckCharacters(code);
  CheckDirectives(code);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto text = purebpf::skeleton::WriteSkeleton(std::as_bytes(std::span(data, size)),
                                                     {.name = "fuzz", .include = "fuzz.skel.h"});
  if (!text) return text.error().detail.empty() ? (std::abort(), 0) : 0;
  Check(text->header);
  Check(text->source);
  return 0;
}
