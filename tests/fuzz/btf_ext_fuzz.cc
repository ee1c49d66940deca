// Any two byte strings are a .BTF and its .BTF.ext or a ParseError, and what is read lies inside.
// The input: two bytes, most significant first, with the length of .BTF, then both.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "purebpf/tests/elf/walk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto rest = std::as_bytes(std::span(data + 2, size - 2));
  const size_t types = std::min<size_t>(rest.size(), size_t{data[0]} << 8 | data[1]);
  const auto walk = purebpf::elf::WalkBtfExt(rest.first(types), rest.subspan(types));
  if (walk.violation.empty()) return 0;
  std::fprintf(stderr, "%s\n", walk.violation.c_str());
  std::abort();
}
