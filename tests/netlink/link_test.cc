#include "purebpf/netlink/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/tests/netlink/fake_netlink.h"
#include "purebpf/tests/netlink/hex.h"
#include "purebpf/tests/netlink/recorded_dump.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf::netlink {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::FakeNetlink;
using purebpf::testing::Hex;
using purebpf::testing::IsOk;
using purebpf::testing::kLittleEndian;
using purebpf::testing::ToHex;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

constexpr XdpState kNoXdp;

class LinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kLittleEndian) GTEST_SKIP() << "the literals are little-endian";
  }

  // ifi_index 5, IFF_UP, then these attributes.
  static Result<Link> Parse(const std::string& attributes, uint16_t type = kRtmNewLink) {
    const std::vector<std::byte> payload =
        Hex("00 00 01 00 05 00 00 00 01 00 00 00 00 00 00 00" + attributes);
    return ParseLink(Message{.type = type, .payload = payload});
  }

  FakeNetlink kernel_;
  Socket socket_ = Socket::Open(kernel_).value();
};

// IFLA_IFNAME "a"; and a whole message of it for a request's or an event's sequence number.
constexpr char kNameA[] = "06 00 03 00 61 00 00 00";
std::string Answer(std::string_view sequence, std::string_view type = "10 00",
                   std::string_view flags = "00 00", std::string_view index = "05") {
  return "28 00 00 00 " + std::string(type) + std::string(flags) + std::string(sequence) +
         "00 00 00 00 00 00 01 00 " + std::string(index) + "00 00 00 00 00 00 00 00 00 00 00 " +
         kNameA;
}
constexpr char kOne[] = "01 00 00 00";
constexpr char kNone[] = "00 00 00 00";
// What the kernel says to the first request: -ENODEV, -EINVAL, -EPERM.
std::string Refuses(std::string_view error) {
  return "24 00 00 00 02 00 00 01 01 00 00 00 00 00 00 00 " + std::string(error) +
         "10 00 00 00 12 00 01 00 01 00 00 00 00 00 00 00";
}

TEST_F(LinkTest, ListsARecordedDump) {
  kernel_.Datagram(kRecordedDump);
  const Result<std::vector<Link>> links = ListLinks(socket_);
  ASSERT_THAT(links, IsOk());
  ASSERT_EQ(links->size(), 4u);

  const Link& lo = links->at(0);
  EXPECT_EQ(lo.index, 1u);
  EXPECT_EQ(lo.name, "lo");
  EXPECT_THAT(lo.altnames, IsEmpty());
  EXPECT_EQ(lo.kind, "");
  EXPECT_EQ(lo.flags, 8u);  // IFF_LOOPBACK
  EXPECT_FALSE(lo.up());
  EXPECT_EQ(lo.mtu, 65536u);
  EXPECT_EQ(ToHex(lo.address), "00 00 00 00 00 00");
  EXPECT_EQ(lo.xdp, kNoXdp);

  const Link& veth1 = links->at(1);
  EXPECT_EQ(veth1.index, 2u);
  EXPECT_EQ(veth1.name, "veth1");
  EXPECT_EQ(veth1.kind, "veth");
  EXPECT_EQ(veth1.mtu, 1500u);
  EXPECT_EQ(ToHex(veth1.address), "06 5e 53 a7 8c e0");
  EXPECT_EQ(veth1.xdp, (XdpState{.native = 107}));

  const Link& veth0 = links->at(2);
  EXPECT_EQ(veth0.index, 3u);
  EXPECT_EQ(veth0.name, "veth0");
  EXPECT_THAT(veth0.altnames, ElementsAre("uplink", "the-uplink-of-this-host"));
  EXPECT_EQ(veth0.xdp, (XdpState{.skb = 103}));

  EXPECT_EQ(links->at(3).name, "br0");
  EXPECT_EQ(links->at(3).kind, "bridge");
}

TEST_F(LinkTest, AsksForAListWithoutCounters) {
  kernel_.Datagram(kRecordedDump);
  ASSERT_THAT(ListLinks(socket_), IsOk());
  ASSERT_EQ(kernel_.sent().size(), 1u);
  EXPECT_EQ(ToHex(kernel_.sent()[0]),
            "28 00 00 00 12 00 01 03 01 00 00 00 00 00 00 00 "
            "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 08 00 1d 00 08 00 00 00");
}

TEST_F(LinkTest, SortsTheListByIndex) {
  kernel_.Datagram(Answer(kOne, "10 00", "02 00", "09") + Answer(kOne, "10 00", "02 00", "04") +
                   "14 00 00 00 03 00 02 00 01 00 00 00 00 00 00 00 00 00 00 00");
  EXPECT_THAT(ListLinks(socket_).value(),
              ElementsAre(Field(&Link::index, 4u), Field(&Link::index, 9u)));
}

TEST_F(LinkTest, ListsAgainWhereAChangeInterruptedTheList) {
  kernel_.Datagram(Answer(kOne, "10 00", "12 00") +
                   "14 00 00 00 03 00 12 00 01 00 00 00 00 00 00 00 00 00 00 00");
  kernel_.Datagram(Answer("02 00 00 00", "10 00", "02 00") +
                   "14 00 00 00 03 00 02 00 02 00 00 00 00 00 00 00 00 00 00 00");
  EXPECT_EQ(ListLinks(socket_).value().size(), 1u);
  EXPECT_EQ(kernel_.sent().size(), 2u);
}

TEST_F(LinkTest, ListsAgainWhereAMessageWasCut) {
  kernel_.Datagram(std::vector<std::byte>(40000));
  kernel_.Datagram("");  // read away as the rest of the first answer
  kernel_.Fails(EAGAIN);
  kernel_.Datagram(Answer("02 00 00 00", "10 00", "02 00") +
                   "14 00 00 00 03 00 02 00 02 00 00 00 00 00 00 00 00 00 00 00");
  EXPECT_EQ(ListLinks(socket_).value().size(), 1u);
}

TEST_F(LinkTest, GivesUpAListThatIsAlwaysInterrupted) {
  for (int i = 1; i <= 20; ++i)
    kernel_.Datagram("14 00 00 00 03 00 12 00 " + ToHex(BytesOf(i)) + " 00 00 00 00 00 00 00 00");
  EXPECT_THAT(ListLinks(socket_), Fails(Code::kSystem, "list links: EINTR"));
  EXPECT_EQ(kernel_.sent().size(), 10u);
}

TEST_F(LinkTest, ReadsXdpOfKernelsWithOneIdAndWithAnIdForEachMode) {
  struct Case {
    std::string_view name, inside;
    XdpState state;
  };
  const Case kCases[] = {
      {"none", "05 00 02 00 00 00 00 00", {}},
      {"native, one id", "05 00 02 00 01 00 00 00 08 00 04 00 2a 00 00 00", {.native = 42}},
      {"SKB, one id", "05 00 02 00 02 00 00 00 08 00 04 00 2a 00 00 00", {.skb = 42}},
      {"hardware, one id", "05 00 02 00 03 00 00 00 08 00 04 00 2a 00 00 00", {.hardware = 42}},
      {"the id first", "08 00 04 00 2a 00 00 00 05 00 02 00 02 00 00 00", {.skb = 42}},
      {"SKB, both forms",
       "08 00 06 00 2a 00 00 00 05 00 02 00 02 00 00 00 08 00 04 00 2a 00 00 00",
       {.skb = 42}},
      {"several",
       "08 00 05 00 01 00 00 00 08 00 06 00 02 00 00 00 08 00 07 00 03 00 00 00 "
       "05 00 02 00 04 00 00 00",
       {.skb = 2, .native = 1, .hardware = 3}},
      {"a mode of the future", "05 00 02 00 09 00 00 00 08 00 04 00 2a 00 00 00", {}},
      {"nothing inside", "", {}},
  };
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.name);
    const size_t length = Hex(row.inside).size() + 4;
    const std::string nest = ToHex(BytesOf(static_cast<uint16_t>(length))) + " 2b 80";
    const Result<Link> link = Parse(nest + std::string(row.inside) + kNameA);
    ASSERT_THAT(link, IsOk());
    EXPECT_EQ(link->xdp, row.state);
  }
}

TEST_F(LinkTest, RefusesMalformedMessages) {
  struct Case {
    std::string_view name;
    std::string attributes;
    std::string_view words;
  };
  const std::string name_a = kNameA;
  const Case kCases[] = {
      {"no name", "", "IFLA_IFNAME of ifindex 5 has 0 characters, not 1 to 15"},
      {"an empty name", "05 00 03 00 00 00 00 00", "has 0 characters"},
      {"a name of 16 characters", "14 00 03 00 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61",
       "has 16 characters"},
      {"an MTU of 2 bytes", name_a + "06 00 04 00 01 00 00 00", "attribute 4 has 2 bytes, not 4"},
      {"a cut attribute", name_a + "09 00 04 00", "nla_len 9"},
      {"a cut kind", name_a + "08 00 12 00 05 00 01 00", "nla_len 5 of attribute 1"},
      {"a cut altname", name_a + "08 00 34 80 05 00 35 00", "nla_len 5 of attribute 53"},
      {"a cut XDP block", name_a + "08 00 2b 80 03 00 01 00", "nla_len 3 of attribute 1"},
      {"XDP attached of 4 bytes", name_a + "0c 00 2b 80 08 00 02 00 01 00 00 00",
       "attribute 2 has 4 bytes, not 1"},
      {"an XDP id of 1 byte", name_a + "0c 00 2b 80 05 00 04 00 01 00 00 00", "attribute 4 has 1"},
      {"a native id of 1 byte", name_a + "0c 00 2b 80 05 00 05 00 01 00 00 00",
       "attribute 5 has 1"},
      {"an SKB id of 1 byte", name_a + "0c 00 2b 80 05 00 06 00 01 00 00 00", "attribute 6 has 1"},
      {"a hardware id of 1 byte", name_a + "0c 00 2b 80 05 00 07 00 01 00 00 00",
       "attribute 7 has 1"},
  };
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.name);
    EXPECT_THAT(Parse(row.attributes), Fails(Code::kMalformed, row.words));
  }
  EXPECT_THAT(Parse(kNameA, kRtmGetLink), Fails(Code::kMalformed, "type 18 tells of no link"));
  EXPECT_THAT(ParseLink(Message{.type = kRtmNewLink}),
              Fails(Code::kMalformed, "0 bytes where a header of 16"));
  const std::vector<std::byte> no_index =
      Hex("00 00 01 00 ff ff ff ff 01 00 00 00 00 00 00 00" + name_a);
  EXPECT_THAT(ParseLink(Message{.type = kRtmNewLink, .payload = no_index}),
              Fails(Code::kMalformed, "ifi_index is -1"));
}

TEST_F(LinkTest, FindsByNameWithOneRequest) {
  kernel_.Datagram(Answer(kOne));
  const Result<Link> link = LinkByName(socket_, "a");
  ASSERT_THAT(link, IsOk());
  EXPECT_EQ(link->index, 5u);
  ASSERT_EQ(kernel_.sent().size(), 1u);
  EXPECT_EQ(kernel_.receives(), 1);
  EXPECT_EQ(ToHex(kernel_.sent()[0]),
            "30 00 00 00 12 00 01 00 01 00 00 00 00 00 00 00 "
            "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
            "08 00 1d 00 08 00 00 00 06 00 03 00 61 00 00 00");
}

TEST_F(LinkTest, FindsALongNameAsAnAltname) {
  kernel_.Datagram(Answer(kOne));
  EXPECT_THAT(LinkByName(socket_, "sixteen-letters!"), IsOk());
  EXPECT_EQ(ToHex(kernel_.sent().at(0)),
            "40 00 00 00 12 00 01 00 01 00 00 00 00 00 00 00 "
            "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
            "08 00 1d 00 08 00 00 00 "
            "15 00 35 00 73 69 78 74 65 65 6e 2d 6c 65 74 74 65 72 73 21 00 00 00 00");
}

TEST_F(LinkTest, SaysThatThereIsNone) {
  kernel_.Datagram(Refuses("ed ff ff ff"));
  EXPECT_THAT(LinkByName(socket_, "eth9"), Fails(Code::kNotFound, "find link 'eth9': ENODEV"));
}

TEST_F(LinkTest, HintsThatOldKernelsKnowNoAltnames) {
  kernel_.Datagram(Refuses("ea ff ff ff"));
  EXPECT_THAT(LinkByName(socket_, "sixteen-letters!"),
              Fails(Code::kInvalidArgument, "need Linux 5.5"));
}

TEST_F(LinkTest, RefusesImpossibleNamesAndIndicesWithoutACall) {
  struct Case {
    std::string name;
    std::string_view words;
  };
  const Case kCases[] = {
      {"", "the name is empty"},
      {std::string(128, 'a'), "longer than 127"},
      {std::string("a\0b", 3), "a NUL in the name"},
      {"a/b", "a '/' in the name"},
  };
  for (const Case& row : kCases)
    EXPECT_THAT(LinkByName(socket_, row.name), Fails(Code::kInvalidArgument, row.words));
  EXPECT_THAT(LinkByIndex(socket_, 0), Fails(Code::kInvalidArgument, "ifindex 0"));
  EXPECT_THAT(LinkByIndex(socket_, 0x80000000), Fails(Code::kInvalidArgument, "an ifindex is"));
  EXPECT_THAT(kernel_.sent(), IsEmpty());
}

TEST_F(LinkTest, FindsByIndexWithOneRequest) {
  kernel_.Datagram(Answer(kOne));
  EXPECT_EQ(LinkByIndex(socket_, 5).value().name, "a");
  EXPECT_EQ(kernel_.receives(), 1);
  EXPECT_EQ(ToHex(kernel_.sent().at(0)),
            "28 00 00 00 12 00 01 00 01 00 00 00 00 00 00 00 "
            "00 00 00 00 05 00 00 00 00 00 00 00 00 00 00 00 08 00 1d 00 08 00 00 00");
}

TEST_F(LinkTest, SetsOnlyTheUpFlag) {
  kernel_.Datagram(Refuses(kNone));
  EXPECT_THAT(SetLinkUp(socket_, 5), IsOk());
  EXPECT_EQ(ToHex(kernel_.sent().at(0)),
            "20 00 00 00 13 00 05 00 01 00 00 00 00 00 00 00 "
            "00 00 00 00 05 00 00 00 01 00 00 00 01 00 00 00");
}

TEST_F(LinkTest, ClearsOnlyTheUpFlag) {
  kernel_.Datagram(Refuses(kNone));
  EXPECT_THAT(SetLinkDown(socket_, 5), IsOk());
  EXPECT_EQ(ToHex(kernel_.sent().at(0)),
            "20 00 00 00 13 00 05 00 01 00 00 00 00 00 00 00 "
            "00 00 00 00 05 00 00 00 00 00 00 00 01 00 00 00");
}

TEST_F(LinkTest, HintsWhatSettingNeeds) {
  kernel_.Datagram(Refuses("ff ff ff ff"));
  EXPECT_THAT(SetLinkUp(socket_, 5), Fails(Code::kPermission, "set link up 'ifindex 5': EPERM"));
  kernel_.Datagram(Refuses("ff ff ff ff").replace(24, 2, "02"));
  EXPECT_THAT(SetLinkDown(socket_, 5), Fails(Code::kPermission, "needs CAP_NET_ADMIN"));
}

TEST_F(LinkTest, MonitorTellsInOrderAndLeavesOutBridgePorts) {
  LinkMonitor monitor = LinkMonitor::Open(kernel_).value();
  EXPECT_EQ(kernel_.groups(), 1u);
  std::string port = Answer(kNone, "11 00");
  port.replace(port.find("00 00 01 00"), 2, "07");  // AF_BRIDGE
  kernel_.Datagram(Answer(kNone));
  kernel_.Datagram(port);
  kernel_.Datagram(Answer(kNone, "14 00"));  // RTM_NEWADDR: no link
  kernel_.Datagram(Answer(kNone, "11 00", "00 00", "06"));
  const Result<std::vector<LinkEvent>> events = monitor.Read();
  ASSERT_THAT(events, IsOk());
  ASSERT_EQ(events->size(), 2u);
  EXPECT_FALSE(events->at(0).removed);
  EXPECT_EQ(events->at(0).link.index, 5u);
  EXPECT_TRUE(events->at(1).removed);
  EXPECT_EQ(events->at(1).link.index, 6u);
  EXPECT_EQ(events->at(1).link.name, "a");
  EXPECT_THAT(monitor.Read().value(), IsEmpty());
  EXPECT_EQ(kernel_.receives(), 0);
}

TEST_F(LinkTest, MonitorSaysThatEventsWereLost) {
  LinkMonitor monitor = LinkMonitor::Open(kernel_).value();
  kernel_.Fails(ENOBUFS);
  const Result<std::vector<LinkEvent>> lost = monitor.Read();
  ASSERT_THAT(lost, Fails(Code::kSystem, "events were lost"));
  EXPECT_EQ(lost.error().sys_errno, ENOBUFS);
}

// Reading needs no privilege: this is the network namespace that the test is started in.
TEST(LinkLive, ListsLoFirstAndFindsItByNameAndIndex) {
  HostKernel kernel;
  Result<Socket> socket = Socket::Open(kernel);
  if (!socket) GTEST_SKIP() << socket.error().ToString();
  const Result<std::vector<Link>> links = ListLinks(*socket);
  ASSERT_THAT(links, IsOk());
  EXPECT_THAT(*links, Contains(AllOf(Field(&Link::name, "lo"), Field(&Link::index, 1u))));
  EXPECT_EQ(LinkByName(*socket, "lo").value().index, 1u);
  EXPECT_EQ(LinkByIndex(*socket, 1).value().name, "lo");
  EXPECT_THAT(LinkByName(*socket, "no-such-link"), Fails(Code::kNotFound, "no-such-link"));
  EXPECT_THAT(LinkByName(*socket, "no-such-link-with-a-long-name"), Fails(Code::kNotFound, ""));
  EXPECT_THAT(LinkByIndex(*socket, 0x7fffffff), Fails(Code::kNotFound, "ifindex 2147483647"));
}

}  // namespace
}  // namespace purebpf::netlink
