// How a struct must be written so that a BPF compiler lays it out as BTF says. Internal to elf/.
//
// BTF has the offsets and the size, but neither `packed` nor `aligned`. Where each member lies as
// its type is aligned, and the size is a multiple of the greatest alignment, nothing is needed but
// padding; otherwise the struct is packed, and the padding brings every member to its place.
//
// Padding is made of unnamed bit fields: they are no members (no BTF has them), and do not raise
// the alignment of the struct that holds them.
#ifndef PUREBPF_ELF_BTF_C_LAYOUT_H_
#define PUREBPF_ELF_BTF_C_LAYOUT_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "purebpf/elf/btf.h"

namespace purebpf::elf {

// A type of C that has the size of an int or float of BTF, which may be of another language or have
// a name that the compiler does not know.
struct CScalar {
  std::string_view name;  // "unsigned int"
  uint32_t align = 1;     // bytes
};
[[nodiscard]] CScalar ScalarOf(const Btf& btf, const BtfType& type);

// The greatest alignment that there is, in bytes.
inline constexpr uint32_t kMaxAlign = 16;

struct CStruct {
  bool packed = false;
  uint32_t align = 1;  // bytes, as written
};

// Where a member lies, in bits; with a width where it is a bit field. Compilers before clang 7 and
// pahole 1.12 said so in the int and not in the struct.
struct CPlace {
  uint64_t offset = 0;
  uint32_t width = 0;  // 0: no bit field
};

class CLayouts {
 public:
  explicit CLayouts(const Btf& btf) : btf_(btf), known_(btf.type_count()) {}

  [[nodiscard]] CStruct Of(const BtfType& type);  // struct or union
  // In bytes, as the header has it. 1 for what has none.
  [[nodiscard]] uint32_t AlignOf(TypeId id) { return AlignOf(id, 0); }
  // In bits; 0 for what has none.
  [[nodiscard]] uint64_t BitsOf(TypeId id) const;
  [[nodiscard]] CPlace PlaceOf(const BtfMember& member) const;
  // Where a member of this type at this place would lie if it came next after `position`, in bits.
  [[nodiscard]] uint64_t NextPlace(const BtfMember& member, CPlace place, uint64_t position,
                                   bool packed);

 private:
  uint32_t AlignOf(TypeId id, int depth);
  CStruct Of(const BtfType& type, int depth);
  [[nodiscard]] bool LiesNaturally(const BtfType& type, uint32_t align, int depth);
  [[nodiscard]] uint32_t PackedAlign(const BtfType& type, int depth);

  // By type: 0 unknown, else 1 + log2(align), with 0x80 where packed. Structs are written after
  // those that they hold, so that each is looked at once.
  const Btf& btf_;
  std::vector<uint8_t> known_;
};

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_C_LAYOUT_H_
