// What is recorded of a kernel replays, and comes out of parsing and writing as it went in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/insn.h"
#include "purebpf/bpf/testing/fixture.h"
#include "purebpf/bpf/testing/gtest.h"
#include "purebpf/bpf/testing/recording_kernel.h"
#include "purebpf/bpf/testing/replay_kernel.h"
#include "purebpf/tests/support/every_call.h"
#include "purebpf/tests/support/fake_kernel.h"

namespace purebpf::testing {
namespace {

using ::testing::HasSubstr;

// What the caller got of a call, to be compared between recording and replay.
using Story = std::function<std::string(Kernel&)>;

std::string ErrorText(Errno error) { return ErrnoName(error.value); }

template <typename T>
std::string Text(const SysResult<T>& result) {
  if (!result) return ErrorText(result.error());
  if constexpr (std::is_void_v<T>) {
    return "done";
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(*result);
  } else {
    return std::string(*result);
  }
}

std::string_view AsText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Records `story` with `fake`, checks that the text is stable, replays it, and gives the text.
std::string RoundTrip(FakeKernel& fake, const Story& story) {
  RecordingKernel recorder(fake, {.about = "a test"});
  const std::string live = story(recorder);
  const std::string text = recorder.Text();
  const auto fixture = ParseFixture(text);
  EXPECT_TRUE(fixture.has_value()) << fixture.error().ToString() << "\n" << text;
  if (fixture) {
    EXPECT_EQ(WriteFixture(*fixture), text);
  }
  auto replay = ReplayKernel::FromText(text);
  EXPECT_TRUE(replay.has_value()) << replay.error().ToString();
  if (replay) {
    EXPECT_EQ(story(*replay), live) << text;
    EXPECT_TRUE(Finished(*replay)) << text;
  }
  return text.substr(text.find("\n\n") + 2);
}

std::string RoundTrip(const Story& story) {
  FakeKernel fake;
  return RoundTrip(fake, story);
}

SysResult<int> MakeMap(Kernel& kernel, MapType type = MapType::kHash, uint32_t value_size = 8) {
  MapCreateAttr attr{.map_type = static_cast<uint32_t>(type),
                     .key_size = 4,
                     .value_size = value_size,
                     .max_entries = 16,
                     .map_flags = MapFlag::kNoPrealloc};
  std::memcpy(attr.map_name.data(), "counts", 6);
  return BpfCall(Command::kMapCreate, attr).Issue(kernel);
}

SysResult<int> Element(Kernel& kernel, Command command, int map, Bytes key, MutableBytes value,
                       Direction direction, uint64_t flags = 0) {
  MapElemAttr attr{.map_fd = static_cast<uint32_t>(map), .flags = flags};
  return BpfCall(command, attr)
      .In(&MapElemAttr::key, key)
      .Add(&MapElemAttr::value, direction, value)
      .Issue(kernel);
}

TEST(RoundTrip, OfCreatingAMap) {
  EXPECT_EQ(RoundTrip([](Kernel& kernel) {
              const auto fd = MakeMap(kernel);
              kernel.Close(*fd);
              return std::string(fd ? "made" : "");
            }),
            "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 value_size=8 max_entries=16 "
            "map_flags=BPF_F_NO_PREALLOC map_name=\"counts\" = map:1\n"
            "close fd=map:1\n");
}

TEST(RoundTrip, OfElements) {
  FakeKernel fake;
  fake.Answer(Command::kMapLookupElem, [](MutableBytes, std::span<const Region> regions) {
    std::ranges::fill(regions[1].bytes, std::byte{7});
    return SysResult<int>(0);
  });
  fake.Answer(Command::kMapLookupElem, Errno{ENOENT});
  const std::string text = RoundTrip(fake, [](Kernel& kernel) {
    const int map = *MakeMap(kernel);
    std::array<std::byte, 8> value{};
    const std::array<std::byte, 4> key{std::byte{1}};
    std::string seen =
        Text(Element(kernel, Command::kMapLookupElem, map, key, value, Direction::kOut));
    seen += AsText(value);
    seen += Text(Element(kernel, Command::kMapLookupElem, map, key, value, Direction::kOut));
    seen += Text(Element(kernel, Command::kMapUpdateElem, map, key, value, Direction::kIn, 1));
    kernel.Close(map);
    return seen;
  });
  EXPECT_THAT(text, HasSubstr("BPF_MAP_LOOKUP_ELEM map_fd=map:1 key=hex:01000000 = 0 "
                              "value=hex:(07*8)\n"
                              "BPF_MAP_LOOKUP_ELEM map_fd=map:1 key=hex:01000000 = ENOENT "
                              "(No such file or directory)\n"
                              "BPF_MAP_UPDATE_ELEM map_fd=map:1 key=hex:01000000 value=hex:(07*8) "
                              "flags=BPF_NOEXIST = 0\n"));
}

// Its programs are told apart from its data.
TEST(RoundTrip, OfAStructOpsValue) {
  const std::string text = RoundTrip([](Kernel& kernel) {
    const int map = *MakeMap(kernel, MapType::kStructOps, 40);
    const std::array<Insn, 1> code = {Insn{.code = kExit}};
    std::array<uint64_t, 5> value = {0, 0, 7, 0, 0};
    for (const size_t at : {3, 1}) {
      ProgLoadAttr attr{.prog_type = static_cast<uint32_t>(ProgType::kStructOps), .insn_cnt = 1};
      value[at] =
          static_cast<uint64_t>(*BpfCall(Command::kProgLoad, attr)
                                     .In(&ProgLoadAttr::insns, std::as_bytes(std::span(code)))
                                     .Issue(kernel));
    }
    const std::array<std::byte, 4> key{};
    const auto put = Element(kernel, Command::kMapUpdateElem, map, key,
                             std::as_writable_bytes(std::span(value)), Direction::kIn);
    for (const size_t at : {3, 1}) kernel.Close(static_cast<int>(value[at]));
    kernel.Close(map);
    return Text(put);
  });
  EXPECT_THAT(text,
              HasSubstr("key=hex:00000000 value=hex:(00*8),prog:2,hex:0700000000000000,prog:1,"
                        "hex:(00*8) = 0\n"));
}

// Who built the kernel is nobody's business; what is read of it is the release, and Debian's own.
TEST(Recording, HasNotWhoBuiltTheKernel) {
  constexpr std::string_view kRelease = "Linux version 6.1.0-18-amd64";
  constexpr std::string_view kVersion = " #1 SMP Debian 6.1.76-1 (2024-02-01)\n";
  const std::string whole =
      std::string(kRelease) + " (who@where) (gcc-12 (Debian 12.2.0-14) 12.2.0)";
  for (const auto& [contents, told] :
       {std::pair(whole + std::string(kVersion), std::string(kRelease) + std::string(kVersion)),
        std::pair(whole, std::string(kRelease)),
        std::pair(std::string("Linux"), std::string("Linux")),
        std::pair(std::string(" #1 ("), std::string(" #1"))}) {
    FakeKernel fake;
    fake.files["/proc/version"] = contents;
    RecordingKernel recorder(fake);
    const auto read = recorder.ReadFile("/proc/version", 4096);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(AsText(*read), contents);
    auto replay = ReplayKernel::FromText(recorder.Text());
    ASSERT_TRUE(replay.has_value());
    const auto again = replay->ReadFile("/proc/version", 4096);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(AsText(*again), told);
  }
}

// What it all looks like: a line a call, by the kernel's own names.
constexpr std::string_view kEveryCall =
    R"(BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 value_size=8 max_entries=16 map_name="counts" = map:1
BPF_MAP_CREATE map_type=BPF_MAP_TYPE_ARRAY_OF_MAPS key_size=4 value_size=4 max_entries=1 map_name="counts" = map:2
BPF_MAP_LOOKUP_ELEM map_fd=map:1 key=hex:01000000 = 0 value=hex:(07*8)
BPF_MAP_UPDATE_ELEM map_fd=map:1 key=hex:01000000 value=hex:(07*8) = 0
BPF_MAP_DELETE_ELEM map_fd=map:1 key=hex:01000000 = ENOENT (No such file or directory)
BPF_MAP_GET_NEXT_KEY map_fd=map:1 key=hex:01000000 = 0 next_key=hex:02020202
BPF_MAP_UPDATE_ELEM map_fd=map:2 key=hex:01000000 value=map:1 = 0
BPF_MAP_LOOKUP_BATCH count=4 map_fd=map:1 = ENOENT (No such file or directory) count=2 keys=hex:(03*8) values=hex:(04*16)
BPF_MAP_FREEZE map_fd=map:1 = 0
BPF_BTF_LOAD btf=hex:(01*24) btf_size=24 = btf:1
BPF_PROG_LOAD prog_type=BPF_PROG_TYPE_XDP insn_cnt=4 license="GPL" log_level=1 log_size=256 prog_btf_fd=btf:1 func_info_rec_size=8 func_info=hex:0000000003000000 func_info_cnt=1 = prog:1
    insns
        0: 18 10 0000 map:1  # r0 = map[map:1]
        1: 00 00 0000 00000000
        2: b7 00 0000 00000000  # r0 = 0
        3: 95 00 0000 00000000  # exit
    = log_buf
        "0: (18) r0 = map[0]\n"
        "processed 3 insns\n"
BPF_PROG_TEST_RUN prog_fd=prog:1 data_size_in=64 data_size_out=64 data_in=hex:(09*64) repeat=1 = 0 retval=2 data_out=hex:(09*64)
BPF_OBJ_GET_INFO_BY_FD bpf_fd=map:1 info_len=256 = 0
    = info
BPF_OBJ_GET_INFO_BY_FD bpf_fd=prog:1 info_len=256 = 0
    = info
BPF_OBJ_PIN pathname="/sys/fs/bpf/x" bpf_fd=map:1 = 0
BPF_OBJ_GET pathname="/sys/fs/bpf/x" = obj:1
BPF_MAP_GET_NEXT_ID = 0 next_id=map#1
BPF_MAP_GET_FD_BY_ID map_id=map#1 = map:3
BPF_LINK_CREATE prog_fd=prog:1 target_ifindex=3 attach_type=BPF_XDP = link:1
read_file path="/proc/stat" = 8 contents="cpu 1 2\n"
open_file path="/sys/kernel/btf/vmlinux" = view:1 size=300 contents=hex:(9f*300)
close_file view=view:1
write_file path="/tmp/x" mode=replace contents="one\n" = 0
list_folder path="/sys/bus" = 1
    = names
        "pci"
mkdir path="/sys/fs/bpf/y" = 0
unlink path="/sys/fs/bpf/y" = 0
statfs path="/sys/fs/bpf" = 0xcafe4a11
open path="/sys/fs/cgroup" = file:1
read fd=file:1 = 19 data="an iterator's text\n"
dup fd=map:1 = map:4
perf_event_open size=128 pid=0 cpu=1 group_fd=-1 = perf:1
ioctl fd=perf:1 request=PERF_EVENT_IOC_SET_BPF argument=prog:1 = 0
setsockopt fd=perf:1 level=SOL_SOCKET option=SO_ATTACH_BPF value=prog:1 = 0
BPF_MAP_CREATE map_type=BPF_MAP_TYPE_RINGBUF max_entries=4096 map_name="counts" = map:5
mmap fd=map:5 size=4096 access=read_write = mem:1
mmap fd=map:5 size=12288 offset=4096 access=read = mem:2
poll fd=map:5 timeout=~1000 = 1 readable=map:5
look memory=mem:2 size=64
    = memory at=mem:2 bytes=hex:(05*24)
munmap memory=mem:2
munmap memory=mem:1
    = memory at=mem:1 bytes=hex:08(05*23)
socket protocol=NETLINK_ROUTE groups=RTMGRP_LINK = nl:1
send fd=nl:1 = 0
    RTM_GETLINK flags=NLM_F_REQUEST seq=~7
        ifinfomsg index=3
recv fd=nl:1 = 64
    = RTM_NEWLINK seq=7 pid=~self
        ifinfomsg type=1 index=3 flags=IFF_UP|IFF_BROADCAST|IFF_RUNNING|IFF_MULTICAST
        IFLA_IFNAME="eth0" IFLA_MTU=1500
        IFLA_XDP+nested
            IFLA_XDP_ATTACHED=XDP_ATTACHED_NONE
recv fd=nl:1 flags=MSG_DONTWAIT = EAGAIN (Resource temporarily unavailable)
uname = "6.1.0"
getrlimit resource=RLIMIT_MEMLOCK = 0 soft=65536 hard=65536
setrlimit resource=RLIMIT_MEMLOCK soft=1 hard=2 = 0
close fd=nl:1
close fd=map:5
close fd=perf:1
close fd=map:4
close fd=file:1
close fd=link:1
close fd=map:3
close fd=obj:1
close fd=prog:1
close fd=btf:1
close fd=map:2
close fd=map:1
)";

TEST(RoundTrip, OfEveryCallOfTheSeam) {
  FakeKernel fake;
  PrepareEveryCall(fake);
  EXPECT_EQ(RoundTrip(fake, EveryCall), kEveryCall);
}

// Others in every run: told where they matter, and free all the same.
TEST(RoundTrip, LeavesProcessIdsAndSequenceNumbersFree) {
  FakeKernel fake;
  fake.replies.push_back(std::vector<std::byte>(20));
  const auto story = [](uint32_t number) {
    return [number](Kernel& kernel) {
      const int socket = *kernel.NetlinkOpen(0, 0);
      const std::array<uint32_t, 8> request = {32, 18 | (1U << 16), number, 0, 0, 3, 0, 0};
      std::string seen = Text(kernel.NetlinkSend(socket, BytesOf(request)));
      std::array<std::byte, 128> attr{};
      attr[4] = std::byte{128};
      const PerfTarget target{.pid = static_cast<int>(number)};
      const int event = *kernel.PerfEventOpen(attr, {}, target);
      kernel.Close(event);
      kernel.Close(socket);
      return seen;
    };
  };
  RecordingKernel recorder(fake);
  EXPECT_EQ(story(4711)(recorder), "done");
  EXPECT_THAT(recorder.Text(), HasSubstr("seq=~4711"));
  EXPECT_THAT(recorder.Text(), HasSubstr("perf_event_open size=128 pid=~4711"));
  auto replay = ReplayKernel::FromText(recorder.Text());
  ASSERT_TRUE(replay.has_value());
  EXPECT_EQ(story(99)(*replay), "done");
  EXPECT_TRUE(Finished(*replay));
}

// Whoever looked at a file finds the same in what is kept of it.
TEST(RoundTrip, KeepsOfAFileWhatWasLookedAt) {
  FakeKernel fake;
  fake.files["/sys/kernel/btf/vmlinux"] = std::string(5 << 20, 'x');
  RecordingKernel recorder(fake);
  const auto view = recorder.OpenFile("/sys/kernel/btf/vmlinux", 8 << 20);
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->size(), size_t{5} << 20);
  recorder.CloseFile(*view, [] { return std::vector<std::byte>(3, std::byte{'x'}); });
  EXPECT_THAT(recorder.Text(), HasSubstr("open_file path=\"/sys/kernel/btf/vmlinux\" = view:1 "
                                         "size=3 contents=\"xxx\"\n"));
}

// Another compiler, another comment: other types and lines, and the same program.
TEST(RoundTrip, LeavesTypesFreeWhereThatIsAskedFor) {
  const auto load = [](uint8_t types) {
    return [types](Kernel& kernel) {
      const std::vector<std::byte> btf(600 + types, std::byte{types});
      BtfLoadAttr attr{.btf_size = static_cast<uint32_t>(btf.size())};
      const int fd = *BpfCall(Command::kBtfLoad, attr).In(&BtfLoadAttr::btf, btf).Issue(kernel);
      MapCreateAttr map{.map_type = 1,
                        .key_size = 4,
                        .value_size = 4,
                        .max_entries = 1,
                        .btf_fd = static_cast<uint32_t>(fd),
                        .btf_key_type_id = types,
                        .btf_value_type_id = types};
      const auto made = BpfCall(Command::kMapCreate, map).Issue(kernel);
      kernel.Close(*made);
      kernel.Close(fd);
      return Text(made);
    };
  };
  FakeKernel fake;
  RecordingKernel recorder(fake, {.about = "a test", .types_are_free = true});
  (void)load(1)(recorder);
  const std::string text = recorder.Text();
  EXPECT_EQ(text.substr(text.find("\n\n") + 2),
            "BPF_BTF_LOAD btf=~ btf_size=~ = btf:1\n"
            "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 value_size=4 max_entries=1 "
            "btf_fd=btf:1 btf_key_type_id=~ btf_value_type_id=~ = map:1\n"
            "close fd=map:1\n"
            "close fd=btf:1\n");
  auto replay = ReplayKernel::FromText(text);
  ASSERT_TRUE(replay.has_value());
  (void)load(2)(*replay);
  EXPECT_TRUE(Finished(*replay));
}

// Who wrote last is told apart: the caller before the run, the program in it.
TEST(RoundTrip, OfMemoryThatTheCallerWritesAndThenAProgram) {
  FakeKernel fake;
  fake.Always(Command::kProgTestRun,
              [&fake](MutableBytes, std::span<const Region>) -> SysResult<int> {
                fake.mappings.front().memory[0] = std::byte{9};
                return 0;
              });
  const std::string text = RoundTrip(fake, [](Kernel& kernel) {
    const int map = *MakeMap(kernel, MapType::kArray);
    const auto memory = kernel.MapMemory(map, 4096, 0, Access::kReadWrite, 0);
    (*memory)[0] = std::byte{7};
    TestRunAttr attr;
    std::string seen = Text(BpfCall(Command::kProgTestRun, attr).Issue(kernel));
    kernel.Look(Bytes(*memory).first(8));
    seen += " " + std::to_string(std::to_integer<int>((*memory)[0]));
    kernel.UnmapMemory(*memory);
    kernel.Close(map);
    return seen;
  });
  EXPECT_THAT(text, HasSubstr("= 0\n"
                              "    = memory at=mem:1 bytes=hex:07\n"
                              "look memory=mem:1 size=8\n"
                              "    = memory at=mem:1 bytes=hex:09\n"));
}

// Many bytes stand at the end, once, by their hash.
TEST(RoundTrip, OfManyBytesKeepsThemOnce) {
  FakeKernel fake;
  for (int i = 0; i < 700; ++i) fake.files["/proc/many"] += static_cast<char>(128 + i * 7 % 100);
  const std::string text = RoundTrip(fake, [](Kernel& kernel) {
    std::string seen;
    for (int i = 0; i < 2; ++i) seen += AsText(*kernel.ReadFile("/proc/many", 1000));
    return seen;
  });
  EXPECT_THAT(text, HasSubstr("read_file path=\"/proc/many\" = 700 contents=blob:"));
  EXPECT_EQ(text.find("\nblob "), text.rfind("\nblob "));
}

TEST(Replay, SaysOnWhichMachineItWasRecordedWhereItGoesAnotherWay) {
  auto replay = ReplayKernel::FromText(
      "purebpf fixture 1\nkernel 6.12.0\narch s390x\nabout a test\n\nclose fd=map:1\n");
  ASSERT_TRUE(replay.has_value()) << replay.error().ToString();
  EXPECT_FALSE(MakeMap(*replay).has_value());
  EXPECT_THAT(replay->Report(), HasSubstr("on Linux 6.12.0, s390x (here on "));
  EXPECT_THAT(replay->Report(), HasSubstr(", where registers and page sizes differ): a test"));
}

}  // namespace
}  // namespace purebpf::testing
