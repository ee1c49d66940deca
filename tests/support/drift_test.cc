#include "purebpf/tests/support/drift.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "purebpf/tests/support/dual_test.h"
#include "purebpf/tests/support/fixture_bundle.h"

namespace purebpf::testing {
namespace {

std::string FixtureOf(const std::string& about, const std::string& calls) {
  return "purebpf fixture 1\nkernel 6.12.0\narch x86_64\nabout " + about + "\n\n" + calls;
}

std::string Calls(const std::string& recorded, const std::string& now) {
  return Drift(FixtureOf("x", recorded), FixtureOf("x", now)).calls;
}

constexpr const char* kCreate = "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 = map:1\n";

TEST(Drift, IsNoneWhereOnlyFreeValuesDiffer) {
  for (const auto& [recorded, now] :
       {std::pair(FixtureOf("one", std::string(kCreate) + "close fd=map:1\n"),
                  FixtureOf("another", std::string(kCreate) + "close fd=map:1\n")),
        std::pair(FixtureOf("x", "BPF_PROG_TEST_RUN prog_fd=prog:1 = 0 duration=~12\n"),
                  FixtureOf("x", "BPF_PROG_TEST_RUN prog_fd=prog:1 = 0 duration=~34\n"))}) {
    const Drifted drifted = Drift(recorded, now);
    EXPECT_EQ(drifted.calls, "");
    EXPECT_FALSE(drifted.build);
  }
}

TEST(Drift, TellsTheCallThatIsAnsweredInAnotherWay) {
  EXPECT_EQ(Calls(std::string(kCreate) + "BPF_MAP_FREEZE map_fd=map:1 = 0\n",
                  std::string(kCreate) + "BPF_MAP_FREEZE map_fd=map:1 = EPERM\n"),
            "call 2:\n- BPF_MAP_FREEZE map_fd=map:1 = 0\n+ BPF_MAP_FREEZE map_fd=map:1 = EPERM "
            "(Operation not permitted)\n");
}

TEST(Drift, FindsTheWayBackBehindCallsThatAreNew) {
  EXPECT_EQ(Calls("close fd=map:1\n", std::string(kCreate) + "close fd=map:1\n"),
            "call 1:\n+ " + std::string(kCreate));
}

struct BuildRow {
  const char* name;
  const char* recorded;
  const char* now;
};

// What comes with a build or a boot of the same kernel is no drift, and is told apart.
TEST(Drift, IsNoneWhereOnlyTheBuildDiffers) {
  constexpr BuildRow kRows[] = {
      {"release", "uname = \"6.18.1-one\"\n", "uname = \"6.18.2-other\"\n"},
      {"machine code",
       "BPF_OBJ_GET_INFO_BY_FD bpf_fd=prog:1 info_len=232 = 0\n    = info\n"
       "        id=prog#1 jited_prog_len=19\n",
       "BPF_OBJ_GET_INFO_BY_FD bpf_fd=prog:1 info_len=232 = 0\n    = info\n"
       "        id=prog#1 jited_prog_len=23\n"},
      {"types", "open_file path=\"/sys/kernel/btf/vmlinux\" = view:1 size=24 contents=hex:9feb\n",
       "open_file path=\"/sys/kernel/btf/vmlinux\" = view:1 size=26 contents=hex:9fec\n"},
      {"a type's number", "BPF_PROG_LOAD insn_cnt=2 attach_btf_id=17 = prog:1\n",
       "BPF_PROG_LOAD insn_cnt=2 attach_btf_id=18 = prog:1\n"},
      {"a function's number",
       "BPF_PROG_LOAD insn_cnt=1 = prog:1\n    insns\n        3: 85 20 0000 c4010100\n",
       "BPF_PROG_LOAD insn_cnt=1 = prog:1\n    insns\n        3: 85 20 0000 c5010100\n"},
      {"a structure's number",
       "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_STRUCT_OPS btf_vmlinux_value_type_id=5 = map:1\n",
       "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_STRUCT_OPS btf_vmlinux_value_type_id=6 = map:1\n"},
      {"a tracepoint's number",
       "read_file path=\"/sys/kernel/tracing/events/a/b/id\" = 3 contents=\"98\\n\"\n"
       "perf_event_open type=PERF_TYPE_TRACEPOINT size=72 config=0x62 pid=-1 = perf:1\n",
       "read_file path=\"/sys/kernel/tracing/events/a/b/id\" = 4 contents=\"102\\n\"\n"
       "perf_event_open type=PERF_TYPE_TRACEPOINT size=72 config=0x66 pid=-1 = perf:1\n"},
      {"number of a kind of event",
       "read_file path=\"/sys/bus/event_source/devices/uprobe/type\" = 2 contents=\"8\\n\"\n"
       "perf_event_open type=8 size=72 pid=-1 = perf:1\n",
       "read_file path=\"/sys/bus/event_source/devices/uprobe/type\" = 2 contents=\"9\\n\"\n"
       "perf_event_open type=9 size=72 pid=-1 = perf:1\n"},
      {"addresses of functions",
       "open_file path=\"/sys/kernel/tracing/available_filter_functions_addrs\" = view:1 size=27 "
       "contents=\"ffffffff81000000 vfs_read\\n\"\n"
       "BPF_LINK_CREATE prog_fd=prog:1 kprobe_multi.cnt=1 "
       "kprobe_multi.addrs=0xffffffff81000000 = link:1\n",
       "open_file path=\"/sys/kernel/tracing/available_filter_functions_addrs\" = view:1 size=27 "
       "contents=\"ffffffff92000000 vfs_read\\n\"\n"
       "BPF_LINK_CREATE prog_fd=prog:1 kprobe_multi.cnt=1 "
       "kprobe_multi.addrs=0xffffffff92000000 = link:1\n"},
      {"version",
       "read_file path=\"/proc/version\" = 24\n    = contents\n        \"Linux version "
       "6.18.1-one\"\n",
       "read_file path=\"/proc/version\" = 23\n    = contents\n        \"Linux version "
       "6.18.2-it\"\n"},
      {"address",
       "BPF_PROG_LOAD insn_cnt=2 = EACCES\n    = log_buf\n"
       "        \"4: (18) r1 = 0xffff8882d0ed7400       ; R1=map_ptr(ks=4)\\n\"\n",
       "BPF_PROG_LOAD insn_cnt=2 = EACCES\n    = log_buf\n"
       "        \"4: (18) r1 = 0xffff888102bbf800       ; R1=map_ptr(ks=4)\\n\"\n"},
      {"address by five levels of page tables",
       "BPF_PROG_LOAD insn_cnt=2 = EACCES\n    = log_buf\n"
       "        \"4: (18) r1 = 0xff1df2704185a400       ; R1_w=map_ptr(ks=4)\\n\"\n",
       "BPF_PROG_LOAD insn_cnt=2 = EACCES\n    = log_buf\n"
       "        \"4: (18) r1 = 0xff1df270411bbe00       ; R1_w=map_ptr(ks=4)\\n\"\n"},
  };
  for (const BuildRow& row : kRows) {
    SCOPED_TRACE(row.name);
    const Drifted drifted = Drift(FixtureOf("x", row.recorded), FixtureOf("x", row.now));
    EXPECT_EQ(drifted.calls, "");
    EXPECT_TRUE(drifted.build);
  }
}

TEST(Drift, IsTheRestOfACallThatDiffersByTheBuildToo) {
  EXPECT_NE(Calls("open_file path=\"/sys/kernel/btf/vmlinux\" = view:1 size=24 contents=hex:9feb\n",
                  "open_file path=\"/sys/kernel/btf/vmlinux\" = ENOENT\n"),
            "");
  EXPECT_NE(Calls("open_file path=\"/tmp/one\" = view:1 size=2 contents=hex:9feb\n",
                  "open_file path=\"/tmp/one\" = view:1 size=2 contents=hex:9fec\n"),
            "");
  EXPECT_NE(Calls("read_file path=\"/proc/version\" = 4 contents=\"Linu\"\n",
                  "read_file path=\"/proc/version\" = EACCES\n"),
            "");
  EXPECT_NE(Calls("perf_event_open type=PERF_TYPE_SOFTWARE config=0x1 = perf:1\n",
                  "perf_event_open type=PERF_TYPE_SOFTWARE config=0x2 = perf:1\n"),
            "");
  EXPECT_NE(Calls("BPF_PROG_LOAD insn_cnt=1 = prog:1\n    insns\n        3: 85 10 0000 c4010100\n",
                  "BPF_PROG_LOAD insn_cnt=1 = prog:1\n    insns\n        3: 85 10 0000 c5010100\n"),
            "");
  EXPECT_NE(Calls("BPF_PROG_LOAD insn_cnt=2 = EACCES\n    = log_buf\n"
                  "        \"R1=scalar(umax=0xffffffff00000000)\\n\"\n",
                  "BPF_PROG_LOAD insn_cnt=2 = EACCES\n    = log_buf\n"
                  "        \"R1=scalar(umax=0xffffffffffffffff)\\n\"\n"),
            "");
}

TEST(Drift, SaysWhatIsNoFixture) {
  EXPECT_NE(Drift("nonsense", FixtureOf("x", "")).calls, "");
  EXPECT_NE(Drift(FixtureOf("x", ""), "nonsense").calls, "");
}

TEST(FixtureBundle, HoldsSeveralFixturesByWhatTheyAreAbout) {
  FixtureBundle bundle = FixtureBundle::Parse(FixtureOf("one", kCreate) + FixtureOf("two", ""));
  ASSERT_NE(bundle.Find("one"), nullptr);
  EXPECT_EQ(*bundle.Find("one"), FixtureOf("one", kCreate));
  EXPECT_EQ(bundle.Find("three"), nullptr);
  bundle.Put("one", FixtureOf("one", "close fd=map:1\n"));
  bundle.Put("three", FixtureOf("three", ""));
  EXPECT_EQ(bundle.Text(),
            FixtureOf("one", "close fd=map:1\n") + FixtureOf("two", "") + FixtureOf("three", ""));
}

TEST(FixtureBundle, IsEmptyWhereThereIsNoFile) {
  EXPECT_EQ(FixtureBundle::Read("/nowhere/at.all").Text(), "");
}

TEST(DualTestNames, AreOfTheSeries) {
  EXPECT_EQ(SeriesOf("6.12.117+deb13-cloud-amd64"), "6.12");
  EXPECT_EQ(SeriesOf("7.2"), "7.2");
  EXPECT_EQ(KernelTestName("6.12"), "linux_6_12");
  EXPECT_EQ(FixturePath("scenarios", "5.10"), "tests/fixtures/scenarios.5.10.fixture");
}

}  // namespace
}  // namespace purebpf::testing
