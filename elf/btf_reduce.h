// The part of a BTF that somebody needs: a recording keeps what was looked at of a kernel's 5 MB,
// and a program for kernels without BTF carries what its relocations ask for.
#ifndef PUREBPF_ELF_BTF_REDUCE_H_
#define PUREBPF_ELF_BTF_REDUCE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_types.h"
#include "purebpf/elf/error.h"

namespace purebpf::elf {

// The same number of types with the same ids, those of `used` as they are; each other one is a
// pointer to void, which has no name to be found by. What Btf::Track has noted gives the same
// answers again. For the BTF of a module, `base` is the reduced BTF of the kernel (or the whole
// one), of the same number of types.
[[nodiscard]] Result<std::vector<std::byte>> ReduceKeepingIds(const Btf& btf, const TypeIdSet& used,
                                                              const Btf* base = nullptr);

// A member of a struct or union that is needed.
struct MemberUse {
  TypeId type = TypeId::kVoid;
  uint32_t member = 0;
};

struct ReducedBtf {
  std::vector<std::byte> blob;
  std::vector<TypeId> ids;  // by old id; void where the type was left out
};

// The least BTF that has these types and members, in the order of the whole. A struct or union has
// of its members those that are named here, with its size and their offsets as they were; of the
// types that these are made of as much is there as their size needs; a pointer, function or
// parameter that refers to a type not needed refers to void. Tags, functions and variables are
// there if they are in `used`.
[[nodiscard]] Result<ReducedBtf> ReduceToUse(const Btf& btf, const TypeIdSet& used,
                                             std::span<const MemberUse> members);

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_REDUCE_H_
