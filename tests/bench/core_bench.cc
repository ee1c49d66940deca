// What CO-RE costs: an object with some 150 relocations over 32 of the kernel's structs, resolved
// against a kernel's BTF of 5 MB. All of it lies outside of system calls, but for mapping the file.
//
//   bazel run -c opt //tests/bench:core_bench [-- --btf FILE]
//
// Prints the minimum and median of each step, in microseconds.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_ext.h"
#include "purebpf/elf/btf_search.h"
#include "purebpf/elf/file.h"
#include "purebpf/loader/internal/core/core_resolve.h"

namespace purebpf {
namespace {

using Clock = std::chrono::steady_clock;
using internal::CoreResolver;

constexpr int kRounds = 200;

// One step's times.
class Step {
 public:
  explicit Step(const char* what) : what_(what) {}
  Clock::time_point Add(Clock::time_point begin) {
    const auto end = Clock::now();
    times_.push_back(std::chrono::duration<double, std::micro>(end - begin).count());
    return end;
  }
  void Print() {
    std::ranges::sort(times_);
    std::printf("%-52s %8.1f / %8.1f us\n", what_, times_.front(), times_[times_.size() / 2]);
  }

 private:
  const char* what_;
  std::vector<double> times_;
};

// The whole file, mapped: what the kernel's BTF is from Linux 6.16 on. Read where it cannot be.
elf::Bytes MapFile(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat info{};
  if (fd < 0 || fstat(fd, &info) != 0) {
    std::perror(path);
    std::exit(1);
  }
  const auto size = static_cast<size_t>(info.st_size);
  void* mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (mapped != MAP_FAILED) return {static_cast<const std::byte*>(mapped), size};
  auto* bytes = new std::byte[size];
  size_t have = 0;
  for (ssize_t got = 1; have < size && got > 0; have += static_cast<size_t>(got))
    got = std::max<ssize_t>(read(fd, bytes + have, size - have), 0);
  return {bytes, have};
}

template <typename T>
T Need(elf::Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().message.c_str());
  std::exit(1);
}

elf::Bytes Section(const elf::File& file, std::string_view name) {
  const elf::Section* section = file.FindSection(name);
  return section == nullptr ? elf::Bytes() : section->contents;
}

struct Counts {
  size_t relocations = 0;
  size_t existing = 0;
  size_t failed = 0;
};

Counts ResolveAll(CoreResolver& resolver, const std::vector<elf::CoreSection>& sections) {
  Counts counts;
  resolver.BeginPlan();
  for (const elf::CoreSection& section : sections) {
    for (const elf::CoreRelocation& relocation : section.relocations) {
      const auto resolution = resolver.Resolve(relocation);
      ++counts.relocations;
      if (!resolution) ++counts.failed;
      if (resolution && resolution->exists) ++counts.existing;
    }
  }
  return counts;
}

int Run(const char* object_path, const char* btf_path) {
  const elf::Bytes object = MapFile(object_path);
  const elf::Bytes kernel = MapFile(btf_path);
  Step own("the object's own BTF and relocations");
  Step index("index the kernel's BTF, with all names in one pass");
  Step candidates("collect the candidates");
  Step resolve("resolve");
  Step again("resolve once more, for another plan");
  Step all("all of it");
  Counts counts;
  for (int round = 0; round < kRounds; ++round) {
    const auto begin = Clock::now();
    const auto file = Need(elf::File::Parse(object));
    const auto local = Need(elf::Btf::Parse(Section(file, ".BTF")));
    const auto sections = Need(elf::ParseCoreRelocations(Section(file, ".BTF.ext"), local));
    CoreResolver resolver(local, sections);
    auto now = own.Add(begin);
    elf::BtfSearch search;
    resolver.Want(search);
    const auto vmlinux = Need(elf::Btf::Index(kernel, &search));
    now = index.Add(now);
    resolver.SearchKernel(vmlinux, search);
    now = candidates.Add(now);
    counts = ResolveAll(resolver, sections);
    now = resolve.Add(now);
    all.Add(begin);
    now = Clock::now();
    ResolveAll(resolver, sections);
    again.Add(now);
  }
  std::printf("%zu relocations, %zu of which exist, %zu fail; kernel's BTF %zu bytes\n",
              counts.relocations, counts.existing, counts.failed, kernel.size());
  for (Step* step : {&own, &index, &candidates, &resolve, &again, &all}) step->Print();
  return counts.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace purebpf

int main(int argc, char** argv) {
  const char* object = nullptr;
  const char* btf = "/sys/kernel/btf/vmlinux";
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--btf") == 0 && i + 1 < argc)
      btf = argv[++i];
    else
      object = argv[i];
  }
  if (object == nullptr) {
    std::fprintf(stderr, "usage: core_bench [--btf FILE] OBJECT\n");
    return 2;
  }
  return purebpf::Run(object, btf);
}
