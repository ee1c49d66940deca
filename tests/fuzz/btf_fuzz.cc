// Any byte string is a BTF or a ParseError, and what a Btf promises holds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "purebpf/tests/elf/walk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  if (!purebpf::elf::WalkBtf(bytes).violation.empty()) std::abort();
  return 0;
}
