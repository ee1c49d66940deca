// One test against recordings of several kernels: bpf_replay_test's `kernels`.
#include <gtest/gtest.h>

#include <cstdint>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/testing/replay_test.h"

namespace purebpf::testing {
namespace {

using SeveralKernels = ReplayTest;

TEST_F(SeveralKernels, SayWhatTheyHave) {
  const auto release = kernel().Release();
  ASSERT_TRUE(release.has_value());
  MapCreateAttr attr{
      .map_type = static_cast<uint32_t>(MapType::kBloomFilter), .value_size = 8, .max_entries = 16};
  const auto map = BpfCall(Command::kMapCreate, attr).Issue(kernel());
  EXPECT_EQ(map.has_value(), *release == "6.12.0");  // Linux 5.16 and newer
  if (map) kernel().Close(*map);
}

}  // namespace
}  // namespace purebpf::testing
