#include "purebpf/loader/section_defs.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

namespace purebpf {
namespace {

struct Case {
  std::string_view section;
  ProgType type;
  AttachType attach_type;
  uint32_t flags;
  std::string_view attach_to;
};

constexpr AttachType kNone{0};

// Literal expectations from the kernel's enumerators and libbpf's documented section names.
constexpr Case kCases[] = {
    {"xdp", ProgType::kXdp, AttachType::kXdp, 0, ""},
    {"xdp.frags", ProgType::kXdp, AttachType::kXdp, kXdpHasFrags, ""},
    {"xdp/devmap", ProgType::kXdp, AttachType::kXdpDevmap, 0, ""},
    {"xdp.frags/cpumap", ProgType::kXdp, AttachType::kXdpCpumap, kXdpHasFrags, ""},
    {"socket", ProgType::kSocketFilter, kNone, 0, ""},
    {"kprobe", ProgType::kKprobe, kNone, 0, ""},
    {"kprobe/tcp_connect", ProgType::kKprobe, kNone, 0, "tcp_connect"},
    {"kprobe.multi/tcp_*", ProgType::kKprobe, AttachType::kTraceKprobeMulti, 0, "tcp_*"},
    {"uprobe.s/lib:f+0x8", ProgType::kKprobe, kNone, kSleepable, "lib:f+0x8"},
    {"tp/sched/sched_switch", ProgType::kTracepoint, kNone, 0, "sched/sched_switch"},
    {"tc", ProgType::kSchedCls, kNone, 0, ""},
    {"tc/ingress", ProgType::kSchedCls, AttachType::kTcxIngress, 0, ""},
    {"fentry.s/do_unlinkat", ProgType::kTracing, AttachType::kTraceFentry, kSleepable,
     "do_unlinkat"},
    {"fentry.multi", ProgType::kTracing, AttachType::kTraceFentryMulti, 0, ""},
    {"fexit.multi/tcp_*", ProgType::kTracing, AttachType::kTraceFexitMulti, 0, "tcp_*"},
    {"fsession.multi.s/f", ProgType::kTracing, AttachType::kTraceFsessionMulti, kSleepable, "f"},
    {"fsession/f", ProgType::kTracing, AttachType::kTraceFsession, 0, "f"},
    {"lsm/file_open", ProgType::kLsm, AttachType::kLsmMac, 0, "file_open"},
    {"cgroup/connect4", ProgType::kCgroupSockAddr, AttachType::kCgroupInet4Connect, 0, ""},
    {"struct_ops/init", ProgType::kStructOps, kNone, 0, "init"},
    {"syscall", ProgType::kSyscall, kNone, kSleepable, ""},
    // Names that older loaders took by their beginning.
    {"xdp_pass", ProgType::kXdp, AttachType::kXdp, 0, "_pass"},
    {"xdp/anything", ProgType::kXdp, AttachType::kXdp, 0, "anything"},
    {"classifier/ingress", ProgType::kSchedCls, kNone, 0, "ingress"},
    {"xdp.1", ProgType::kXdp, AttachType::kXdp, 0, ".1"},
    {"xdp.fragsx", ProgType::kXdp, AttachType::kXdp, kXdpHasFrags, "x"},
    {"cgroup/sock_addr", ProgType::kCgroupSock, AttachType::kCgroupInetSockCreate, 0, "_addr"},
    {"socket1", ProgType::kSocketFilter, kNone, 0, "1"},
    {"sk_skb/stream_parser_x", ProgType::kSkSkb, AttachType::kSkSkbStreamParser, 0, "_x"},
};

TEST(SectionDefs, GiveTypeAttachTypeFlagsAndTarget) {
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.section);
    const auto match = MatchSection(row.section);
    ASSERT_TRUE(match.has_value());
    EXPECT_EQ(match->def->type, row.type);
    EXPECT_EQ(match->def->attach_type, row.attach_type);
    EXPECT_EQ(match->def->flags, row.flags);
    EXPECT_EQ(match->attach_to, row.attach_to);
  }
}

struct Row {
  std::string_view section;
  ProgType type;
  AttachType attach_type;
  uint32_t flags;
  bool takes_target;
};

// All of them: libbpf's table, which objects are written for.
constexpr Row kTable[] = {
    {"socket", ProgType::kSocketFilter, kNone, 0, false},
    {"sk_reuseport/migrate", ProgType::kSkReuseport, AttachType::kSkReuseportSelectOrMigrate, 0,
     false},
    {"sk_reuseport", ProgType::kSkReuseport, AttachType::kSkReuseportSelect, 0, false},
    {"kprobe", ProgType::kKprobe, kNone, 0, true},
    {"uprobe", ProgType::kKprobe, kNone, 0, true},
    {"uprobe.s", ProgType::kKprobe, kNone, kSleepable, true},
    {"kretprobe", ProgType::kKprobe, kNone, 0, true},
    {"uretprobe", ProgType::kKprobe, kNone, 0, true},
    {"uretprobe.s", ProgType::kKprobe, kNone, kSleepable, true},
    {"kprobe.multi", ProgType::kKprobe, AttachType::kTraceKprobeMulti, 0, true},
    {"kretprobe.multi", ProgType::kKprobe, AttachType::kTraceKprobeMulti, 0, true},
    {"kprobe.session", ProgType::kKprobe, AttachType::kTraceKprobeSession, 0, true},
    {"uprobe.multi", ProgType::kKprobe, AttachType::kTraceUprobeMulti, 0, true},
    {"uretprobe.multi", ProgType::kKprobe, AttachType::kTraceUprobeMulti, 0, true},
    {"uprobe.session", ProgType::kKprobe, AttachType::kTraceUprobeSession, 0, true},
    {"uprobe.multi.s", ProgType::kKprobe, AttachType::kTraceUprobeMulti, kSleepable, true},
    {"uretprobe.multi.s", ProgType::kKprobe, AttachType::kTraceUprobeMulti, kSleepable, true},
    {"uprobe.session.s", ProgType::kKprobe, AttachType::kTraceUprobeSession, kSleepable, true},
    {"ksyscall", ProgType::kKprobe, kNone, 0, true},
    {"kretsyscall", ProgType::kKprobe, kNone, 0, true},
    {"usdt", ProgType::kKprobe, kNone, 0, true},
    {"usdt.s", ProgType::kKprobe, kNone, kSleepable, true},
    {"tc/ingress", ProgType::kSchedCls, AttachType::kTcxIngress, 0, false},
    {"tc/egress", ProgType::kSchedCls, AttachType::kTcxEgress, 0, false},
    {"tcx/ingress", ProgType::kSchedCls, AttachType::kTcxIngress, 0, false},
    {"tcx/egress", ProgType::kSchedCls, AttachType::kTcxEgress, 0, false},
    {"tc", ProgType::kSchedCls, kNone, 0, false},
    {"classifier", ProgType::kSchedCls, kNone, 0, false},
    {"action", ProgType::kSchedAct, kNone, 0, false},
    {"netkit/primary", ProgType::kSchedCls, AttachType::kNetkitPrimary, 0, false},
    {"netkit/peer", ProgType::kSchedCls, AttachType::kNetkitPeer, 0, false},
    {"tracepoint", ProgType::kTracepoint, kNone, 0, true},
    {"tp", ProgType::kTracepoint, kNone, 0, true},
    {"tracepoint.s", ProgType::kTracepoint, kNone, kSleepable, true},
    {"tp.s", ProgType::kTracepoint, kNone, kSleepable, true},
    {"raw_tracepoint", ProgType::kRawTracepoint, kNone, 0, true},
    {"raw_tp", ProgType::kRawTracepoint, kNone, 0, true},
    {"raw_tracepoint.s", ProgType::kRawTracepoint, kNone, kSleepable, true},
    {"raw_tp.s", ProgType::kRawTracepoint, kNone, kSleepable, true},
    {"raw_tracepoint.w", ProgType::kRawTracepointWritable, kNone, 0, true},
    {"raw_tp.w", ProgType::kRawTracepointWritable, kNone, 0, true},
    {"tp_btf", ProgType::kTracing, AttachType::kTraceRawTp, 0, true},
    {"tp_btf.s", ProgType::kTracing, AttachType::kTraceRawTp, kSleepable, true},
    {"fentry", ProgType::kTracing, AttachType::kTraceFentry, 0, true},
    {"fmod_ret", ProgType::kTracing, AttachType::kModifyReturn, 0, true},
    {"fexit", ProgType::kTracing, AttachType::kTraceFexit, 0, true},
    {"fentry.s", ProgType::kTracing, AttachType::kTraceFentry, kSleepable, true},
    {"fmod_ret.s", ProgType::kTracing, AttachType::kModifyReturn, kSleepable, true},
    {"fexit.s", ProgType::kTracing, AttachType::kTraceFexit, kSleepable, true},
    {"fsession", ProgType::kTracing, AttachType::kTraceFsession, 0, true},
    {"fsession.s", ProgType::kTracing, AttachType::kTraceFsession, kSleepable, true},
    {"fsession.multi", ProgType::kTracing, AttachType::kTraceFsessionMulti, 0, true},
    {"fsession.multi.s", ProgType::kTracing, AttachType::kTraceFsessionMulti, kSleepable, true},
    {"fentry.multi", ProgType::kTracing, AttachType::kTraceFentryMulti, 0, true},
    {"fexit.multi", ProgType::kTracing, AttachType::kTraceFexitMulti, 0, true},
    {"fentry.multi.s", ProgType::kTracing, AttachType::kTraceFentryMulti, kSleepable, true},
    {"fexit.multi.s", ProgType::kTracing, AttachType::kTraceFexitMulti, kSleepable, true},
    {"freplace", ProgType::kExt, kNone, 0, true},
    {"lsm", ProgType::kLsm, AttachType::kLsmMac, 0, true},
    {"lsm.s", ProgType::kLsm, AttachType::kLsmMac, kSleepable, true},
    {"lsm_cgroup", ProgType::kLsm, AttachType::kLsmCgroup, 0, true},
    {"iter", ProgType::kTracing, AttachType::kTraceIter, 0, true},
    {"iter.s", ProgType::kTracing, AttachType::kTraceIter, kSleepable, true},
    {"syscall", ProgType::kSyscall, kNone, kSleepable, false},
    {"xdp.frags/devmap", ProgType::kXdp, AttachType::kXdpDevmap, kXdpHasFrags, false},
    {"xdp/devmap", ProgType::kXdp, AttachType::kXdpDevmap, 0, false},
    {"xdp.frags/cpumap", ProgType::kXdp, AttachType::kXdpCpumap, kXdpHasFrags, false},
    {"xdp/cpumap", ProgType::kXdp, AttachType::kXdpCpumap, 0, false},
    {"xdp.frags", ProgType::kXdp, AttachType::kXdp, kXdpHasFrags, false},
    {"xdp", ProgType::kXdp, AttachType::kXdp, 0, false},
    {"perf_event", ProgType::kPerfEvent, kNone, 0, false},
    {"lwt_in", ProgType::kLwtIn, kNone, 0, false},
    {"lwt_out", ProgType::kLwtOut, kNone, 0, false},
    {"lwt_xmit", ProgType::kLwtXmit, kNone, 0, false},
    {"lwt_seg6local", ProgType::kLwtSeg6local, kNone, 0, false},
    {"sockops", ProgType::kSockOps, AttachType::kCgroupSockOps, 0, false},
    {"sk_skb/stream_parser", ProgType::kSkSkb, AttachType::kSkSkbStreamParser, 0, false},
    {"sk_skb/stream_verdict", ProgType::kSkSkb, AttachType::kSkSkbStreamVerdict, 0, false},
    {"sk_skb/verdict", ProgType::kSkSkb, AttachType::kSkSkbVerdict, 0, false},
    {"sk_skb", ProgType::kSkSkb, kNone, 0, false},
    {"sk_msg", ProgType::kSkMsg, AttachType::kSkMsgVerdict, 0, false},
    {"lirc_mode2", ProgType::kLircMode2, AttachType::kLircMode2, 0, false},
    {"flow_dissector", ProgType::kFlowDissector, AttachType::kFlowDissector, 0, false},
    {"cgroup_skb/ingress", ProgType::kCgroupSkb, AttachType::kCgroupInetIngress, 0, false},
    {"cgroup_skb/egress", ProgType::kCgroupSkb, AttachType::kCgroupInetEgress, 0, false},
    {"cgroup/skb", ProgType::kCgroupSkb, kNone, 0, false},
    {"cgroup/sock_create", ProgType::kCgroupSock, AttachType::kCgroupInetSockCreate, 0, false},
    {"cgroup/sock_release", ProgType::kCgroupSock, AttachType::kCgroupInetSockRelease, 0, false},
    {"cgroup/sock", ProgType::kCgroupSock, AttachType::kCgroupInetSockCreate, 0, false},
    {"cgroup/post_bind4", ProgType::kCgroupSock, AttachType::kCgroupInet4PostBind, 0, false},
    {"cgroup/post_bind6", ProgType::kCgroupSock, AttachType::kCgroupInet6PostBind, 0, false},
    {"cgroup/bind4", ProgType::kCgroupSockAddr, AttachType::kCgroupInet4Bind, 0, false},
    {"cgroup/bind6", ProgType::kCgroupSockAddr, AttachType::kCgroupInet6Bind, 0, false},
    {"cgroup/connect4", ProgType::kCgroupSockAddr, AttachType::kCgroupInet4Connect, 0, false},
    {"cgroup/connect6", ProgType::kCgroupSockAddr, AttachType::kCgroupInet6Connect, 0, false},
    {"cgroup/connect_unix", ProgType::kCgroupSockAddr, AttachType::kCgroupUnixConnect, 0, false},
    {"cgroup/sendmsg4", ProgType::kCgroupSockAddr, AttachType::kCgroupUdp4Sendmsg, 0, false},
    {"cgroup/sendmsg6", ProgType::kCgroupSockAddr, AttachType::kCgroupUdp6Sendmsg, 0, false},
    {"cgroup/sendmsg_unix", ProgType::kCgroupSockAddr, AttachType::kCgroupUnixSendmsg, 0, false},
    {"cgroup/recvmsg4", ProgType::kCgroupSockAddr, AttachType::kCgroupUdp4Recvmsg, 0, false},
    {"cgroup/recvmsg6", ProgType::kCgroupSockAddr, AttachType::kCgroupUdp6Recvmsg, 0, false},
    {"cgroup/recvmsg_unix", ProgType::kCgroupSockAddr, AttachType::kCgroupUnixRecvmsg, 0, false},
    {"cgroup/getpeername4", ProgType::kCgroupSockAddr, AttachType::kCgroupInet4Getpeername, 0,
     false},
    {"cgroup/getpeername6", ProgType::kCgroupSockAddr, AttachType::kCgroupInet6Getpeername, 0,
     false},
    {"cgroup/getpeername_unix", ProgType::kCgroupSockAddr, AttachType::kCgroupUnixGetpeername, 0,
     false},
    {"cgroup/getsockname4", ProgType::kCgroupSockAddr, AttachType::kCgroupInet4Getsockname, 0,
     false},
    {"cgroup/getsockname6", ProgType::kCgroupSockAddr, AttachType::kCgroupInet6Getsockname, 0,
     false},
    {"cgroup/getsockname_unix", ProgType::kCgroupSockAddr, AttachType::kCgroupUnixGetsockname, 0,
     false},
    {"cgroup/sysctl", ProgType::kCgroupSysctl, AttachType::kCgroupSysctl, 0, false},
    {"cgroup/getsockopt", ProgType::kCgroupSockopt, AttachType::kCgroupGetsockopt, 0, false},
    {"cgroup/setsockopt", ProgType::kCgroupSockopt, AttachType::kCgroupSetsockopt, 0, false},
    {"cgroup/dev", ProgType::kCgroupDevice, AttachType::kCgroupDevice, 0, false},
    {"struct_ops", ProgType::kStructOps, kNone, 0, true},
    {"struct_ops.s", ProgType::kStructOps, kNone, kSleepable, true},
    {"sk_lookup", ProgType::kSkLookup, AttachType::kSkLookup, 0, false},
    {"netfilter", ProgType::kNetfilter, AttachType::kNetfilter, 0, false},
};

TEST(SectionDefs, AreLibbpfsAndNoMore) {
  EXPECT_EQ(SectionDefs().size(), std::size(kTable));
  for (const Row& row : kTable) {
    SCOPED_TRACE(row.section);
    for (const std::string_view target : {"", "a_target"}) {
      if (!target.empty() && !row.takes_target) continue;
      std::string section(row.section);
      if (!target.empty()) section.append("/").append(target);
      const auto match = MatchSection(section);
      ASSERT_TRUE(match.has_value());
      EXPECT_EQ(match->def->name, row.section);
      EXPECT_EQ(match->def->type, row.type);
      EXPECT_EQ(match->def->attach_type, row.attach_type);
      EXPECT_EQ(match->def->flags, row.flags);
      EXPECT_EQ(match->attach_to, target);
    }
  }
}

TEST(SectionDefs, KnowNothingOfOtherSections) {
  for (const std::string_view section :
       {"", "maps", ".text", "x", "xd", "unknown", "fentry.unknown/x", ".xdp", "?xdp"}) {
    SCOPED_TRACE(section);
    EXPECT_FALSE(MatchSection(section).has_value());
  }
}

TEST(SectionDefs, HaveEachNameOnce) {
  std::set<std::string_view> names;
  for (const SectionDef& def : SectionDefs())
    EXPECT_TRUE(names.insert(def.name).second) << def.name;
  EXPECT_GT(names.size(), 100U);
}

}  // namespace
}  // namespace purebpf
