// The generator behind cc_bpf_skeleton, which runs while a dependent workspace builds:
// `purebpf gen skeleton` with nothing else of that tool.
//
//   generate --name NAME [--namespace NS] [--type TYPE]... --include PATH --header OUT.h --source
//   OUT.cc OBJECT
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/tools/skeleton/skeleton.h"

namespace {

struct Options {
  purebpf::skeleton::SkeletonOptions skeleton;
  std::string header;
  std::string source;
  std::string object;
};

bool ParseOptions(std::span<char*> arguments, Options& options) {
  const struct {
    std::string_view name;
    std::string& value;
  } defs[] = {{"--name", options.skeleton.name},
              {"--namespace", options.skeleton.name_space},
              {"--include", options.skeleton.include},
              {"--header", options.header},
              {"--source", options.source}};
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    std::string* value = argument.starts_with("--") ? nullptr : &options.object;
    for (const auto& def : defs)
      if (def.name == argument && i + 1 < arguments.size()) value = &def.value;
    if (argument == "--type" && i + 1 < arguments.size())
      value = &options.skeleton.types.emplace_back();
    if (value == nullptr || !value->empty()) return false;
    *value = value == &options.object ? argument : arguments[++i];
  }
  return !options.skeleton.name.empty() && !options.skeleton.include.empty() &&
         !options.header.empty() && !options.source.empty() && !options.object.empty();
}

int Fail(const std::string& what) {
  std::fprintf(stderr, "generate: %s\n", what.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!ParseOptions(std::span(argv, static_cast<size_t>(argc)).subspan(1), options)) {
    std::fputs(
        "usage: generate --name NAME [--namespace NS] [--type TYPE]... --include PATH --header OUT "
        "--source OUT OBJECT\n",
        stderr);
    return 2;
  }
  purebpf::HostKernel kernel;
  constexpr size_t kMaxFile = size_t{256} << 20;
  const auto object = kernel.ReadFile(options.object, kMaxFile);
  if (!object) return Fail(purebpf::SystemError(object.error(), "read", options.object).ToString());
  const auto text = purebpf::skeleton::WriteSkeleton(*object, options.skeleton);
  if (!text) return Fail(text.error().ToString());
  const struct {
    const std::string& path;
    const std::string& text;
  } files[] = {{options.header, text->header}, {options.source, text->source}};
  for (const auto& file : files) {
    const auto written = kernel.WriteFile(file.path, std::as_bytes(std::span(file.text)),
                                          purebpf::WriteMode::kReplace);
    if (!written) return Fail(purebpf::SystemError(written.error(), "write", file.path).ToString());
  }
  return 0;
}
