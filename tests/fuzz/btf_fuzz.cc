// Any byte string is a BTF or a ParseError, and what a Btf promises holds: read, indexed, searched,
// written, sanitised and reduced.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "purebpf/tests/elf/walk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto walk = purebpf::elf::WalkBtf(bytes);
  if (walk.violation.empty()) return 0;
  std::fprintf(stderr, "%s\n", walk.violation.c_str());
  std::abort();
}
