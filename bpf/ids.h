// The ids of what is loaded, in order: programs, maps, BTF objects, links. Linux 4.13 (BTF 5.4,
// links 5.8), CAP_SYS_ADMIN.
//
//   auto ids = Ids(kernel, IdsOf::kPrograms);     // what is there now; may be gone when opened
#ifndef PUREBPF_BPF_IDS_H_
#define PUREBPF_BPF_IDS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf {

enum class IdsOf : uint8_t { kPrograms, kMaps, kBtf, kLinks };

// The first id after `id`; nothing after the last. One call.
[[nodiscard]] Result<std::optional<uint32_t>> NextId(Kernel& kernel, IdsOf what, uint32_t id);

// All of them. One call an id, and one more.
[[nodiscard]] Result<std::vector<uint32_t>> Ids(Kernel& kernel, IdsOf what);

}  // namespace purebpf

#endif  // PUREBPF_BPF_IDS_H_
