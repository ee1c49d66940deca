#include "purebpf/loader/internal/map_fit.h"

#include <algorithm>
#include <bit>

namespace purebpf::internal {
namespace {

bool IsRing(const MapParams& params) {
  return params.type == MapType::kRingbuf || params.type == MapType::kUserRingbuf;
}

// kernel/bpf/cpumap.c: cpu_map_alloc refuses more entries than CONFIG_NR_CPUS, which is 64 or more
// unless somebody chose less, and cpu_map_update_elem a CPU that there cannot be.
bool IsLargeCpumap(const MapParams& params) {
  constexpr uint32_t kCommonCpus = 64;
  return params.type == MapType::kCpumap &&
         (params.max_entries == 0 || params.max_entries > kCommonCpus);
}

// kernel/bpf/ringbuf.c: ringbuf_map_alloc takes a power of two that whole pages make up.
uint32_t RingSize(uint32_t bytes, uint32_t page_size) {
  constexpr uint32_t kLargest = 1U << 31;
  return std::bit_ceil(std::clamp(bytes, page_size, kLargest));
}

}  // namespace

bool DependsOnPageSize(const MapParams& params) { return IsRing(params); }

bool DependsOnCpus(const MapParams& params) {
  return (params.type == MapType::kPerfEventArray && params.max_entries == 0) ||
         IsLargeCpumap(params);
}

MapParams FitMap(MapParams params, uint32_t page_size, uint32_t possible_cpus) {
  if (IsRing(params)) {
    // The kernel refuses a ring with a key or a value; programs that state a record's type mean it
    // for people. No size is left for the kernel to refuse: an empty ring is a mistake.
    params.key_size = 0;
    params.value_size = 0;
    if (params.max_entries != 0) params.max_entries = RingSize(params.max_entries, page_size);
  } else if (params.type == MapType::kPerfEventArray) {
    // kernel/bpf/arraymap.c: fd_array_map_alloc_check. A CPU's number to a descriptor.
    params.key_size = sizeof(uint32_t);
    params.value_size = sizeof(uint32_t);
    if (params.max_entries == 0) params.max_entries = possible_cpus;
  } else if (IsLargeCpumap(params)) {  // nobody can use the others
    params.max_entries = possible_cpus;
  }
  return params;
}

}  // namespace purebpf::internal
