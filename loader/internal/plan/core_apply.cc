#include "purebpf/loader/internal/plan/core_apply.h"

#include <algorithm>
#include <string>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/core/core_kind.h"
#include "purebpf/loader/internal/core/core_patch.h"
#include "purebpf/loader/internal/plan/refused.h"

namespace purebpf::internal {
namespace {

elf::CoreRelocation Relocation(const FunctionSpec& code, const CoreReference& reference) {
  return {.offset = static_cast<uint32_t>((code.section_insn + reference.insn) * sizeof(Insn)),
          .type = elf::TypeId{reference.type},
          .access = reference.access,
          .kind = reference.kind};
}

bool AsksKernel(const CoreReference& reference) {
  return reference.kind != static_cast<uint32_t>(CoreKind::kTypeIdLocal);
}

}  // namespace

void CoreApplier::Want(const std::vector<bool>& functions) {
  for (uint32_t i = 0; i < spec_.functions.size(); ++i) {
    const FunctionSpec& code = spec_.functions[i];
    if (!functions[i] || code.core.empty()) continue;
    elf::CoreSection& section = sections_.emplace_back();
    section.section = code.section;
    section.relocations.reserve(code.core.size());
    for (const CoreReference& reference : code.core)
      section.relocations.push_back(Relocation(code, reference));
  }
  if (sections_.empty()) return;
  const auto btf = local_.Get();
  if (!btf) return;  // Apply tells
  resolver_.emplace(**btf, sections_);
  types_.Want(*resolver_);
}

void CoreApplier::BeginPlan() {
  if (resolver_) resolver_->BeginPlan();
}

Result<void> CoreApplier::ApplyOne(uint32_t function, uint32_t begin,
                                   const CoreReference& reference, LoadProgramStep& step) {
  const FunctionSpec& code = spec_.functions[function];
  const elf::CoreRelocation relocation = Relocation(code, reference);
  const auto explain = [&](Error error) {
    return std::unexpected(std::move(error).Within("function '" + code.name + "', instruction " +
                                                   std::to_string(reference.insn)));
  };
  auto resolution = resolver_->Resolve(relocation);
  if (!resolution) return explain(std::move(resolution).error());
  if (reference.insn >= code.insns.size())
    return Refused(Code::kMalformed, "",
                   "instruction " + std::to_string(reference.insn) +
                       " of a CO-RE relocation is beyond function '" + code.name + "'");
  const uint32_t at = begin + reference.insn;
  // An instruction of two slots may be poisoned in both, but not in another function's.
  const auto own = std::span(step.params.insns).subspan(begin, code.insns.size());
  if (auto patched = PatchInsn(own, reference.insn, *resolution); !patched)
    return explain(std::move(patched).error());
  if (!IsCorePoison(step.params.insns[at])) return {};
  std::string why = resolver_->Explain(relocation);
  if (why.empty())
    why = resolver_->Describe(relocation) +
          " has another size on this kernel, which this instruction cannot follow";
  step.notes.push_back({.insn = at, .text = std::move(why)});
  return {};
}

Result<void> CoreApplier::Apply(const std::vector<Piece>& pieces, LoadProgramStep& step) {
  bool any = false;
  bool asks_kernel = false;
  for (const Piece& piece : pieces) {
    const auto& core = spec_.functions[piece.function].core;
    any = any || !core.empty();
    asks_kernel = asks_kernel || std::ranges::any_of(core, AsksKernel);
  }
  if (!any) return {};
  PUREBPF_TRY(local_.Get());
  if (asks_kernel) PUREBPF_TRY(types_.PrepareResolver());
  // In the order of the file: what one finds narrows what the next may find.
  std::vector<Piece> ordered = pieces;
  std::ranges::sort(ordered, {}, &Piece::function);
  for (const Piece& piece : ordered)
    for (const CoreReference& reference : spec_.functions[piece.function].core)
      PUREBPF_TRY(ApplyOne(piece.function, piece.begin, reference, step));
  return {};
}

}  // namespace purebpf::internal
