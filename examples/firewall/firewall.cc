// firewall INTERFACE FILE: drops what arrives there from the networks that FILE lists. FILE may be
// replaced meanwhile; while it is wrong, the last good one holds.
#include <unistd.h>

#include <bit>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include "examples/firewall/block_list.h"
#include "examples/firewall/filter.skel.h"
#include "purebpf/bpf/attach.h"
#include "purebpf/bpf/try.h"
#include "purebpf/netlink/link.h"

namespace {

// The same bytes, by the BPF program's name for them.
filter::network KeyOf(const Network& network) { return std::bit_cast<filter::network>(network); }

// What is blocked becomes `wanted`; what is in both is never unblocked, and keeps its count.
purebpf::Result<> Block(const filter::Objects& objects, Networks& blocked, const Networks& wanted) {
  for (const Network& network : wanted) {
    if (!blocked.contains(network)) PUREBPF_TRY(objects.maps.blocked->Put(KeyOf(network), 0));
    blocked.insert(network);
  }
  for (auto each = blocked.begin(); each != blocked.end();) {
    if (wanted.contains(*each)) {
      ++each;
      continue;
    }
    const auto dropped = PUREBPF_TRY(objects.maps.blocked->Lookup(KeyOf(*each)));
    PUREBPF_TRY(objects.maps.blocked->Delete(KeyOf(*each)));
    std::printf("%s is free again, after %" PRIu64 " packets\n", ToString(*each).c_str(),
                dropped.value_or(0));
    each = blocked.erase(each);
  }
  std::printf("blocked networks: %zu\n", blocked.size());
  std::fflush(stdout);
  return {};
}

purebpf::Result<> Run(const char* name, const std::string& path) {
  auto socket = PUREBPF_TRY(purebpf::netlink::Socket::Open(purebpf::RunningKernel()));
  const auto interface = PUREBPF_TRY(purebpf::netlink::LinkByName(socket, name));
  const auto objects = PUREBPF_TRY(filter::Load());
  std::error_code ignored;
  auto read = last_write_time(std::filesystem::path(path), ignored);
  const auto first = PUREBPF_TRY(ReadBlockList(path));
  Networks blocked;
  PUREBPF_TRY(Block(objects, blocked, first));
  // The program is attached as long as this is open: however this process ends.
  const auto link =
      PUREBPF_TRY(Attach(*objects.programs.filter, purebpf::XdpTarget{.ifindex = interface.index}));
  for (;; usleep(200'000)) {
    const auto written = last_write_time(std::filesystem::path(path), ignored);
    if (written == read) continue;
    read = written;
    if (const auto wanted = ReadBlockList(path)) {
      PUREBPF_TRY(Block(objects, blocked, *wanted));
    } else {
      std::fprintf(stderr, "firewall: %s\n", wanted.error().ToString().c_str());
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: firewall INTERFACE FILE\n"), 2;
  const auto done = Run(argv[1], argv[2]);
  if (!done) std::fprintf(stderr, "firewall: %s\n", done.error().ToString().c_str());
  return 1;
}
