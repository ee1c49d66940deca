// Links of a network namespace of this test's own: made by ip(8), seen and set by the library.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/forwarding_kernel.h"
#include "purebpf/netlink/link.h"
#include "purebpf/tests/support/dual_test.h"
#include "purebpf/tests/support/netns.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf::netlink {
namespace {

using purebpf::testing::DualTest;
using purebpf::testing::Fails;
using purebpf::testing::IsOk;
using purebpf::testing::Netns;
using purebpf::testing::TempNetns;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// Passes everything on and counts.
class CountingKernel final : public ForwardingKernel {
 public:
  using ForwardingKernel::ForwardingKernel;

  int sends = 0;
  int receives = 0;

  SysResult<void> NetlinkSend(int fd, Bytes message) override {
    ++sends;
    return next().NetlinkSend(fd, message);
  }
  SysResult<size_t> NetlinkReceive(int fd, MutableBytes buffer, ReceiveMode mode) override {
    ++receives;
    return next().NetlinkReceive(fd, buffer, mode);
  }
};

class LinkNetns : public DualTest {
 protected:
  void SetUp() override {
    DualTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!netns_.ok()) GTEST_SKIP() << netns_.reason();
    socket_ = Socket::Open(counting_).value();
  }
  void TearDown() override {
    socket_.reset();
    DualTest::TearDown();
  }

  std::vector<std::string> Names() {
    const std::vector<Link> links = ListLinks(*socket_).value();
    std::vector<std::string> names;
    for (const Link& link : links) names.push_back(link.name);
    return names;
  }

  CountingKernel counting_{kernel_};
  TempNetns netns_{!live()};
  std::optional<Socket> socket_;
};

DUAL_TEST(LinkNetns, ListsWhatIpMade) {
  ASSERT_TRUE(
      netns_->Ip("link add veth0 index 10 mtu 1400 type veth peer name veth1 index 9 "
                 "address 02:00:00:00:00:02"));
  ASSERT_TRUE(netns_->Ip("link set veth0 address 02:00:00:00:00:01 up"));
  const std::vector<Link> links = ListLinks(*socket_).value();
  ASSERT_THAT(links, SizeIs(3));
  EXPECT_EQ(links[0].name, "lo");
  EXPECT_EQ(links[1].name, "veth1");
  EXPECT_EQ(links[1].index, 9u);
  EXPECT_FALSE(links[1].up());
  EXPECT_EQ(links[2].name, "veth0");
  EXPECT_EQ(links[2].index, 10u);
  EXPECT_EQ(links[2].kind, "veth");
  EXPECT_EQ(links[2].mtu, 1400u);
  EXPECT_TRUE(links[2].up());
  EXPECT_THAT(links[2].address, ElementsAre(std::byte{2}, std::byte{0}, std::byte{0}, std::byte{0},
                                            std::byte{0}, std::byte{1}));
}

DUAL_TEST(LinkNetns, MakesOneSendAndOneReceiveARequest) {
  EXPECT_THAT(LinkByIndex(*socket_, 1), IsOk());
  EXPECT_EQ(counting_.sends, 1);
  EXPECT_EQ(counting_.receives, 1);
  EXPECT_THAT(LinkByName(*socket_, "lo"), IsOk());
  EXPECT_THAT(SetLinkUp(*socket_, 1), IsOk());
  EXPECT_THAT(LinkByName(*socket_, "none"), Fails(Code::kNotFound, "none"));
  EXPECT_EQ(counting_.sends, 4);
  EXPECT_EQ(counting_.receives, 4);
  EXPECT_THAT(ListLinks(*socket_), IsOk());  // the links, and the end
  EXPECT_EQ(counting_.sends, 5);
  EXPECT_EQ(counting_.receives, 6);
}

DUAL_TEST(LinkNetns, FindsByNameAndByAltnameOfAnyLength) {
  const std::string longest(127, 'x');
  ASSERT_TRUE(netns_->MakePair("veth0", "veth1"));
  for (const std::string& name : {std::string("up"), std::string("sixteen-letters!"), longest})
    ASSERT_TRUE(netns_->AddAltname("veth0", name));
  const uint32_t index = netns_->Index("veth0");
  for (const std::string& name :
       {std::string("veth0"), std::string("up"), std::string("sixteen-letters!"), longest}) {
    const Result<Link> link = LinkByName(*socket_, name);
    ASSERT_THAT(link, IsOk());
    EXPECT_EQ(link->index, index);
    EXPECT_EQ(link->name, "veth0");
    EXPECT_THAT(link->altnames, ElementsAre("up", "sixteen-letters!", longest));
  }
  EXPECT_THAT(LinkByName(*socket_, std::string(126, 'x')), Fails(Code::kNotFound, "ENODEV"));
}

DUAL_TEST(LinkNetns, SetsUpAndDown) {
  ASSERT_TRUE(netns_->MakePair("veth0", "veth1"));
  const uint32_t index = netns_->Index("veth0");
  EXPECT_FALSE(LinkByIndex(*socket_, index).value().up());
  EXPECT_THAT(SetLinkUp(*socket_, index), IsOk());
  EXPECT_TRUE(LinkByIndex(*socket_, index).value().up());
  if (live()) {
    EXPECT_THAT(netns_->IpOutput("link show veth0"), HasSubstr(",UP"));
  }
  EXPECT_THAT(SetLinkDown(*socket_, index), IsOk());
  EXPECT_FALSE(LinkByIndex(*socket_, index).value().up());
  if (live()) {
    EXPECT_THAT(netns_->IpOutput("link show veth0"), Not(HasSubstr(",UP")));
  }
  EXPECT_THAT(SetLinkUp(*socket_, 4711), Fails(Code::kNotFound, "set link up 'ifindex 4711'"));
}

DUAL_TEST(LinkNetns, ListsMoreThanOneDatagramHolds) {
  constexpr size_t kPairs = 16;
  std::vector<std::string> expected = {"lo"};
  for (size_t i = 0; i < kPairs; ++i) {
    const std::string n = std::to_string(i);
    ASSERT_TRUE(netns_->MakePair("a" + n, "b" + n));
    expected.push_back("a" + n);
    expected.push_back("b" + n);
  }
  EXPECT_EQ(Names(), expected);
  EXPECT_EQ(counting_.sends, 1);
  EXPECT_GT(counting_.receives, 2);  // the last has the end alone
}

DUAL_TEST(LinkNetns, StaysInTheNamespaceWhereTheSocketWasOpened) {
  const Netns other(!live());
  ASSERT_TRUE(netns_->MakePair("here", "there"));
  {
    const auto scope = other.Enter();
    EXPECT_THAT(LinkByName(*socket_, "here"), IsOk());
    Socket in_other = Socket::Open(counting_).value();
    EXPECT_THAT(LinkByName(in_other, "here"), Fails(Code::kNotFound, "here"));
  }
}

class LinkMonitorNetns : public LinkNetns {
 protected:
  void SetUp() override {
    LinkNetns::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    monitor_ = LinkMonitor::Open(counting_).value();
  }
  void TearDown() override {
    monitor_.reset();
    LinkNetns::TearDown();
  }

  // Each event as "+name" or "-name", of the first words of runs: a change of one link tells often.
  std::vector<std::string> Events() {
    const Result<std::vector<LinkEvent>> events = monitor_->Read();
    EXPECT_THAT(events, IsOk());
    std::vector<std::string> told;
    for (const LinkEvent& event : events.value_or(std::vector<LinkEvent>{})) {
      std::string word = (event.removed ? "-" : event.link.up() ? "^" : "+") + event.link.name;
      if (told.empty() || told.back() != word) told.push_back(std::move(word));
    }
    return told;
  }

  std::optional<LinkMonitor> monitor_;
};

DUAL_TEST(LinkMonitorNetns, TellsOfEachChangeInOrder) {
  EXPECT_THAT(Events(), IsEmpty());
  ASSERT_TRUE(netns_->MakePair("veth0", "veth1"));
  EXPECT_THAT(Events(), ElementsAre("+veth1", "+veth0"));
  ASSERT_TRUE(netns_->Up("lo"));
  EXPECT_THAT(Events(), ElementsAre("^lo"));
  ASSERT_TRUE(netns_->Rename("veth0", "renamed"));
  EXPECT_THAT(Events(), ElementsAre("+renamed"));
  ASSERT_TRUE(netns_->Delete("renamed"));
  EXPECT_THAT(Events(), ElementsAre("-renamed", "-veth1"));
  EXPECT_THAT(Events(), IsEmpty());
}

DUAL_TEST(LinkMonitorNetns, IsReadableWhileSomethingWaits) {
  std::vector<Pollable> pollable = {{.fd = monitor_->fd()}};
  EXPECT_EQ(counting_.Wait(pollable, std::chrono::milliseconds(0)), 0u);
  ASSERT_TRUE(netns_->Up("lo"));
  EXPECT_EQ(counting_.Wait(pollable, std::chrono::seconds(5)), 1u);
  EXPECT_TRUE(pollable[0].readable);
  EXPECT_THAT(Events(), ElementsAre("^lo"));
  EXPECT_EQ(counting_.Wait(pollable, std::chrono::milliseconds(0)), 0u);
}

DUAL_TEST(LinkMonitorNetns, TakesALinkThatMovesAwayForRemoved) {
  const Netns other(!live());
  ASSERT_TRUE(netns_->MakePair("veth0", "veth1"));
  Events();
  ASSERT_TRUE(netns_->Move("veth0", other));
  EXPECT_THAT(Events(), ElementsAre("-veth0"));
}

DUAL_TEST(LinkMonitorNetns, IsNotMisledByALinkThatLeavesABridge) {
  if (!netns_->Ip("link add br0 index 50 address 02:00:00:00:00:50 type bridge"))
    GTEST_SKIP() << "this kernel has no bridge";
  ASSERT_TRUE(netns_->MakePair("veth0", "veth1"));
  ASSERT_TRUE(netns_->Ip("link set veth0 master br0"));
  Events();
  ASSERT_TRUE(netns_->Ip("link set veth0 nomaster"));
  EXPECT_THAT(Events(), Not(::testing::Contains("-veth0")));
}

DUAL_TEST(LinkMonitorNetns, SaysThatItLostEventsAndGoesOnWithNewOnes) {
  // The least that the kernel allows: a few events fill it.
  const int least = 0;
  ASSERT_TRUE(
      kernel_.SetSocketOption(monitor_->fd(), SOL_SOCKET, SO_RCVBUF, BytesOf(least)).has_value());
  ASSERT_TRUE(netns_->MakePair("veth0", "veth1"));
  const uint32_t index = netns_->Index("veth0");
  for (int i = 0; i < 20; ++i) {
    ASSERT_THAT(SetLinkUp(*socket_, index), IsOk());
    ASSERT_THAT(SetLinkDown(*socket_, index), IsOk());
  }
  const Result<std::vector<LinkEvent>> lost = monitor_->Read();
  ASSERT_THAT(lost, Fails(Code::kSystem, "events were lost"));
  EXPECT_EQ(lost.error().sys_errno, ENOBUFS);
  EXPECT_THAT(Events(), IsEmpty());  // the older ones went with them
  ASSERT_TRUE(netns_->Rename("veth1", "renamed"));
  EXPECT_THAT(Events(), ElementsAre("+renamed"));
}

}  // namespace
}  // namespace purebpf::netlink
