#include "purebpf/bpf/page_size.h"

#include <array>
#include <bit>
#include <cstring>

namespace purebpf {

std::optional<uint32_t> PageSize(Kernel& kernel) {
  // include/uapi/linux/auxvec.h: AT_PAGESZ. The file is pairs of words that the kernel gave the
  // process when it started.
  constexpr unsigned long kAtPageSize = 6;
  constexpr unsigned long kLargest = 1UL << 30;
  const auto bytes = kernel.ReadFile("/proc/self/auxv", size_t{64} << 10);
  if (!bytes) return std::nullopt;
  std::array<unsigned long, 2> pair;
  for (size_t at = 0; bytes->size() - at >= sizeof pair; at += sizeof pair) {
    std::memcpy(pair.data(), bytes->data() + at, sizeof pair);
    if (pair[0] == kAtPageSize && std::has_single_bit(pair[1]) && pair[1] <= kLargest)
      return static_cast<uint32_t>(pair[1]);
  }
  return std::nullopt;
}

}  // namespace purebpf
