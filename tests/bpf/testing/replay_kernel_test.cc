// What a replay answers, and what it says of a caller that goes another way.
#include "purebpf/bpf/testing/replay_kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/attr_link.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/testing/fixture.h"
#include "purebpf/bpf/testing/gtest.h"
#include "purebpf/bpf/testing/values.h"

namespace purebpf::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Two maps, one after the other; a look-up in each.
constexpr std::string_view kTwoMaps =
    "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 value_size=8 max_entries=16 = map:1\n"
    "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_ARRAY key_size=4 value_size=8 max_entries=16 = map:2\n"
    "BPF_MAP_LOOKUP_ELEM map_fd=map:1 key=hex:01000000 = 0 value=hex:0b(00*7)\n"
    "BPF_MAP_LOOKUP_ELEM map_fd=map:2 key=hex:02000000 = ENOENT (No such file or directory)\n"
    "close fd=map:1\n"
    "close fd=map:2\n";

ReplayKernel Replay(std::string_view calls, ReplayOptions options = {}) {
  const std::string text = "purebpf fixture 1\nkernel 6.12.0\narch " + std::string(Architecture()) +
                           "\nabout two maps\n\n" + std::string(calls);
  auto replay = ReplayKernel::FromText(text, std::move(options));
  EXPECT_TRUE(replay.has_value()) << replay.error().ToString();
  return std::move(*replay);
}

SysResult<int> MakeMap(Kernel& kernel, MapType type = MapType::kHash, uint32_t entries = 16) {
  MapCreateAttr attr{.map_type = static_cast<uint32_t>(type),
                     .key_size = 4,
                     .value_size = 8,
                     .max_entries = entries};
  return BpfCall(Command::kMapCreate, attr).Issue(kernel);
}

struct Found {
  SysResult<int> answer;
  uint64_t value;
};

Found LookUp(Kernel& kernel, int map, uint32_t key) {
  uint64_t value = 0;
  MapElemAttr attr{.map_fd = static_cast<uint32_t>(map)};
  const auto answer = BpfCall(Command::kMapLookupElem, attr)
                          .In(&MapElemAttr::key, BytesOf(key))
                          .Out(&MapElemAttr::value, MutableBytesOf(value))
                          .Issue(kernel);
  return {answer, value};
}

TEST(Replay, AnswersAsRecorded) {
  ReplayKernel kernel = Replay(kTwoMaps);
  const int hash = *MakeMap(kernel);
  const int array = *MakeMap(kernel, MapType::kArray);
  EXPECT_NE(hash, array);
  const Found found = LookUp(kernel, hash, 1);
  EXPECT_TRUE(found.answer.has_value());
  EXPECT_EQ(found.value, 11U);
  EXPECT_EQ(LookUp(kernel, array, 2).answer.error().value, ENOENT);
  kernel.Close(hash);
  kernel.Close(array);
  EXPECT_TRUE(Finished(kernel));
  EXPECT_EQ(kernel.made(), 6U);
}

TEST(Replay, ShowsTheCallThatDiffersBesideWhatWasRecorded) {
  ReplayKernel kernel =
      Replay(kTwoMaps, {.name = "maps.fixture", .record_again = "tools/test --record"});
  const int hash = *MakeMap(kernel);
  EXPECT_EQ(MakeMap(kernel, MapType::kArray, 32).error().value, EPROTO);
  EXPECT_TRUE(kernel.failed());
  // Nothing is answered any more, not even what was recorded.
  EXPECT_EQ(LookUp(kernel, hash, 1).answer.error().value, EPROTO);
  EXPECT_EQ(kernel.Report(),
            "call 2 is not what was recorded (maps.fixture:7)\n"
            "\n"
            "    BPF_MAP_CREATE  recorded            now\n"
            "      map_type      BPF_MAP_TYPE_ARRAY  BPF_MAP_TYPE_ARRAY\n"
            "      key_size      4                   4\n"
            "      value_size    8                   8\n"
            "->    max_entries   16                  32\n"
            "\n"
            "before it:\n"
            "  call 1, line 6: BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 value_size=8 "
            "max_entries=16 = map:1\n"
            "\n"
            "and 1 call after it, answered EPROTO like it\n"
            "\n"
            "recorded in maps.fixture on Linux 6.12.0, " +
                std::string(Architecture()) +
                ": two maps\nif what the code does now is right, record it again: "
                "tools/test --record\n");
  const auto finished = kernel.Finish();
  ASSERT_FALSE(finished.has_value());
  EXPECT_EQ(finished.error().code, Code::kConflict);
  EXPECT_EQ(finished.error().log, kernel.Report());
}

TEST(Replay, ShowsAnotherCallThanTheOneThatIsDue) {
  ReplayKernel kernel = Replay("uname = \"6.12.0\"\n");
  EXPECT_EQ(kernel.Open("/sys/fs/cgroup").error().value, EPROTO);
  EXPECT_THAT(kernel.Report(),
              AllOf(HasSubstr("uname"), HasSubstr("open"), HasSubstr("\"/sys/fs/cgroup\"")));
}

TEST(Replay, ShowsACallBehindTheLast) {
  ReplayKernel kernel = Replay("uname = \"6.12.0\"\n");
  EXPECT_EQ(kernel.Release().value_or(""), "6.12.0");
  EXPECT_EQ(kernel.Release().error().value, EPROTO);
  EXPECT_THAT(kernel.Report(), HasSubstr("call 2 is not what was recorded: the recording ends "
                                         "before it\n\nuname\n"));
}

TEST(Replay, ReportsCallsThatWereNeverMade) {
  ReplayKernel kernel = Replay(kTwoMaps);
  kernel.Close(*MakeMap(kernel));
  EXPECT_THAT(kernel.Report(), HasSubstr("call 2 is not what was recorded"));

  ReplayKernel early = Replay(kTwoMaps);
  const int hash = *MakeMap(early);
  (void)MakeMap(early, MapType::kArray);
  EXPECT_THAT(LookUp(early, hash, 1).value, 11U);
  EXPECT_THAT(early.Report(),
              HasSubstr("3 calls were never made:\n"
                        "  line 9: BPF_MAP_LOOKUP_ELEM map_fd=map:2 key=hex:02000000 = ENOENT (No "
                        "such file or directory)\n"
                        "  line 10: close fd=map:1\n"
                        "  line 11: close fd=map:2\n"));
}

TEST(Replay, ReportsWhatWasNeverClosed) {
  constexpr std::string_view kOpened =
      "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 value_size=8 max_entries=16 = map:1\n"
      "open_file path=\"/sys/kernel/btf/vmlinux\" = view:1 size=1 contents=hex:00\n"
      "mmap fd=map:1 size=4096 access=read = mem:1\n";
  for (const bool may_leave_open : {false, true}) {
    ReplayKernel kernel = Replay(kOpened, {.may_leave_open = may_leave_open});
    const int map = *MakeMap(kernel);
    ASSERT_TRUE(kernel.OpenFile("/sys/kernel/btf/vmlinux", 1 << 20).has_value());
    ASSERT_TRUE(kernel.MapMemory(map, 4096, 0, Access::kRead, 0).has_value()) << kernel.Report();
    if (may_leave_open) {
      EXPECT_TRUE(Finished(kernel));
    } else {
      EXPECT_THAT(kernel.Report(), HasSubstr("never closed:\n"
                                             "  map:1, a descriptor: BPF_MAP_CREATE"));
      EXPECT_THAT(kernel.Report(), HasSubstr("  mem:1, a mapping: mmap"));
      EXPECT_THAT(kernel.Report(), HasSubstr("  view:1, a file's contents: open_file"));
    }
  }
}

// --- What is compared ---------------------------------------------------------------------------

// A hand may spell a number or bytes in another way.
TEST(Replay, ComparesValuesAndNotTheirSpelling) {
  ReplayKernel kernel = Replay(
      "BPF_MAP_CREATE max_entries=0x10 value_size=8 key_size=4 map_type=BPF_MAP_TYPE_HASH = map:1\n"
      "BPF_MAP_LOOKUP_ELEM key=hex:01(00*3) map_fd=map:1 = 0 value=hex:(00*8)\n"
      "close fd=map:1\n");
  const auto map = MakeMap(kernel);
  ASSERT_TRUE(map.has_value()) << kernel.Report();
  EXPECT_TRUE(LookUp(kernel, *map, 1).answer.has_value());
  kernel.Close(*map);
  EXPECT_TRUE(Finished(kernel));
}

// Bytes that a recorder gives a name may stand in the line, and the other way round.
TEST(Replay, ComparesABlobWithItsBytes) {
  for (const uint32_t key : {1U, 2U}) {
    ReplayKernel kernel = Replay(
        "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 value_size=8 max_entries=16 = map:1\n"
        "BPF_MAP_LOOKUP_ELEM map_fd=map:1 key=blob:ad2aca7747985764 = 0 value=hex:(00*8)\n"
        "\nblob ad2aca7747985764 4\n    01000000\n");
    EXPECT_EQ(LookUp(kernel, *MakeMap(kernel), key).answer.has_value(), key == 1U);
  }
}

TEST(Replay, ComparesEveryByteThatIsPassed) {
  ReplayKernel kernel = Replay(
      "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 value_size=8 max_entries=16 = map:1\n"
      "BPF_MAP_LOOKUP_ELEM map_fd=map:1 key=hex:01000000 = 0 value=hex:(00*8)\n");
  const int map = *MakeMap(kernel);
  EXPECT_EQ(LookUp(kernel, map, 0x01000001).answer.error().value, EPROTO);
  EXPECT_THAT(kernel.Report(), HasSubstr("->    key"));
}

TEST(Replay, DoesNotCompareWhatIsFree) {
  constexpr std::string_view kFree =
      "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 value_size=8 max_entries=~1 = map:1\n"
      "close fd=map:1\n";
  for (const uint32_t entries : {1U, 99U}) {
    ReplayKernel kernel = Replay(kFree);
    const auto map = MakeMap(kernel, MapType::kHash, entries);
    ASSERT_TRUE(map.has_value()) << kernel.Report();
    kernel.Close(*map);
    EXPECT_TRUE(Finished(kernel));
  }
}

// --- Order --------------------------------------------------------------------------------------

// The second map's look-up before the first one's.
void LookUpTheOtherWayRound(ReplayKernel& kernel) {
  const auto hash = MakeMap(kernel);
  const auto array = MakeMap(kernel, MapType::kArray);
  if (!hash || !array) return;
  (void)LookUp(kernel, *array, 2);
  const Found found = LookUp(kernel, *hash, 1);
  if (found.answer) {
    EXPECT_EQ(found.value, 11U);
  }
  kernel.Close(*hash);
  kernel.Close(*array);
}

TEST(ReplayOrder, IsThatOfTheRecording) {
  ReplayKernel kernel = Replay(kTwoMaps);
  LookUpTheOtherWayRound(kernel);
  EXPECT_THAT(kernel.Report(), HasSubstr("call 3 is not what was recorded"));
}

TEST(ReplayOrder, PerObjectLeavesTheOrderBetweenObjectsFree) {
  ReplayKernel kernel = Replay(kTwoMaps, {.order = Order::kPerObject});
  LookUpTheOtherWayRound(kernel);
  EXPECT_TRUE(Finished(kernel));
}

TEST(ReplayOrder, PerObjectKeepsTheOrderOnOneObject) {
  ReplayKernel kernel = Replay(kTwoMaps, {.order = Order::kPerObject});
  const int hash = *MakeMap(kernel);
  kernel.Close(hash);
  EXPECT_TRUE(kernel.failed());
  EXPECT_THAT(kernel.Report(), AllOf(HasSubstr("BPF_MAP_LOOKUP_ELEM"), HasSubstr("close")));
}

TEST(ReplayOrder, LooseAnswersWhatWasNeverRecordedAsSuccess) {
  ReplayKernel kernel = Replay(kTwoMaps, {.order = Order::kLoose});
  const int hash = *MakeMap(kernel);
  EXPECT_EQ(LookUp(kernel, hash, 1).value, 11U);
  EXPECT_EQ(LookUp(kernel, hash, 1).value, 11U);  // the last one again
  EXPECT_EQ(LookUp(kernel, hash, 5).answer.error().value, ENOENT);
  const auto other = MakeMap(kernel, MapType::kHash, 99);
  EXPECT_TRUE(other.has_value());
  EXPECT_FALSE(kernel.failed());
}

// As where a kernel does not know a field, and is asked again without it: what is asked is the same
// request, and less of its answer has a place.
TEST(ReplayOrder, LooseLeavesOutWhatThereIsNoMemoryFor) {
  constexpr const char* kQuery =
      "BPF_PROG_QUERY target_fd=fd:1 attach_type=BPF_CGROUP_INET_EGRESS prog_cnt=2 = 0 "
      "prog_ids=prog#1,prog#2 prog_attach_flags=2,2\n";
  for (const Order order : {Order::kStrict, Order::kLoose}) {
    ReplayKernel kernel = Replay(kQuery, {.order = order});
    std::array<uint32_t, 2> ids{};
    ProgQueryAttr attr{.target_fd = 5, .attach_type = 1, .count = 2};
    const auto answer = BpfCall(Command::kProgQuery, attr)
                            .Out(&ProgQueryAttr::prog_ids, std::as_writable_bytes(std::span(ids)))
                            .Issue(kernel);
    EXPECT_EQ(answer.has_value(), order == Order::kLoose);
    EXPECT_EQ(kernel.failed(), order == Order::kStrict);
    EXPECT_EQ(ids[1] != 0, order == Order::kLoose);
  }
}

// In every order: what the recording leaves free is not compared.
TEST(ReplayOrder, LeavesFreeWhatIsFree) {
  for (const Order order : {Order::kStrict, Order::kPerObject, Order::kLoose}) {
    ReplayKernel kernel = Replay(
        "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 value_size=8 max_entries=~ = EPERM\n",
        {.order = order});
    EXPECT_EQ(MakeMap(kernel, MapType::kHash, 99).error().value, EPERM);
    EXPECT_TRUE(Finished(kernel));
  }
}

// --- Words that cannot be used ------------------------------------------------------------------

constexpr const char* kCreate =
    "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 value_size=8 max_entries=16 = ";

std::string Created(std::string_view rest) { return std::string(kCreate) + std::string(rest); }

TEST(Replay, SaysWhichAnswerItCannotGive) {
  const std::pair<std::string, const char*> rows[] = {
      {Created("nonsense\n"), "(line 6): result nonsense"},
      {Created("-7\n"), "(line 6): result -7"},
      {Created("99999999999\n"), "(line 6): result 99999999999"},
      {Created("map:1\nBPF_MAP_LOOKUP_ELEM map_fd=map:1 key=hex:01000000 = 0 value=hex:0\n"),
       "(line 7): value"},
      {Created("map:1\nBPF_MAP_LOOKUP_ELEM map_fd=map:1 key=hex:01000000 = 0 value=hex:(00*9)\n"),
       "(line 7): value"},
      {Created("map:1\nBPF_MAP_LOOKUP_ELEM map_fd=map:1 key=hex:01000000 = 0 value=blob:beef\n"),
       "(line 7): value"}};
  for (const auto& [calls, said] : rows) {
    ReplayKernel kernel = Replay(calls);
    if (const auto map = MakeMap(kernel)) (void)LookUp(kernel, *map, 1);
    EXPECT_TRUE(kernel.failed()) << calls;
    EXPECT_THAT(kernel.Report(), AllOf(HasSubstr("cannot be answered"), HasSubstr(said)));
  }
  ReplayKernel twice = Replay(Created("map:1\n") + Created("map:1\n"));
  (void)MakeMap(twice);
  EXPECT_EQ(MakeMap(twice).error().value, EPROTO);
  EXPECT_THAT(twice.Report(), HasSubstr("(line 7): map:1 is open already"));
}

// As a file that was cut before its blobs.
TEST(Replay, NamesTheBlobThatIsMissing) {
  ReplayKernel kernel = Replay("read_file path=\"/proc/version\" = 4 contents=blob:beef\n");
  EXPECT_EQ(kernel.ReadFile("/proc/version", 64).error().value, EPROTO);
  EXPECT_THAT(kernel.Report(), AllOf(HasSubstr("cannot be answered (line 6): contents"),
                                     HasSubstr("\nthe file has no blob beef: ")));
}

TEST(Replay, SaysWhichFileIsNoFixture) {
  const auto replay = ReplayKernel::FromText("no fixture", {.name = "maps.fixture"});
  ASSERT_FALSE(replay.has_value());
  EXPECT_THAT(replay.error().ToString(), HasSubstr("'maps.fixture: line 1': no fixture"));
}

// --- Memory -------------------------------------------------------------------------------------

constexpr std::string_view kMemory =
    "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 value_size=8 max_entries=16 = map:1\n"
    "mmap fd=map:1 size=4096 access=read = mem:1\n"
    "    = memory at=mem:1+8 bytes=hex:01\n"
    "look memory=mem:1 size=64\n"
    "    = memory at=mem:1+8 bytes=hex:02\n"
    "    = memory at=mem:1+32 bytes=hex:0a0b\n"
    "munmap memory=mem:1\n"
    "close fd=map:1\n";

TEST(ReplayedMemory, IsWhatTheCallerSawWhenItLooked) {
  ReplayKernel kernel = Replay(kMemory);
  const int map = *MakeMap(kernel);
  const auto memory = kernel.MapMemory(map, 4096, 0, Access::kRead, 0);
  ASSERT_TRUE(memory.has_value()) << kernel.Report();
  EXPECT_EQ((*memory)[8], std::byte{1});
  kernel.Look(Bytes(*memory).first(64));
  EXPECT_EQ((*memory)[8], std::byte{2});
  EXPECT_EQ((*memory)[33], std::byte{0x0b});
  kernel.Look(Bytes(*memory).first(64));  // who looks again sees nothing new
  EXPECT_EQ((*memory)[8], std::byte{2});
  kernel.UnmapMemory(*memory);
  kernel.Close(map);
  EXPECT_TRUE(Finished(kernel));
}

TEST(ReplayedMemory, IsComparedWhereTheCallerWrites) {
  constexpr std::string_view kWritten =
      "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 value_size=8 max_entries=16 = map:1\n"
      "mmap fd=map:1 size=4096 access=read_write = mem:1\n"
      "munmap memory=mem:1\n"
      "    = memory at=mem:1 bytes=hex:07\n"
      "close fd=map:1\n";
  for (const std::byte written : {std::byte{7}, std::byte{6}}) {
    ReplayKernel kernel = Replay(kWritten);
    const int map = *MakeMap(kernel);
    const auto memory = kernel.MapMemory(map, 4096, 0, Access::kReadWrite, 0);
    ASSERT_TRUE(memory.has_value()) << kernel.Report();
    (*memory)[0] = written;
    kernel.UnmapMemory(*memory);
    kernel.Close(map);
    if (written == std::byte{7}) {
      EXPECT_TRUE(Finished(kernel));
    } else {
      EXPECT_THAT(kernel.Report(), HasSubstr("the caller wrote hex:06 there, and hex:07 was "
                                             "recorded"));
    }
  }
}

// --- Netlink ------------------------------------------------------------------------------------

constexpr std::string_view kLink =
    "socket protocol=NETLINK_ROUTE = nl:1\n"
    "send fd=nl:1 = 0\n"
    "    RTM_GETLINK flags=NLM_F_REQUEST seq=5\n"
    "        ifinfomsg index=3\n"
    "recv fd=nl:1 = 44\n"
    "    = RTM_NEWLINK seq=5 pid=~self\n"
    "        ifinfomsg index=3\n"
    "        IFLA_IFNAME=\"eth0\"\n"
    "close fd=nl:1\n";

// nlmsghdr with RTM_GETLINK and NLM_F_REQUEST, and ifinfomsg of interface 3.
std::array<uint32_t, 8> Request(uint32_t sequence) {
  return {32, 18 | (1U << 16), sequence, 0, 0, 3, 0, 0};
}

// Sequence numbers are the caller's own business: the answer has the one that it sent.
TEST(ReplayedNetlink, AnswersWithTheCallersSequenceNumber) {
  ReplayKernel kernel = Replay(kLink);
  const auto socket = kernel.NetlinkOpen(0, 0);
  ASSERT_TRUE(socket.has_value()) << kernel.Report();
  const auto request = Request(77);
  EXPECT_TRUE(kernel.NetlinkSend(*socket, BytesOf(request)).has_value()) << kernel.Report();
  std::array<uint32_t, 64> reply{};
  const auto size = kernel.NetlinkReceive(*socket, MutableBytesOf(reply), ReceiveMode::kBlock);
  ASSERT_TRUE(size.has_value()) << kernel.Report();
  EXPECT_EQ(*size, 44U);
  EXPECT_EQ(reply[1], 16U);  // RTM_NEWLINK
  EXPECT_EQ(reply[2], 77U);
  kernel.Close(*socket);
  EXPECT_TRUE(Finished(kernel));
}

// docs/TESTING.md names it among what is free.
TEST(ReplayedNetlink, LeavesTheOrderOfAttributesFree) {
  ReplayKernel kernel = Replay(
      "socket protocol=NETLINK_ROUTE = nl:1\n"
      "send fd=nl:1 = 0\n"
      "    RTM_SETLINK flags=NLM_F_REQUEST seq=~5\n"
      "        ifinfomsg index=3\n"
      "        IFLA_MTU=1500 IFLA_TXQLEN=7\n");
  // IFLA_TXQLEN, then IFLA_MTU.
  const std::array<uint32_t, 12> request = {
      48, 19 | (1U << 16), 5, 0, 0, 3, 0, 0, 8 | (13U << 16), 7, 8 | (4U << 16), 1500};
  const auto sent = kernel.NetlinkSend(*kernel.NetlinkOpen(0, 0), BytesOf(request));
  EXPECT_TRUE(sent.has_value()) << kernel.Report();
}

// Of two nests of one name each attribute belongs to its own.
TEST(ReplayedNetlink, KeepsNestsOfOneNameApart) {
  const auto replay = [] {
    return Replay(
        "socket protocol=NETLINK_ROUTE = nl:1\n"
        "send fd=nl:1 = 0\n"
        "    RTM_SETLINK flags=NLM_F_REQUEST seq=~5\n"
        "        ifinfomsg index=3\n"
        "        IFLA_XDP+nested\n"
        "            IFLA_XDP_FD=-1 IFLA_XDP_FLAGS=XDP_FLAGS_SKB_MODE\n"
        "        IFLA_XDP+nested\n"
        "            IFLA_XDP_FD=-1\n");
  };
  const uint32_t xdp = 43 | (1U << 15);
  const uint32_t fd = 8 | (1U << 16);
  const uint32_t flags = 8 | (3U << 16);
  // IFLA_XDP_FLAGS in the first of them, then in the second.
  const std::array<uint32_t, 16> first = {
      64, 19 | (1U << 16),  5,  0,         0, 3, 0, 0, 20 | (xdp << 16), fd, UINT32_MAX, flags,
      2,  12 | (xdp << 16), fd, UINT32_MAX};
  const std::array<uint32_t, 16> second = {
      64,         19 | (1U << 16),  5,  0,          0,     3, 0, 0, 12 | (xdp << 16), fd,
      UINT32_MAX, 20 | (xdp << 16), fd, UINT32_MAX, flags, 2};
  ReplayKernel same = replay();
  EXPECT_TRUE(same.NetlinkSend(*same.NetlinkOpen(0, 0), BytesOf(first)).has_value())
      << same.Report();
  ReplayKernel other = replay();
  EXPECT_FALSE(other.NetlinkSend(*other.NetlinkOpen(0, 0), BytesOf(second)).has_value());
  EXPECT_THAT(other.Report(), HasSubstr("->    RTM_SETLINK.IFLA_XDP+nested#2."));
}

// What an answer may unfold to has an end, however short the words are.
TEST(ReplayedNetlink, NamesALargeBlobNotForEver) {
  constexpr size_t kSize = size_t{4} << 20;
  const std::vector<std::byte> bytes(kSize, std::byte{0xab});
  const std::string name = internal::HashName(bytes);
  std::string text = "socket protocol=NETLINK_ROUTE = nl:1\nrecv fd=nl:1 = 64\n";
  for (int i = 0; i < 17; ++i) text += "    = NLMSG_NOOP payload=blob:" + name + "\n";
  text +=
      "\nblob " + name + " " + std::to_string(kSize) + "\n    (ab*" + std::to_string(kSize) + ")\n";
  ReplayKernel kernel = Replay(text);
  std::array<std::byte, 64> reply{};
  const auto size = kernel.NetlinkReceive(*kernel.NetlinkOpen(0, 0), reply, ReceiveMode::kBlock);
  ASSERT_FALSE(size.has_value());
  EXPECT_EQ(size.error().value, EPROTO);
  EXPECT_THAT(kernel.Report(), HasSubstr("cannot be answered (line 7): payload=blob:" + name));
}

TEST(ReplayedNetlink, ShowsTheAttributeThatDiffers) {
  ReplayKernel kernel = Replay(kLink);
  const auto socket = kernel.NetlinkOpen(0, 0);
  auto request = Request(5);
  request[5] = 4;
  EXPECT_EQ(kernel.NetlinkSend(*socket, BytesOf(request)).error().value, EPROTO);
  EXPECT_THAT(kernel.Report(), HasSubstr("->    RTM_GETLINK.ifinfomsg.index"));
}

}  // namespace
}  // namespace purebpf::testing
