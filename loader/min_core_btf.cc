#include "purebpf/loader/min_core_btf.h"

#include <string>
#include <utility>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_ext.h"
#include "purebpf/elf/btf_reduce.h"
#include "purebpf/loader/internal/core/core_resolve.h"

namespace purebpf {
namespace {

[[gnu::cold]] std::unexpected<Error> Malformed(std::string object, std::string detail) {
  return std::unexpected(Error{.code = Code::kMalformed,
                               .operation = "reduce kernel types",
                               .object = std::move(object),
                               .detail = std::move(detail),
                               .hint = "",
                               .log = ""});
}

std::vector<elf::CoreSection> RelocationsOf(const CollectionSpec& spec) {
  std::vector<elf::CoreSection> sections;
  for (const FunctionSpec& code : spec.functions) {
    if (code.core.empty()) continue;
    elf::CoreSection& section = sections.emplace_back();
    section.section = code.section;
    for (const CoreReference& reference : code.core)
      section.relocations.push_back(
          {.offset = static_cast<uint32_t>((code.section_insn + reference.insn) * sizeof(Insn)),
           .type = elf::TypeId{reference.type},
           .access = reference.access,
           .kind = reference.kind});
  }
  return sections;
}

// Resolves everything, and lets the kernel's types note what was looked at.
Result<void> Resolve(const CollectionSpec& spec, const elf::Btf& kernel,
                     std::vector<elf::MemberUse>& members) {
  const std::vector<elf::CoreSection> sections = RelocationsOf(spec);
  if (sections.empty()) return {};
  const auto local = elf::Btf::Parse(spec.btf);
  if (!local) return Malformed(spec.name, local.error().message);
  internal::CoreResolver resolver(*local, sections);
  resolver.Track(&members);
  resolver.SearchKernel(kernel);
  for (const elf::CoreSection& section : sections) {
    for (const elf::CoreRelocation& relocation : section.relocations) {
      // Each program may be loaded alone, so none may leave out what another one ruled out.
      resolver.BeginPlan();
      // What cannot be resolved with the whole cannot be with the part.
      (void)resolver.Resolve(relocation);
    }
  }
  return {};
}

}  // namespace

Result<std::vector<std::byte>> MinCoreBtf(std::span<const CollectionSpec> specs, Bytes kernel) {
  auto whole = elf::Btf::Parse(kernel);
  if (!whole) return Malformed("", whole.error().message);
  elf::TypeIdSet types(whole->type_count());
  whole->Track(&types);
  std::vector<elf::MemberUse> members;
  for (const CollectionSpec& spec : specs) PUREBPF_TRY(Resolve(spec, *whole, members));
  whole->Track(nullptr);
  auto reduced = elf::ReduceToUse(*whole, types, members);
  if (!reduced) return Malformed("", std::move(reduced).error().message);
  return std::move(reduced->blob);
}

}  // namespace purebpf
