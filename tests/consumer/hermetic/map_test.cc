// A map that a test of this workspace talks to without a kernel.
#include <gtest/gtest.h>

#include <cstdint>

#include "purebpf/bpf/testing/replay_test.h"
#include "purebpf/bpf/typed_map.h"

using MapTest = purebpf::testing::ReplayTest;

TEST_F(MapTest, CountsByKey) {
  auto made = purebpf::Map::Create(kernel(), {.name = "counts",
                                              .type = purebpf::MapType::kHash,
                                              .key_size = 4,
                                              .value_size = 8,
                                              .max_entries = 16});
  ASSERT_TRUE(made.has_value()) << made.error().ToString();
  const auto counts = purebpf::TypedMap<uint32_t, uint64_t>::From(std::move(*made));
  ASSERT_TRUE(counts.has_value()) << counts.error().ToString();
  ASSERT_TRUE(counts->Put(1, 10).has_value());
  const auto one = counts->Lookup(1);
  ASSERT_TRUE(one.has_value()) << one.error().ToString();
  EXPECT_EQ(*one, 10u);
  const auto two = counts->Lookup(2);
  ASSERT_TRUE(two.has_value()) << two.error().ToString();
  EXPECT_FALSE(two->has_value());
}
