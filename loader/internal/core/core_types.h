// A BTF as CO-RE looks at it: behind typedefs and modifiers, in sizes, and within a budget of work.
#ifndef PUREBPF_LOADER_INTERNAL_CORE_CORE_TYPES_H_
#define PUREBPF_LOADER_INTERNAL_CORE_CORE_TYPES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_reduce.h"

namespace purebpf::internal {

// About half a second. The greatest objects known take some three million.
inline constexpr uint64_t kMaxCoreSteps = uint64_t{1} << 26;
// How deep types may be nested where they are compared, as the kernel has it (kernel/bpf/btf.c:
// MAX_TYPES_ARE_COMPAT_DEPTH is smaller still, but loaders agree on this).
inline constexpr int kMaxCoreDepth = 32;

// Why an answer cannot be given, whatever the relocation asks.
enum class CoreFault : uint8_t {
  kDepth,     // nested deeper than kMaxCoreDepth, or in a loop
  kWork,      // kMaxCoreSteps are used up
  kSize,      // a type without a size, or one of 4 GiB or more
  kOffset,    // a field that begins 512 MiB or more behind the root type's start
  kLevels,    // a path of more than kMaxCoreAccess steps
  kBitField,  // a bit field that no load of 64 bits has whole
  kElement,   // asked of an array's element, which has only an offset and a size
};
std::string_view Text(CoreFault fault);

template <typename T>
using CoreResult = std::expected<T, CoreFault>;

// The work that one resolver may still do.
class CoreBudget {
 public:
  // False where it is used up.
  bool Take(uint64_t steps = 1) {
    if (steps > left_) left_ = 0;
    left_ -= left_ == 0 ? 0 : steps;
    return left_ != 0;
  }

 private:
  uint64_t left_ = kMaxCoreSteps;
};

class CoreTypes {
 public:
  CoreTypes(const elf::Btf& btf, uint32_t pointer_size) : btf_(&btf), pointer_size_(pointer_size) {}

  [[nodiscard]] const elf::Btf& btf() const { return *btf_; }
  // Without typedefs and modifiers; kDepth where they do not end. Remembered: the same few types
  // are asked for again and again, and a Btf looks for each from the start of a stretch.
  [[nodiscard]] CoreResult<elf::BtfType> Strip(elf::TypeId id);
  // In bytes, of what Strip gave: pointers are those of the machine that the types are of.
  [[nodiscard]] CoreResult<uint32_t> SizeOf(const elf::BtfType& type);
  // Of an array of whatever dimensions its innermost element, else the type itself.
  [[nodiscard]] CoreResult<elf::BtfType> Innermost(const elf::BtfType& type);

  // From now on, the members on which an answer depended are added to `members`.
  void Track(std::vector<elf::MemberUse>* members) { members_ = members; }
  void Used(const elf::BtfType& type, uint32_t member) {
    if (members_ != nullptr) members_->push_back({.type = type.id, .member = member});
  }
  void UsedAll(const elf::BtfType& type) {
    for (uint32_t i = 0; members_ != nullptr && i < type.count; ++i) Used(type, i);
  }

 private:
  struct Remembered {
    elf::TypeId id = elf::TypeId::kVoid;
    elf::BtfType type;
  };
  static constexpr size_t kRemembered = 64;

  const elf::Btf* btf_;
  uint32_t pointer_size_;
  std::vector<elf::MemberUse>* members_ = nullptr;
  std::unique_ptr<std::array<Remembered, kRemembered>>
      remembered_;  // by id, once one was asked for
};

constexpr bool IsComposite(elf::BtfKind kind) {
  return kind == elf::BtfKind::kStruct || kind == elf::BtfKind::kUnion;
}
constexpr bool IsEnum(elf::BtfKind kind) {
  return kind == elf::BtfKind::kEnum || kind == elf::BtfKind::kEnum64;
}
// The same kind, where an enum of 64 bits is an enum.
constexpr bool SameKind(elf::BtfKind a, elf::BtfKind b) {
  return a == b || (IsEnum(a) && IsEnum(b));
}

// Finds members by name in large structs: it looks at names in place and decodes none. Most of what
// resolving costs are these looks.
class MemberSearch {
 public:
  MemberSearch(const elf::Btf& btf, const elf::BtfType& type, std::string_view name);

  // The first from index `from` on that is called so, or has no name; type.count where there is
  // none.
  [[nodiscard]] uint32_t Next(uint32_t from) const;

 private:
  [[nodiscard]] bool Fits(uint32_t name) const;
  [[nodiscard]] uint32_t Word(size_t offset) const;

  const elf::Btf& owner_;  // of the record: a split BTF, or its base
  std::string_view name_;
  elf::Bytes record_;
  elf::Bytes strings_;
  bool swapped_;
  uint32_t count_;
  uint64_t key_ = 0;  // the name's first eight bytes, its NUL included
  uint64_t mask_ = 0;
};

// The value of an enumerator as it stands in a 64-bit immediate. Values of 32 bits are
// sign-extended whatever the enum says of itself: kernels before 6.0 do not say.
uint64_t EnumeratorValue(const elf::Btf& btf, const elf::BtfType& type, uint32_t index);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_CORE_CORE_TYPES_H_
