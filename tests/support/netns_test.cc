// The judge is judged: frames cross a plain cable, and only that.
#include "purebpf/tests/support/netns.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "purebpf/tests/support/frames.h"

namespace purebpf::testing {
namespace {

ino_t OwnNetns() {
  struct stat status{};
  EXPECT_EQ(stat("/proc/thread-self/ns/net", &status), 0);
  return status.st_ino;
}

TEST(TempNetns, HoldsTheThreadWhileItLives) {
  const ino_t before = OwnNetns();
  {
    const TempNetns netns;
    if (!netns.ok()) GTEST_SKIP() << netns.reason();
    EXPECT_NE(OwnNetns(), before);
    EXPECT_EQ(netns->Index("lo"), 1u);
    EXPECT_EQ(netns->Index("eth0"), 0u);
  }
  EXPECT_EQ(OwnNetns(), before);
}

TEST(Netns, DoesNotMoveTheThread) {
  const ino_t before = OwnNetns();
  const Netns netns;
  if (!netns.ok()) GTEST_SKIP() << netns.reason();
  EXPECT_EQ(OwnNetns(), before);
  EXPECT_TRUE(netns.Ip("link add v0 type veth peer name v1"));
  EXPECT_EQ(OwnNetns(), before);
}

TEST(Netns, TellsWhatIpSaid) {
  const Netns netns;
  if (!netns.ok()) GTEST_SKIP() << netns.reason();
  const ::testing::AssertionResult refused = netns.Delete("nothing");
  EXPECT_FALSE(refused);
  EXPECT_STREQ(refused.message(), "ip link delete nothing: Cannot find device \"nothing\"\n");
}

TEST(Frames, CrossACableBetweenTwoNamespacesAndNoOther) {
  const Netns one;
  const Netns two;
  const Netns three;
  if (!one.ok()) GTEST_SKIP() << one.reason();
  ASSERT_TRUE(one.MakeVeth("eth0", "eth0", two));
  ASSERT_TRUE(one.MakeVeth("eth1", "eth0", three));
  EXPECT_TRUE(AllCross(one, "eth0", two, "eth0"));
  EXPECT_TRUE(AllCross(two, "eth0", one, "eth0", 5000));
  EXPECT_TRUE(NoneCross(one, "eth0", three, "eth0"));
  EXPECT_TRUE(NoneCross(one, "eth0", one, "eth0"));
  EXPECT_FALSE(AllCross(one, "nothing", two, "eth0"));
}

TEST(Frames, AreCountedByTag) {
  const Netns netns;
  if (!netns.ok()) GTEST_SKIP() << netns.reason();
  ASSERT_TRUE(netns.MakeVeth("v0", "v1"));
  FrameCounter counter(netns, "v1");
  FrameSender sender(netns, "v0");
  ASSERT_TRUE(counter.ok() && sender.ok());
  EXPECT_EQ(sender.Send(1, 3), 3u);
  EXPECT_EQ(sender.Send(2, 4), 4u);
  EXPECT_EQ(sender.Send(1, 2), 2u);
  EXPECT_EQ(counter.Await(1, 5), 5u);
  EXPECT_EQ(counter.Await(2, 4), 4u);
  EXPECT_EQ(counter.Settled(3), 0u);
  EXPECT_EQ(counter.duplicates(), 0u);
  ASSERT_TRUE(netns.Down("v0"));
  EXPECT_EQ(sender.Send(1, 1), 0u);
}

}  // namespace
}  // namespace purebpf::testing
