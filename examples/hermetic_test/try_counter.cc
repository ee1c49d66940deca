// Offers one packet to the counter, and says how many it has counted.
#include <cstdio>
#include <vector>

#include "counter.h"
#include "purebpf/bpf/host_kernel.h"
#include "purebpf/bpf/testing/tool_kernel.h"
#include "purebpf/bpf/try.h"

namespace {

purebpf::Result<uint64_t> Try(purebpf::Kernel& kernel) {
  const auto counter = PUREBPF_TRY(Counter::Load(kernel));
  PUREBPF_TRY(counter.Offer(std::vector<std::byte>(64)));
  return counter.packets();
}

int Fail(const purebpf::Error& error) {
  std::fprintf(stderr, "try_counter: %s\n%s", error.ToString().c_str(), error.log.c_str());
  return 1;
}

}  // namespace

int main() {
  purebpf::HostKernel host;
  purebpf::testing::ToolKernelOptions options{.about = "try_counter", .types_are_free = true};
  purebpf::testing::AddEnvironment(options);
  const auto tool = purebpf::testing::ToolKernel::Open(host, options);
  if (!tool) return Fail(tool.error());
  const auto packets = Try(tool->kernel());
  if (const auto ended = tool->Finish(); !ended) return Fail(ended.error());
  if (!packets) return Fail(packets.error());
  std::printf("packets: %llu\n", static_cast<unsigned long long>(*packets));
  return 0;
}
