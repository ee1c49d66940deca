#include "purebpf/loader/section_defs.h"

#include <gtest/gtest.h>

#include <set>

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
