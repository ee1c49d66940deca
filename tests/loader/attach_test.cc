// Where sections say that programs go, over a kernel that is not there: what is asked of it, and
// what is said when it refuses.
#include "purebpf/loader/attach.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/attr_link.h"
#include "purebpf/bpf/forwarding_kernel.h"
#include "purebpf/bpf/perf_event.h"
#include "purebpf/loader/section_defs.h"
#include "purebpf/tests/support/executable_builder.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::ExecutableBuilder;
using purebpf::testing::Fails;
using purebpf::testing::FakeCall;
using purebpf::testing::FakeKernel;
using purebpf::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kLibrary = "/usr/lib/libx.so.1";

// Keeps the name of a probe's function or file, and has no function of some names.
class ProbeKernel : public ForwardingKernel {
 public:
  using ForwardingKernel::ForwardingKernel;

  SysResult<int> PerfEventOpen(MutableBytes attr, std::span<const Region> regions,
                               const PerfTarget& target) override {
    std::string name;
    for (const Region& region : regions)
      name.assign(reinterpret_cast<const char*>(region.bytes.data()), region.bytes.size() - 1);
    names.push_back(name);
    for (const std::string& each : absent)
      if (name == each) return std::unexpected(Errno{ENOENT});
    return ForwardingKernel::PerfEventOpen(attr, regions, target);
  }

  std::vector<std::string> names;
  std::vector<std::string> absent;
};

class AttachBySectionTest : public ::testing::Test {
 protected:
  AttachBySectionTest() : kernel_(fake_) {
    fake_.files["/sys/bus/event_source/devices/kprobe/type"] = "8\n";
    fake_.files["/sys/bus/event_source/devices/uprobe/type"] = "9\n";
    fake_.files["/sys/kernel/tracing/events/sched/sched_switch/id"] = "317\n";
    fake_.files["/sys/kernel/tracing/available_filter_functions"] =
        "vfs_read\nvfs_readv\nvfs_write\n__x64_sys_openat\nnft_do_chain [nf_tables]\nvfs_read\n"
        "__ftrace_invalid_address___77\n";
    ExecutableBuilder library;
    library.Dynamic({.name = "start_it", .address = 0x2100, .size = 0x40});
    library.Dynamic({.name = "stop_it", .address = 0x2200, .size = 0x40});
    library.Dynamic({.name = "puts", .section = 0});
    const std::vector<std::byte> bytes = library.Build();
    fake_.files[kLibrary] = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  Result<std::optional<Link>> AttachTo(const std::string& section) {
    std::string_view name = section;
    if (name.starts_with('?')) name.remove_prefix(1);
    const auto match = MatchSection(name);
    spec_ = {.name = "on_event", .section = section};
    if (match) {
      spec_.type = match->def->type;
      spec_.attach_type = match->def->attach_type;
      spec_.attach_to = match->attach_to;
    }
    return AttachSpec();
  }
  Result<std::optional<Link>> AttachSpec() {
    program_.emplace(*Program::Load(kernel_, {.name = "on_event",
                                              .type = ProgType::kKprobe,
                                              .expected_attach_type = spec_.attach_type,
                                              .insns = {{.code = kExit}}}));
    kernel_.names.clear();
    auto attached = AttachBySection(*program_, spec_);
    // Nothing is left of what failed: the program alone, and no file.
    EXPECT_EQ(fake_.open_fds().size(), attached && *attached ? 2u : 1u);
    EXPECT_EQ(fake_.open_views(), 0);
    EXPECT_EQ(fake_.wrong_closes(), 0u);
    return attached;
  }
  [[nodiscard]] PerfEventAttr LastEvent() const {
    PerfEventAttr attr;
    std::memcpy(&attr, fake_.perf_events.back().data(), sizeof attr);
    return attr;
  }
  template <typename A>
  [[nodiscard]] A LastLink() const {
    return fake_.Nth(Command::kLinkCreate, fake_.Count(Command::kLinkCreate) - 1).template As<A>();
  }

  FakeKernel fake_;
  ProbeKernel kernel_;
  ProgramSpec spec_;
  std::optional<Program> program_;
};

#define EXPECT_ATTACHED(result)          \
  do {                                   \
    const auto& attached_ = (result);    \
    ASSERT_THAT(attached_, IsOk());      \
    EXPECT_TRUE(attached_->has_value()); \
  } while (false)

TEST_F(AttachBySectionTest, AKprobeIsAnEventInTheFunction) {
  EXPECT_ATTACHED(AttachTo("kprobe/vfs_read"));
  EXPECT_THAT(kernel_.names, ElementsAre("vfs_read"));
  EXPECT_EQ(LastEvent().type, 8u);
  EXPECT_EQ(LastEvent().config, 0u);
  EXPECT_EQ(LastEvent().config2, 0u);
  EXPECT_ATTACHED(AttachTo("?kprobe/vfs_read+0x1c"));
  EXPECT_EQ(LastEvent().config2, 0x1cu);
  EXPECT_ATTACHED(AttachTo("kretprobe/vfs_read"));
  EXPECT_EQ(LastEvent().config, 1u);
}

TEST_F(AttachBySectionTest, WhatTheSpecSaysCounts) {
  spec_ = {.name = "on_event", .section = "kprobe/vfs_read", .attach_to = "vfs_write"};
  EXPECT_ATTACHED(AttachSpec());
  EXPECT_THAT(kernel_.names, ElementsAre("vfs_write"));
}

TEST_F(AttachBySectionTest, AFunctionThatIsNotThereIsSaidWithWhatIsNear) {
  kernel_.absent = {"vfs_reed"};
  EXPECT_THAT(AttachTo("kprobe/vfs_reed"),
              Fails(Code::kNotFound,
                    "open perf event 'on_event: function vfs_reed': ENOENT (No such file or "
                    "directory); no such function or file; near it: vfs_read"));
  fake_.files.erase("/sys/kernel/tracing/available_filter_functions");
  EXPECT_THAT(AttachTo("kprobe/vfs_reed"), Fails(Code::kNotFound, "no such function or file"));
}

TEST_F(AttachBySectionTest, SectionsThatMakeNoSenseAreRefused) {
  struct Case {
    const char* section;
    const char* words;
  };
  const Case cases[] = {
      {"kprobe/vfs_read+x",
       "attach program 'on_event': its section kprobe/vfs_read+x says 'vfs_read+x': that is no "
       "function, and no offset in one; vfs_read, vfs_read+0x10"},
      {"kretprobe/vfs_read+4", "a return is of the whole function; leave the offset out"},
      {"kprobe/vfs_*", "a kprobe is in one function; kprobe.multi takes patterns"},
      {"ksyscall/open*", "that is no system call's name; openat"},
      {"tp/sched_switch", "that is no group and tracepoint; sched/sched_switch"},
      {"tracepoint/sched/", "that is no group and tracepoint"},
      {"uprobe/malloc", "that is no file, ':' and function in it; /usr/bin/bash:readline"},
      {"uprobe/libx.so.1:", "that is no file, ':' and function in it"},
      {"uretprobe/libx.so.1:start_it+4", "a return is of the whole function"},
      {"uprobe/libx.so.1:st*", "a uprobe is in one function; uprobe.multi takes patterns"},
      {"uprobe/libx.so.1:start_it+0x40",
       "offset 0x40 is past function 'start_it', which has 0x40 bytes"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.section);
    EXPECT_THAT(AttachTo(each.section), Fails(Code::kInvalidArgument, each.words));
    EXPECT_THAT(kernel_.names, IsEmpty());
  }
}

TEST_F(AttachBySectionTest, FunctionsAreFoundByNameBeforeLinux65) {
  EXPECT_ATTACHED(AttachTo("kprobe.multi/vfs_*"));
  const FakeCall& call = fake_.Nth(Command::kLinkCreate, 0);
  EXPECT_EQ(call.As<LinkCreateKprobeMultiAttr>().cnt, 3u);
  EXPECT_EQ(call.As<LinkCreateKprobeMultiAttr>().head.attach_type, 42u);
  EXPECT_EQ(call.As<LinkCreateKprobeMultiAttr>().flags, 0u);
  std::vector<std::string> names;
  for (const auto& region : call.regions)
    if (region.attr_offset % 8 == 0 && region.bytes.size() > 8 &&
        region.bytes.back() == std::byte{})
      names.emplace_back(reinterpret_cast<const char*>(region.bytes.data()));
  EXPECT_THAT(names, ::testing::IsSupersetOf({"vfs_read", "vfs_readv", "vfs_write"}));
}

TEST_F(AttachBySectionTest, FunctionsAreFoundByAddressSinceLinux65) {
  fake_.files["/sys/kernel/debug/tracing/available_filter_functions_addrs"] =
      "ffffffff81000010 vfs_read\nffffffff81000020 vfs_read\n0xffffffff81000030 vfs_write [m]\n"
      "no line\nffffffff81000040 schedule\n";
  EXPECT_ATTACHED(AttachTo("kretprobe.multi/vfs_*"));
  EXPECT_EQ(LastLink<LinkCreateKprobeMultiAttr>().cnt, 3u);
  EXPECT_EQ(LastLink<LinkCreateKprobeMultiAttr>().flags, 1u);
  EXPECT_EQ(LastLink<LinkCreateKprobeMultiAttr>().syms, 0u);
  EXPECT_ATTACHED(AttachTo("kprobe.session/sched*"));
  EXPECT_EQ(LastLink<LinkCreateKprobeMultiAttr>().cnt, 1u);
  EXPECT_EQ(LastLink<LinkCreateKprobeMultiAttr>().head.attach_type, 56u);
}

TEST_F(AttachBySectionTest, OneFunctionNeedsNoList) {
  fake_.files.erase("/sys/kernel/tracing/available_filter_functions");
  EXPECT_ATTACHED(AttachTo("kprobe.multi/vfs_read"));
  EXPECT_EQ(LastLink<LinkCreateKprobeMultiAttr>().cnt, 1u);
  fake_.Answer(Command::kLinkCreate, Errno{ESRCH});
  fake_.files["/sys/kernel/tracing/available_filter_functions"] = "vfs_read\n";
  EXPECT_THAT(AttachTo("kprobe.multi/vfs_reat"), Fails(Code::kNotFound, "near it: vfs_read"));
}

TEST_F(AttachBySectionTest, APatternThatMatchesNothingIsRefused) {
  EXPECT_THAT(AttachTo("kprobe.multi/nothing_*"),
              Fails(Code::kNotFound,
                    "find functions 'on_event: nothing_*': no function of this kernel that may be "
                    "traced matches"));
  fake_.files.erase("/sys/kernel/tracing/available_filter_functions");
  EXPECT_THAT(AttachTo("kprobe.multi/vfs_*"),
              Fails(Code::kNotFound, "tracefs is not mounted: mount -t tracefs"));
  EXPECT_THAT(AttachTo("uprobe.multi//usr/lib/libx.so.1:nothing_*"),
              Fails(Code::kNotFound, "none of its functions matches 'nothing_*'"));
}

#if defined(__x86_64__)
TEST_F(AttachBySectionTest, ASystemCallHasItsArchitecturesWrapper) {
  EXPECT_ATTACHED(AttachTo("ksyscall/openat"));
  EXPECT_THAT(kernel_.names, ElementsAre("__x64_sys_openat"));
  EXPECT_ATTACHED(AttachTo("kretsyscall/openat"));
  EXPECT_EQ(LastEvent().config, 1u);
  kernel_.absent = {"__x64_sys_openat"};
  EXPECT_ATTACHED(AttachTo("ksyscall/openat"));
  EXPECT_THAT(kernel_.names, ElementsAre("__x64_sys_openat", "__se_sys_openat"));
  kernel_.absent = {"__x64_sys_openit", "__se_sys_openit"};
  EXPECT_THAT(AttachTo("ksyscall/openit"),
              Fails(Code::kNotFound,
                    "this kernel has no system call of that name; near it: "
                    "__x64_sys_openat"));
}
#endif

TEST_F(AttachBySectionTest, AUprobeIsAnOffsetInItsFile) {
  EXPECT_ATTACHED(AttachTo("uprobe//usr/lib/libx.so.1:start_it"));
  EXPECT_THAT(kernel_.names, ElementsAre(kLibrary));
  EXPECT_EQ(LastEvent().type, 9u);
  EXPECT_EQ(LastEvent().config2, 0x1100u);
  // Found where systems have their libraries.
  EXPECT_ATTACHED(AttachTo("uprobe.s/libx.so.1:stop_it+8"));
  EXPECT_THAT(kernel_.names, ElementsAre(kLibrary));
  EXPECT_EQ(LastEvent().config2, 0x1208u);
  EXPECT_ATTACHED(AttachTo("uretprobe/libx.so.1:stop_it"));
  EXPECT_EQ(LastEvent().config, 1u);
}

TEST_F(AttachBySectionTest, SaysWhyAFunctionOfAFileIsNotFound) {
  EXPECT_THAT(AttachTo("uprobe/libx.so.1:start"),
              Fails(Code::kNotFound,
                    "find function 'on_event: /usr/lib/libx.so.1': it has no "
                    "function 'start'; a stripped file"));
  EXPECT_THAT(AttachTo("uprobe/libx.so.1:start_id"), Fails(Code::kNotFound, "near it: start_it"));
  EXPECT_THAT(AttachTo("uprobe/libx.so.1:puts"),
              Fails(Code::kNotFound, "function 'puts' is another file's, which this one uses"));
  EXPECT_THAT(AttachTo("uprobe/liby.so:f"),
              Fails(Code::kNotFound, "there is no such file in any of /usr/lib/"));
  EXPECT_THAT(AttachTo("uprobe/nothing:f"),
              Fails(Code::kNotFound, "there is no such file in any of /usr/bin/ /usr/sbin/"));
  EXPECT_THAT(AttachTo("uprobe//bin/nothing:f"),
              Fails(Code::kNotFound, "read 'on_event: /bin/nothing': ENOENT"));
  fake_.files["/bin/script"] = "#!/bin/sh\n";
  EXPECT_THAT(AttachTo("uprobe//bin/script:f"), Fails(Code::kMalformed, "ELF header"));
}

TEST_F(AttachBySectionTest, ManyPlacesOfAFileAreOneLink) {
  EXPECT_ATTACHED(AttachTo("uprobe.multi//usr/lib/libx.so.1:st*"));
  const FakeCall& call = fake_.Nth(Command::kLinkCreate, 0);
  EXPECT_EQ(call.As<LinkCreateUprobeMultiAttr>().cnt, 2u);
  std::vector<uint64_t> offsets(2);
  ASSERT_EQ(call.regions[1].bytes.size(), 16u);
  std::memcpy(offsets.data(), call.regions[1].bytes.data(), 16);
  EXPECT_THAT(offsets, ElementsAre(0x1100, 0x1200));
  EXPECT_ATTACHED(AttachTo("uretprobe.multi/libx.so.1:stop_it"));
  EXPECT_EQ(LastLink<LinkCreateUprobeMultiAttr>().cnt, 1u);
  EXPECT_EQ(LastLink<LinkCreateUprobeMultiAttr>().flags, 1u);
  EXPECT_ATTACHED(AttachTo("uprobe.session/libx.so.1:stop_it"));
  EXPECT_EQ(LastLink<LinkCreateUprobeMultiAttr>().head.attach_type, 57u);
}

TEST_F(AttachBySectionTest, AStaticProbeIsRefused) {
  EXPECT_THAT(AttachTo("usdt/libx.so.1:group:name"),
              Fails(Code::kUnsupported, "is a static probe of user space"));
}

TEST_F(AttachBySectionTest, ATracepointIsAnEvent) {
  EXPECT_ATTACHED(AttachTo("tp/sched/sched_switch"));
  EXPECT_EQ(LastEvent().type, 2u);
  EXPECT_EQ(LastEvent().config, 317u);
  EXPECT_THAT(AttachTo("tracepoint/sched/sched_swich"),
              Fails(Code::kNotFound,
                    "find tracepoint 'on_event: sched/sched_swich': ENOENT (No such file or "
                    "directory): its number is in "
                    "/sys/kernel/tracing/events/sched/sched_swich/id; group sched has no such "
                    "tracepoint; near it: sched_switch"));
  EXPECT_THAT(AttachTo("tp/shed/sched_switch"),
              Fails(Code::kNotFound, "there is no such group; near it: sched"));
  fake_.files.erase("/sys/kernel/tracing/events/sched/sched_switch/id");
  EXPECT_THAT(AttachTo("tp/sched/sched_switch"), Fails(Code::kNotFound, "tracefs is not mounted"));
}

TEST_F(AttachBySectionTest, ARawTracepointHasAName) {
  for (const char* section : {"raw_tp/sched_switch", "raw_tracepoint.w/sched_switch"}) {
    const size_t before = fake_.Count(Command::kRawTracepointOpen);
    EXPECT_ATTACHED(AttachTo(section));
    EXPECT_EQ(fake_.Nth(Command::kRawTracepointOpen, before).regions.size(), 1u);
  }
}

TEST_F(AttachBySectionTest, WhatWasSaidWhenLoadingIsNotSaidAgain) {
  size_t opened = 0;
  for (const char* section : {"fentry/vfs_read", "fexit.s/vfs_read", "fmod_ret/f", "lsm/file_open",
                              "tp_btf/sched_switch", "freplace/f", "fentry", "lsm.s"}) {
    SCOPED_TRACE(section);
    EXPECT_ATTACHED(AttachTo(section));
    ASSERT_EQ(fake_.Count(Command::kRawTracepointOpen), ++opened);
    EXPECT_THAT(fake_.Nth(Command::kRawTracepointOpen, opened - 1).regions, IsEmpty());
  }
  EXPECT_ATTACHED(AttachTo("fsession/vfs_read"));
  EXPECT_EQ(fake_.Count(Command::kLinkCreate), 1u);
}

TEST_F(AttachBySectionTest, AnIteratorIsALink) {
  EXPECT_ATTACHED(AttachTo("iter/task"));
  EXPECT_EQ(LastLink<LinkCreateIterAttr>().head.attach_type, 28u);
  EXPECT_EQ(LastLink<LinkCreateIterAttr>().iter_info_len, 0u);
}

TEST_F(AttachBySectionTest, SomeSectionsSayNoPlace) {
  for (const char* section : {"kprobe",
                              "kretprobe",
                              "kprobe.multi",
                              "ksyscall",
                              "uprobe",
                              "uprobe.multi",
                              "usdt",
                              "tp",
                              "raw_tp",
                              "iter",
                              "iter/bpf_map_elem",
                              "iter/bpf_sk_storage_map",
                              "iter/cgroup",
                              "iter/sockmap",
                              "xdp",
                              "tc",
                              "tcx/ingress",
                              "classifier/x",
                              "cgroup/connect4",
                              "cgroup_skb/egress",
                              "perf_event",
                              "struct_ops/init",
                              "sk_lookup",
                              "socket",
                              "netfilter",
                              "lsm_cgroup/socket_bind",
                              "syscall",
                              "sk_msg",
                              "no_section",
                              ""}) {
    SCOPED_TRACE(section);
    const auto attached = AttachTo(section);
    ASSERT_THAT(attached, IsOk());
    EXPECT_FALSE(attached->has_value());
  }
  EXPECT_EQ(fake_.Count(Command::kLinkCreate) + fake_.Count(Command::kRawTracepointOpen), 0u);
  EXPECT_THAT(fake_.perf_events, IsEmpty());
}

TEST_F(AttachBySectionTest, ARefusalIsTheProgramsError) {
  fake_.Answer(Command::kRawTracepointOpen, Errno{EPERM});
  EXPECT_THAT(AttachTo("raw_tp/sched_switch"),
              Fails(Code::kPermission,
                    "attach program 'on_event': EPERM (Operation not permitted): to raw tracepoint "
                    "sched_switch; needs CAP_PERFMON"));
}

}  // namespace
}  // namespace purebpf
