#include "counter.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

#include "purebpf/bpf/testing/fault_kernel.h"
#include "purebpf/bpf/testing/gtest.h"
#include "purebpf/bpf/testing/replay_test.h"

using CounterTest = purebpf::testing::ReplayTest;

TEST_F(CounterTest, CountsPackets) {
  const auto counter = Counter::Load(kernel());
  ASSERT_TRUE(counter.has_value()) << counter.error().ToString();
  const std::vector<std::byte> packet(64);
  ASSERT_TRUE(counter->Offer(packet).has_value());
  ASSERT_TRUE(counter->Offer(packet).has_value());
  EXPECT_EQ(counter->packets().value_or(0), 2u);
}

// Whatever fails: an Error, and nothing stays open.
TEST(CounterFaults, LeaveNothingBehind) {
  namespace testing = purebpf::testing;
  purebpf::HostKernel host;  // reads the file
  const auto fixture = testing::FixturePath("CounterTest.CountsPackets");
  if (!fixture) GTEST_SKIP() << fixture.error().ToString();
  for (size_t n = 1;; ++n) {
    auto replay =
        testing::ReplayKernel::FromFile(host, *fixture, {.order = testing::Order::kLoose});
    ASSERT_TRUE(replay.has_value()) << replay.error().ToString();
    testing::FaultKernel kernel(*replay);
    kernel.FailCall(n, purebpf::Errno{ENOMEM});
    {
      const auto counter = Counter::Load(kernel);
      if (!counter) {
        EXPECT_EQ(counter.error().sys_errno, ENOMEM) << kernel.last_fault();
      }
    }
    EXPECT_TRUE(testing::NothingLeft(kernel));
    if (kernel.faults() == 0) break;  // n is beyond the last call
  }
}
