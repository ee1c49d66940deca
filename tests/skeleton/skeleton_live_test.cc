// What docs/SKELETON.md shows, which takes the running kernel. Needs root.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "purebpf/tests/skeleton/page.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using testing::IsOk;

TEST(SkeletonLive, DoesWhatItsPageSays) {
  ::testing::internal::CaptureStdout();
  const auto packets = CountPackets();
  const std::string told = ::testing::internal::GetCapturedStdout();
  ASSERT_THAT(packets, IsOk());
  EXPECT_EQ(*packets, 10U);
  EXPECT_EQ(told, "eth0: 100 bytes\n");
}

}  // namespace
}  // namespace purebpf
