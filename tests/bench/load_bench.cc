// What purebpf adds to the kernel's own time: each path beside the bare system calls that it cannot
// do without, in one run. Needs root.
//
//   bazel run -c opt //tests/bench:load_bench
//
// Prints the minimum and median of each, in microseconds or nanoseconds, and their ratio.
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/host_kernel.h"
#include "purebpf/loader/bind.h"
#include "purebpf/tools/xconnect/xconnect_object.h"

namespace purebpf {
namespace {

struct Objects {
  Named<"xdp_xconnect", Program> program;
  Named<"xconnect_map", TypedMap<uint32_t, uint32_t>> map;
};

using Clock = std::chrono::steady_clock;

struct Times {
  double least = 0;
  double median = 0;
};

// Nanoseconds for one of `inner` repetitions of `body`.
template <typename Body>
Times Measure(int rounds, int inner, Body body) {
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    const auto begin = Clock::now();
    for (int i = 0; i < inner; ++i) body();
    const std::chrono::duration<double, std::nano> spent = Clock::now() - begin;
    times.push_back(spent.count() / inner);
  }
  std::ranges::sort(times);
  return {.least = times.front(), .median = times[times.size() / 2]};
}

void Print(const char* what, const char* unit, double scale, Times floor, Times ours) {
  std::printf("%-34s floor %7.2f / %7.2f %s   purebpf %7.2f / %7.2f %s   ratio %.3f\n", what,
              floor.least / scale, floor.median / scale, unit, ours.least / scale,
              ours.median / scale, unit, ours.median / floor.median);
}

long Bpf(Command command, const void* attr, size_t size) {
  return syscall(SYS_bpf, static_cast<long>(command), attr, size);
}

// The two system calls that loading xconnect is, with everything made before.
void LoadBare(const MapCreateAttr& map_attr, std::vector<Insn>& insns, uint32_t slot,
              ProgLoadAttr prog_attr) {
  const int map = static_cast<int>(Bpf(Command::kMapCreate, &map_attr, sizeof map_attr));
  insns[slot].imm = map;
  const int program = static_cast<int>(Bpf(Command::kProgLoad, &prog_attr, sizeof prog_attr));
  close(program);
  close(map);
}

int Run() {
  HostKernel kernel;
  const auto spec = CollectionSpec::Parse(xconnect_object::Object(), "xconnect");
  if (!spec) return std::fprintf(stderr, "%s\n", spec.error().ToString().c_str()), 1;
  auto target = TargetKernel::Described();
  const auto plan = LoadPlan::Make(*spec, target);
  const auto objects = spec->LoadAndAssign<Objects>(kernel);
  if (!objects) return std::fprintf(stderr, "%s\n", objects.error().ToString().c_str()), 1;

  // The object's types come first.
  const auto& map = std::get<CreateMapStep>(plan->steps[1]).params;
  const auto& program = std::get<LoadProgramStep>(plan->steps[2]);
  std::vector<Insn> insns = program.params.insns;
  const MapCreateAttr map_attr{.map_type = static_cast<uint32_t>(map.type),
                               .key_size = map.key_size,
                               .value_size = map.value_size,
                               .max_entries = map.max_entries};
  const ProgLoadAttr prog_attr{
      .prog_type = static_cast<uint32_t>(program.params.type),
      .insn_cnt = static_cast<uint32_t>(insns.size()),
      .insns = reinterpret_cast<uintptr_t>(insns.data()),
      .license = reinterpret_cast<uintptr_t>(program.params.license.c_str()),
      .expected_attach_type = static_cast<uint32_t>(program.params.expected_attach_type)};

  const Times bare =
      Measure(60, 1, [&] { LoadBare(map_attr, insns, program.map_slots[0].insn, prog_attr); });
  const Times ours = Measure(60, 1, [&] {
    const auto parsed = CollectionSpec::Parse(xconnect_object::Object(), "xconnect");
    if (!parsed->LoadAndAssign<Objects>(kernel)) std::abort();
  });
  Print("parse, load and close xconnect", "us", 1000, bare, ours);
  const Times parse = Measure(60, 100, [&] {
    const auto parsed = CollectionSpec::Parse(xconnect_object::Object(), "xconnect");
    auto made_up = TargetKernel::Described();
    if (!LoadPlan::Make(*parsed, made_up)) std::abort();
  });
  std::printf("%-34s %51s %7.2f / %7.2f us\n", "  of it, parse and plan", "", parse.least / 1000,
              parse.median / 1000);

  const auto hash = Map::Create(kernel, {.name = "bench",
                                         .type = MapType::kHash,
                                         .key_size = 4,
                                         .value_size = 8,
                                         .max_entries = 1024});
  if (!hash) return std::fprintf(stderr, "%s\n", hash.error().ToString().c_str()), 1;
  uint32_t key = 7;
  uint64_t value = 1;
  if (!hash->Put(BytesOf(key), BytesOf(value))) return 1;
  const MapElemAttr elem{.map_fd = static_cast<uint32_t>(hash->fd()),
                         .key = reinterpret_cast<uintptr_t>(&key),
                         .value = reinterpret_cast<uintptr_t>(&value)};
  const Times raw = Measure(200, 5000, [&] { Bpf(Command::kMapLookupElem, &elem, sizeof elem); });
  const Times typed = Measure(200, 5000, [&] {
    if (!hash->Lookup(BytesOf(key), MutableBytesOf(value))) std::abort();
  });
  Print("hash look-up", "ns", 1, raw, typed);
  return 0;
}

}  // namespace
}  // namespace purebpf

int main() { return purebpf::Run(); }
