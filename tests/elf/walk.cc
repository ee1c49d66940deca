#include "purebpf/tests/elf/walk.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_ext.h"
#include "purebpf/elf/file.h"

namespace purebpf::elf {
namespace {

bool Inside(Bytes whole, const void* begin, size_t size) {
  const auto* start = static_cast<const std::byte*>(begin);
  const std::less_equal<const std::byte*> not_after;
  return size == 0 ||
         (not_after(whole.data(), start) && not_after(start + size, whole.data() + whole.size()));
}

bool Inside(Bytes whole, std::string_view text) { return Inside(whole, text.data(), text.size()); }

std::string FileViolation(Bytes bytes, const File& file) {
  const size_t sections = file.sections().size();
  for (const Section& section : file.sections()) {
    if (!Inside(bytes, section.name)) return "a section's name outside of the file";
    if (!Inside(bytes, section.contents.data(), section.contents.size())) {
      return "a section's contents outside of the file";
    }
    if (&file.sections()[section.index] != &section) return "a section's index";
    const auto relocations = file.Relocations(section.index);
    if (!relocations) continue;
    for (const Relocation& relocation : *relocations) {
      if (relocation.offset >= section.size) return "a relocation outside of its section";
      if (relocation.symbol >= file.symbols().size()) return "a relocation's symbol";
    }
  }
  for (const Symbol& symbol : file.symbols()) {
    if (!Inside(bytes, symbol.name)) return "a symbol's name outside of the file";
    if (symbol.section >= sections && symbol.section != kUndefinedSection &&
        symbol.section != kAbsoluteSection && symbol.section != kCommonSection) {
      return "a symbol's section";
    }
  }
  return "";
}

std::string TypeViolation(Bytes bytes, const Btf& btf, const BtfType& type) {
  const auto known = [&btf](TypeId id) { return static_cast<uint32_t>(id) < btf.type_count(); };
  if (!Inside(bytes, type.name)) return "a type's name";
  if (!known(type.target)) return "a type's target";
  const BtfArray array = btf.Array(type);
  if (!known(array.element) || !known(array.index)) return "an array's types";
  for (const BtfMember& member : btf.Members(type)) {
    if (!known(member.type) || !Inside(bytes, member.name)) return "a member";
  }
  for (const BtfEnumerator& enumerator : btf.Enumerators(type)) {
    if (!Inside(bytes, enumerator.name)) return "an enumerator";
  }
  for (const BtfSectionVariable& variable : btf.Variables(type)) {
    if (!known(variable.variable)) return "a section's variable";
  }
  if (const auto resolved = btf.Resolve(type.id); resolved && !known(resolved->id)) {
    return "a resolved type";
  }
  if (const auto size = btf.SizeOf(type.id); !size && size.error().message.empty()) {
    return "an error without words";
  }
  return Describe(type).empty() ? "a description" : "";
}

std::string ExtensionViolation(Bytes bytes, Bytes types, Bytes extension) {
  const auto btf = Btf::Parse(types);
  if (!btf) return "";
  const auto sections = ParseCoreRelocations(extension, *btf);
  if (!sections) return sections.error().message.empty() ? "an error without words" : "";
  for (const CoreSection& section : *sections) {
    if (!Inside(bytes, section.section)) return "a section of CO-RE relocations";
    for (const CoreRelocation& relocation : section.relocations) {
      if (static_cast<uint32_t>(relocation.type) >= btf->type_count()) return "a CO-RE type";
      if (!Inside(bytes, relocation.access)) return "a CO-RE access string";
    }
  }
  return "";
}

}  // namespace

Walk WalkFile(Bytes bytes) {
  const auto file = File::Parse(bytes);
  if (!file) return {.error = file.error().message};
  Walk walk{.parsed = true, .violation = FileViolation(bytes, *file)};
  const Section* types = file->FindSection(".BTF");
  if (types == nullptr || !walk.violation.empty()) return walk;
  walk.violation = WalkBtf(types->contents).violation;
  const Section* extension = file->FindSection(".BTF.ext");
  if (extension != nullptr && walk.violation.empty()) {
    walk.violation = ExtensionViolation(bytes, types->contents, extension->contents);
  }
  return walk;
}

Walk WalkBtf(Bytes bytes) {
  const auto btf = Btf::Parse(bytes);
  if (!btf) return {.error = btf.error().message};
  Walk walk{.parsed = true};
  for (uint32_t id = 0; id < btf->type_count() && walk.violation.empty(); ++id) {
    walk.violation = TypeViolation(bytes, *btf, btf->Type(TypeId{id}));
  }
  return walk;
}

}  // namespace purebpf::elf
