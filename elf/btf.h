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
  // Any byte string gives a Btf or a ParseError. Kinds newer than kEnum64 are refused, since their
  // extent is not known; so are type ids and names outside of the blob.
  [[nodiscard]] static Result<Btf> Parse(Bytes bytes);

  // Types are 1 .. type_count() - 1; 0 is void.
  [[nodiscard]] uint32_t type_count() const { return static_cast<uint32_t>(offsets_.size()); }
  [[nodiscard]] std::endian order() const { return order_; }

  // `id` must be below type_count(): all ids that a parsed Btf hands out are.
  [[nodiscard]] BtfType Type(TypeId id) const;
  [[nodiscard]] BtfArray Array(const BtfType& type) const;                          // kArray
  [[nodiscard]] std::vector<BtfMember> Members(const BtfType& type) const;          // struct, union
  [[nodiscard]] std::vector<BtfEnumerator> Enumerators(const BtfType& type) const;  // enum, enum64
  [[nodiscard]] std::vector<BtfSectionVariable> Variables(const BtfType& type) const;  // datasec

  // The first type of that kind and name, by a linear pass.
  [[nodiscard]] std::optional<BtfType> Find(BtfKind kind, std::string_view name) const;

  // Typedefs, const, volatile, restrict and type tags taken away. A chain longer than the number of
  // types (a loop) is a ParseError.
  [[nodiscard]] Result<BtfType> Resolve(TypeId id) const;
  // In bytes, through modifiers and arrays; pointers are 8. Functions, void and the like have none:
  // ParseError.
  [[nodiscard]] Result<uint64_t> SizeOf(TypeId id) const;

 private:
  Btf() = default;

  Bytes types_;    // the type section
  Bytes strings_;  // the string section
  std::endian order_ = std::endian::little;
  std::vector<uint32_t> offsets_;  // of each type in types_; [0] is void's and unused
};

// "struct task_struct", "int", "func bpf_prog_a": how messages name a type.
std::string Describe(const BtfType& type);

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_H_
