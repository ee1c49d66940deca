// xdp_count INTERFACE: the packets that arrive there, by IP protocol, as a table that is written
// anew every second.
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdint>
#include <cstdio>

#include "examples/xdp_count/count.skel.h"
#include "purebpf/bpf/attach.h"
#include "purebpf/bpf/try.h"
#include "purebpf/netlink/link.h"

namespace {

using Table = std::array<count::traffic, 256>;  // by protocol

const char* NameOf(uint32_t protocol) {
  switch (protocol) {
    case 1:
      return "ICMP";
    case 6:
      return "TCP";
    case 17:
      return "UDP";
    case 47:
      return "GRE";
    case 50:
      return "ESP";
    case 58:
      return "ICMPv6";
    default:
      return "";
  }
}

// Each CPU has counted for itself: their sums.
purebpf::Result<Table> Count(const count::Objects& objects) {
  Table table{};
  for (uint32_t protocol = 0; protocol < table.size(); ++protocol) {
    const auto cpus = PUREBPF_TRY(objects.maps.by_protocol->Lookup(protocol));
    if (!cpus) continue;
    for (const count::traffic& cpu : *cpus) {
      table[protocol].packets += cpu.packets;
      table[protocol].bytes += cpu.bytes;
    }
  }
  return table;
}

void Print(const Table& now, const Table& before) {
  // On a terminal in the place of the last one.
  if (isatty(STDOUT_FILENO) != 0) std::printf("\033[H\033[J");
  std::printf("%-12s %12s %14s %12s\n", "protocol", "packets", "bytes", "packets/s");
  for (uint32_t protocol = 0; protocol < now.size(); ++protocol) {
    const count::traffic& traffic = now[protocol];
    if (traffic.packets == 0) continue;
    std::printf("%3" PRIu32 " %-8s %12" PRIu64 " %14" PRIu64 " %12" PRIu64 "\n", protocol,
                NameOf(protocol), traffic.packets, traffic.bytes,
                traffic.packets - before[protocol].packets);
  }
  std::fflush(stdout);
}

purebpf::Result<> Run(const char* name) {
  auto socket = PUREBPF_TRY(purebpf::netlink::Socket::Open(purebpf::RunningKernel()));
  const auto interface = PUREBPF_TRY(purebpf::netlink::LinkByName(socket, name));
  const auto objects = PUREBPF_TRY(count::Load());
  // The program is attached as long as this is open: however this process ends.
  const auto link =
      PUREBPF_TRY(Attach(*objects.programs.count, purebpf::XdpTarget{.ifindex = interface.index}));
  for (Table before{};; sleep(1)) {
    const Table now = PUREBPF_TRY(Count(objects));
    Print(now, before);
    before = now;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: xdp_count INTERFACE\n"), 2;
  const auto done = Run(argv[1]);
  if (!done) std::fprintf(stderr, "xdp_count: %s\n", done.error().ToString().c_str());
  return 1;
}
