// What it costs to read the running kernel's BTF: the table of its types, and the names that an
// object with CO-RE relocations wants, found in the same pass.
//
//   bazel run -c opt //tests/bench:btf_bench [FILE]
//
// Prints the minimum and median of each, in microseconds. The floor is one look at each byte.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_search.h"

namespace purebpf::elf {
namespace {

constexpr std::string_view kStructs[] = {
    "task_struct",  "file",        "inode",   "path",          "dentry",      "sk_buff",
    "sock",         "net_device",  "cred",    "mm_struct",     "super_block", "vm_area_struct",
    "qstr",         "nsproxy",     "pid",     "signal_struct", "socket",      "tcp_sock",
    "inet_sock",    "sock_common", "request", "gendisk",       "bio",         "block_device",
    "kernfs_node",  "cgroup",      "css_set", "bpf_map",       "bpf_prog",    "rq",
    "linux_binprm", "list_head"};
constexpr std::string_view kHooks[] = {"bpf_lsm_file_open", "bpf_lsm_socket_connect",
                                       "tcp_v4_connect"};

using Clock = std::chrono::steady_clock;

template <typename Body>
void Measure(const char* what, Body body) {
  std::vector<double> times;
  for (int round = 0; round < 200; ++round) {
    const auto begin = Clock::now();
    body();
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  std::ranges::sort(times);
  std::printf("%-44s %8.1f / %8.1f us\n", what, times.front(), times[times.size() / 2]);
}

uint64_t Sum(Bytes bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i + 8 <= bytes.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + i, 8);
    sum += word;
  }
  return sum;
}

void Require(bool holds) {
  if (!holds) std::abort();
}

int Run(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const Bytes bytes = std::as_bytes(std::span(text));
  const auto types = Btf::Index(bytes);
  if (!types) return std::fprintf(stderr, "%s: %s\n", path.c_str(), types.error().message.c_str());
  std::printf("%s: %zu bytes, %u types\n", path.c_str(), bytes.size(), types->type_count() - 1);

  volatile uint64_t sum = 0;
  Measure("floor: each byte once", [&] { sum = Sum(bytes); });
  Measure("Parse: every reference checked", [&] { Require(Btf::Parse(bytes).has_value()); });
  Measure("Index", [&] { Require(Btf::Index(bytes).has_value()); });
  Measure("Index, with 32 structs", [&] {
    BtfSearch search;
    for (const auto name : kStructs) search.Want(name, {BtfKind::kStruct, BtfKind::kUnion});
    Require(Btf::Index(bytes, &search).has_value());
  });
  size_t found = 0;
  Measure("Index, with 32 structs and 3 functions", [&] {
    BtfSearch search;
    for (const auto name : kStructs) search.Want(name, {BtfKind::kStruct, BtfKind::kUnion});
    for (const auto name : kHooks) search.WantExact(name, {BtfKind::kFunc});
    Require(Btf::Index(bytes, &search).has_value());
    found = 0;
    for (uint32_t i = 0; i < std::size(kStructs) + std::size(kHooks); ++i)
      found += search.Found(i).size();
  });
  std::printf("  of them %zu found\n", found);
  Measure("one struct by Find",
          [&] { Require(types->Find(BtfKind::kStruct, "task_struct").has_value()); });
  uint64_t size = 0;
  Measure("decode all types", [&] {
    for (uint32_t id = 1; id < types->type_count(); ++id) size += types->Type(TypeId{id}).size;
  });
  return 0;
}

}  // namespace
}  // namespace purebpf::elf

int main(int argc, char** argv) {
  return purebpf::elf::Run(argc > 1 ? argv[1] : "/sys/kernel/btf/vmlinux");
}
