// pinned INTERFACE FOLDER: counts packets in a map that is pinned in FOLDER, of a BPF
// file system, and ends. The next run puts its own program in the place of the one that counts, at
// a stroke, and tells what was counted so far. pinned --remove FOLDER ends it all.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "examples/pinned/counter.skel.h"
#include "purebpf/bpf/attach.h"
#include "purebpf/bpf/link.h"
#include "purebpf/bpf/try.h"
#include "purebpf/netlink/link.h"

namespace {

purebpf::Result<> Run(const char* name, const std::string& folder) {
  purebpf::Kernel& kernel = purebpf::RunningKernel();
  auto socket = PUREBPF_TRY(purebpf::netlink::Socket::Open(kernel));
  const auto interface = PUREBPF_TRY(purebpf::netlink::LinkByName(socket, name));
  // The map of an earlier run is used again, if it is as the object says.
  const auto objects = PUREBPF_TRY(counter::Load({.pin_root = folder}));
  const purebpf::Program& program = *objects.programs.count;

  const std::string path = folder + "/link";
  auto link = purebpf::Link::FromPin(kernel, path);
  if (link) {
    // No packet passes by: one program counts it, or the other.
    const auto before = PUREBPF_TRY(link->Info());
    PUREBPF_TRY(link->Update(program));
    const auto after = PUREBPF_TRY(link->Info());
    std::printf("program %" PRIu32 " took over from %" PRIu32 "\n", after.program_id,
                before.program_id);
  } else if (link.error().code == purebpf::Code::kNotFound) {
    const purebpf::XdpTarget target{.ifindex = interface.index};
    const auto attached = PUREBPF_TRY(Attach(program, target));
    PUREBPF_TRY(attached.Pin(path));  // it stays when this process ends
    std::printf("attached to %s\n", name);
  } else {
    return std::unexpected(link.error());
  }
  const auto packets = PUREBPF_TRY(objects.maps.packets->Lookup(0));
  std::printf("%" PRIu64 " packets so far\n", packets.value_or(0));
  return {};
}

// Without its pins, nothing holds the link and the map: the kernel detaches and frees them.
purebpf::Result<> Remove(const std::string& folder) {
  PUREBPF_TRY(purebpf::Link::Unpin(purebpf::RunningKernel(), folder + "/link"));
  return purebpf::Map::Unpin(purebpf::RunningKernel(), folder + "/packets");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3)
    return std::fprintf(stderr, "usage: pinned INTERFACE FOLDER | pinned --remove FOLDER\n"), 2;
  const bool remove = std::strcmp(argv[1], "--remove") == 0;
  const auto done = remove ? Remove(argv[2]) : Run(argv[1], argv[2]);
  if (!done) std::fprintf(stderr, "pinned: %s\n", done.error().ToString().c_str());
  return done ? 0 : 1;
}
