#include "purebpf/loader/internal/core/core_access.h"

#include <charconv>
#include <limits>
#include <utility>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/core/core_error.h"
#include "purebpf/loader/internal/core/core_kind.h"

namespace purebpf::internal {
namespace {

using elf::BtfArray;
using elf::BtfKind;
using elf::BtfMember;
using elf::BtfType;
using elf::Concat;
using elf::Decimal;

constexpr uint64_t kBits = 8;
constexpr size_t kMaxSpelled = 200;

[[gnu::cold]] std::unexpected<Error> NoMember(const BtfType& type, uint32_t index,
                                              std::string_view what) {
  return CoreMalformed(Concat({"asks for ", what, " ", Decimal(index), " of ", elf::Describe(type),
                               ", which has ", Decimal(type.count)}));
}

// A type of the object itself that cannot be followed.
[[gnu::cold]] std::unexpected<Error> Faulty(const BtfType& type, CoreFault fault) {
  return CoreMalformed(Concat({"the object's ", elf::Describe(type), ": ", Text(fault)}));
}

// One level down into a struct or union.
Result<BtfType> IntoMember(CoreTypes& local, const BtfType& type, uint32_t index, CorePath& path) {
  if (index >= type.count) return NoMember(type, index, "member");
  const BtfMember member = local.btf().Member(type, index);
  if (!path.Advance(member.bit_offset)) return Faulty(type, CoreFault::kOffset);
  if (!member.name.empty()) path.Push({.type = type.id, .index = index, .name = member.name});
  const auto next = local.Strip(member.type);
  if (!next) return Faulty(type, next.error());
  return *next;
}

// One level down into an array.
Result<BtfType> IntoElement(CoreTypes& local, const BtfType& type, uint32_t index, CorePath& path) {
  const BtfArray array = local.btf().Array(type);
  const auto element = local.Strip(array.element);
  if (!element) return Faulty(type, element.error());
  if (index >= array.count && !IsFlexible(local, path, array))
    return CoreMalformed(Concat({"asks for element ", Decimal(index), " of an array of ",
                                 Decimal(array.count), " ", elf::Describe(*element)}));
  const auto size = local.SizeOf(*element);
  if (!size) return Faulty(*element, size.error());
  path.Push({.type = element->id, .index = index, .name = {}});
  if (!path.Advance(uint64_t{index} * *size * kBits)) return Faulty(*element, CoreFault::kOffset);
  return *element;
}

Result<void> FollowField(CoreTypes& local, const BtfType& root, std::span<const uint32_t> indices,
                         CorePath& path) {
  const auto size = local.SizeOf(root);
  if (!size) return Faulty(root, size.error());
  path.Push({.type = root.id, .index = indices[0], .name = {}});
  if (!path.Advance(uint64_t{indices[0]} * *size * kBits)) return Faulty(root, CoreFault::kOffset);
  BtfType type = root;
  for (const uint32_t index : indices.subspan(1)) {
    if (IsComposite(type.kind)) {
      type = PUREBPF_TRY(IntoMember(local, type, index, path));
    } else if (type.kind == BtfKind::kArray) {
      type = PUREBPF_TRY(IntoElement(local, type, index, path));
    } else {
      return CoreMalformed(Concat(
          {"asks for member ", Decimal(index), " of ", elf::Describe(type), ", which has none"}));
    }
  }
  return {};
}

Result<void> FollowEnumerator(CoreTypes& local, const BtfType& root,
                              std::span<const uint32_t> indices, CorePath& path) {
  if (!IsEnum(root.kind))
    return CoreMalformed(
        Concat({"asks for an enumerator of ", elf::Describe(root), ", which is no enum"}));
  if (indices.size() != 1)
    return CoreMalformed(
        Concat({"asks for an enumerator by ", Decimal(indices.size()), " numbers instead of one"}));
  if (indices[0] >= root.count) return NoMember(root, indices[0], "enumerator");
  path.Push({.type = root.id,
             .index = indices[0],
             .name = local.btf().Enumerator(root, indices[0]).name});
  return {};
}

}  // namespace

Result<void> ParseAccess(std::string_view text, CoreAccess& access) {
  access.count = 0;
  const char* next = text.data();
  const char* const end = text.data() + text.size();
  const auto refused = [&](std::string_view why) {
    return CoreMalformed(Concat({"its access ", elf::Quoted(text), " ", why}));
  };
  do {
    if (access.count != 0 && *next++ != ':') return refused("is not numbers and colons");
    if (access.count == kMaxCoreAccess) return refused("has more than 64 numbers");
    int32_t index = 0;
    const auto parsed = std::from_chars(next, end, index);
    if (parsed.ec == std::errc::result_out_of_range)
      return refused("has a number above 2147483647");
    if (parsed.ec != std::errc{} || index < 0) return refused("is not numbers and colons");
    access.storage[access.count++] = static_cast<uint32_t>(index);
    next = parsed.ptr;
  } while (next != end);
  return {};
}

Result<void> FollowAccess(CoreTypes& local, const elf::CoreRelocation& relocation, CorePath& path) {
  CoreAccess access;
  PUREBPF_TRY(ParseAccess(relocation.access, access));
  const auto root = local.Strip(relocation.type);
  if (!root) return Faulty(local.btf().Type(relocation.type), root.error());
  switch (SubjectOf(static_cast<CoreKind>(relocation.kind))) {
    case CoreSubject::kField:
      return FollowField(local, *root, access.indices(), path);
    case CoreSubject::kEnumerator:
      return FollowEnumerator(local, *root, access.indices(), path);
    case CoreSubject::kType:
      if (relocation.access != "0")
        return CoreMalformed(Concat(
            {"asks for a type by the access ", elf::Quoted(relocation.access), " instead of '0'"}));
      path.Push({.type = root->id, .index = 0, .name = {}});
      return {};
  }
  return {};
}

bool IsFlexible(CoreTypes& types, const CorePath& path, const BtfArray& array) {
  const CoreStep& member = path.last();
  if (array.count != 0 || member.name.empty()) return false;
  const auto holder = types.Strip(member.type);
  if (!holder) return false;
  types.Used(*holder, holder->count - 1);  // which member is the last must not change
  return member.index + 1 == holder->count;
}

std::string Spell(const CorePath& path) {
  std::string text;
  for (size_t i = 0; i < path.count && text.size() < kMaxSpelled; ++i) {
    const CoreStep& step = path.storage[i];
    if (step.name.empty()) {
      if (i == 0 && step.index == 0) continue;  // the root itself
      text += Concat({"[", Decimal(step.index), "]"});
    } else {
      if (!text.empty()) text += '.';
      text += elf::Printable(step.name);
    }
  }
  if (text.size() > kMaxSpelled) text.resize(kMaxSpelled);
  return text;
}

}  // namespace purebpf::internal
