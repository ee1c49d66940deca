// How many CPUs this machine may have: what per-CPU maps have a value for.
#ifndef PUREBPF_BPF_CPUS_H_
#define PUREBPF_BPF_CPUS_H_

#include <cstdint>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf {

// The possible CPUs, present or not (/sys/devices/system/cpu/possible). kMalformed where that file
// is no list of CPUs.
[[nodiscard]] Result<uint32_t> PossibleCpus(Kernel& kernel);

}  // namespace purebpf

#endif  // PUREBPF_BPF_CPUS_H_
