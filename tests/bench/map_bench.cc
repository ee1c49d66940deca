// A look-up in a map through the library beside the bare system call, in one run. Needs root.
//
//   bazel run -c opt //tests/bench:map_bench
//
// Prints the minimum and median of both, in nanoseconds, and their ratio.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/host_kernel.h"
#include "purebpf/bpf/map.h"
#include "purebpf/tests/bench/measure.h"

namespace purebpf::bench {
namespace {

long LookUpBare(const MapElemAttr& attr) {
  return syscall(SYS_bpf, static_cast<long>(Command::kMapLookupElem), &attr, sizeof attr);
}

int Compare(Kernel& kernel, const char* what, MapType type) {
  const auto map = Map::Create(
      kernel, {.name = "bench", .type = type, .key_size = 4, .value_size = 8, .max_entries = 1024});
  if (!map) return std::fprintf(stderr, "%s\n", map.error().ToString().c_str()), 1;
  uint32_t key = 7;
  uint64_t value = 1;
  if (!map->Put(BytesOf(key), BytesOf(value))) return 1;
  const MapElemAttr attr{.map_fd = static_cast<uint32_t>(map->fd()),
                         .key = reinterpret_cast<uintptr_t>(&key),
                         .value = reinterpret_cast<uintptr_t>(&value)};
  const auto [floor, ours] = MeasureBoth(
      300, 3000,
      [&] {
        if (LookUpBare(attr) != 0) std::abort();
      },
      [&] {
        if (!map->Lookup(BytesOf(key), MutableBytesOf(value))) std::abort();
      });
  std::printf("%-16s floor %7.1f / %7.1f ns   purebpf %7.1f / %7.1f ns   ratio %.3f / %.3f\n", what,
              floor.least, floor.median, ours.least, ours.median, ours.least / floor.least,
              ours.median / floor.median);
  return 0;
}

}  // namespace
}  // namespace purebpf::bench

int main() {
  purebpf::HostKernel kernel;
  return purebpf::bench::Compare(kernel, "array look-up", purebpf::MapType::kArray) +
         purebpf::bench::Compare(kernel, "hash look-up", purebpf::MapType::kHash);
}
