// Attaching by link over a kernel that is not there: one row a kind of target, with the whole
// attribute that it makes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/attach.h"
#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/attr_link.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::FakeCall;
using purebpf::testing::FakeKernel;
using purebpf::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class AttachCalls : public ::testing::Test {
 protected:
  AttachCalls() : program_(Make(AttachType{0})) {}
  Program Make(AttachType type) {
    auto program = Program::Load(kernel_, {.name = "on_event",
                                           .type = ProgType::kTracing,
                                           .expected_attach_type = type,
                                           .insns = {{.code = kExit}}});
    EXPECT_THAT(program, IsOk());
    return std::move(*program);
  }
  // The one call that attached, whose link is closed again.
  template <typename Target>
  FakeCall AttachedBy(const Program& program, const Target& target) {
    const size_t before = kernel_.calls().size();
    {
      const auto link = Attach(program, target);
      EXPECT_THAT(link, IsOk());
      if (link) {
        EXPECT_EQ(link->name(), "on_event");
        EXPECT_TRUE(link->is_kernel_link());
      }
    }
    EXPECT_EQ(kernel_.calls().size(), before + 1);
    return kernel_.calls().back();
  }
  template <typename Target>
  FakeCall AttachedBy(const Target& target) {
    return AttachedBy(program_, target);
  }
  // What LINK_CREATE begins with: program, target, attach type, flags.
  void ExpectHead(const LinkCreateHead& head, uint32_t target, uint32_t type, uint32_t flags) {
    EXPECT_EQ(head.prog_fd, static_cast<uint32_t>(program_.fd()));
    EXPECT_EQ(head.target_fd, target);
    EXPECT_EQ(head.attach_type, type);
    EXPECT_EQ(head.flags, flags);
  }

  FakeKernel kernel_;
  Program program_;
};

std::vector<uint64_t> Words(const std::vector<std::byte>& bytes) {
  std::vector<uint64_t> words(bytes.size() / 8);
  std::memcpy(words.data(), bytes.data(), words.size() * 8);
  return words;
}

std::vector<uint32_t> Halves(const std::vector<std::byte>& bytes) {
  std::vector<uint32_t> halves(bytes.size() / 4);
  std::memcpy(halves.data(), bytes.data(), halves.size() * 4);
  return halves;
}

std::string TextOf(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// --- The network ------------------------------------------------------------------------------

TEST_F(AttachCalls, Xdp) {
  const FakeCall call = AttachedBy(XdpTarget{.ifindex = 7, .flags = 2});
  EXPECT_EQ(call.command, Command::kLinkCreate);
  EXPECT_EQ(call.attr.size(), 16u);
  ExpectHead(call.As<LinkCreateHead>(), 7, 37, 2);
}

TEST_F(AttachCalls, TcxAndNetkitWithAndWithoutAnAnchor) {
  const Program other = Make(AttachType{0});
  const Link link(Fd(kernel_, kernel_.NewFd()), "other");
  struct Case {
    const char* name;
    DeviceTarget target;
    uint32_t type;
    uint32_t flags;
    uint32_t relative;
    uint64_t revision;
  };
  const auto program_fd = static_cast<uint32_t>(other.fd());
  const auto link_fd = static_cast<uint32_t>(link.fd());
  const Case cases[] = {
      {"last", {.ifindex = 7}, 46, 0, 0, 0},
      {"egress", {.ifindex = 7, .attach_type = AttachType::kTcxEgress}, 47, 0, 0, 0},
      {"netkit", {.ifindex = 7, .attach_type = AttachType::kNetkitPeer}, 55, 0, 0, 0},
      {"first", {.ifindex = 7, .anchor = Anchor::First()}, 46, 8, 0, 0},
      {"last, said", {.ifindex = 7, .anchor = Anchor::Last()}, 46, 16, 0, 0},
      {"before a program", {.ifindex = 7, .anchor = Anchor::Before(other)}, 46, 8, program_fd, 0},
      {"after a program", {.ifindex = 7, .anchor = Anchor::After(other)}, 46, 16, program_fd, 0},
      {"before a link", {.ifindex = 7, .anchor = Anchor::Before(link)}, 46, 0x2008, link_fd, 0},
      {"after a link", {.ifindex = 7, .anchor = Anchor::After(link)}, 46, 0x2010, link_fd, 0},
      {"by id",
       {.ifindex = 7,
        .anchor = {.flags = kAttachBefore | kAttachId, .relative = 99, .expected_revision = 5}},
       46,
       0x28,
       99,
       5},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    const auto attr = AttachedBy(row.target).As<LinkCreateAnchorAttr>();
    ExpectHead(attr.head, 7, row.type, row.flags);
    EXPECT_EQ(attr.relative_fd, row.relative);
    EXPECT_EQ(attr.expected_revision, row.revision);
  }
}

TEST_F(AttachCalls, CgroupNetnsAndSockmap) {
  const auto cgroup = AttachedBy(CgroupTarget{.cgroup_fd = 5,
                                              .attach_type = AttachType::kCgroupInetEgress,
                                              .anchor = Anchor::First()})
                          .As<LinkCreateAnchorAttr>();
  ExpectHead(cgroup.head, 5, 1, 8);
  ExpectHead(AttachedBy(NetnsTarget{.netns_fd = 6}).As<LinkCreateHead>(), 6, 36, 0);
  ExpectHead(AttachedBy(SockmapTarget{.map_fd = 8, .attach_type = AttachType::kSkSkbVerdict})
                 .As<LinkCreateHead>(),
             8, 38, 0);
}

TEST_F(AttachCalls, Netfilter) {
  const auto attr =
      AttachedBy(NetfilterTarget{.pf = 2, .hook = 1, .priority = -128, .defragment = true})
          .As<LinkCreateNetfilterAttr>();
  ExpectHead(attr.head, 0, 45, 0);
  EXPECT_EQ(attr.pf, 2u);
  EXPECT_EQ(attr.hooknum, 1u);
  EXPECT_EQ(attr.priority, -128);
  EXPECT_EQ(attr.flags, 1u);
}

TEST_F(AttachCalls, StructOps) {
  const auto map =
      Map::Create(kernel_, {.name = "cubic", .type = MapType::kStructOps, .flags = kLink});
  ASSERT_THAT(map, IsOk());
  const auto link = AttachStructOps(*map);
  ASSERT_THAT(link, IsOk());
  EXPECT_EQ(link->name(), "cubic");
  const auto attr = kernel_.calls().back().As<LinkCreateHead>();
  EXPECT_EQ(attr.prog_fd, static_cast<uint32_t>(map->fd()));
  EXPECT_EQ(attr.attach_type, 44u);
  kernel_.Answer(Command::kLinkCreate, Errno{EINVAL});
  EXPECT_THAT(AttachStructOps(*map), Fails(Code::kUnsupported,
                                           "attach struct_ops 'cubic': EINVAL (Invalid argument); "
                                           "BPF_LINK_TYPE_STRUCT_OPS needs Linux 6.4"));
}

// --- Tracing ----------------------------------------------------------------------------------

TEST_F(AttachCalls, FunctionsAsTheyWereLoadedFor) {
  for (const AttachType type :
       {AttachType::kTraceFentry, AttachType::kTraceFexit, AttachType::kModifyReturn,
        AttachType::kLsmMac, AttachType::kTraceRawTp}) {
    const Program program = Make(type);
    const FakeCall call = AttachedBy(program, TracingTarget{});
    EXPECT_EQ(call.command, Command::kRawTracepointOpen);
    const auto attr = call.As<RawTracepointOpenAttr>();
    EXPECT_EQ(attr.prog_fd, static_cast<uint32_t>(program.fd()));
    EXPECT_EQ(attr.name + attr.cookie, 0u);
    EXPECT_THAT(call.regions, IsEmpty());
  }
}

TEST_F(AttachCalls, FunctionsWithACookie) {
  const Program fentry = Make(AttachType::kTraceFentry);
  const FakeCall call = AttachedBy(fentry, TracingTarget{.cookie = 0x1122});
  EXPECT_EQ(call.command, Command::kLinkCreate);
  const auto attr = call.As<LinkCreateTracingAttr>();
  EXPECT_EQ(attr.head.prog_fd, static_cast<uint32_t>(fentry.fd()));
  EXPECT_EQ(attr.head.attach_type, 24u);
  EXPECT_EQ(attr.cookie, 0x1122u);
  EXPECT_EQ(attr.target_btf_id + attr.head.target_fd, 0u);
  // Tracepoints take theirs the other way, sessions go this way always.
  const Program point = Make(AttachType::kTraceRawTp);
  EXPECT_EQ(AttachedBy(point, TracingTarget{.cookie = 5}).As<RawTracepointOpenAttr>().cookie, 5u);
  const Program session = Make(AttachType::kTraceFsession);
  EXPECT_EQ(AttachedBy(session, TracingTarget{}).As<LinkCreateHead>().attach_type, 58u);
}

TEST_F(AttachCalls, AnOpenedProgramNeedsItsAttachTypeForACookie) {
  EXPECT_THAT(Attach(program_, TracingTarget{.cookie = 1}),
              Fails(Code::kInvalidArgument,
                    "attach program 'on_event': with a cookie its attach type must be given"));
  const auto attr = AttachedBy(TracingTarget{.cookie = 1, .attach_type = AttachType::kTraceFexit})
                        .As<LinkCreateTracingAttr>();
  ExpectHead(attr.head, 0, 25, 0);
}

TEST_F(AttachCalls, Freplace) {
  EXPECT_EQ(AttachedBy(FreplaceTarget{}).command, Command::kRawTracepointOpen);
  const auto attr = AttachedBy(FreplaceTarget{.program_fd = 44, .function_btf_id = 3})
                        .As<LinkCreateTracingAttr>();
  ExpectHead(attr.head, 44, 0, 0);
  EXPECT_EQ(attr.target_btf_id, 3u);
  EXPECT_EQ(attr.cookie, 0u);
  EXPECT_THAT(Attach(program_, FreplaceTarget{.function_btf_id = 3}),
              Fails(Code::kInvalidArgument, "a function is given, but not whose"));
}

TEST_F(AttachCalls, RawTracepoints) {
  const FakeCall call = AttachedBy(RawTracepointTarget{.name = "sched_switch", .cookie = 9});
  EXPECT_EQ(call.command, Command::kRawTracepointOpen);
  ASSERT_EQ(call.regions.size(), 1u);
  EXPECT_EQ(call.regions[0].attr_offset, 0u);
  EXPECT_EQ(TextOf(call.regions[0].bytes), std::string("sched_switch\0", 13));
  EXPECT_EQ(call.As<RawTracepointOpenAttr>().cookie, 9u);
}

TEST_F(AttachCalls, Iterators) {
  struct Case {
    const char* name;
    IterTarget target;
    std::vector<uint32_t> info;
  };
  const Case cases[] = {
      {"nothing more", {}, {}},
      {"a map", {.map_fd = 12}, {12}},
      {"a cgroup", {.cgroup_fd = 13, .order = 2}, {2, 13, 0, 0}},
      {"the root cgroup", {.order = 1}, {1, 0, 0, 0}},
      {"a thread", {.tid = 14}, {14, 0, 0}},
      {"a process", {.pid = 15}, {0, 15, 0}},
      {"a process by descriptor", {.pid_fd = 16}, {0, 0, 16}},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    const FakeCall call = AttachedBy(row.target);
    const auto attr = call.As<LinkCreateIterAttr>();
    ExpectHead(attr.head, 0, 28, 0);
    EXPECT_EQ(attr.iter_info_len, row.info.size() * 4);
    if (row.info.empty()) {
      EXPECT_EQ(attr.iter_info, 0u);
      EXPECT_THAT(call.regions, IsEmpty());
      continue;
    }
    ASSERT_EQ(call.regions.size(), 1u);
    EXPECT_EQ(call.regions[0].attr_offset, 16u);
    EXPECT_EQ(Halves(call.regions[0].bytes), row.info);
  }
  EXPECT_THAT(Attach(program_, IterTarget{.map_fd = 1, .pid = 2}),
              Fails(Code::kInvalidArgument, "one thing only"));
}

TEST_F(AttachCalls, ManyFunctionsByName) {
  const FakeCall call = AttachedBy(KprobeMultiTarget{
      .symbols = {"vfs_read", "vfs_write"}, .cookies = {5, 6}, .on_return = true});
  const auto attr = call.As<LinkCreateKprobeMultiAttr>();
  ExpectHead(attr.head, 0, 42, 0);
  EXPECT_EQ(attr.flags, 1u);
  EXPECT_EQ(attr.cnt, 2u);
  EXPECT_NE(attr.syms, 0u);
  EXPECT_NE(attr.cookies, 0u);
  EXPECT_EQ(attr.addrs, 0u);
  ASSERT_EQ(call.regions.size(), 4u);
  EXPECT_EQ(call.regions[0].attr_offset, offsetof(LinkCreateKprobeMultiAttr, cookies));
  EXPECT_THAT(Words(call.regions[0].bytes), ElementsAre(5u, 6u));
  EXPECT_EQ(call.regions[1].attr_offset, offsetof(LinkCreateKprobeMultiAttr, syms));
  EXPECT_EQ(call.regions[1].bytes.size(), 16u);
  EXPECT_EQ(call.regions[2].attr_offset, 0u);
  EXPECT_EQ(TextOf(call.regions[2].bytes), std::string("vfs_read\0", 9));
  EXPECT_EQ(call.regions[3].attr_offset, 8u);
  EXPECT_EQ(TextOf(call.regions[3].bytes), std::string("vfs_write\0", 10));
}

TEST_F(AttachCalls, NamesAreHeldByTheArrayOfTheirPointers) {
  bool asked = false;
  kernel_.Answer(Command::kLinkCreate,
                 [&](MutableBytes, std::span<const Region> regions) -> SysResult<int> {
                   asked = true;
                   EXPECT_EQ(regions[0].holder, -1);
                   for (size_t i = 1; i < regions.size(); ++i) {
                     EXPECT_EQ(regions[i].holder, 0);
                     uint64_t pointer = 0;
                     std::memcpy(&pointer, &regions[0].bytes[regions[i].attr_offset], 8);
                     EXPECT_EQ(pointer, reinterpret_cast<uintptr_t>(regions[i].bytes.data()));
                   }
                   return kernel_.NewFd();
                 });
  EXPECT_THAT(Attach(program_, KprobeMultiTarget{.symbols = {"a", "b", "c"}}), IsOk());
  EXPECT_TRUE(asked);
}

TEST_F(AttachCalls, ManyFunctionsByAddress) {
  const FakeCall call =
      AttachedBy(KprobeMultiTarget{.addresses = {0x1000, 0x2000}, .session = true});
  const auto attr = call.As<LinkCreateKprobeMultiAttr>();
  ExpectHead(attr.head, 0, 56, 0);
  EXPECT_EQ(attr.cnt, 2u);
  EXPECT_EQ(attr.flags, 0u);
  EXPECT_EQ(attr.syms + attr.cookies, 0u);
  ASSERT_EQ(call.regions.size(), 1u);
  EXPECT_THAT(Words(call.regions[0].bytes), ElementsAre(0x1000u, 0x2000u));
}

TEST_F(AttachCalls, ManyPlacesInAFile) {
  const FakeCall call = AttachedBy(UprobeMultiTarget{.path = "/bin/sh",
                                                     .offsets = {16, 32, 48},
                                                     .ref_ctr_offsets = {1, 2, 3},
                                                     .cookies = {7, 8, 9},
                                                     .pid = 77,
                                                     .on_return = true});
  const auto attr = call.As<LinkCreateUprobeMultiAttr>();
  ExpectHead(attr.head, 0, 48, 0);
  EXPECT_EQ(attr.cnt, 3u);
  EXPECT_EQ(attr.flags, 1u);
  EXPECT_EQ(attr.pid, 77u);
  ASSERT_EQ(call.regions.size(), 4u);
  EXPECT_EQ(TextOf(call.regions[0].bytes), std::string("/bin/sh\0", 8));
  EXPECT_THAT(Words(call.regions[1].bytes), ElementsAre(16u, 32u, 48u));
  EXPECT_THAT(Words(call.regions[2].bytes), ElementsAre(1u, 2u, 3u));
  EXPECT_THAT(Words(call.regions[3].bytes), ElementsAre(7u, 8u, 9u));
  EXPECT_EQ(AttachedBy(UprobeMultiTarget{.path = "/bin/sh", .offsets = {16}, .session = true})
                .As<LinkCreateHead>()
                .attach_type,
            57u);
}

TEST_F(AttachCalls, ManyFunctionsOfABtf) {
  const Program program = Make(AttachType::kTraceFexitMulti);
  const FakeCall call =
      AttachedBy(program, TracingMultiTarget{.btf_ids = {11, 12}, .cookies = {1, 2}});
  const auto attr = call.As<LinkCreateTracingMultiAttr>();
  EXPECT_EQ(attr.head.attach_type, 60u);
  EXPECT_EQ(attr.cnt, 2u);
  ASSERT_EQ(call.regions.size(), 2u);
  EXPECT_THAT(Halves(call.regions[0].bytes), ElementsAre(11u, 12u));
}

TEST_F(AttachCalls, APerfEvent) {
  const auto attr =
      AttachedBy(PerfEventTarget{.perf_fd = 21, .cookie = 3}).As<LinkCreatePerfEventAttr>();
  ExpectHead(attr.head, 21, 41, 0);
  EXPECT_EQ(attr.bpf_cookie, 3u);
}

TEST_F(AttachCalls, CountsThatDoNotMatchAreNotAskedFor) {
  const size_t before = kernel_.calls().size();
  EXPECT_THAT(Attach(program_, KprobeMultiTarget{}),
              Fails(Code::kInvalidArgument, "no function is given"));
  EXPECT_THAT(Attach(program_, KprobeMultiTarget{.symbols = {"a"}, .addresses = {1}}),
              Fails(Code::kInvalidArgument, "by name and by address"));
  EXPECT_THAT(Attach(program_, KprobeMultiTarget{.symbols = {"a"}, .cookies = {1, 2}}),
              Fails(Code::kInvalidArgument, "2 cookies for 1 functions"));
  EXPECT_THAT(Attach(program_, UprobeMultiTarget{.path = "/bin/sh"}),
              Fails(Code::kInvalidArgument, "no offset is given"));
  EXPECT_THAT(
      Attach(program_, UprobeMultiTarget{.path = "/bin/sh", .offsets = {1}, .cookies = {1, 2}}),
      Fails(Code::kInvalidArgument, "2 cookies and 0 semaphores for 1 offsets"));
  EXPECT_THAT(Attach(program_, TracingMultiTarget{}),
              Fails(Code::kInvalidArgument, "no function is given"));
  EXPECT_THAT(Attach(program_, TracingMultiTarget{.btf_ids = {1}, .cookies = {1, 2}}),
              Fails(Code::kInvalidArgument, "2 cookies for 1 functions"));
  EXPECT_EQ(kernel_.calls().size(), before);
}

// --- Refusals ---------------------------------------------------------------------------------

TEST_F(AttachCalls, ARefusalIsExplained) {
  struct Case {
    const char* name;
    int error;
    const char* release;
    Result<Link> (*attach)(const Program&);
    Code code;
    const char* words;
  };
  const auto xdp = [](const Program& p) { return Attach(p, XdpTarget{.ifindex = 3}); };
  const auto tcx = [](const Program& p) { return Attach(p, DeviceTarget{.ifindex = 3}); };
  const auto fentry = [](const Program& p) { return Attach(p, TracingTarget{}); };
  const auto raw = [](const Program& p) { return Attach(p, RawTracepointTarget{.name = "x"}); };
  const auto multi = [](const Program& p) {
    return Attach(p, KprobeMultiTarget{.symbols = {"nowhere"}});
  };
  const Case cases[] = {
      {"XDP taken", EBUSY, "6.1.0", xdp, Code::kConflict,
       "attach program 'on_event': EBUSY (Device or resource busy): to interface 3; XDP takes one"},
      {"XDP in two modes", EEXIST, "6.1.0", xdp, Code::kConflict, "generic or native"},
      {"XDP in the driver", EOPNOTSUPP, "6.1.0", xdp, Code::kUnsupported, "XDP_FLAGS_SKB_MODE"},
      {"no privilege", EPERM, "6.1.0", xdp, Code::kPermission, "needs CAP_NET_ADMIN"},
      {"no interface", ENODEV, "6.1.0", tcx, Code::kNotFound, "no such interface"},
      {"XDP links too new", EINVAL, "5.8.0", xdp, Code::kUnsupported,
       "BPF_LINK_TYPE_XDP needs Linux 5.9; this is 5.8.0"},
      {"TCX too new", EINVAL, "6.1.0", tcx, Code::kUnsupported,
       "BPF_LINK_TYPE_TCX needs Linux 6.6; this is 6.1.0"},
      {"anchors too new", E2BIG, "6.1.0", tcx, Code::kUnsupported, "needs Linux 6.6"},
      {"TCX otherwise", EINVAL, "6.12.0", tcx, Code::kInvalidArgument, "expected attach type"},
      {"TCX changed", ESTALE, "6.12.0", tcx, Code::kSystem, "changed since the revision"},
      {"TCX full", ERANGE, "6.12.0", tcx, Code::kSystem, "no more than 64"},
      {"no trampolines", 524, "6.1.0", fentry, Code::kUnsupported, "WITH_DIRECT_CALLS"},
      {"no raw tracepoint", ENOENT, "6.1.0", raw, Code::kNotFound,
       "to raw tracepoint x; no such tracepoint"},
      {"no function", ESRCH, "6.1.0", multi, Code::kNotFound, "available_filter_functions"},
      {"no fprobe", EOPNOTSUPP, "6.1.0", multi, Code::kUnsupported, "CONFIG_FPROBE"},
      {"no tracing privilege", EPERM, "6.1.0", multi, Code::kPermission, "needs CAP_PERFMON"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    kernel_.release = std::string(row.release);
    kernel_.Answer(Command::kLinkCreate, Errno{row.error});
    kernel_.Answer(Command::kRawTracepointOpen, Errno{row.error});
    const auto link = row.attach(program_);
    EXPECT_THAT(link, Fails(row.code, row.words));
    EXPECT_EQ(link.error().sys_errno, row.error);
    // The answer that this kind did not take.
    MapFreezeAttr rest;
    (void)kernel_.Bpf(Command::kLinkCreate, MutableBytesOf(rest), {});
    (void)kernel_.Bpf(Command::kRawTracepointOpen, MutableBytesOf(rest), {});
  }
}

}  // namespace
}  // namespace purebpf
