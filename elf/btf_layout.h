// The encoding of BTF's types. Internal to elf/.
//
//   every type   name offset | info | size or type id      3 words of 32 bits
//   info         bits 0-23 count (vlen), 24-30 kind, 31 kind_flag
//   then         `extra` words of the kind's own, then `count` elements
//
// Source: Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
#ifndef PUREBPF_ELF_BTF_LAYOUT_H_
#define PUREBPF_ELF_BTF_LAYOUT_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "purebpf/elf/btf_types.h"
#include "purebpf/elf/bytes.h"

namespace purebpf::elf {

inline constexpr uint16_t kBtfMagic = 0xeb9f;
inline constexpr uint8_t kBtfVersion = 1;
// struct btf_header. Later ones are longer; hdr_len says where the sections start.
inline constexpr uint32_t kBtfHeaderSize = 24;
// With the layout section, which says for every kind how long its types are: a byte for what
// follows once, a byte for each element, two bytes without use.
inline constexpr uint32_t kBtfHeaderWithLayout = 32;

inline constexpr uint32_t kWordSize = 4;
inline constexpr uint32_t kTypeWords = 3;
inline constexpr uint32_t kTypeSize = kTypeWords * kWordSize;

// What the third word of a type is.
enum class ThirdWord : uint8_t { kUnused, kSize, kType };

inline constexpr int kNoWord = -1;

struct KindLayout {
  std::string_view word;  // how messages call it; "" for kinds whose name says it
  ThirdWord third = ThirdWord::kUnused;
  uint8_t extra = 0;        // words
  uint8_t extra_types = 0;  // how many of them, from the first on, are type ids
  uint8_t element = 0;      // words an element
  int8_t name = kNoWord;    // which word of an element is a name's offset
  int8_t type = kNoWord;    // and which a type id
};

// By BtfKind.
inline constexpr std::array<KindLayout, 20> kKindLayouts = {{
    {"void", ThirdWord::kUnused, 0},
    {"", ThirdWord::kSize, 1},  // int: encoding, offset, bits
    {"pointer", ThirdWord::kType, 0},
    {"array", ThirdWord::kUnused, 3, 2},          // element type, index type, count
    {"struct", ThirdWord::kSize, 0, 0, 3, 0, 1},  // name, type, offset
    {"union", ThirdWord::kSize, 0, 0, 3, 0, 1},
    {"enum", ThirdWord::kSize, 0, 0, 2, 0},  // name, value
    {"forward", ThirdWord::kUnused, 0},
    {"typedef", ThirdWord::kType, 0},
    {"volatile", ThirdWord::kType, 0},
    {"const", ThirdWord::kType, 0},
    {"restrict", ThirdWord::kType, 0},
    {"func", ThirdWord::kType, 0},
    {"function prototype", ThirdWord::kType, 0, 0, 2, 0, 1},  // name, type
    {"var", ThirdWord::kType, 1},                             // linkage
    {"datasec", ThirdWord::kSize, 0, 0, 3, kNoWord, 0},       // type, offset, size
    {"", ThirdWord::kSize, 0},                                // float
    {"decl_tag", ThirdWord::kType, 1},                        // component index
    {"type_tag", ThirdWord::kType, 0},
    {"enum", ThirdWord::kSize, 0, 0, 3, 0},  // enum64: name, low and high half of the value
}};

inline constexpr size_t kKindCount = kKindLayouts.size();
inline constexpr KindLayout kOtherLayout = {"type of a newer kind", ThirdWord::kUnused, 0};

constexpr const KindLayout& LayoutOf(BtfKind kind) {
  const auto index = static_cast<size_t>(kind);
  return index < kKindCount ? kKindLayouts[index] : kOtherLayout;
}

// Newer kernels use what once were reserved bits: kinds had 5 bits and counts 16.
struct TypeInfo {
  explicit constexpr TypeInfo(uint32_t word) : raw(word) {}
  constexpr TypeInfo(BtfKind kind, uint32_t vlen, bool kind_flag)
      : raw((kind_flag ? 1U << 31 : 0) | static_cast<uint32_t>(kind) << 24 | (vlen & kMaxVlen)) {}

  static constexpr uint32_t kMaxVlen = 0xffffff;

  [[nodiscard]] constexpr uint32_t raw_kind() const { return (raw >> 24) & 0x7f; }
  [[nodiscard]] constexpr BtfKind kind() const {
    return raw_kind() < kKindCount ? static_cast<BtfKind>(raw_kind()) : BtfKind::kOther;
  }
  [[nodiscard]] constexpr bool kind_flag() const { return (raw >> 31) != 0; }
  // Elements. A func has its linkage in these bits (Linux 5.6), the other kinds without elements
  // have nothing there.
  [[nodiscard]] constexpr uint32_t vlen() const { return raw & kMaxVlen; }

  uint32_t raw;
};

// The words of a slice of the type section, by index: a type section is some million words, and one
// check for a whole record is what keeps the pass over the kernel's own BTF below a millisecond.
// Indices must lie in the slice.
template <std::endian kOrder>
class Words {
 public:
  explicit Words(Bytes bytes) : bytes_(bytes) {}

  [[nodiscard]] uint32_t operator[](size_t index) const {
    uint32_t value;
    std::memcpy(&value, bytes_.data() + index * kWordSize, sizeof value);
    return kOrder == std::endian::native ? value : std::byteswap(value);
  }

  [[nodiscard]] Words From(size_t index) const { return Words(bytes_.subspan(index * kWordSize)); }

 private:
  Bytes bytes_;
};

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_LAYOUT_H_
