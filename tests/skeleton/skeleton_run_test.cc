// Generated skeletons with a kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "purebpf/tests/support/dual_test.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/skeleton/cross.skel.h"
#include "tests/skeleton/traffic_kept.skel.h"

namespace purebpf {
namespace {

namespace traffic = traffic_kept;
using testing::DualTest;
using testing::IsOk;

class SkeletonRun : public DualTest {};

DUAL_TEST(SkeletonRun, LoadsWithNothingSaid) {
  auto objects = cross::Load(kernel_);
  ASSERT_THAT(objects, IsOk());
  EXPECT_EQ(objects->programs.xdp_xconnect->type(), ProgType::kXdp);
  EXPECT_EQ(objects->maps.xconnect_map->untyped().params().type, MapType::kDevmapHash);
}

// What a program counts for each CPU is then where it was recorded.
void StayOnTheFirstCpu() {
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  (void)sched_setaffinity(0, sizeof first, &first);
}

DUAL_TEST(SkeletonRun, SharesVariablesMapsAndRecordsWithItsPrograms) {
  StayOnTheFirstCpu();
  auto spec = traffic::Spec::Read();
  ASSERT_THAT(spec, IsOk());
  spec->variables.step = 10;
  traffic::limits limits = spec->variables.limits;
  limits.length = 64;
  spec->variables.limits = limits;
  auto objects = traffic::Load(kernel_, *spec);
  ASSERT_THAT(objects, IsOk());
  objects->variables.name = {'l', 'i', 'v', 'e'};
  const traffic::flow_key key = {.port = 80, .address = 100};
  ASSERT_THAT(objects->maps.flows->Put(key, {}), IsOk());
  auto records = objects->maps.events->Open();
  ASSERT_THAT(records, IsOk());

  const std::array<std::byte, 100> packet{};
  for (int i = 0; i < 3; ++i) {
    const auto run = objects->programs.count->TestRun({.data = packet});
    ASSERT_THAT(run, IsOk());
    EXPECT_EQ(run->retval, 1U);  // XDP_DROP: longer than the limit
  }

  EXPECT_EQ(objects->variables.packets, 30U);
  EXPECT_EQ(objects->variables.by_verdict.Get()[7], 3U);
  const traffic::limits seen = objects->variables.limits;
  EXPECT_EQ(seen.length, 64U);
  EXPECT_EQ(seen.high, 33U);
  const auto flow = objects->maps.flows->Lookup(key);
  ASSERT_THAT(flow, IsOk());
  ASSERT_TRUE(flow->has_value());
  EXPECT_EQ((*flow)->packets, 3U);
  EXPECT_EQ((*flow)->bytes, 300U);
  EXPECT_EQ((*flow)->seen.last, 30U);
  const auto verdicts = objects->maps.verdicts->Lookup(7);
  ASSERT_THAT(verdicts, IsOk());
  ASSERT_TRUE(verdicts->has_value());
  uint64_t sum = 0;
  for (const uint64_t count : **verdicts) sum += count;
  EXPECT_EQ(sum, 30U);
  std::vector<traffic::event> events;
  EXPECT_THAT(records->Consume([&](const traffic::event& event) { events.push_back(event); }),
              IsOk());
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[2].time, 30U);
  EXPECT_EQ(events[2].key.address, 100U);
  EXPECT_EQ(events[2].verdict, traffic::verdict::VERDICT_DROP);
  EXPECT_EQ(events[2].length, 100U);
  EXPECT_STREQ(events[2].name, "live");
  // What is written here is what programs see.
  objects->variables.packets = 1000;
  ASSERT_THAT(objects->programs.count->TestRun({.data = packet}), IsOk());
  EXPECT_EQ(objects->variables.packets, 1010U);
}

}  // namespace
}  // namespace purebpf
