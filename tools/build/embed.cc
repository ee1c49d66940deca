// Writes a header and a source that carry a file's bytes: the generator behind cc_bpf_object.
//
//   embed --namespace NAME --include PATH --header OUT.h --source OUT.cc FILE
//
// The bytes become one string literal: every compiler takes megabytes of it in a fraction of a
// second, where a list of numbers costs it a minute and a gigabyte, and no assembler has to find a
// file by a path (.incbin) that differs between build modes.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

namespace {

struct Options {
  std::string_view name_space;
  std::string_view include;
  const char* header = nullptr;
  const char* source = nullptr;
  const char* object = nullptr;
};

bool ParseOptions(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (!arg.starts_with("--")) {
      if (options.object != nullptr) return false;
      options.object = argv[i];
      continue;
    }
    if (++i == argc) return false;
    if (arg == "--namespace") {
      options.name_space = argv[i];
    } else if (arg == "--include") {
      options.include = argv[i];
    } else if (arg == "--header") {
      options.header = argv[i];
    } else if (arg == "--source") {
      options.source = argv[i];
    } else {
      return false;
    }
  }
  return !options.name_space.empty() && !options.include.empty() && options.header != nullptr &&
         options.source != nullptr && options.object != nullptr;
}

// "a", "a::b": identifiers, so that nothing else can be smuggled into the generated code.
bool IsNamespace(std::string_view text) {
  bool at_start = true;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (letter || (!at_start && c >= '0' && c <= '9')) {
      at_start = false;
    } else if (!at_start && text.substr(i).starts_with("::")) {
      at_start = true;
      ++i;
    } else {
      return false;
    }
  }
  return !at_start;
}

bool ReadFile(const char* path, std::string& bytes) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return false;
  char buffer[65536];
  size_t got = 0;
  do {
    got = std::fread(buffer, 1, sizeof buffer, file);
    bytes.append(buffer, got);
  } while (got == sizeof buffer);
  const bool read = std::ferror(file) == 0;
  std::fclose(file);
  return read;
}

bool WriteFile(const char* path, std::string_view text) {
  std::FILE* file = std::fopen(path, "wb");
  if (file == nullptr) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

// PATH as a macro name: "tools/pass.h" guards itself by TOOLS_PASS_H_.
std::string GuardOf(std::string_view path) {
  std::string guard;
  for (char c : path) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool word = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    guard += lower ? static_cast<char>(c - 'a' + 'A') : word ? c : '_';
  }
  if (guard[0] >= '0' && guard[0] <= '9') guard.insert(0, "H_");
  return guard + "_";
}

std::string HeaderText(const Options& options) {
  const std::string guard = GuardOf(options.include);
  std::string text = "// Generated: the bytes of a BPF object.\n#ifndef ";
  text.append(guard).append("\n#define ").append(guard);
  text.append("\n\n#include <cstddef>\n#include <span>\n\nnamespace ").append(options.name_space);
  text.append(" {\n\n// The object file, aligned to 8; lives as long as the program.\n");
  text.append("std::span<const std::byte> Object();\n\n}  // namespace ");
  text.append(options.name_space).append("\n\n#endif  // ").append(guard).append("\n");
  return text;
}

// The contents of a string literal, a line for every 64 bytes. An escape has three octal digits
// always, so that a digit that follows is not taken for a part of it; `?` is escaped because two of
// them could begin a trigraph.
void AppendLiteral(std::string_view bytes, std::string& text) {
  constexpr size_t kBytesPerLine = 64;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i % kBytesPerLine == 0) text += i == 0 ? "    \"" : "\"\n    \"";
    const auto byte = static_cast<uint8_t>(bytes[i]);
    if (byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\' && byte != '?') {
      text += bytes[i];
      continue;
    }
    text += '\\';
    text += static_cast<char>('0' + (byte >> 6));
    text += static_cast<char>('0' + ((byte >> 3) & 7));
    text += static_cast<char>('0' + (byte & 7));
  }
  text += '"';
}

std::string SourceText(const Options& options, std::string_view bytes) {
  const std::string size = std::to_string(bytes.size());
  std::string text = "// Generated: the bytes of a BPF object.\n#include \"";
  text.append(options.include).append("\"\n\nnamespace ").append(options.name_space);
  text.append(" {\nnamespace {\n\n// One byte more than the object: the literal's own end.\n");
  text.append("alignas(8) constexpr char kObject[").append(size).append(" + 1] =\n");
  AppendLiteral(bytes, text);
  text.append(";\n\n}  // namespace\n\nstd::span<const std::byte> Object() {\n");
  text.append("  return std::as_bytes(std::span(kObject, ").append(size).append("));\n}\n\n");
  text.append("}  // namespace ").append(options.name_space).append("\n");
  return text;
}

int Fail(const char* what, const char* object) {
  std::fprintf(stderr, "embed: %s '%s'\n", what, object);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!ParseOptions(argc, argv, options)) {
    std::fputs("usage: embed --namespace NAME --include PATH --header OUT --source OUT FILE\n",
               stderr);
    return 2;
  }
  if (!IsNamespace(options.name_space)) {
    return Fail("not a C++ namespace:", std::string(options.name_space).c_str());
  }
  std::string bytes;
  if (!ReadFile(options.object, bytes)) return Fail("cannot read", options.object);
  if (bytes.empty()) return Fail("nothing in", options.object);
  if (!WriteFile(options.header, HeaderText(options))) return Fail("cannot write", options.header);
  if (!WriteFile(options.source, SourceText(options, bytes))) {
    return Fail("cannot write", options.source);
  }
  return 0;
}
