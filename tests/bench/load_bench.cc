// What loading costs beside the kernel's own work: the object's bytes parsed, planned and loaded,
// and how much of that was in bpf(2); beside the machine's libbpf where there is one, in the same
// run. Needs root.
//
//   bazel run -c opt //tests/bench:load_bench
//
// Times are minimum / median. The floor is the time in bpf(2): no loader can do with less. "First"
// is a process of its own that loads once, so that each page of it is touched for the first time.
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/load_plan.h"
#include "purebpf/loader/target_kernel.h"
#include "purebpf/tests/bench/libbpf_rival.h"
#include "purebpf/tests/bench/measure.h"
#include "purebpf/tests/bench/timing_kernel.h"

namespace purebpf::bench {
namespace {

// In turns, so that a busy machine is so for both, and several rounds each, so that neither works
// with what the other one left in the caches.
constexpr int kTurns = 4;
constexpr int kRounds = 10;
constexpr int kProcesses = 20;
constexpr size_t kMaxObject = size_t{64} << 20;
constexpr std::string_view kPurebpf = "purebpf";
constexpr std::string_view kLibbpf = "libbpf";

int Fail(const Error& error) {
  std::fprintf(stderr, "%s\n", error.ToString().c_str());
  return 1;
}

// Where the time outside of bpf(2) went.
struct Steps {
  Sample whole, in_bpf, outside, parse, plan, map_types, execute, clean_up;
  int bpf_calls = 0;
};

Result<void> LoadOnce(TimingKernel& kernel, Bytes object, Steps& steps) {
  kernel.Reset();
  const auto begin = Clock::now();
  const auto spec = CollectionSpec::Parse(object, "bench");
  if (!spec) return std::unexpected(spec.error());
  const auto parsed = Clock::now();
  Clock::time_point planned;
  Clock::time_point end;
  {
    auto target = TargetKernel::Running(kernel);
    auto plan = LoadPlan::Make(*spec, target);
    if (!plan) return std::unexpected(plan.error());
    planned = Clock::now();
    const auto in_bpf_before = kernel.in_bpf;
    const auto loaded = Collection::Load(kernel, std::move(*plan));
    if (!loaded) return std::unexpected(loaded.error());
    end = Clock::now();
    steps.execute.Add(end - planned - (kernel.in_bpf - in_bpf_before));
  }
  steps.whole.Add(end - begin);
  steps.in_bpf.Add(kernel.in_bpf);
  steps.outside.Add(end - begin - kernel.in_bpf);
  steps.parse.Add(parsed - begin);
  steps.plan.Add(planned - parsed - kernel.in_files);
  steps.map_types.Add(kernel.in_files);
  steps.clean_up.Add(Clock::now() - end);
  steps.bpf_calls = kernel.bpf_calls;
  return {};
}

void Print(const char* what, Times times) {
  std::printf("  %-44s %9.1f / %9.1f us\n", what, times.least / 1000, times.median / 1000);
}

// In this process, which then ends: nanoseconds outside of bpf(2).
int LoadFirst(std::string_view who, const std::string& path) {
  HostKernel host;
  const auto object = host.ReadFile(path, kMaxObject);
  if (!object) return 1;
  Sample outside;
  if (who == kLibbpf) {
    const auto rival = LibbpfRival::Open();
    const auto loaded = rival ? rival->Load(*object) : std::nullopt;
    if (!loaded) return 1;
    outside.Add(loaded->whole - loaded->in_bpf);
  } else {
    TimingKernel kernel(host);
    Steps steps;
    if (const auto done = LoadOnce(kernel, *object, steps); !done) return Fail(done.error());
    outside = steps.outside;
  }
  std::printf("%.0f\n", outside.Sorted().least);
  return 0;
}

// By processes of their own, which take turns.
void PrintFirst(const std::string& self, const std::string& path, bool has_rival) {
  Sample ours, theirs;
  const auto load = [&](std::string_view who, Sample& sample) {
    FILE* const out =
        popen(("'" + self + "' --first " + std::string(who) + " '" + path + "'").c_str(), "r");
    double nanoseconds = 0;
    if (out != nullptr && std::fscanf(out, "%lf", &nanoseconds) == 1)
      sample.Add(std::chrono::nanoseconds(static_cast<int64_t>(nanoseconds)));
    if (out != nullptr) pclose(out);
  };
  for (int i = 0; i < kProcesses; ++i) {
    load(kPurebpf, ours);
    if (has_rival) load(kLibbpf, theirs);
  }
  Print("first, outside of bpf(2)", ours.Sorted());
  if (has_rival) Print("libbpf, first, outside of bpf(2)", theirs.Sorted());
}

int Measure(const std::string& self, const std::string& path, LibbpfRival* rival) {
  HostKernel host;
  TimingKernel kernel(host);
  const auto object = host.ReadFile(path, kMaxObject);
  if (!object) return std::fprintf(stderr, "cannot read %s\n", path.c_str()), 1;
  Steps steps;
  Sample rivals_whole, rivals_outside;
  int rivals_calls = 0;
  for (int turn = 0; turn < kTurns; ++turn) {
    for (int round = 0; round < kRounds; ++round)
      if (const auto done = LoadOnce(kernel, *object, steps); !done) return Fail(done.error());
    for (int round = 0; rival != nullptr && round < kRounds; ++round) {
      const auto loaded = rival->Load(*object);
      if (!loaded) break;
      rivals_whole.Add(loaded->whole);
      rivals_outside.Add(loaded->whole - loaded->in_bpf);
      rivals_calls = loaded->bpf_calls;
    }
  }
  const Times whole = steps.whole.Sorted();
  const Times floor = steps.in_bpf.Sorted();
  const Times outside = steps.outside.Sorted();
  std::printf("%s: parse, plan and load\n", path.c_str());
  Print("whole", whole);
  Print("in bpf(2), the floor", floor);
  std::printf("  %-44s %9.3f / %9.3f\n", "ratio", whole.least / floor.least,
              whole.median / floor.median);
  Print("outside of bpf(2)", outside);
  Print("  parse", steps.parse.Sorted());
  Print("  map the kernel's types", steps.map_types.Sorted());
  Print("  plan", steps.plan.Sorted());
  Print("  execute", steps.execute.Sorted());
  Print("clean up, not counted above", steps.clean_up.Sorted());
  std::printf("  %-44s %9d\n", "calls of bpf(2)", steps.bpf_calls);
  PrintFirst(self, path, rivals_calls != 0);
  if (rivals_calls == 0) return 0;
  const Times rivals = rivals_outside.Sorted();
  Print(("libbpf " + rival->version() + ", whole").c_str(), rivals_whole.Sorted());
  Print("libbpf, outside of bpf(2)", rivals);
  std::printf("  %-44s %9.3f / %9.3f\n", "purebpf to libbpf, outside", outside.least / rivals.least,
              outside.median / rivals.median);
  std::printf("  %-44s %9d\n", "libbpf, calls of bpf(2)", rivals_calls);
  return 0;
}

}  // namespace
}  // namespace purebpf::bench

int main(int argc, char** argv) {
  using namespace purebpf::bench;
  if (argc < 2) return std::fprintf(stderr, "usage: load_bench OBJECT...\n"), 2;
  if (argc == 4 && std::strcmp(argv[1], "--first") == 0) return LoadFirst(argv[2], argv[3]);
  std::array<char, 4096> self{};
  if (readlink("/proc/self/exe", self.data(), self.size() - 1) < 0) return 1;
  const auto rival = LibbpfRival::Open();
  for (int i = 1; i < argc; ++i)
    if (const int failed = Measure(self.data(), argv[i], rival.get())) return failed;
  return 0;
}
