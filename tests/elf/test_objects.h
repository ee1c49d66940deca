// The objects that Bazel compiles from tests/elf/testdata, and other files.
#ifndef PUREBPF_TESTS_ELF_TEST_OBJECTS_H_
#define PUREBPF_TESTS_ELF_TEST_OBJECTS_H_

#include <cstddef>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

namespace purebpf::elf {

// Empty where it cannot be read.
inline std::vector<std::byte> ReadFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

// "sample_el": with BTF and debug information; "legacy_el": without. Also "_eb".
inline std::vector<std::byte> TestObject(const std::string& name) {
  return ReadFile("tests/elf/" + name + ".o");
}

}  // namespace purebpf::elf

#endif  // PUREBPF_TESTS_ELF_TEST_OBJECTS_H_
