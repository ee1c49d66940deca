#include "purebpf/loader/internal/plan/attach_type.h"

#include <algorithm>
#include <utility>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/plan/program_function.h"
#include "purebpf/loader/internal/plan/refused.h"

namespace purebpf::internal {
namespace {

struct Row {
  ProgType type;
  AttachType attach_type;
  AttachRule rule;
};

// kernel/bpf/verifier.c: bpf_check_attach_target; the prefixes keep hooks and iterators apart from
// functions of the same name. Multi kinds have their functions named when they are attached.
constexpr Row kRows[] = {
    {ProgType::kTracing, AttachType::kTraceRawTp, {"btf_trace_", elf::BtfKind::kTypedef}},
    {ProgType::kTracing, AttachType::kTraceFentry, {"", elf::BtfKind::kFunc}},
    {ProgType::kTracing, AttachType::kTraceFexit, {"", elf::BtfKind::kFunc}},
    {ProgType::kTracing, AttachType::kTraceFsession, {"", elf::BtfKind::kFunc}},
    {ProgType::kTracing, AttachType::kModifyReturn, {"", elf::BtfKind::kFunc}},
    {ProgType::kTracing, AttachType::kTraceIter, {"bpf_iter_", elf::BtfKind::kFunc}},
    {ProgType::kLsm, AttachType::kLsmMac, {"bpf_lsm_", elf::BtfKind::kFunc}},
    {ProgType::kLsm, AttachType::kLsmCgroup, {"bpf_lsm_", elf::BtfKind::kFunc}},
    {ProgType::kExt, AttachType{0}, {"", elf::BtfKind::kFunc}},
};

// Of what is older than expected_attach_type, which says nothing that attaching does not say again
// (kernel/bpf/syscall.c: bpf_prog_load_check_attach has rules for none of them but the two kinds of
// cgroups, where it takes 0 for these).
constexpr std::pair<ProgType, AttachType> kOptional[] = {
    {ProgType::kXdp, AttachType::kXdp},
    {ProgType::kCgroupSkb, AttachType::kCgroupInetIngress},
    {ProgType::kCgroupSkb, AttachType::kCgroupInetEgress},
    {ProgType::kCgroupSock, AttachType::kCgroupInetSockCreate},
    {ProgType::kCgroupDevice, AttachType::kCgroupDevice},
    {ProgType::kSockOps, AttachType::kCgroupSockOps},
    {ProgType::kSkSkb, AttachType::kSkSkbStreamParser},
    {ProgType::kSkSkb, AttachType::kSkSkbStreamVerdict},
};

std::string What(const AttachRule& rule) {
  if (rule.prefix == "btf_trace_") return "tracepoint";
  if (rule.prefix == "bpf_iter_") return "iterator";
  if (rule.prefix == "bpf_lsm_") return "security hook";
  return "function";
}

// "module:name", or a name.
struct TargetName {
  std::string_view module;  // empty: wherever it is
  std::string name;         // as the types have it
};

TargetName ParseTarget(std::string_view text, const AttachRule& rule) {
  TargetName target;
  if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    target.module = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  target.name = std::string(rule.prefix) + std::string(text);
  return target;
}

const AttachTarget* FindTarget(const ProgramSpec& program, const LoadOptions& options) {
  const auto found =
      std::ranges::find(options.attach_targets, program.name, &AttachTarget::program);
  return found == options.attach_targets.end() ? nullptr : &*found;
}

Result<AttachedTo> InProgram(const ProgramSpec& program, const AttachTarget& target,
                             std::string_view function, Kernel* kernel) {
  if (kernel == nullptr)
    return Refused(Code::kUnsupported, "",
                   "section '" + program.section +
                       "': the BPF program that it is attached to is not known without a kernel");
  const uint32_t type = PUREBPF_TRY(FunctionInProgram(*kernel, target, function));
  return AttachedTo{
      .type = type, .module = {}, .program_id = target.target_id, .program_fd = target.target_fd};
}

}  // namespace

bool IsAttachTypeOptional(ProgType type, AttachType attach_type) {
  return std::ranges::find(kOptional, std::pair(type, attach_type)) != std::end(kOptional);
}

AttachRule AttachRuleOf(ProgType type, AttachType attach_type) {
  for (const Row& row : kRows)
    if (row.type == type && row.attach_type == attach_type) return row.rule;
  return {};
}

void WantAttachType(const ProgramSpec& program, KernelTypes& types) {
  const AttachRule rule = AttachRuleOf(program.type, program.attach_type);
  if (rule.kind == elf::BtfKind::kVoid || program.type == ProgType::kExt ||
      program.attach_to.empty())
    return;
  types.Want(ParseTarget(program.attach_to, rule).name, rule.kind);
}

Result<AttachedTo> FindAttachType(const ProgramSpec& program, const LoadOptions& options,
                                  KernelTypes& types, Kernel* kernel) {
  const AttachRule rule = AttachRuleOf(program.type, program.attach_type);
  if (rule.kind == elf::BtfKind::kVoid) return AttachedTo{};
  const AttachTarget* target = FindTarget(program, options);
  const std::string& text =
      target != nullptr && !target->function.empty() ? target->function : program.attach_to;
  if (text.empty())
    return Refused(
        Code::kInvalidArgument, "",
        "section '" + program.section + "' does not say to which " + What(rule) + " it is attached",
        "write SEC(\"" + program.section + "/NAME\"), or give LoadOptions::attach_targets");
  if (target != nullptr && (target->target_id != 0 || target->target_fd >= 0))
    return InProgram(program, *target, text, kernel);
  if (program.type == ProgType::kExt)
    return Refused(Code::kInvalidArgument, "",
                   "section '" + program.section +
                       "' does not say which BPF program has the function '" + text + "'",
                   "give it in LoadOptions::attach_targets");
  const TargetName name = ParseTarget(text, rule);
  if (!name.module.empty() && name.module != "vmlinux") {
    if (const auto found = types.FindIn(name.module, name.name, rule.kind))
      return AttachedTo{.type = static_cast<uint32_t>(found->id), .module = found->module};
    return Refused(Code::kNotFound, "",
                   "kernel module '" + std::string(name.module) + "' has no " + What(rule) + " '" +
                       text.substr(name.module.size() + 1) + "'",
                   "is the module loaded?");
  }
  const auto found = PUREBPF_TRY(types.Find(name.name, rule.kind));
  if (!found || (!name.module.empty() && found->module))
    return Refused(Code::kNotFound, "",
                   "this kernel has no " + What(rule) + " '" + text + "'" +
                       (rule.prefix.empty() ? " in its types or those of its modules"
                                            : ": no '" + name.name + "' in its types"),
                   rule.prefix.empty() ? "functions that the compiler inlined are not there" : "");
  return AttachedTo{.type = static_cast<uint32_t>(found->id), .module = found->module};
}

}  // namespace purebpf::internal
