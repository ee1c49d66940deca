// The type model of BTF: what .BTF says, decoded. Views over the caller's bytes where text is
// concerned; members and the like are small vectors.
// Source: Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
#ifndef PUREBPF_ELF_BTF_TYPES_H_
#define PUREBPF_ELF_BTF_TYPES_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace purebpf::elf {

// An index into a BTF's types. 0 is void.
enum class TypeId : uint32_t { kVoid = 0 };

enum class BtfKind : uint8_t {
  kVoid = 0,  // type id 0 alone
  kInt = 1,
  kPtr = 2,
  kArray = 3,
  kStruct = 4,
  kUnion = 5,
  kEnum = 6,
  kFwd = 7,
  kTypedef = 8,
  kVolatile = 9,
  kConst = 10,
  kRestrict = 11,
  kFunc = 12,       // Linux 5.0
  kFuncProto = 13,  // Linux 5.0
  kVar = 14,        // Linux 5.1
  kDatasec = 15,    // Linux 5.1
  kFloat = 16,      // Linux 5.13
  kDeclTag = 17,    // Linux 5.16
  kTypeTag = 18,    // Linux 5.17
  kEnum64 = 19,     // Linux 6.0
  kOther = 0xff,    // newer than these: its extent is known (the blob says it), its meaning is not
};

// Several kinds at once; kVoid and kOther are in none.
class KindSet {
 public:
  constexpr KindSet(std::initializer_list<BtfKind> kinds) {
    for (const BtfKind kind : kinds) bits_ |= Bit(kind);
  }
  [[nodiscard]] constexpr bool Has(BtfKind kind) const { return (bits_ & Bit(kind)) != 0; }
  [[nodiscard]] constexpr uint32_t bits() const { return bits_; }  // 1 << kind
  constexpr KindSet& operator|=(KindSet other) {
    bits_ |= other.bits_;
    return *this;
  }

 private:
  static constexpr uint32_t Bit(BtfKind kind) {
    return kind == BtfKind::kVoid || kind == BtfKind::kOther ? 0
                                                             : 1U << static_cast<uint32_t>(kind);
  }
  uint32_t bits_ = 0;
};

// BtfType::linkage, of functions and variables alike.
inline constexpr uint32_t kStaticLinkage = 0;
inline constexpr uint32_t kGlobalLinkage = 1;
inline constexpr uint32_t kExternLinkage = 2;

// The part that every kind has.
struct BtfType {
  TypeId id = TypeId::kVoid;
  BtfKind kind = BtfKind::kVoid;
  // struct, union: members may be bit fields; enum: signed; fwd: a union; tags: an attribute
  // instead of btf_type_tag or btf_decl_tag (Linux 6.15)
  bool kind_flag = false;
  uint32_t count = 0;             // members, enumerators, parameters or variables that follow
  uint32_t size = 0;              // bytes: int, enum, struct, union, datasec, float
  TypeId target = TypeId::kVoid;  // what a ptr, typedef, modifier, func, var or tag refers to;
                                  // a function prototype's result
  uint32_t linkage = 0;           // func, var
  int32_t component = -1;         // decl_tag: which member or parameter of the target; -1: itself
  uint32_t body = 0;              // where what follows the three common words is: for accessors
  std::string_view name;          // "" where it has none
};

struct BtfInt {
  bool is_signed = false;
  bool is_char = false;
  bool is_bool = false;
  uint32_t bit_offset = 0;  // in its bytes; 0 from all compilers of today
  uint32_t bits = 0;
};

struct BtfArray {
  TypeId element = TypeId::kVoid;
  TypeId index = TypeId::kVoid;
  uint32_t count = 0;
};

struct BtfMember {
  std::string_view name;  // "" for an anonymous struct or union
  TypeId type = TypeId::kVoid;
  uint32_t bit_offset = 0;
  uint32_t bit_size = 0;  // 0: not a bit field
};

struct BtfEnumerator {
  std::string_view name;
  uint64_t value = 0;  // sign-extended where the enum is signed
};

struct BtfParameter {
  std::string_view name;
  TypeId type = TypeId::kVoid;  // void with no name, as the last one: "..."
};

// One variable of a DATASEC.
struct BtfSectionVariable {
  TypeId variable = TypeId::kVoid;  // a VAR, or a FUNC (extern functions)
  uint32_t offset = 0;              // in the section; 0 in objects that no linker has seen
  uint32_t size = 0;
};

// A set of ids below a bound; a bit each.
class TypeIdSet {
 public:
  TypeIdSet() = default;
  explicit TypeIdSet(uint32_t type_count)
      : words_((size_t{type_count} + 63) / 64), bound_(type_count) {}

  // What is not below the bound is left out.
  void Add(TypeId id) {
    const auto index = static_cast<uint32_t>(id);
    if (index < bound_) words_[index / 64] |= uint64_t{1} << (index % 64);
  }
  [[nodiscard]] bool Has(TypeId id) const {
    const auto index = static_cast<uint32_t>(id);
    return index < bound_ && (words_[index / 64] >> (index % 64) & 1) != 0;
  }
  [[nodiscard]] uint32_t bound() const { return bound_; }

 private:
  std::vector<uint64_t> words_;
  uint32_t bound_ = 0;
};

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_TYPES_H_
