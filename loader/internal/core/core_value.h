// The numbers that a relocation asks for, of a type, field or enumerator that is there.
#ifndef PUREBPF_LOADER_INTERNAL_CORE_CORE_VALUE_H_
#define PUREBPF_LOADER_INTERNAL_CORE_CORE_VALUE_H_

#include <cstdint>

#include "purebpf/elf/btf.h"
#include "purebpf/loader/internal/core/core_access.h"
#include "purebpf/loader/internal/core/core_kind.h"
#include "purebpf/loader/internal/core/core_types.h"

namespace purebpf::internal {

struct CoreValue {
  uint64_t value = 0;
  // Compilers agree on it. On the load that a bit field takes they do not.
  bool certain = true;
  // Of kFieldByteOffset, but for bit fields: what a load of the field takes, and the field's type.
  uint32_t width = 0;
  elf::BtfType type;
};

// `root` is the type before its typedefs are taken away, `path` leads from it to the subject.
[[nodiscard]] CoreResult<CoreValue> ValueOf(CoreTypes& types, CoreKind kind, elf::TypeId root,
                                            const CorePath& path);

// Whether a load or store that was compiled for the one type can take the other with its own width:
// pointers, which a BPF program has as 64 bits and a 32-bit kernel as 32; and unsigned integers,
// which a narrow load extends with zeros.
bool CanFollowWidth(const elf::Btf& local, const elf::BtfType& local_type, const elf::Btf& kernel,
                    const elf::BtfType& kernel_type);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_CORE_CORE_VALUE_H_
