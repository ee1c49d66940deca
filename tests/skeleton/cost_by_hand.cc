// cost_by_hand OBJECT: what cost_skeleton does, with the same library and the object in a file.
#include <array>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/bpf/try.h"
#include "purebpf/bpf/typed_map.h"
#include "purebpf/loader/attach.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/collection_spec.h"

namespace {

// As traffic.bpf.c has them.
struct FlowKey {
  uint16_t port = 0;
  uint16_t padding = 0;
  uint32_t address = 0;
  uint32_t protocol = 0;
};
struct Flow {
  uint64_t packets = 0;
  uint64_t bytes = 0;
  uint32_t first = 0;
  uint32_t last = 0;
};
using Flows = purebpf::TypedMap<FlowKey, Flow>;

purebpf::Result<uint64_t> CountPackets(purebpf::Kernel& kernel, const char* object) {
  auto spec = PUREBPF_TRY(purebpf::CollectionSpec::FromFile(kernel, object));
  PUREBPF_TRY(spec.Set("step", uint32_t{10}));
  auto objects = PUREBPF_TRY(spec.Load(kernel));
  auto map = PUREBPF_TRY(objects.TakeMap("flows"));
  const auto flows = PUREBPF_TRY(Flows::From(std::move(map)));
  PUREBPF_TRY(flows.Put({.port = 80, .address = 100}, {}));
  const auto count = PUREBPF_TRY(objects.TakeProgram("count"));
  const auto link = PUREBPF_TRY(purebpf::AttachBySection(count, *spec.FindProgram("count")));
  const std::array<std::byte, 100> packet{};
  PUREBPF_TRY(count.TestRun({.data = packet}));
  return PUREBPF_TRY(objects.Get<uint64_t>("packets"));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  purebpf::HostKernel kernel;
  const auto packets = CountPackets(kernel, argv[1]);
  if (!packets) return std::puts(packets.error().ToString().c_str()), 1;
  std::printf("%" PRIu64 "\n", *packets);
  return 0;
}
