// Internal. What the files of maps share: their errors and sizes.
#ifndef PUREBPF_BPF_MAP_ERRORS_H_
#define PUREBPF_BPF_MAP_ERRORS_H_

#include <cstdint>
#include <string>

#include "purebpf/bpf/explain.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/memlock.h"

namespace purebpf::internal {

// An Error that the kernel was not asked for.
[[gnu::cold]] Error MapInvalid(Command command, const MapParams& params, std::string detail);

// The kernel refused a command on a map; `newcomer` where the command is younger than maps are.
[[gnu::cold]] Error MapRefused(Kernel& kernel, Command command, const MapParams& params,
                               Errno answer, Memlock memlock = Memlock::kNotCharged,
                               Newcomer newcomer = {});

// What the kernel copies for one element.
uint64_t LookupSize(const MapParams& params, uint32_t cpus);

}  // namespace purebpf::internal

#endif  // PUREBPF_BPF_MAP_ERRORS_H_
