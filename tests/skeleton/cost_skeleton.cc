// What cost_by_hand does, by a skeleton.
#include <array>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "purebpf/bpf/try.h"
#include "tests/skeleton/traffic.skel.h"

namespace {

purebpf::Result<uint64_t> CountPackets() {
  auto spec = PUREBPF_TRY(traffic::Spec::Read());
  spec.variables.step = 10;
  auto objects = PUREBPF_TRY(traffic::Load(spec));
  const traffic::flow_key key = {.port = 80, .address = 100};
  PUREBPF_TRY(objects.maps.flows->Put(key, {}));
  PUREBPF_TRY(objects.Attach());
  const std::array<std::byte, 100> packet{};
  PUREBPF_TRY(objects.programs.count->TestRun({.data = packet}));
  return objects.variables.packets;
}

}  // namespace

int main() {
  const auto packets = CountPackets();
  if (!packets) return std::puts(packets.error().ToString().c_str()), 1;
  std::printf("%" PRIu64 "\n", *packets);
  return 0;
}
