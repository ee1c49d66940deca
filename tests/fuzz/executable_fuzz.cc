// Any byte string is an executable file or a ParseError, and reducing it keeps what it says.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "purebpf/tests/elf/walk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto walk = purebpf::elf::WalkExecutable(std::as_bytes(std::span(data, size)));
  if (walk.violation.empty()) return 0;
  std::fprintf(stderr, "%s\n", walk.violation.c_str());
  std::abort();
}
