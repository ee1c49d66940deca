// BTF, the type information of BPF objects and of the kernel (section .BTF,
// /sys/kernel/btf/vmlinux). Both byte orders. The blob stays encoded: Parse makes one pass that
// checks every record's extent and notes where it starts; a type is decoded when it is asked for.
//
// Lifetime: a Btf and all names borrow the bytes given to Parse.
// Source: Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
#ifndef PUREBPF_ELF_BTF_H_
#define PUREBPF_ELF_BTF_H_

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/elf/btf_types.h"
#include "purebpf/elf/bytes.h"
#include "purebpf/elf/error.h"

namespace purebpf::elf {

// The part that every kind has.
struct BtfType {
  TypeId id = TypeId::kVoid;
  BtfKind kind = BtfKind::kVoid;
  bool kind_flag = false;  // struct, union: members may be bit fields; enum: signed; fwd: a union
  uint32_t count = 0;      // members, enumerators, parameters or variables that follow
  uint32_t size = 0;       // bytes: int, enum, struct, union, datasec, float
  TypeId target = TypeId::kVoid;  // what a ptr, typedef, modifier, func, var or tag refers to
  uint32_t linkage = 0;           // func, var (0 static, 1 global, 2 extern)
  std::string_view name;          // "" where it has none
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

// One variable of a DATASEC.
struct BtfSectionVariable {
  TypeId variable = TypeId::kVoid;  // a VAR, or a FUNC (extern functions)
  uint32_t offset = 0;              // in the section; 0 in objects that no linker has seen
  uint32_t size = 0;
};

class Btf {
 public:
  // Any byte string gives a Btf or a ParseError. Kinds newer than kEnum64 are unsupported, since
  // their extent is not known, and so is a string above 65535 bytes; type ids and names outside of
  // the blob are malformed. What the types mean (a struct's members inside of it, an array of
  // functions) is not checked.
  [[nodiscard]] static Result<Btf> Parse(Bytes bytes);

  // Types are 1 .. type_count() - 1; 0 is void.
  [[nodiscard]] uint32_t type_count() const { return static_cast<uint32_t>(offsets_.size()); }
  [[nodiscard]] std::endian order() const { return order_; }

  // All ids that a parsed Btf hands out are below type_count(); any other reads as void.
  [[nodiscard]] BtfType Type(TypeId id) const;
  [[nodiscard]] BtfArray Array(const BtfType& type) const;                          // kArray
  [[nodiscard]] std::vector<BtfMember> Members(const BtfType& type) const;          // struct, union
  [[nodiscard]] std::vector<BtfEnumerator> Enumerators(const BtfType& type) const;  // enum, enum64
  [[nodiscard]] std::vector<BtfSectionVariable> Variables(const BtfType& type) const;  // datasec

  // The string at `offset` of the string section, which .BTF.ext shares; "" for one outside of it.
  [[nodiscard]] std::string_view Name(uint32_t offset) const;

  // The first type of that kind and name, by a linear pass.
  [[nodiscard]] std::optional<BtfType> Find(BtfKind kind, std::string_view name) const;

  // Typedefs, const, volatile, restrict and type tags taken away. A chain of more than 32 (or a
  // loop) is a ParseError, as is an id that is not there.
  [[nodiscard]] Result<BtfType> Resolve(TypeId id) const;
  // In bytes, through modifiers, arrays and variables; pointers are 8. Functions, void and the like
  // have none: ParseError. So are more than 32 array dimensions, and a size above 64 bits.
  [[nodiscard]] Result<uint64_t> SizeOf(TypeId id) const;

 private:
  Btf() = default;
  [[nodiscard]] ByteReader Record(TypeId id) const;              // from the type's first word
  [[nodiscard]] ByteReader Elements(const BtfType& type) const;  // behind its three words

  Bytes types_;    // the type section
  Bytes strings_;  // the string section
  std::endian order_ = std::endian::little;
  std::vector<uint32_t> offsets_;  // of each type in types_; [0] is void's and unused
};

// "struct task_struct", "int", "func bpf_prog_a", "struct (anonymous, type 7)": how messages name a
// type.
std::string Describe(const BtfType& type);

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_H_
