// What a map's type demands of its definition on a kernel, where programs leave it to the loader.
#ifndef PUREBPF_LOADER_INTERNAL_MAP_FIT_H_
#define PUREBPF_LOADER_INTERNAL_MAP_FIT_H_

#include <cstdint>

#include "purebpf/bpf/map.h"

namespace purebpf::internal {

// Whether the type's number of entries depends on the target (its page size, its CPUs).
bool DependsOnPageSize(const MapParams& params);
bool DependsOnCpus(const MapParams& params);

// The definition as it is created on a kernel with pages of `page_size` bytes.
MapParams FitMap(MapParams params, uint32_t page_size, uint32_t possible_cpus);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_MAP_FIT_H_
