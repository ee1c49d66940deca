// The running xconnect starts, stops, dies and comes back.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>

#include "purebpf/tests/tools/xconnect_fixture.h"

namespace purebpf::testing {
namespace {

using netlink::XdpMode;

TEST_F(XconnectTest, ConnectsPairsWhileItRunsAndLeavesNothingBehind) {
  EXPECT_TRUE(NotConnected(1, 2));
  for (const int signal : {SIGTERM, SIGINT}) {
    WriteText(config_, "links:\n    v1: v2\n    v3: v4\n");
    XconnectProcess process(binary_, {"-conf", config_});
    ASSERT_TRUE(process.Await("started with " + config_ + " (skb): 2 connected, 0 waiting"));
    EXPECT_TRUE(Connected(1, 2));
    EXPECT_TRUE(Connected(3, 4));
    EXPECT_TRUE(NotConnected(1, 3));
    // One program, whatever the number of interfaces.
    EXPECT_EQ(Xdp("v1").skb, Xdp("v4").skb);
    process.Signal(signal);
    EXPECT_EQ(process.Wait(), 0);
    EXPECT_TRUE(process.Says("4 detached")) << process.output();
    EXPECT_TRUE(NothingAttached());
    EXPECT_TRUE(NotConnected(1, 2));
  }
}

TEST_F(XconnectTest, DoesNotStartWithABadFile) {
  WriteText(config_, "links:\n  v1: v2\n v3: v4\n");
  XconnectProcess bad(binary_, Arguments());
  EXPECT_EQ(bad.Wait(), 1);
  EXPECT_TRUE(
      bad.Says(config_ + ":3:2: wrong indentation: expected 2 spaces as in line 2, found 1"))
      << bad.output();
  XconnectProcess missing(binary_, {"--config", folder_ / "none"});
  EXPECT_EQ(missing.Wait(), 1);
  EXPECT_TRUE(missing.Says("ENOENT")) << missing.output();
  EXPECT_TRUE(NothingAttached());
}

TEST_F(XconnectTest, TakesOverFromOneThatWasKilledWithoutLosingAFrame) {
  WriteText(config_, "links:\n  v1: v2\n");
  std::optional<XconnectProcess> first;
  first.emplace(binary_, Arguments());
  ASSERT_TRUE(first->Await("started"));
  const uint32_t first_id = Xdp("v1").skb;
  Traffic there(host(1), host(2));
  Traffic back(host(2), host(1));
  first->Signal(SIGKILL);
  EXPECT_EQ(first->Wait(), 128 + SIGKILL);
  EXPECT_EQ(Xdp("v1").skb, first_id);
  XconnectProcess second(binary_, Arguments());
  ASSERT_TRUE(second.Await("taking over from an earlier xconnect's program id " +
                           std::to_string(first_id)));
  ASSERT_TRUE(second.Await("started"));
  EXPECT_NE(Xdp("v1").skb, first_id);
  EXPECT_EQ(there.Stop(), 0U);
  EXPECT_EQ(back.Stop(), 0U);
  second.Signal(SIGTERM);
  EXPECT_EQ(second.Wait(), 0);
  EXPECT_TRUE(NothingAttached());
}

TEST_F(XconnectTest, RefusesTheInterfacesOfAnotherThatLives) {
  WriteText(config_, "links:\n  v1: v2\n");
  XconnectProcess first(binary_, Arguments());
  ASSERT_TRUE(first.Await("started"));
  const uint32_t first_id = Xdp("v1").skb;
  XconnectProcess second(binary_, Arguments());
  EXPECT_EQ(second.Wait(), 1);
  EXPECT_TRUE(second.Says("id " + std::to_string(first_id))) << second.output();
  EXPECT_EQ(Xdp("v1").skb, first_id);
  EXPECT_TRUE(Connected(1, 2));
  first.Signal(SIGTERM);
  EXPECT_EQ(first.Wait(), 0);
  EXPECT_TRUE(NothingAttached());
}

TEST_F(XconnectTest, TakesOverInAnotherModeAsWell) {
  WriteText(config_, "links:\n  v1: v2\n");
  XconnectProcess first(binary_, Arguments({"--mode=native"}));
  ASSERT_TRUE(first.Await("started"));
  first.Signal(SIGKILL);
  EXPECT_EQ(first.Wait(), 128 + SIGKILL);
  ASSERT_NE(Xdp("v1").native, 0U);
  XconnectProcess second(binary_, Arguments());
  ASSERT_TRUE(second.Await("started"));
  EXPECT_EQ(Xdp("v1").native, 0U);
  EXPECT_NE(Xdp("v1").skb, 0U);
  EXPECT_TRUE(Connected(1, 2));
}

TEST_F(XconnectTest, LivesOnWhenNobodyReadsItsOutput) {
  WriteText(config_, "links:\n  v1: v2\n");
  XconnectProcess process(binary_, Arguments());
  ASSERT_TRUE(process.Await("started"));
  process.CloseOutput();
  WriteText(config_, "links:\n  v1: v3\n");
  // It has no voice left: its work must tell.
  for (int i = 0; i < 500 && !Xdp("v3").attached(); ++i) usleep(20'000);
  EXPECT_TRUE(Connected(1, 3));
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_TRUE(NothingAttached());
}

TEST_F(XconnectTest, ChecksWithoutDoing) {
  WriteText(config_, "links:\n  v1: v2\n  v3: none\n");
  XconnectProcess good(binary_, Arguments({"--check"}));
  EXPECT_EQ(good.Wait(), 0);
  EXPECT_TRUE(good.Says("would connect v1 <-> v2")) << good.output();
  EXPECT_TRUE(good.Says("would wait to connect v3 <-> none: no interface none")) << good.output();
  EXPECT_TRUE(good.Says("would attach to v2 (skb)")) << good.output();
  EXPECT_TRUE(NothingAttached());

  const Program stranger = Foreign(kernel_);
  ASSERT_TRUE(AttachForeign("v1", stranger, {.mode = XdpMode::kSkb}));
  XconnectProcess taken(binary_, Arguments({"--check", "--json"}));
  EXPECT_EQ(taken.Wait(), 1);
  EXPECT_TRUE(taken.Says(R"({"event":"would_refuse","a":"v1","b":"v2","reason":"v1 has)"))
      << taken.output();
  XconnectProcess forced(binary_, Arguments({"--check", "--force"}));
  EXPECT_EQ(forced.Wait(), 0);
  EXPECT_TRUE(forced.Says("would attach to v1 (skb), in place of program id ")) << forced.output();
}

TEST_F(XconnectTest, SaysEverythingAsJson) {
  WriteText(config_, "links:\n  v1: v2\n");
  XconnectProcess process(binary_, Arguments({"--json"}));
  ASSERT_TRUE(process.Await(R"({"event":"connected","a":"v1","b":"v2"})"));
  ASSERT_TRUE(process.Await(R"({"event":"started","config":")" + config_ +
                            R"(","mode":"skb","connected":1,"waiting":0,"blocked":0})"));
  WriteText(config_, "links:\n  v1 v2\n");
  ASSERT_TRUE(process.Await(R"({"event":"refused","config":")" + config_ +
                            R"(","line":2,"column":8,"error":"expected ': ' after 'v1 v2'"})"));
  process.Signal(SIGTERM);
  ASSERT_TRUE(process.Await(R"({"event":"stopped","cause":"SIGTERM","detached":2})"));
  EXPECT_EQ(process.Wait(), 0);
}

}  // namespace
}  // namespace purebpf::testing
