// Slots that relocations in data initialise: the inner maps and programs in a definition's
// `values`, and the functions of struct_ops instances.
#include <algorithm>
#include <expected>
#include <limits>
#include <optional>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/bytes.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/object.h"

namespace purebpf::internal {
namespace {

constexpr uint64_t kPointerSize = 8;
// The kernel takes structures of 64 (kernel/bpf/bpf_struct_ops.c).
constexpr uint32_t kMaxMembers = 1024;

using Failed = std::unexpected<std::string>;

// A pointer in a section's data, and what it points at.
struct Pointer {
  const elf::Section& section;
  uint64_t offset = 0;
  const elf::Symbol& symbol;
  uint64_t target = 0;  // bytes into the symbol's section
};

std::string Words(const Pointer& pointer) {
  return elf::Describe(pointer.section) + ": the pointer at offset " +
         std::to_string(pointer.offset) + " to " + elf::Quoted(pointer.symbol.name);
}

// A section's symbol leaves the offset to the bytes that are relocated.
uint64_t TargetOf(const elf::File& file, const elf::Section& section,
                  const elf::Relocation& relocation) {
  const elf::Symbol& symbol = file.symbols()[relocation.symbol];
  if (symbol.type != elf::SymbolType::kSection) return symbol.value;
  const auto bytes = elf::Slice(section.contents, relocation.offset, kPointerSize);
  return symbol.value + (bytes ? elf::ByteReader(*bytes, file.order()).U64() : 0);
}

class SlotReader {
 public:
  explicit SlotReader(Object& object) : object_(object) {}

  std::expected<SlotSpec, std::string> Definition(const Pointer& pointer, const Extent& extent) {
    const MapSpec& map = object_.spec.maps[extent.index];
    const std::optional<uint32_t> values = ValuesAt(extent.index);
    const uint64_t at = pointer.offset - extent.begin;
    if (!values || at < *values || (at - *values) % kPointerSize != 0)
      return Failed(Words(pointer) + " is no slot of map " + elf::Quoted(map.name));
    SlotSpec slot;
    slot.index = static_cast<uint32_t>((at - *values) / kPointerSize);
    slot.program = map.params.type == MapType::kProgArray;
    if (slot.program) {
      slot.target = PUREBPF_TRY(Function(pointer));
    } else {
      const Extent* inner = object_.maps.At(pointer.symbol.section, pointer.target);
      if (inner == nullptr || inner->begin != pointer.target)
        return Failed(Words(pointer) + " leads to no map");
      slot.target = object_.spec.maps[inner->index].name;
    }
    return slot;
  }

  std::expected<SlotSpec, std::string> StructOps(const Pointer& pointer, const Extent& extent) {
    const MapSpec& map = object_.spec.maps[extent.index];
    SlotSpec slot;
    slot.index = static_cast<uint32_t>(pointer.offset - extent.begin);
    slot.program = true;
    if (!IsFunctionMember(extent.index, slot.index))
      return Failed(Words(pointer) + " is no member of " + elf::Quoted(map.name) +
                    " that points to a function");
    slot.target = PUREBPF_TRY(Function(pointer));
    return slot;
  }

 private:
  // The function's name, or rather that of the symbol: several may stand for one.
  [[nodiscard]] std::expected<std::string, std::string> Function(const Pointer& pointer) const {
    const Extent* function = object_.functions.At(pointer.symbol.section, pointer.target);
    if (function == nullptr || function->begin != pointer.target)
      return Failed(Words(pointer) + " leads to no function");
    if (pointer.symbol.type != elf::SymbolType::kSection) return std::string(pointer.symbol.name);
    return object_.spec.functions[function->index].name;
  }

  // The offset of the member `values` in a map's definition.
  [[nodiscard]] std::optional<uint32_t> ValuesAt(uint32_t map) const {
    const auto found =
        std::ranges::lower_bound(object_.values_at, map, {}, &std::pair<uint32_t, uint32_t>::first);
    if (found == object_.values_at.end() || found->first != map) return std::nullopt;
    return found->second;
  }

  [[nodiscard]] bool IsFunctionMember(uint32_t map, uint32_t offset) {
    if (functions_of_ != map) {
      functions_of_ = map;
      functions_ = FunctionMembers(object_.spec.maps[map].value_type);
    }
    return std::ranges::binary_search(functions_, uint64_t{offset} * 8);
  }

  // The offsets, in bits, of a struct's members that point to functions.
  [[nodiscard]] std::vector<uint64_t> FunctionMembers(uint32_t id) const {
    std::vector<uint64_t> offsets;
    if (!object_.btf) return offsets;
    const elf::BtfType type = object_.btf->Type(elf::TypeId{id});
    if (type.count > kMaxMembers) return offsets;
    for (const elf::BtfMember& member : object_.btf->Members(type)) {
      const auto pointer = object_.btf->Resolve(member.type);
      if (!pointer || pointer->kind != elf::BtfKind::kPtr) continue;
      const auto target = object_.btf->Resolve(pointer->target);
      if (target && target->kind == elf::BtfKind::kFuncProto) offsets.push_back(member.bit_offset);
    }
    std::ranges::sort(offsets);
    return offsets;
  }

  Object& object_;
  std::optional<uint32_t> functions_of_;  // the map whose value's type functions_ are of
  std::vector<uint64_t> functions_;
};

void ReadSection(Object& object, SlotReader& reader, const elf::Section& section) {
  auto relocations = object.file.Relocations(section.index);
  if (!relocations) {
    for (const Extent& extent : object.maps.In(section.index))
      Note(object.spec.maps[extent.index].problem, relocations.error().message);
    return;
  }
  std::ranges::sort(*relocations, {}, &elf::Relocation::offset);
  for (const elf::Relocation& relocation : *relocations) {
    const Extent* extent = object.maps.At(section.index, relocation.offset);
    if (extent == nullptr) continue;
    const Pointer pointer{.section = section,
                          .offset = relocation.offset,
                          .symbol = object.file.symbols()[relocation.symbol],
                          .target = TargetOf(object.file, section, relocation)};
    MapSpec& map = object.spec.maps[extent->index];
    auto slot = map.origin == MapOrigin::kStructOps ? reader.StructOps(pointer, *extent)
                                                    : reader.Definition(pointer, *extent);
    if (slot) {
      if (!object.Afford(slot->target.size())) return;
      map.slots.push_back(std::move(*slot));
    } else {
      Note(map.problem, std::move(slot).error());
    }
  }
}

}  // namespace

void ReadSlots(Object& object) {
  SlotReader reader(object);
  for (const elf::Section& section : object.file.sections()) {
    const SectionRole role = object.Role(section.index);
    if (role == SectionRole::kBtfMaps || role == SectionRole::kStructOps)
      ReadSection(object, reader, section);
  }
}

}  // namespace purebpf::internal
