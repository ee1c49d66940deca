// Global variables: edited before loading.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "purebpf/loader/collection_spec.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/data.h"

namespace purebpf {
namespace {

using testing::Fails;
using testing::IsOk;

CollectionSpec Spec() {
  auto spec = CollectionSpec::Parse(data::Object(), "data");
  EXPECT_THAT(spec, IsOk());
  return spec ? *std::move(spec) : CollectionSpec();
}

uint64_t Number(const Result<std::vector<std::byte>>& value) {
  uint64_t number = 0;
  if (value) std::memcpy(&number, value->data(), std::min(sizeof number, value->size()));
  return number;
}

TEST(SpecVariables, HaveTheirInitialValues) {
  const CollectionSpec spec = Spec();
  EXPECT_EQ(Number(spec.GetVariable("limit")), 5U);
  EXPECT_EQ(Number(spec.GetVariable("counter")), 100U);
  EXPECT_EQ(Number(spec.GetVariable("zero")), 0U);
  EXPECT_TRUE(spec.FindVariable("limit")->constant);
  EXPECT_FALSE(spec.FindVariable("counter")->constant);
  EXPECT_EQ(spec.FindVariable("last")->map, ".data.room");
}

TEST(SpecVariables, AreSetByNameAndSize) {
  CollectionSpec spec = Spec();
  EXPECT_THAT(spec.Set("limit", uint32_t{6}), IsOk());
  EXPECT_EQ(Number(spec.GetVariable("limit")), 6U);
  EXPECT_THAT(spec.Set("zero", uint32_t{8}), IsOk()) << ".bss has no contents in the file";
  EXPECT_EQ(Number(spec.GetVariable("zero")), 8U);
  EXPECT_THAT(spec.Set("limit", uint64_t{6}),
              Fails(Code::kInvalidArgument, "variable 'limit' has 4 bytes, not 8"));
  EXPECT_THAT(spec.Set("limits", uint32_t{6}),
              Fails(Code::kNotFound, "has no global variable 'limits'"));
}

TEST(SpecVariables, OfAnArrayAtTheEndGrow) {
  CollectionSpec spec = Spec();
  EXPECT_THAT(spec.ResizeData(".data.room", 40), IsOk());
  EXPECT_EQ(spec.FindMap(".data.room")->params.value_size, 40U);
  EXPECT_EQ(spec.FindVariable("last")->size, 40U);
  EXPECT_THAT(spec.Set("last", std::array<uint32_t, 10>{1, 2, 3}), IsOk());
  EXPECT_THAT(spec.ResizeData(".data.room", 41), Fails(Code::kInvalidArgument, "41"));
  EXPECT_THAT(spec.ResizeData(".data.room", 0), Fails(Code::kInvalidArgument, "'last'"));
  EXPECT_THAT(spec.ResizeData(".data", 64), Fails(Code::kInvalidArgument, "is no array"));
  EXPECT_THAT(spec.ResizeData("open_size", 64), Fails(Code::kNotFound, "'open_size'"));
}

}  // namespace
}  // namespace purebpf
