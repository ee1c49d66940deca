#include "purebpf/tests/skeleton/page.h"

#include <array>
#include <cstddef>
#include <cstdio>

#include "purebpf/bpf/try.h"
#include "tests/skeleton/traffic.skel.h"

purebpf::Result<uint64_t> CountPackets() {
  auto spec = PUREBPF_TRY(traffic::Spec::Read());  // only where something is to be changed
  spec.variables.step = 10;                        // a constant of the programs
  spec.maps.flows->params.max_entries = 4096;
  spec.programs.drop->autoload = true;  // its section begins with '?'

  auto objects = PUREBPF_TRY(traffic::Load(spec));  // or traffic::Load(), or Load(kernel, spec)
  objects.variables.name = {'e', 't', 'h', '0'};    // shared memory: no system call
  const traffic::flow_key key = {.port = 80, .address = 100};
  PUREBPF_TRY(objects.maps.flows->Put(key, {}));

  PUREBPF_TRY(objects.Attach());  // what section names say; "xdp" says no interface
  const std::array<std::byte, 100> packet{};
  PUREBPF_TRY(objects.programs.count->TestRun({.data = packet}));

  auto records = PUREBPF_TRY(objects.maps.events->Open());
  PUREBPF_TRY(records.Consume([](const traffic::event& event) {
    std::printf("%s: %u bytes\n", event.name, event.length);
  }));
  return objects.variables.packets;
}
