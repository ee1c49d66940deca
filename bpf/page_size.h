// The size of this machine's pages: what mappings and ring buffers are counted in.
#ifndef PUREBPF_BPF_PAGE_SIZE_H_
#define PUREBPF_BPF_PAGE_SIZE_H_

#include <cstdint>
#include <optional>

#include "purebpf/bpf/kernel.h"

namespace purebpf {

// Bytes, from /proc/self/auxv; nothing where there is no /proc.
[[nodiscard]] std::optional<uint32_t> PageSize(Kernel& kernel);

}  // namespace purebpf

#endif  // PUREBPF_BPF_PAGE_SIZE_H_
