#include "purebpf/loader/internal/object.h"

#include <algorithm>

#include "purebpf/bpf/insn.h"

namespace purebpf::internal {
namespace {

// ".data" and ".data.x", but not ".database".
bool IsKin(std::string_view name, std::string_view stem) {
  return name.starts_with(stem) && (name.size() == stem.size() || name[stem.size()] == '.');
}

// Before .maps, definitions stood in "maps"; loaders of the time also took "maps/NAME" and other
// names that begin so, and sections of programs with "/maps" behind.
bool IsLegacyMapSection(std::string_view name) {
  return name.starts_with("maps") || name.ends_with("/maps");
}

}  // namespace

SectionRole RoleOf(const elf::Section& section) {
  using enum SectionRole;
  const bool in_file = section.type == elf::SectionType::kProgbits;
  if (!in_file && section.type != elf::SectionType::kNobits) return kOther;
  if (section.size == 0) return kOther;
  std::string_view name = section.name;
  if (IsKin(name, ".bss")) return kData;
  if (!in_file) return kOther;
  if (section.Has(elf::SectionFlag::kExecInstr)) return kCode;
  if (name == ".maps") return kBtfMaps;
  if (IsKin(name, ".data") || IsKin(name, ".rodata")) return kData;
  if (name == ".addr_space.1") return kArena;
  if (name == ".jumptables") return kJumpTables;
  if (IsLegacyMapSection(name)) return kLegacyMaps;
  if (name.starts_with('?')) name.remove_prefix(1);
  if (name == ".struct_ops" || name == ".struct_ops.link") return kStructOps;
  return kOther;
}

bool IsTextSection(std::string_view name) { return IsKin(name, ".text"); }

bool IsReadOnlyData(const elf::Section& section) {
  if (IsKin(section.name, ".rodata")) return true;
  if (IsKin(section.name, ".data") || IsKin(section.name, ".bss")) return false;
  return !section.Has(elf::SectionFlag::kWrite);
}

void Extents::MakeRoom(size_t more) { internal::MakeRoom(all_, more); }

void Extents::Sort() {
  std::ranges::sort(all_, {},
                    [](const Extent& extent) { return std::pair(extent.section, extent.begin); });
}

const Extent* Extents::At(uint32_t section, uint64_t offset) const {
  const auto after = std::ranges::upper_bound(
      all_, std::pair(section, offset), {},
      [](const Extent& extent) { return std::pair(extent.section, extent.begin); });
  if (after == all_.begin()) return nullptr;
  const Extent& extent = *std::prev(after);
  return extent.section == section && offset < extent.end ? &extent : nullptr;
}

std::span<const Extent> Extents::In(uint32_t section) const {
  const auto range = std::ranges::equal_range(all_, section, {}, &Extent::section);
  return {range.begin(), range.end()};
}

Object::Object(const elf::File& object_file, uint64_t file_size, std::string_view name)
    : file(object_file), affordable_(file_size * kMaxCopies) {
  spec.name = name;
  spec.order = file.order();
  roles.reserve(file.sections().size());
  data_maps.resize(file.sections().size());
  for (const elf::Section& section : file.sections()) {
    roles.push_back(RoleOf(section));
    if (!section.name.empty()) sections_.emplace_back(section.name, section.index);
  }
  std::ranges::sort(sections_);
  for (const elf::Symbol& symbol : file.symbols())
    if (symbol.section != elf::kUndefinedSection && symbol.section < roles.size() &&
        symbol.type != elf::SymbolType::kSection && !symbol.name.empty())
      symbols_.push_back(symbol.index);
  std::ranges::sort(symbols_, {}, [this](uint32_t index) {
    const elf::Symbol& symbol = file.symbols()[index];
    return std::tuple(symbol.section, symbol.value, index);
  });
}

std::span<const uint32_t> Object::SymbolsIn(uint32_t section) const {
  const auto range = std::ranges::equal_range(
      symbols_, section, {}, [this](uint32_t index) { return file.symbols()[index].section; });
  return {range.begin(), range.end()};
}

const elf::Section* Object::FindSection(std::string_view name) const {
  const auto found =
      std::ranges::lower_bound(sections_, name, {}, &std::pair<std::string_view, uint32_t>::first);
  if (found == sections_.end() || found->first != name) return nullptr;
  return &file.sections()[found->second];
}

const TypedSection* Object::FindTyped(std::string_view section) const {
  const auto found = std::ranges::lower_bound(datasecs, section, {}, &TypedSection::name);
  return found == datasecs.end() || found->name != section ? nullptr : &*found;
}

bool Object::Afford(uint64_t bytes) {
  exhausted_ = exhausted_ || bytes > affordable_;
  if (!exhausted_) affordable_ -= bytes;
  return !exhausted_;
}

uint32_t Object::AddMap(MapSpec map) {
  spec.maps.push_back(std::move(map));
  return static_cast<uint32_t>(spec.maps.size() - 1);
}

uint32_t Object::AddMap(MapSpec map, const elf::Section& section, uint64_t begin, uint64_t end) {
  const uint32_t index = AddMap(std::move(map));
  maps.Add({.section = section.index, .begin = begin, .end = end, .index = index});
  return index;
}

void Note(std::string& problem, std::string what) {
  if (problem.empty()) problem = std::move(what);
}

std::string Where(const elf::Section& section, uint64_t offset) {
  return elf::Describe(section) + ": instruction " + std::to_string(offset / sizeof(Insn));
}

}  // namespace purebpf::internal
