#include "purebpf/loader/section_defs.h"

namespace purebpf {
namespace {

// Attach types are only stated where a program type has several; 0 is the first enumerator of the
// kernel's, which is what it takes for "not stated" as well.
constexpr AttachType kNoAttachType{0};

constexpr SectionDef kSectionDefs[] = {
    {"socket", Extra::kNone, ProgType::kSocketFilter, kNoAttachType},
    {"sk_reuseport/migrate", Extra::kNone, ProgType::kSkReuseport,
     AttachType::kSkReuseportSelectOrMigrate},
    {"sk_reuseport", Extra::kNone, ProgType::kSkReuseport, AttachType::kSkReuseportSelect},
    {"kprobe", Extra::kOptional, ProgType::kKprobe, kNoAttachType},
    {"uprobe", Extra::kOptional, ProgType::kKprobe, kNoAttachType},
    {"uprobe.s", Extra::kOptional, ProgType::kKprobe, kNoAttachType, kSleepable},
    {"kretprobe", Extra::kOptional, ProgType::kKprobe, kNoAttachType},
    {"uretprobe", Extra::kOptional, ProgType::kKprobe, kNoAttachType},
    {"uretprobe.s", Extra::kOptional, ProgType::kKprobe, kNoAttachType, kSleepable},
    {"kprobe.multi", Extra::kOptional, ProgType::kKprobe, AttachType::kTraceKprobeMulti},
    {"kretprobe.multi", Extra::kOptional, ProgType::kKprobe, AttachType::kTraceKprobeMulti},
    {"kprobe.session", Extra::kOptional, ProgType::kKprobe, AttachType::kTraceKprobeSession},
    {"uprobe.multi", Extra::kOptional, ProgType::kKprobe, AttachType::kTraceUprobeMulti},
    {"uretprobe.multi", Extra::kOptional, ProgType::kKprobe, AttachType::kTraceUprobeMulti},
    {"uprobe.session", Extra::kOptional, ProgType::kKprobe, AttachType::kTraceUprobeSession},
    {"uprobe.multi.s", Extra::kOptional, ProgType::kKprobe, AttachType::kTraceUprobeMulti,
     kSleepable},
    {"uretprobe.multi.s", Extra::kOptional, ProgType::kKprobe, AttachType::kTraceUprobeMulti,
     kSleepable},
    {"uprobe.session.s", Extra::kOptional, ProgType::kKprobe, AttachType::kTraceUprobeSession,
     kSleepable},
    {"ksyscall", Extra::kOptional, ProgType::kKprobe, kNoAttachType},
    {"kretsyscall", Extra::kOptional, ProgType::kKprobe, kNoAttachType},
    {"usdt", Extra::kOptional, ProgType::kKprobe, kNoAttachType},
    {"usdt.s", Extra::kOptional, ProgType::kKprobe, kNoAttachType, kSleepable},
    {"tc/ingress", Extra::kNone, ProgType::kSchedCls, AttachType::kTcxIngress},
    {"tc/egress", Extra::kNone, ProgType::kSchedCls, AttachType::kTcxEgress},
    {"tcx/ingress", Extra::kNone, ProgType::kSchedCls, AttachType::kTcxIngress},
    {"tcx/egress", Extra::kNone, ProgType::kSchedCls, AttachType::kTcxEgress},
    {"tc", Extra::kNone, ProgType::kSchedCls, kNoAttachType},
    {"classifier", Extra::kNone, ProgType::kSchedCls, kNoAttachType},
    {"action", Extra::kNone, ProgType::kSchedAct, kNoAttachType},
    {"netkit/primary", Extra::kNone, ProgType::kSchedCls, AttachType::kNetkitPrimary},
    {"netkit/peer", Extra::kNone, ProgType::kSchedCls, AttachType::kNetkitPeer},
    {"tracepoint", Extra::kOptional, ProgType::kTracepoint, kNoAttachType},
    {"tp", Extra::kOptional, ProgType::kTracepoint, kNoAttachType},
    {"tracepoint.s", Extra::kOptional, ProgType::kTracepoint, kNoAttachType, kSleepable},
    {"tp.s", Extra::kOptional, ProgType::kTracepoint, kNoAttachType, kSleepable},
    {"raw_tracepoint", Extra::kOptional, ProgType::kRawTracepoint, kNoAttachType},
    {"raw_tp", Extra::kOptional, ProgType::kRawTracepoint, kNoAttachType},
    {"raw_tracepoint.s", Extra::kOptional, ProgType::kRawTracepoint, kNoAttachType, kSleepable},
    {"raw_tp.s", Extra::kOptional, ProgType::kRawTracepoint, kNoAttachType, kSleepable},
    {"raw_tracepoint.w", Extra::kOptional, ProgType::kRawTracepointWritable, kNoAttachType},
    {"raw_tp.w", Extra::kOptional, ProgType::kRawTracepointWritable, kNoAttachType},
    {"tp_btf", Extra::kOptional, ProgType::kTracing, AttachType::kTraceRawTp},
    {"tp_btf.s", Extra::kOptional, ProgType::kTracing, AttachType::kTraceRawTp, kSleepable},
    {"fentry", Extra::kOptional, ProgType::kTracing, AttachType::kTraceFentry},
    {"fmod_ret", Extra::kOptional, ProgType::kTracing, AttachType::kModifyReturn},
    {"fexit", Extra::kOptional, ProgType::kTracing, AttachType::kTraceFexit},
    {"fentry.s", Extra::kOptional, ProgType::kTracing, AttachType::kTraceFentry, kSleepable},
    {"fmod_ret.s", Extra::kOptional, ProgType::kTracing, AttachType::kModifyReturn, kSleepable},
    {"fexit.s", Extra::kOptional, ProgType::kTracing, AttachType::kTraceFexit, kSleepable},
    {"fsession", Extra::kOptional, ProgType::kTracing, AttachType::kTraceFsession},
    {"fsession.s", Extra::kOptional, ProgType::kTracing, AttachType::kTraceFsession, kSleepable},
    {"fsession.multi", Extra::kOptional, ProgType::kTracing, AttachType::kTraceFsessionMulti},
    {"fsession.multi.s", Extra::kOptional, ProgType::kTracing, AttachType::kTraceFsessionMulti,
     kSleepable},
    {"fentry.multi", Extra::kOptional, ProgType::kTracing, AttachType::kTraceFentryMulti},
    {"fexit.multi", Extra::kOptional, ProgType::kTracing, AttachType::kTraceFexitMulti},
    {"fentry.multi.s", Extra::kOptional, ProgType::kTracing, AttachType::kTraceFentryMulti,
     kSleepable},
    {"fexit.multi.s", Extra::kOptional, ProgType::kTracing, AttachType::kTraceFexitMulti,
     kSleepable},
    {"freplace", Extra::kOptional, ProgType::kExt, kNoAttachType},
    {"lsm", Extra::kOptional, ProgType::kLsm, AttachType::kLsmMac},
    {"lsm.s", Extra::kOptional, ProgType::kLsm, AttachType::kLsmMac, kSleepable},
    {"lsm_cgroup", Extra::kOptional, ProgType::kLsm, AttachType::kLsmCgroup},
    {"iter", Extra::kOptional, ProgType::kTracing, AttachType::kTraceIter},
    {"iter.s", Extra::kOptional, ProgType::kTracing, AttachType::kTraceIter, kSleepable},
    {"syscall", Extra::kNone, ProgType::kSyscall, kNoAttachType, kSleepable},
    {"xdp.frags/devmap", Extra::kNone, ProgType::kXdp, AttachType::kXdpDevmap, kXdpHasFrags},
    {"xdp/devmap", Extra::kNone, ProgType::kXdp, AttachType::kXdpDevmap},
    {"xdp.frags/cpumap", Extra::kNone, ProgType::kXdp, AttachType::kXdpCpumap, kXdpHasFrags},
    {"xdp/cpumap", Extra::kNone, ProgType::kXdp, AttachType::kXdpCpumap},
    {"xdp.frags", Extra::kNone, ProgType::kXdp, AttachType::kXdp, kXdpHasFrags},
    {"xdp", Extra::kNone, ProgType::kXdp, AttachType::kXdp},
    {"perf_event", Extra::kNone, ProgType::kPerfEvent, kNoAttachType},
    {"lwt_in", Extra::kNone, ProgType::kLwtIn, kNoAttachType},
    {"lwt_out", Extra::kNone, ProgType::kLwtOut, kNoAttachType},
    {"lwt_xmit", Extra::kNone, ProgType::kLwtXmit, kNoAttachType},
    {"lwt_seg6local", Extra::kNone, ProgType::kLwtSeg6local, kNoAttachType},
    {"sockops", Extra::kNone, ProgType::kSockOps, AttachType::kCgroupSockOps},
    {"sk_skb/stream_parser", Extra::kNone, ProgType::kSkSkb, AttachType::kSkSkbStreamParser},
    {"sk_skb/stream_verdict", Extra::kNone, ProgType::kSkSkb, AttachType::kSkSkbStreamVerdict},
    {"sk_skb/verdict", Extra::kNone, ProgType::kSkSkb, AttachType::kSkSkbVerdict},
    {"sk_skb", Extra::kNone, ProgType::kSkSkb, kNoAttachType},
    {"sk_msg", Extra::kNone, ProgType::kSkMsg, AttachType::kSkMsgVerdict},
    {"lirc_mode2", Extra::kNone, ProgType::kLircMode2, AttachType::kLircMode2},
    {"flow_dissector", Extra::kNone, ProgType::kFlowDissector, AttachType::kFlowDissector},
    {"cgroup_skb/ingress", Extra::kNone, ProgType::kCgroupSkb, AttachType::kCgroupInetIngress},
    {"cgroup_skb/egress", Extra::kNone, ProgType::kCgroupSkb, AttachType::kCgroupInetEgress},
    {"cgroup/skb", Extra::kNone, ProgType::kCgroupSkb, kNoAttachType},
    {"cgroup/sock_create", Extra::kNone, ProgType::kCgroupSock, AttachType::kCgroupInetSockCreate},
    {"cgroup/sock_release", Extra::kNone, ProgType::kCgroupSock,
     AttachType::kCgroupInetSockRelease},
    {"cgroup/sock", Extra::kNone, ProgType::kCgroupSock, AttachType::kCgroupInetSockCreate},
    {"cgroup/post_bind4", Extra::kNone, ProgType::kCgroupSock, AttachType::kCgroupInet4PostBind},
    {"cgroup/post_bind6", Extra::kNone, ProgType::kCgroupSock, AttachType::kCgroupInet6PostBind},
    {"cgroup/bind4", Extra::kNone, ProgType::kCgroupSockAddr, AttachType::kCgroupInet4Bind},
    {"cgroup/bind6", Extra::kNone, ProgType::kCgroupSockAddr, AttachType::kCgroupInet6Bind},
    {"cgroup/connect4", Extra::kNone, ProgType::kCgroupSockAddr, AttachType::kCgroupInet4Connect},
    {"cgroup/connect6", Extra::kNone, ProgType::kCgroupSockAddr, AttachType::kCgroupInet6Connect},
    {"cgroup/connect_unix", Extra::kNone, ProgType::kCgroupSockAddr,
     AttachType::kCgroupUnixConnect},
    {"cgroup/sendmsg4", Extra::kNone, ProgType::kCgroupSockAddr, AttachType::kCgroupUdp4Sendmsg},
    {"cgroup/sendmsg6", Extra::kNone, ProgType::kCgroupSockAddr, AttachType::kCgroupUdp6Sendmsg},
    {"cgroup/sendmsg_unix", Extra::kNone, ProgType::kCgroupSockAddr,
     AttachType::kCgroupUnixSendmsg},
    {"cgroup/recvmsg4", Extra::kNone, ProgType::kCgroupSockAddr, AttachType::kCgroupUdp4Recvmsg},
    {"cgroup/recvmsg6", Extra::kNone, ProgType::kCgroupSockAddr, AttachType::kCgroupUdp6Recvmsg},
    {"cgroup/recvmsg_unix", Extra::kNone, ProgType::kCgroupSockAddr,
     AttachType::kCgroupUnixRecvmsg},
    {"cgroup/getpeername4", Extra::kNone, ProgType::kCgroupSockAddr,
     AttachType::kCgroupInet4Getpeername},
    {"cgroup/getpeername6", Extra::kNone, ProgType::kCgroupSockAddr,
     AttachType::kCgroupInet6Getpeername},
    {"cgroup/getpeername_unix", Extra::kNone, ProgType::kCgroupSockAddr,
     AttachType::kCgroupUnixGetpeername},
    {"cgroup/getsockname4", Extra::kNone, ProgType::kCgroupSockAddr,
     AttachType::kCgroupInet4Getsockname},
    {"cgroup/getsockname6", Extra::kNone, ProgType::kCgroupSockAddr,
     AttachType::kCgroupInet6Getsockname},
    {"cgroup/getsockname_unix", Extra::kNone, ProgType::kCgroupSockAddr,
     AttachType::kCgroupUnixGetsockname},
    {"cgroup/sysctl", Extra::kNone, ProgType::kCgroupSysctl, AttachType::kCgroupSysctl},
    {"cgroup/getsockopt", Extra::kNone, ProgType::kCgroupSockopt, AttachType::kCgroupGetsockopt},
    {"cgroup/setsockopt", Extra::kNone, ProgType::kCgroupSockopt, AttachType::kCgroupSetsockopt},
    {"cgroup/dev", Extra::kNone, ProgType::kCgroupDevice, AttachType::kCgroupDevice},
    {"struct_ops", Extra::kOptional, ProgType::kStructOps, kNoAttachType},
    {"struct_ops.s", Extra::kOptional, ProgType::kStructOps, kNoAttachType, kSleepable},
    {"sk_lookup", Extra::kNone, ProgType::kSkLookup, AttachType::kSkLookup},
    {"netfilter", Extra::kNone, ProgType::kNetfilter, AttachType::kNetfilter},
};

}  // namespace

std::span<const SectionDef> SectionDefs() { return kSectionDefs; }

std::optional<SectionMatch> MatchSection(std::string_view section) {
  for (const SectionDef& def : kSectionDefs) {
    if (!section.starts_with(def.name)) continue;
    if (section.size() == def.name.size()) return SectionMatch{&def, {}};
    if (def.extra == Extra::kOptional && section[def.name.size()] == '/')
      return SectionMatch{&def, section.substr(def.name.size() + 1)};
  }
  const SectionDef* longest = nullptr;
  for (const SectionDef& def : kSectionDefs)
    if (section.size() > def.name.size() && section.starts_with(def.name) &&
        // "kprobe.session" is another kind of program than "kprobe"; "xdp.1" is not.
        (def.extra == Extra::kNone || section[def.name.size()] != '.') &&
        (longest == nullptr || def.name.size() > longest->name.size()))
      longest = &def;
  if (longest == nullptr) return std::nullopt;
  std::string_view rest = section.substr(longest->name.size());
  if (rest.starts_with('/')) rest.remove_prefix(1);
  return SectionMatch{longest, rest};
}

}  // namespace purebpf
