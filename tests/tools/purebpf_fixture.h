// The command-line tool, run in this process.
#ifndef PUREBPF_TESTS_TOOLS_PUREBPF_FIXTURE_H_
#define PUREBPF_TESTS_TOOLS_PUREBPF_FIXTURE_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/kernel.h"

namespace purebpf::tool {

struct Ran {
  int status = -1;
  std::string out;
  std::string err;
};

// `arguments` without the program's name; with this machine's files and kernel.
Ran RunPurebpf(const std::vector<std::string>& arguments);
Ran RunPurebpf(Kernel& kernel, const std::vector<std::string>& arguments);

// Why `out` is not `lines` lines of one JSON object each, in UTF-8; empty where it is.
std::string WhyNotJsonLines(std::string_view out, size_t lines);

// Fails the test where it cannot be written.
void WriteFile(const std::string& path, std::span<const std::byte> bytes);
void WriteFile(const std::string& path, std::string_view text);

// An object of two legacy maps, "unused" and "numbers", and a program "passes" of section "xdp"
// that takes the address of the second one and returns XDP_PASS.
std::vector<std::byte> SmallObject();
// The same, but for bytes behind the definition of "unused", which nobody can explain.
std::vector<std::byte> ObjectWithABadMap();

}  // namespace purebpf::tool

#endif  // PUREBPF_TESTS_TOOLS_PUREBPF_FIXTURE_H_
