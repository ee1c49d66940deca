// Loads the object named by its argument and uses its map: purebpf as it is installed, with the
// compiler's default options, exceptions and RTTI among them. `purebpf record` and `purebpf replay`
// may stand between it and the kernel.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <stdexcept>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/bpf/testing/tool_kernel.h"
#include "purebpf/loader/bind.h"

namespace {

struct Objects {
  purebpf::Named<"count", purebpf::Program> count;
  purebpf::Named<"packets", purebpf::TypedMap<uint32_t, uint64_t>> packets;
};

template <typename T>
T OrThrow(purebpf::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().ToString());
  return *std::move(result);
}

void Run(purebpf::Kernel& kernel, const char* object) {
  const auto spec = OrThrow(purebpf::CollectionSpec::FromFile(kernel, object));
  const auto objects = OrThrow(spec.LoadAndAssign<Objects>(kernel));
  if (!objects.packets.Put(3U, uint64_t{41})) throw std::runtime_error("cannot put");
  const auto seen = OrThrow(objects.packets.Lookup(3U));
  std::printf("loaded %s, packets[3] = %" PRIu64 "\n", objects.count.name().c_str(),
              seen.value_or(0));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 2) throw std::runtime_error("usage: consumer OBJECT");
    purebpf::HostKernel host;
    purebpf::testing::ToolKernelOptions options;
    options.about = "tests/install";
    purebpf::testing::AddEnvironment(options);
    const auto tool = OrThrow(purebpf::testing::ToolKernel::Open(host, options));
    Run(tool.kernel(), argv[1]);
    if (const auto ended = tool.Finish(); !ended)
      throw std::runtime_error(ended.error().ToString());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
