#include "purebpf/loader/internal/object.h"

#include <algorithm>
#include <utility>

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

bool IsVariable(const elf::Symbol& symbol) {
  return symbol.type == elf::SymbolType::kObject ||
         (symbol.type == elf::SymbolType::kNone && symbol.binding != elf::SymbolBinding::kLocal);
}

bool MayBeVariable(const elf::Symbol& symbol) {
  return symbol.type == elf::SymbolType::kObject || symbol.type == elf::SymbolType::kNone;
}

// Not by pairs, whose comparison is several times as long.
bool Extents::Before(const Extent& one, const Extent& other) {
  return one.section != other.section ? one.section < other.section : one.begin < other.begin;
}

void Extents::MakeRoom(size_t more) { internal::MakeRoom(all_, more); }

void Extents::Sort() { std::ranges::sort(all_, Before); }

const Extent* Extents::At(uint32_t section, uint64_t offset) const {
  const auto after =
      std::ranges::upper_bound(all_, Extent{.section = section, .begin = offset}, Before);
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
  SortSymbols();
}

void Object::SortSymbols() {
  const auto lies_somewhere = [this](const elf::Symbol& symbol) {
    return symbol.section != elf::kUndefinedSection && symbol.section < roles.size() &&
           symbol.type != elf::SymbolType::kSection && !symbol.name.empty();
  };
  // Where each section's begin: counted, and summed up.
  symbols_of_.resize(roles.size() + 1);
  for (const elf::Symbol& symbol : file.symbols())
    if (lies_somewhere(symbol)) ++symbols_of_[symbol.section];
  uint32_t end = 0;
  for (uint32_t& count : symbols_of_) count = std::exchange(end, end + count);
  symbols_.resize(end);
  std::vector<uint32_t> next = symbols_of_;
  for (const elf::Symbol& symbol : file.symbols())
    if (lies_somewhere(symbol)) symbols_[next[symbol.section]++] = symbol.index;
  for (uint32_t section = 0; section < roles.size(); ++section) {
    const std::span<uint32_t> own = std::span(symbols_).subspan(
        symbols_of_[section], symbols_of_[section + 1] - symbols_of_[section]);
    std::ranges::stable_sort(own, {},
                             [this](uint32_t index) { return file.symbols()[index].value; });
  }
}

std::span<const uint32_t> Object::SymbolsIn(uint32_t section) const {
  if (section >= roles.size()) return {};
  return std::span(symbols_).subspan(symbols_of_[section],
                                     symbols_of_[section + 1] - symbols_of_[section]);
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

const TypedSection* Object::TypesOf(const elf::Section& section) const {
  const elf::Section* first = FindSection(section.name);
  if (first == nullptr || first->index != section.index) return nullptr;
  return FindTyped(section.name);
}

void Object::AddFunctionType(std::string_view name, elf::TypeId id) {
  function_types_.emplace_back(name, id);
  function_types_sorted_ = false;
}

std::optional<elf::TypeId> Object::FindFunctionType(std::string_view name) {
  if (!function_types_sorted_) std::ranges::sort(function_types_);
  function_types_sorted_ = true;
  const auto found = std::ranges::lower_bound(function_types_, name, {},
                                              &std::pair<std::string_view, elf::TypeId>::first);
  if (found == function_types_.end() || found->first != name) return std::nullopt;
  return found->second;
}

bool Object::Afford(uint64_t bytes) {
  exhausted_ = exhausted_ || bytes > affordable_;
  if (!exhausted_) affordable_ -= bytes;
  return !exhausted_;
}

uint32_t Object::AddMap(MapSpec&& map) {
  spec.maps.push_back(std::move(map));
  return static_cast<uint32_t>(spec.maps.size() - 1);
}

uint32_t Object::AddMap(MapSpec&& map, const elf::Section& section, uint64_t begin, uint64_t end) {
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
