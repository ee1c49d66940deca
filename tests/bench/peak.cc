// How much memory a process has used at most, in kilobytes: one that loads the object it is given,
// or, without one, that does nothing. peak_test compares the two. Needs root, to load.
#include <charconv>
#include <cstdio>
#include <string_view>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/collection_spec.h"

namespace purebpf {
namespace {

Result<void> Load(Kernel& kernel, const char* path) {
  const auto spec = CollectionSpec::FromFile(kernel, path);
  if (!spec) return std::unexpected(spec.error());
  const auto loaded = spec->Load(kernel);
  if (!loaded) return std::unexpected(loaded.error());
  return {};
}

// Documentation/filesystems/proc.rst: VmHWM, the most that was resident.
long Peak(Kernel& kernel) {
  constexpr std::string_view kKey = "VmHWM:";
  const auto status = kernel.ReadFile("/proc/self/status", 1 << 16);
  if (!status) return -1;
  std::string_view text(reinterpret_cast<const char*>(status->data()), status->size());
  const size_t at = text.find(kKey);
  if (at == std::string_view::npos) return -1;
  text.remove_prefix(at + kKey.size());
  text.remove_prefix(text.find_first_not_of(" \t"));
  long kilobytes = -1;
  std::from_chars(text.data(), text.data() + text.size(), kilobytes);
  return kilobytes;
}

}  // namespace
}  // namespace purebpf

int main(int argc, char** argv) {
  purebpf::HostKernel kernel;
  if (argc > 1) {
    if (const auto loaded = purebpf::Load(kernel, argv[1]); !loaded) {
      std::fprintf(stderr, "%s\n", loaded.error().ToString().c_str());
      return 1;
    }
  }
  std::printf("%ld\n", purebpf::Peak(kernel));
  return 0;
}
