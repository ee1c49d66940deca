// Writes a header and a source that carry a file's bytes: the generator behind cc_bpf_object.
//
//   embed --namespace NAME --include PATH --header OUT.h --source OUT.cc FILE
//
// The bytes become one string literal, and no assembler has to find a file by a path (.incbin) that
// differs between build modes.
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/tools/skeleton/cpp_names.h"

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

std::string HeaderText(const Options& options) {
  const std::string guard = purebpf::skeleton::Guard(options.include);
  std::string text = "// Generated: the bytes of a BPF object.\n#ifndef ";
  text.append(guard).append("\n#define ").append(guard);
  text.append("\n\n#include <cstddef>\n#include <span>\n\nnamespace ").append(options.name_space);
  text.append(" {\n\n// The object file, aligned to 8; lives as long as the program.\n");
  text.append("std::span<const std::byte> Object();\n\n}  // namespace ");
  text.append(options.name_space).append("\n\n#endif  // ").append(guard).append("\n");
  return text;
}

std::string SourceText(const Options& options, std::string_view bytes) {
  const std::string size = std::to_string(bytes.size());
  std::string text = "// Generated: the bytes of a BPF object.\n#include \"";
  text.append(options.include).append("\"\n\nnamespace ").append(options.name_space);
  text.append(" {\nnamespace {\n\n// One byte more than the object: the literal's own end.\n");
  text.append("alignas(8) constexpr char kObject[").append(size).append(" + 1] =\n");
  purebpf::skeleton::AppendBytes(bytes, "    ", text);
  text.append(";\n\n}  // namespace\n\nstd::span<const std::byte> Object() {\n");
  text.append("  return std::as_bytes(std::span(kObject, ").append(size).append("));\n}\n\n");
  text.append("}  // namespace ").append(options.name_space).append("\n");
  return text;
}

int Fail(const std::string& what) {
  std::fprintf(stderr, "embed: %s\n", what.c_str());
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
  if (!purebpf::skeleton::IsNamespace(options.name_space))
    return Fail("not a C++ namespace: '" + std::string(options.name_space) + "'");
  purebpf::HostKernel kernel;
  constexpr size_t kMaxFile = size_t{256} << 20;
  const auto object = kernel.ReadFile(options.object, kMaxFile);
  if (!object) return Fail(purebpf::SystemError(object.error(), "read", options.object).ToString());
  if (object->empty()) return Fail("nothing in '" + std::string(options.object) + "'");
  const std::string_view bytes(reinterpret_cast<const char*>(object->data()), object->size());
  const struct {
    const char* path;
    std::string text;
  } files[] = {{options.header, HeaderText(options)}, {options.source, SourceText(options, bytes)}};
  for (const auto& file : files) {
    const auto written = kernel.WriteFile(file.path, std::as_bytes(std::span(file.text)),
                                          purebpf::WriteMode::kReplace);
    if (!written) return Fail(purebpf::SystemError(written.error(), "write", file.path).ToString());
  }
  return 0;
}
