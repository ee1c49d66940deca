// Any byte string is a gzip file or an Error, and nothing comes out beyond the limit. The input is
// what follows the header, so that no fuzzing is spent on that.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "purebpf/loader/internal/inflate.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr std::array<uint8_t, 10> kHeader = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
  constexpr size_t kLimit = 1 << 16;
  std::vector<uint8_t> file(kHeader.begin(), kHeader.end());
  file.insert(file.end(), data, data + size);
  const auto contents = purebpf::internal::Gunzip(std::as_bytes(std::span(file)), kLimit);
  if (contents ? contents->size() > kLimit : contents.error().detail.empty()) std::abort();
  return 0;
}
