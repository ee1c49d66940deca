// purebpf gen skeleton: an object as a header for C++.
#include <cstddef>
#include <span>
#include <string>

#include "purebpf/bpf/error.h"
#include "purebpf/tools/purebpf/verbs.h"
#include "purebpf/tools/skeleton/skeleton.h"

namespace purebpf::tool {
namespace {

constexpr size_t kMaxFile = size_t{256} << 20;  // as CollectionSpec::FromFile

int Fail(const Error& error, Output& output) {
  output.Complain(ErrorText(error));
  return kFailed;
}

}  // namespace

int RunGenSkeleton(Kernel& kernel, const Options& options, Output& output) {
  const std::string& path = options.files[0];
  const auto object = kernel.ReadFile(path, kMaxFile);
  if (!object) return Fail(SystemError(object.error(), "read object", path), output);
  const auto text = skeleton::WriteSkeleton(
      *object, {.name = options.name.empty() ? skeleton::SkeletonName(path) : options.name,
                .name_space = options.name_space,
                .types = options.types});
  if (!text) return Fail(text.error(), output);
  if (options.output.empty()) return output.Write(text->header) ? kOk : kFailed;
  const auto bytes = std::as_bytes(std::span(text->header));
  const auto written = kernel.WriteFile(options.output, bytes, WriteMode::kReplace);
  if (!written) return Fail(SystemError(written.error(), "write skeleton", options.output), output);
  return kOk;
}

}  // namespace purebpf::tool
