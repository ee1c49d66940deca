#include <algorithm>
#include <tuple>
#include <utility>

#include "purebpf/bpf/insn.h"
#include "purebpf/bpf/try.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_ext.h"
#include "purebpf/loader/internal/parse.h"

namespace purebpf::internal {
namespace {

constexpr size_t kMaxAccess = 64;  // "0:1:2": as many levels as anybody has nested

}  // namespace

Result<CoreReferences> CoreReferences::Of(const elf::File& file) {
  CoreReferences all;
  const elf::Section* types = file.FindSection(".BTF");
  const elf::Section* ext = file.FindSection(".BTF.ext");
  if (types == nullptr || ext == nullptr) return all;
  // Contents() also refuses what is compressed, and would read as empty.
  const elf::Bytes records = PUREBPF_TRY(Lift(ext->Contents()));
  if (records.empty()) return all;
  const elf::Bytes blob = PUREBPF_TRY(Lift(types->Contents()));
  const elf::Btf btf = PUREBPF_TRY(Lift(elf::Btf::Parse(blob)));
  const auto sections = PUREBPF_TRY(Lift(elf::ParseCoreRelocations(records, btf)));
  for (const elf::CoreSection& section : sections) {
    for (const elf::CoreRelocation& relocation : section.relocations) {
      // Many relocations may share one long string: what each keeps of it is bounded.
      const std::string_view access = relocation.access.substr(0, kMaxAccess);
      std::string target = elf::Describe(btf.Type(relocation.type)) + " " + std::string(access);
      all.entries_.push_back(
          {.section = section.section, .offset = relocation.offset, .target = std::move(target)});
    }
  }
  std::ranges::sort(all.entries_, [](const Entry& a, const Entry& b) {
    return std::tie(a.section, a.offset, a.target) < std::tie(b.section, b.offset, b.target);
  });
  return all;
}

void CoreReferences::Append(std::string_view section, uint64_t begin, uint64_t end,
                            std::vector<Reference>& references) const {
  const auto key = [](const Entry& entry) {
    return std::pair<std::string_view, uint64_t>(entry.section, entry.offset);
  };
  auto entry = std::ranges::lower_bound(entries_, std::pair(section, begin), {}, key);
  for (; entry != entries_.end() && entry->section == section && entry->offset < end; ++entry)
    references.push_back({.insn = static_cast<uint32_t>((entry->offset - begin) / sizeof(Insn)),
                          .kind = ReferenceKind::kCoRe,
                          .target = entry->target});
}

}  // namespace purebpf::internal
