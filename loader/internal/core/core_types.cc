#include "purebpf/loader/internal/core/core_types.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace purebpf::internal {

using elf::BtfArray;
using elf::BtfKind;
using elf::BtfType;
using elf::TypeId;

std::string_view Text(CoreFault fault) {
  switch (fault) {
    case CoreFault::kDepth:
      return "types are nested more than 32 deep, or in a loop";
    case CoreFault::kWork:
      return "the relocations take more than the 67108864 steps of work that are allowed";
    case CoreFault::kSize:
      return "a type on the way has no size, or one of 4 GiB or more";
    case CoreFault::kOffset:
      return "it begins 512 MiB or more behind the type's start";
    case CoreFault::kLevels:
      return "its path has more than 64 steps";
    case CoreFault::kBitField:
      return "it is a bit field that no load of 64 bits has whole";
    case CoreFault::kElement:
      return "an array's element has an offset and a size, but no sign and no shifts";
  }
  return "";
}

CoreResult<BtfType> CoreTypes::Strip(TypeId id) {
  // Beyond the last type is void, as a Btf that was only indexed has it.
  const auto index = static_cast<uint32_t>(id);
  if (id == TypeId::kVoid || index >= btf_->type_count()) return BtfType();
  if (remembered_ == nullptr) remembered_ = std::make_unique<decltype(remembered_)::element_type>();
  Remembered& slot = (*remembered_)[index % kRemembered];
  if (slot.id != id) {
    const auto type = btf_->Resolve(id);
    if (!type) return std::unexpected(CoreFault::kDepth);
    slot = {.id = id, .type = *type};
  }
  return slot.type;
}

CoreResult<uint32_t> CoreTypes::SizeOf(const BtfType& type) {
  uint64_t elements = 1;
  BtfType next = type;
  for (int depth = 0; next.kind == BtfKind::kArray; ++depth) {
    if (depth == kMaxCoreDepth) return std::unexpected(CoreFault::kDepth);
    const BtfArray array = btf_->Array(next);
    elements *= array.count;
    if (elements > std::numeric_limits<uint32_t>::max()) return std::unexpected(CoreFault::kSize);
    const auto element = Strip(array.element);
    if (!element) return std::unexpected(element.error());
    next = *element;
  }
  switch (next.kind) {
    case BtfKind::kInt:
    case BtfKind::kStruct:
    case BtfKind::kUnion:
    case BtfKind::kEnum:
    case BtfKind::kEnum64:
    case BtfKind::kFloat:
    case BtfKind::kDatasec:
      elements *= next.size;
      break;
    case BtfKind::kPtr:
      elements *= pointer_size_;
      break;
    default:
      return std::unexpected(CoreFault::kSize);
  }
  if (elements > std::numeric_limits<uint32_t>::max()) return std::unexpected(CoreFault::kSize);
  return static_cast<uint32_t>(elements);
}

CoreResult<BtfType> CoreTypes::Innermost(const BtfType& type) {
  BtfType next = type;
  for (int depth = 0; next.kind == BtfKind::kArray; ++depth) {
    if (depth == kMaxCoreDepth) return std::unexpected(CoreFault::kDepth);
    const auto element = Strip(btf_->Array(next).element);
    if (!element) return std::unexpected(element.error());
    next = *element;
  }
  return next;
}

namespace {

// A struct's record: three words, then three of each member (name, type, offset).
constexpr size_t kCommon = 12;
constexpr size_t kMember = 12;

const elf::Btf& OwnerOf(const elf::Btf& btf, TypeId id) {
  const elf::Btf* owner = &btf;
  while (static_cast<uint32_t>(id) < owner->first_id() && owner->base() != nullptr)
    owner = owner->base();
  return *owner;
}

}  // namespace

MemberSearch::MemberSearch(const elf::Btf& btf, const BtfType& type, std::string_view name)
    : owner_(OwnerOf(btf, type.id)),
      name_(name),
      record_(btf.Record(type.id)),
      strings_(owner_.strings()),
      swapped_(btf.order() != std::endian::native),
      count_(type.count) {
  const size_t known = std::min(name.size() + 1, sizeof key_);
  uint8_t key[sizeof key_] = {};
  uint8_t mask[sizeof mask_] = {};
  std::memcpy(key, name.data(), std::min(name.size(), sizeof key_));
  std::memset(mask, 0xff, known);
  std::memcpy(&key_, key, sizeof key_);
  std::memcpy(&mask_, mask, sizeof mask_);
}

uint32_t MemberSearch::Word(size_t offset) const {
  uint32_t word;
  std::memcpy(&word, record_.data() + offset, sizeof word);
  return swapped_ ? std::byteswap(word) : word;
}

uint32_t MemberSearch::Next(uint32_t from) const {
  const size_t room = record_.size() < kCommon ? 0 : (record_.size() - kCommon) / kMember;
  const auto count = static_cast<uint32_t>(std::min<size_t>(count_, room));
  for (uint32_t i = from; i < count; ++i)
    if (Fits(Word(kCommon + i * kMember))) return i;
  return count_;
}

bool MemberSearch::Fits(uint32_t name) const {
  const uint32_t offset = name - owner_.first_string();
  // A name of the base's, near the end, or of none: seldom.
  if (name < owner_.first_string() || strings_.size() < sizeof key_ ||
      offset > strings_.size() - sizeof key_) [[unlikely]] {
    const std::string_view found = owner_.Name(name);
    return found.empty() || found == name_;
  }
  const std::byte* text = strings_.data() + offset;
  uint64_t head;
  std::memcpy(&head, text, sizeof head);
  if (((head ^ key_) & mask_) != 0) return *text == std::byte{0};
  return name_.size() < sizeof key_ || owner_.Name(name) == name_;
}

uint64_t EnumeratorValue(const elf::Btf& btf, const BtfType& type, uint32_t index) {
  const uint64_t value = btf.Enumerator(type, index).value;
  if (type.kind == BtfKind::kEnum64) return value;
  return static_cast<uint64_t>(int64_t{static_cast<int32_t>(value)});
}

}  // namespace purebpf::internal
