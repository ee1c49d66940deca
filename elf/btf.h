// BTF, the type information of BPF objects and of the kernel (section .BTF,
// /sys/kernel/btf/vmlinux). Both byte orders. The blob stays encoded: one pass checks every
// record's extent and notes where every eighth starts; a type is decoded when it is asked for.
//
// Lifetime: a Btf and all names borrow the bytes given to Parse or Index, and a split one its base,
// which must stay where it is.
// Source: Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
#ifndef PUREBPF_ELF_BTF_H_
#define PUREBPF_ELF_BTF_H_

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/elf/btf_types.h"
#include "purebpf/elf/bytes.h"
#include "purebpf/elf/error.h"

namespace purebpf::elf {

class BtfSearch;
class BtfWriter;

class Btf {
 public:
  // Any byte string gives a Btf or a ParseError. Kinds newer than kEnum64 are unsupported, unless
  // the blob's layout section says how long they are (Linux 7.1), and so is a string above 65535
  // bytes; type ids and names outside of the blob are malformed. What the types mean (a struct's
  // members inside of it, an array of functions) is not checked.
  //
  // With a `base` (a module's BTF over the kernel's, Linux 5.11) ids and names continue those of
  // the base.
  [[nodiscard]] static Result<Btf> Parse(Bytes bytes, const Btf* base = nullptr);

  // The same in less than half of the time, for the kernel's BTF of 5 MB: only the extents are
  // checked. An id that is not there then reads as void, and a name outside of the blob as "".
  // What `search` wants is found in the same pass (btf_search.h).
  [[nodiscard]] static Result<Btf> Index(Bytes bytes, BtfSearch* search = nullptr,
                                         const Btf* base = nullptr);
  // What Parse checks and Index does not, of the own types.
  [[nodiscard]] Result<void> Check() const;

  // Types are 1 .. type_count() - 1, the base's included; 0 is void.
  [[nodiscard]] uint32_t type_count() const { return first_id_ + count_; }
  // The first that is not of the base: 1 without one.
  [[nodiscard]] uint32_t first_id() const { return first_id_; }
  [[nodiscard]] std::endian order() const { return order_; }
  [[nodiscard]] const Btf* base() const { return base_; }
  // The string section without the base's; its first byte has the offset first_string().
  [[nodiscard]] Bytes strings() const { return strings_; }
  [[nodiscard]] uint32_t first_string() const { return first_string_; }

  // All ids that a parsed Btf hands out are below type_count(); any other reads as void. The
  // accessors below it take a type of this Btf and are empty for a type of another kind.
  [[nodiscard]] BtfType Type(TypeId id) const;
  // That of it alone, in a third of the time.
  [[nodiscard]] BtfKind KindOf(TypeId id) const;
  [[nodiscard]] BtfInt Int(const BtfType& type) const;                              // kInt
  [[nodiscard]] BtfArray Array(const BtfType& type) const;                          // kArray
  [[nodiscard]] std::vector<BtfMember> Members(const BtfType& type) const;          // struct, union
  [[nodiscard]] std::vector<BtfEnumerator> Enumerators(const BtfType& type) const;  // enum, enum64
  [[nodiscard]] std::vector<BtfParameter> Parameters(const BtfType& type) const;    // kFuncProto
  [[nodiscard]] std::vector<BtfSectionVariable> Variables(const BtfType& type) const;  // datasec

  // One of them, below type.count, at once and without memory.
  [[nodiscard]] BtfMember Member(const BtfType& type, uint32_t index) const;
  [[nodiscard]] BtfEnumerator Enumerator(const BtfType& type, uint32_t index) const;
  [[nodiscard]] BtfParameter Parameter(const BtfType& type, uint32_t index) const;
  [[nodiscard]] BtfSectionVariable Variable(const BtfType& type, uint32_t index) const;

  // The string at `offset` of the string section, which .BTF.ext shares; "" for one outside of it.
  [[nodiscard]] std::string_view Name(uint32_t offset) const;

  // The first type of that kind and name, or all, by a linear pass; the base's come first. For many
  // names at once: BtfSearch.
  [[nodiscard]] std::optional<BtfType> Find(BtfKind kind, std::string_view name) const;
  [[nodiscard]] std::vector<BtfType> FindAll(BtfKind kind, std::string_view name) const;

  // Typedefs, const, volatile, restrict and type tags taken away. A chain of more than 32 (or a
  // loop) is a ParseError, as is an id that is not there.
  [[nodiscard]] Result<BtfType> Resolve(TypeId id) const;
  // In bytes, through modifiers, arrays and variables; pointers are 8. Functions, void and the like
  // have none: ParseError. So are more than 32 array dimensions, and a size above 64 bits.
  [[nodiscard]] Result<uint64_t> SizeOf(TypeId id) const;
  // In bytes, as a BPF compiler aligns it (at most 8); a struct with a member that lies otherwise
  // is packed and has 1. Errors as above, and for structs nested or repeated beyond all measure.
  [[nodiscard]] Result<uint32_t> AlignOf(TypeId id) const;

  // From now on, every id whose type is looked at here is added to `visited` (nullptr: no more).
  // What ReduceKeepingIds (btf_reduce.h) keeps of a kernel's BTF.
  void Track(TypeIdSet* visited) { visited_ = visited; }

  // The record of a type as it stands in the blob, in its byte order; empty for void.
  [[nodiscard]] Bytes Record(TypeId id) const;

 private:
  friend class BtfSearch;
  friend class BtfWriter;

  // Of a kind newer than kEnum64, in bytes.
  struct Extent {
    uint8_t extra = 0;
    uint8_t element = 0;
  };

  static constexpr uint32_t kStrideShift = 3;  // of offsets_, where there are many types

  Btf() = default;
  static Result<Btf> Open(Bytes bytes, const Btf* base);  // all but the pass over the types
  Result<void> ReadLayout(Bytes layout);
  template <std::endian kOrder, bool kSearch>
  Result<void> IndexTypes(BtfSearch* search);
  template <std::endian kOrder>
  Result<void> CheckReferences() const;

  // Of own types, by position. Bytes that change after the pass make types wrong, but no access
  // outside of them.
  [[nodiscard]] size_t OffsetOf(uint32_t index) const;
  [[nodiscard]] size_t ExtentAt(size_t offset) const;
  // The words that every type begins with; 0 where there is none.
  [[nodiscard]] std::array<uint32_t, 3> CommonAt(size_t offset) const;
  [[nodiscard]] std::array<uint32_t, 3> CommonOf(TypeId id) const;
  // The type whose record is at `offset` and begins with `common`.
  [[nodiscard]] BtfType Decode(TypeId id, size_t offset,
                               const std::array<uint32_t, 3>& common) const;

  [[nodiscard]] bool Inherited(const BtfType& type) const {
    return static_cast<uint32_t>(type.id) < first_id_ && base_ != nullptr;
  }
  // `size` bytes behind the common part, and element `index` there; nothing where they are not.
  [[nodiscard]] Bytes Body(const BtfType& type, uint64_t offset, uint64_t size) const;
  [[nodiscard]] Bytes Element(const BtfType& type, uint32_t index) const;
  [[nodiscard]] uint32_t WordOf(Bytes bytes, size_t index) const;  // 0 behind the end
  template <typename One>
  std::vector<One> All(const BtfType& type, bool of_kind,
                       One (Btf::*one)(const BtfType&, uint32_t) const) const;
  [[nodiscard]] bool NameIs(uint32_t offset, std::string_view name) const;
  [[nodiscard]] Result<uint32_t> AlignOf(TypeId id, int depth, uint32_t& steps) const;
  [[nodiscard]] Result<uint32_t> AlignOfMembers(const BtfType& type, int depth,
                                                uint32_t& steps) const;
  template <typename Found>
  bool EachNamed(BtfKind kind, std::string_view name, Found found) const;

  Bytes types_;    // the type section
  Bytes strings_;  // the string section
  std::endian order_ = std::endian::little;
  uint32_t first_id_ = 1;
  uint32_t count_ = 0;  // own types
  uint32_t first_string_ = 0;
  // In types_, of every eighth own type; of every one where there are few.
  std::unique_ptr<uint32_t[]> offsets_;
  uint32_t stride_shift_ = 0;
  std::vector<Extent> newer_;  // from kind 20 on
  const Btf* base_ = nullptr;
  TypeIdSet* visited_ = nullptr;
};

// Whether they begin as BTF does, in either byte order. What follows is not looked at.
[[nodiscard]] bool BeginsAsBtf(Bytes bytes);

// "struct task_struct", "int", "func bpf_prog_a", "struct (anonymous, type 7)": how messages name a
// type.
[[gnu::cold]] std::string Describe(const BtfType& type);

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_H_
