#include "purebpf/tests/elf/walk.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

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

bool Has(const Btf& btf, TypeId id) { return static_cast<uint32_t>(id) < btf.type_count(); }

// One part of a .BTF.ext.
template <typename Section, typename Holds>
void See(const Result<std::vector<Section>>& part, Walk& walk, Holds holds) {
  if (!part) {
    walk.parsed = false;
    walk.error = part.error().message;
    if (walk.error.empty()) walk.violation = "an error without words";
  } else if (!std::ranges::all_of(*part, holds)) {
    walk.violation = "a section of .BTF.ext";
  }
}

}  // namespace

Walk WalkFile(Bytes bytes) {
  const auto file = File::Parse(bytes);
  if (!file) return {.error = file.error().message};
  Walk walk{.parsed = true, .violation = FileViolation(bytes, *file)};
  const Section* types = file->FindSection(".BTF");
  if (types == nullptr || !walk.violation.empty()) return walk;
  walk.violation = WalkBtfLightly(types->contents).violation;
  const Section* extension = file->FindSection(".BTF.ext");
  if (extension != nullptr && walk.violation.empty()) {
    walk.violation = WalkBtfExt(types->contents, extension->contents).violation;
  }
  return walk;
}

Walk WalkBtfExt(Bytes types, Bytes extension) {
  const auto btf = Btf::Parse(types);
  if (!btf) return {.error = btf.error().message};
  Walk walk{.parsed = true};
  See(ParseFuncInfo(extension, *btf), walk, [&](const FuncSection& section) {
    return Inside(types, section.section) &&
           std::ranges::all_of(section.functions,
                               [&](const FuncInfo& info) { return Has(*btf, info.type); });
  });
  See(ParseLineInfo(extension, *btf), walk, [&](const LineSection& section) {
    return Inside(types, section.section) &&
           std::ranges::all_of(section.lines, [&](const LineInfo& info) {
             return Inside(types, btf->Name(info.file)) && Inside(types, btf->Name(info.text)) &&
                    info.column <= 0x3ff && info.line <= 0x3fffff;
           });
  });
  See(ParseCoreRelocations(extension, *btf), walk, [&](const CoreSection& section) {
    return Inside(types, section.section) &&
           std::ranges::all_of(section.relocations, [&](const CoreRelocation& relocation) {
             return Has(*btf, relocation.type) && Inside(types, relocation.access);
           });
  });
  return walk;
}

}  // namespace purebpf::elf
