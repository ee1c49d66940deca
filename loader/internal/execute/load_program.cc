// Programs: descriptors filled in, loaded, and what the verifier says of them explained.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/try.h"
#include "purebpf/elf/btf.h"
#include "purebpf/loader/internal/execute/execution.h"
#include "purebpf/loader/verifier_log.h"

namespace purebpf::internal {

// The descriptors of all modules that the plan names, by one walk over the BTF objects.
Result<void> Execution::OpenModules() {
  if (modules_opened_) return {};
  modules_.resize(plan_.modules.size());
  size_t missing = plan_.modules.size();
  PUREBPF_TRY(VisitModules(kernel_, [&](BtfObject object, const BtfInfo& info) {
    const auto found = std::ranges::find(plan_.modules, info.name);
    if (found == plan_.modules.end()) return true;
    auto& module = modules_[static_cast<size_t>(found - plan_.modules.begin())];
    if (!module) --missing;
    module.emplace(std::move(object));
    return missing != 0;
  }));
  modules_opened_ = true;
  return {};
}

Result<int> Execution::ModuleFd(uint32_t module) {
  PUREBPF_TRY(OpenModules());
  if (module < modules_.size() && modules_[module]) return modules_[module]->fd();
  return std::unexpected(Error{.code = Code::kNotFound,
                               .operation = "open types of module",
                               .object = module < plan_.modules.size() ? plan_.modules[module] : "",
                               .detail = "no such module is loaded (any more)"});
}

// By what calls count in: the kernel reads the entries that they name, and no others.
Result<void> Execution::FillFdArray(ProgramParams& params) {
  params.fd_array = {0};  // the kernel's own types, which need no descriptor
  for (const Insn& insn : params.insns) {
    if (insn.code != kCall || insn.src() != kPseudoKfuncCall || insn.off <= 0) continue;
    const auto place = static_cast<size_t>(insn.off);
    if (place >= params.fd_array.size()) params.fd_array.resize(place + 1);
    if (params.fd_array[place] == 0)
      params.fd_array[place] = PUREBPF_TRY(ModuleFd(static_cast<uint32_t>(place - 1)));
  }
  return {};
}

Result<void> Execution::Complete(LoadProgramStep& step, std::optional<Program>& attached_to) {
  ProgramParams& params = step.params;
  for (const MapSlot& slot : step.map_slots) {
    const Map* map = MapOf(slot.step);
    if (map == nullptr || slot.insn >= params.insns.size())
      return WrongPlan(params.name, "the plan puts the map of step " + std::to_string(slot.step) +
                                        " at instruction " + std::to_string(slot.insn) +
                                        ": no such earlier map, or no such instruction");
    params.insns[slot.insn].imm = map->fd();
  }
  for (const ModuleSlot& slot : step.module_slots) {
    if (slot.insn + size_t{1} >= params.insns.size())
      return WrongPlan(params.name, "the plan puts a module at instruction " +
                                        std::to_string(slot.insn) + ", which is not there");
    params.insns[slot.insn + 1].imm = PUREBPF_TRY(ModuleFd(slot.module));
  }
  if (step.calls_modules) PUREBPF_TRY(FillFdArray(params));
  params.attach_btf_id = step.attach.type;
  if (step.attach.module) params.attach_fd = PUREBPF_TRY(ModuleFd(*step.attach.module));
  if (step.attach.program_fd >= 0) {
    params.attach_fd = step.attach.program_fd;
  } else if (step.attach.program_id != 0) {
    attached_to.emplace(PUREBPF_TRY(Program::FromId(kernel_, step.attach.program_id)));
    params.attach_fd = attached_to->fd();
  }
  if (btf_) params.btf_fd = btf_->fd();
  params.token_fd = plan_.token_fd;
  return {};
}

namespace {

// Where instructions came from, for logs of kernels that do not say it.
std::vector<InsnSource> Sources(const InfoRecords& lines, const elf::Btf& btf) {
  std::vector<InsnSource> sources;
  if (lines.record_size != sizeof(LineInfo)) return sources;
  for (size_t at = 0; at + sizeof(LineInfo) <= lines.records.size(); at += sizeof(LineInfo)) {
    LineInfo line;
    std::memcpy(&line, lines.records.data() + at, sizeof line);
    constexpr uint32_t kColumnBits = 10;
    sources.push_back({.insn = line.insn,
                       .file = btf.Name(line.file),
                       .text = btf.Name(line.line),
                       .line = line.line_column >> kColumnBits});
  }
  return sources;
}

}  // namespace

std::unexpected<Error> Execution::Explain(const LoadProgramStep& step, Error error) const {
  if (error.log.empty()) return std::unexpected(std::move(error));
  std::vector<InsnNote> notes;
  notes.reserve(step.notes.size());
  for (const PlanNote& note : step.notes) notes.push_back({note.insn, note.text});
  std::vector<InsnSource> sources;
  const auto btf = elf::Btf::Parse(types_);
  if (btf) sources = Sources(step.params.line_info, *btf);
  // E2BIG is the verifier's answer where it gives up. Before Linux 6.4 a log keeps its beginning,
  // so that of millions of lines its last word is not among those that fit.
  constexpr std::string_view kGaveUp = "BPF program is too large";
  const bool unsaid = error.sys_errno == E2BIG &&
                      error.log.find("too large") == std::string::npos &&
                      error.log.find("too complex") == std::string::npos;
  const VerifierExplanation explained =
      unsaid ? ExplainVerifierLog(error.log + "\n" + std::string(kGaveUp), notes, sources)
             : ExplainVerifierLog(error.log, notes, sources);
  if (std::string summary = explained.Summary(); !summary.empty())
    error.detail = std::move(summary);
  if (!explained.fix.empty()) error.hint = explained.fix;
  // "missing btf func_info": callbacks, and what else depends on types.
  if (error.log.find("btf") != std::string::npos) MentionRefusedTypes(error);
  return std::unexpected(std::move(error));
}

Result<void> Execution::Do(LoadProgramStep& step, uint32_t number) {
  PUREBPF_TRY(CheckNeeds(step, number));
  std::optional<Program> attached_to;  // held until the kernel holds it
  PUREBPF_TRY(Complete(step, attached_to));
  auto program = Program::Load(kernel_, step.params, plan_.log);
  if (!program) return Explain(step, std::move(program).error());
  made_[number].program = static_cast<uint32_t>(collection_.programs_.size());
  collection_.programs_.push_back(std::move(*program));
  return {};
}

}  // namespace purebpf::internal
