#include "purebpf/loader/internal/plan/context_types.h"

#include <algorithm>
#include <cstring>

namespace purebpf::internal {
namespace {

constexpr uint32_t kTagIsKnownSince = 0x060800;  // Linux 6.8

// include/linux/bpf_types.h: the structure that programs see. What is not here has none by name.
constexpr std::pair<ProgType, std::string_view> kContexts[] = {
    {ProgType::kSocketFilter, "__sk_buff"},
    {ProgType::kSchedCls, "__sk_buff"},
    {ProgType::kSchedAct, "__sk_buff"},
    {ProgType::kXdp, "xdp_md"},
    {ProgType::kCgroupSkb, "__sk_buff"},
    {ProgType::kCgroupSock, "bpf_sock"},
    {ProgType::kCgroupSockAddr, "bpf_sock_addr"},
    {ProgType::kLwtIn, "__sk_buff"},
    {ProgType::kLwtOut, "__sk_buff"},
    {ProgType::kLwtXmit, "__sk_buff"},
    {ProgType::kLwtSeg6local, "__sk_buff"},
    {ProgType::kSockOps, "bpf_sock_ops"},
    {ProgType::kSkSkb, "__sk_buff"},
    {ProgType::kSkMsg, "sk_msg_md"},
    {ProgType::kFlowDissector, "__sk_buff"},
    {ProgType::kKprobe, "bpf_user_pt_regs_t"},
    {ProgType::kPerfEvent, "bpf_perf_event_data"},
    {ProgType::kRawTracepoint, "bpf_raw_tracepoint_args"},
    {ProgType::kRawTracepointWritable, "bpf_raw_tracepoint_args"},
    {ProgType::kCgroupDevice, "bpf_cgroup_dev_ctx"},
    {ProgType::kCgroupSysctl, "bpf_sysctl"},
    {ProgType::kCgroupSockopt, "bpf_sockopt"},
    {ProgType::kSkReuseport, "sk_reuseport_md"},
    {ProgType::kSkLookup, "bpf_sk_lookup"},
    {ProgType::kNetfilter, "bpf_nf_ctx"},
};

std::string_view ContextOf(ProgType type) {
  const auto found =
      std::ranges::find(kContexts, type, &std::pair<ProgType, std::string_view>::first);
  return found == std::end(kContexts) ? std::string_view() : found->second;
}

bool IsModifier(elf::BtfKind kind) {
  return kind == elf::BtfKind::kConst || kind == elf::BtfKind::kVolatile ||
         kind == elf::BtfKind::kRestrict || kind == elf::BtfKind::kTypeTag;
}

// The registers of a probed machine, by the name that each architecture gives them.
bool IsRegisters(std::string_view name) {
  return name == "pt_regs" || name == "user_pt_regs" || name == "user_regs_struct";
}

// Whether a parameter that is tagged must have another type to be taken for the context. What is
// neither the context nor what newer kernels take for it stays as it is: they refuse it, too.
bool MustChange(const elf::Btf& btf, elf::TypeId parameter, ProgType program,
                std::string_view context) {
  constexpr uint32_t kWord = 8;  // bytes
  constexpr int kMostModifiers = 32;
  const auto pointer = btf.Resolve(parameter);
  if (!pointer || pointer->kind != elf::BtfKind::kPtr) return false;
  elf::BtfType named = btf.Type(pointer->target);
  for (int depth = 0; IsModifier(named.kind) && depth < kMostModifiers; ++depth)
    named = btf.Type(named.target);
  if (named.kind == elf::BtfKind::kTypedef && named.name == context) return false;
  const auto target = btf.Resolve(pointer->target);
  if (!target) return false;
  if (target->kind == elf::BtfKind::kVoid) return true;
  switch (program) {
    case ProgType::kKprobe:
    case ProgType::kPerfEvent:
      return target->kind == elf::BtfKind::kStruct && IsRegisters(target->name);
    case ProgType::kRawTracepoint:
    case ProgType::kRawTracepointWritable:
      return target->kind == elf::BtfKind::kInt && target->size == kWord;
    default:
      return false;
  }
}

}  // namespace

bool ContextTypes::IsNeeded() {
  if (!needed_) {
    const auto version = target_.Version();
    needed_ = version && *version < kTagIsKnownSince && local_.Get();
  }
  return *needed_;
}

elf::TypeId ContextTypes::PointerTo(std::string_view context) {
  const auto known = pointers_.find(context);
  if (known != pointers_.end()) return known->second;
  const elf::TypeId pointer = writer_->AddPtr(writer_->AddStruct(context, 0, {}));
  pointers_.emplace(context, pointer);
  return pointer;
}

elf::TypeId ContextTypes::TypeFor(ProgType program, std::string_view context,
                                  const FunctionSpec& function, elf::TypeId type) {
  const auto known = made_.find({type, context});
  if (known != made_.end()) return known->second;
  const elf::Btf& btf = **local_.Get();
  const elf::BtfType own = btf.Type(type);
  const elf::BtfType prototype = btf.Type(own.target);
  elf::TypeId made = type;
  if (own.kind == elf::BtfKind::kFunc && prototype.kind == elf::BtfKind::kFuncProto) {
    std::vector<elf::BtfParameter> parameters;
    parameters.reserve(prototype.count);
    for (uint32_t i = 0; i < prototype.count; ++i)
      parameters.push_back(btf.Parameter(prototype, i));
    std::vector<uint32_t> changed;
    for (const uint32_t index : function.contexts)
      if (index < parameters.size() && MustChange(btf, parameters[index].type, program, context))
        changed.push_back(index);
    if (!changed.empty()) {
      if (!writer_) writer_.emplace(elf::BtfWriter::Of(btf));
      for (const uint32_t index : changed) parameters[index].type = PointerTo(context);
      made = writer_->AddFunc(own.name, writer_->AddFuncProto(prototype.target, parameters),
                              own.linkage);
    }
  }
  made_.emplace(std::pair(type, context), made);
  return made;
}

void ContextTypes::Apply(ProgType type, const std::vector<Piece>& pieces, InfoRecords& func_info) {
  const std::string_view context = ContextOf(type);
  if (context.empty() || func_info.records.empty()) return;
  size_t record = 0;
  for (const Piece& piece : pieces) {
    const FunctionSpec& function = spec_.functions[piece.function];
    for (const FunctionInfo& info : function.func_infos) {
      const size_t at = record++ * func_info.record_size + offsetof(FunctionInfo, type);
      if (function.contexts.empty() || !IsNeeded()) continue;
      const elf::TypeId made = TypeFor(type, context, function, elf::TypeId{info.type});
      std::memcpy(func_info.records.data() + at, &made, sizeof info.type);
    }
  }
}

std::optional<elf::Result<std::vector<std::byte>>> ContextTypes::Types() const {
  if (!writer_) return std::nullopt;
  return writer_->Build();
}

}  // namespace purebpf::internal
