// The running xconnect follows the interfaces: those that come, go, change their name or hands.
#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <string>

#include "purebpf/tests/tools/xconnect_fixture.h"

namespace purebpf::testing {
namespace {

using netlink::IfAttached;
using netlink::XdpMode;

class Links : public XconnectTest {
 protected:
  void Start(std::string_view config, std::vector<std::string> more = {}) {
    WriteText(config_, config);
    process_.emplace(binary_, Arguments(std::move(more)));
    ASSERT_TRUE(process_->Await("started"));
  }

  std::optional<XconnectProcess> process_;
};

TEST_F(Links, WaitsForAnInterfaceThatIsMissing) {
  ASSERT_TRUE(here_->Delete("v2"));
  Start("links:\n  v1: v2\n  v3: v4\n");
  EXPECT_TRUE(process_->Says("waiting v1 <-> v2: no interface v2")) << process_->output();
  EXPECT_TRUE(process_->Says("1 connected, 1 waiting")) << process_->output();
  EXPECT_TRUE(Connected(3, 4));
  EXPECT_FALSE(Xdp("v1").attached());
  ASSERT_TRUE(here_->MakeVeth("v2", "eth0", host(2)));
  ASSERT_TRUE(process_->Await("interface v2 appeared"));
  ASSERT_TRUE(process_->Await("connected v1 <-> v2"));
  EXPECT_TRUE(Connected(1, 2));
}

TEST_F(Links, ConnectsAgainWhenAnInterfaceIsMadeAnewAndLeavesTheOtherAloneMeanwhile) {
  Start("links:\n  v1: v2\n  v3: v4\n");
  ASSERT_TRUE(Connected(1, 2));
  for (int round = 0; round < 3; ++round) {
    Traffic others(host(3), host(4));
    ASSERT_TRUE(here_->Delete("v2"));
    ASSERT_TRUE(process_->Await("interface v2 is gone"));
    ASSERT_TRUE(process_->Await("waiting v1 <-> v2"));
    // It does not swallow what nobody takes.
    EXPECT_FALSE(Xdp("v1").attached());
    ASSERT_TRUE(here_->MakeVeth("v2", "eth0", host(2)));
    ASSERT_TRUE(process_->Await("connected v1 <-> v2"));
    EXPECT_TRUE(Connected(1, 2));
    EXPECT_EQ(others.Stop(), 0U);
  }
}

TEST_F(Links, ConnectsAnInterfaceThatIsMadeAnewWithTheSameIndex) {
  Start("links:\n  v1: v2\n");
  const std::string index = std::to_string(here_->Index("v2"));
  ASSERT_TRUE(here_->Delete("v2"));
  ASSERT_TRUE(here_->Ip("link add v2 index " + index + " type veth peer name eth0 netns " +
                        host(2).path()));
  ASSERT_TRUE(here_->Up("v2"));
  ASSERT_TRUE(host(2).Up("eth0"));
  ASSERT_TRUE(process_->Await("interface v2 "));
  ASSERT_TRUE(process_->Await("connected v1 <-> v2"));
  EXPECT_TRUE(Connected(1, 2));
}

TEST_F(Links, KnowsInterfacesByTheNameTheyHaveNow) {
  Start("links:\n  v1: uplink\n");
  EXPECT_TRUE(process_->Says("no interface uplink"));
  ASSERT_TRUE(here_->Down("v2"));
  ASSERT_TRUE(here_->Rename("v2", "uplink"));
  ASSERT_TRUE(here_->Up("uplink"));
  ASSERT_TRUE(process_->Await("connected v1 <-> uplink"));
  EXPECT_TRUE(Connected(1, 2));
  ASSERT_TRUE(here_->Down("uplink"));
  ASSERT_TRUE(here_->Rename("uplink", "other"));
  ASSERT_TRUE(process_->Await("waiting v1 <-> uplink"));
  EXPECT_TRUE(NothingAttached());
}

TEST_F(Links, KnowsInterfacesByTheirAltnames) {
  const std::string altname = "a-name-that-is-longer-than-fifteen-characters";
  Start("links:\n  v1: " + altname + "\n");
  ASSERT_TRUE(here_->AddAltname("v2", altname));
  ASSERT_TRUE(process_->Await("connected v1 <-> " + altname));
  EXPECT_TRUE(Connected(1, 2));
}

TEST_F(Links, RefusesOneInterfaceByTwoNames) {
  ASSERT_TRUE(here_->AddAltname("v2", "second"));
  Start("links:\n  v1: v2\n");
  WriteText(config_, "links:\n  v1: v2\n  v3: second\n");
  ASSERT_TRUE(process_->Await("v2 is connected as v1 <-> v2 already"));
  EXPECT_TRUE(Connected(1, 2));
  EXPECT_FALSE(Xdp("v3").attached());
}

TEST_F(Links, TakesAnInterfaceThatMovedAwayAsGoneAndAsNewWhenItComesBack) {
  Start("links:\n  v1: v2\n");
  const Netns elsewhere;
  ASSERT_TRUE(here_->Move("v2", elsewhere));
  ASSERT_TRUE(process_->Await("interface v2 is gone"));
  EXPECT_FALSE(Xdp("v1").attached());
  {
    const NetnsScope scope = elsewhere.Enter();
    ASSERT_TRUE(elsewhere.Ip("link set v2 netns " + here_->path()));
  }
  ASSERT_TRUE(here_->Up("v2"));
  ASSERT_TRUE(process_->Await("connected v1 <-> v2"));
  EXPECT_TRUE(Connected(1, 2));
  process_->Signal(SIGTERM);
  EXPECT_EQ(process_->Wait(), 0);
  EXPECT_TRUE(NothingAttached());
}

TEST_F(Links, DoesNotStartWhereAStrangersProgramIsAndLeavesNothingBehind) {
  const Program stranger = Foreign(kernel_);
  ASSERT_TRUE(AttachForeign("v4", stranger, {.mode = XdpMode::kSkb}));
  WriteText(config_, "links:\n  v1: v2\n  v3: v4\n");
  XconnectProcess process(binary_, Arguments());
  EXPECT_EQ(process.Wait(), 1);
  EXPECT_TRUE(process.Says("not xconnect's: id " + std::to_string(stranger.Info()->id) +
                           " 'stranger' (skb)"))
      << process.output();
  EXPECT_FALSE(Xdp("v1").attached());
  EXPECT_EQ(Xdp("v4").skb, stranger.Info()->id);
}

TEST_F(Links, ReplacesAStrangersProgramWhenForced) {
  const Program stranger = Foreign(kernel_);
  ASSERT_TRUE(AttachForeign("v1", stranger, {.mode = XdpMode::kSkb}));
  ASSERT_TRUE(AttachForeign("v2", stranger, {.mode = XdpMode::kNative}));
  Start("links:\n  v1: v2\n", {"--force"});
  EXPECT_TRUE(process_->Says("attached to v1 (skb), in place of program id "))
      << process_->output();
  EXPECT_TRUE(Connected(1, 2));
  process_->Signal(SIGTERM);
  EXPECT_EQ(process_->Wait(), 0);
  EXPECT_TRUE(NothingAttached());
}

TEST_F(Links, PutsAStrangersProgramBackWhenAForcedStartFails) {
  const Program stranger = Foreign(kernel_);
  ASSERT_TRUE(AttachForeign("v1", stranger, {.mode = XdpMode::kNative}));
  // No native mode on a bridge: the second interface fails when the first is done already.
  ASSERT_TRUE(here_->Ip("link add zbridge type bridge"));
  WriteText(config_, "links:\n  v1: zbridge\n");
  XconnectProcess process(binary_, Arguments({"--force", "--mode", "native"}));
  EXPECT_EQ(process.Wait(), 1);
  EXPECT_TRUE(process.Says("EOPNOTSUPP")) << process.output();
  EXPECT_EQ(Xdp("v1").native, stranger.Info()->id);
}

TEST_F(Links, FallsBackToSkbWhereADriverHasNoNativeMode) {
  ASSERT_TRUE(here_->Ip("link add first type bridge"));
  ASSERT_TRUE(here_->Ip("link add second type bridge"));
  Start("links:\n  first: second\n  v1: v2\n", {"--mode", "auto"});
  EXPECT_NE(Xdp("first").skb, 0U);
  EXPECT_NE(Xdp("second").skb, 0U);
  EXPECT_NE(Xdp("v1").skb, 0U);
  EXPECT_TRUE(Connected(1, 2));
}

TEST_F(Links, RunsInTheDriverInNativeMode) {
  // A veth's far end takes frames natively when it runs XDP itself (drivers/net/veth.c).
  const Program pass = Foreign(kernel_);
  for (const size_t number : {1U, 2U}) {
    const NetnsScope scope = host(number).Enter();
    netlink::Socket socket = netlink::Socket::Open(kernel_).value();
    ASSERT_TRUE(AttachXdp(socket, host(number).Index("eth0"), pass, {.mode = XdpMode::kNative}));
  }
  Start("links:\n  v1: v2\n", {"--mode", "native"});
  EXPECT_NE(Xdp("v1").native, 0U);
  EXPECT_EQ(Xdp("v1").skb, 0U);
  EXPECT_TRUE(Connected(1, 2));
}

TEST_F(Links, LeavesAnInterfaceAloneThatSomebodyTookUntilItIsTold) {
  Start("links:\n  v1: v2\n  v3: v4\n");
  const Program stranger = Foreign(kernel_);
  const uint32_t id = stranger.Info()->id;
  ASSERT_TRUE(
      AttachForeign("v1", stranger, {.mode = XdpMode::kSkb, .if_attached = IfAttached::kDisplace}));
  ASSERT_TRUE(
      process_->Await("by somebody who attached program id " + std::to_string(id) + " 'stranger'"));
  EXPECT_EQ(Xdp("v1").skb, id);
  // A pair with one end is none: nothing is swallowed by the other.
  ASSERT_TRUE(process_->Await("blocked v1 <-> v2: xconnect's program was taken off v1"));
  EXPECT_FALSE(Xdp("v2").attached());
  process_->Signal(SIGHUP);
  ASSERT_TRUE(process_->Await("refused"));
  EXPECT_EQ(Xdp("v1").skb, id);
  EXPECT_TRUE(Connected(3, 4));
  // A change elsewhere is no reason to refuse or to fight.
  WriteText(config_, "links:\n  v1: v2\n");
  ASSERT_TRUE(process_->Await("reloaded"));
  EXPECT_EQ(Xdp("v1").skb, id);
  netlink::Socket socket = netlink::Socket::Open(kernel_).value();
  ASSERT_TRUE(DetachXdp(socket, here_->Index("v1"), stranger, XdpMode::kSkb));
  process_->Signal(SIGHUP);
  ASSERT_TRUE(process_->Await("reloaded"));
  EXPECT_TRUE(Connected(1, 2));
  process_->Signal(SIGTERM);
  EXPECT_EQ(process_->Wait(), 0);
  EXPECT_TRUE(NothingAttached());
}

TEST_F(Links, DoesNotCallAPairConnectedWhoseProgramWasTakenOff) {
  Start("links:\n  v1: v2\n");
  netlink::Socket socket = netlink::Socket::Open(kernel_).value();
  ASSERT_TRUE(DetachAnyXdp(socket, here_->Index("v1"), XdpMode::kSkb));
  ASSERT_TRUE(process_->Await("blocked v1 <-> v2"));
  WriteText(config_, "links:\n  v1: v3\n");
  ASSERT_TRUE(process_->Await("refused"));
  EXPECT_FALSE(process_->Says("connected v1 <-> v3"));
  process_->Signal(SIGHUP);
  ASSERT_TRUE(process_->Await("connected v1 <-> v3"));
  EXPECT_TRUE(Connected(1, 3));
}

TEST_F(Links, LeavesAStrangersProgramWhereItIsWhenItStops) {
  Start("links:\n  v1: v2\n");
  const Program stranger = Foreign(kernel_);
  ASSERT_TRUE(
      AttachForeign("v1", stranger, {.mode = XdpMode::kSkb, .if_attached = IfAttached::kDisplace}));
  process_->Signal(SIGTERM);
  EXPECT_EQ(process_->Wait(), 0);
  EXPECT_EQ(Xdp("v1").skb, stranger.Info()->id);
  EXPECT_FALSE(Xdp("v2").attached());
}

TEST_F(Links, ConnectsAnInterfaceAsSoonAsItsStrangerGoes) {
  Start("links:\n  v1: v2\n  v3: later\n");
  const Program stranger = Foreign(kernel_);
  ASSERT_TRUE(AttachForeign("v4", stranger, {.mode = XdpMode::kSkb}));
  ASSERT_TRUE(here_->AddAltname("v4", "later"));
  ASSERT_TRUE(process_->Await("blocked v3 <-> later: v4 has an XDP program"));
  EXPECT_TRUE(Connected(1, 2));
  netlink::Socket socket = netlink::Socket::Open(kernel_).value();
  ASSERT_TRUE(DetachXdp(socket, here_->Index("v4"), stranger, XdpMode::kSkb));
  ASSERT_TRUE(process_->Await("connected v3 <-> later"));
  EXPECT_TRUE(Connected(3, 4));
}

}  // namespace
}  // namespace purebpf::testing
