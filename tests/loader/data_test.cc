// Global variables of a loaded program, read and written while it runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "purebpf/bpf/program.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/tests/support/dual_test.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/data_kept.h"

namespace purebpf {
namespace {

using testing::Fails;
using testing::IsOk;

CollectionSpec Spec() {
  auto spec = CollectionSpec::Parse(data_kept::Object(), "data");
  EXPECT_THAT(spec, IsOk());
  return spec ? *std::move(spec) : CollectionSpec();
}

class DataTest : public testing::DualTest {
 protected:
  // Runs the program once over an empty packet.
  static Result<TestRunResult> Run(const Collection& collection) {
    static constexpr std::array<std::byte, 64> kPacket{};
    return collection.FindProgram("counts")->TestRun({.data = kPacket});
  }
};

DUAL_TEST(DataTest, IsWhatTheProgramSeesAndChanges) {
  CollectionSpec spec = Spec();
  ASSERT_THAT(spec.Set("limit", uint32_t{11}), IsOk());
  ASSERT_THAT(spec.ResizeData(".data.room", 12), IsOk());
  auto collection = spec.Load(kernel_, {.only = {{"counts"}}});
  ASSERT_THAT(collection, IsOk());
  EXPECT_EQ(collection->Get<uint64_t>("counter").value_or(0), 100U);
  ASSERT_THAT(Run(*collection), IsOk());
  EXPECT_EQ(collection->Get<uint64_t>("counter").value_or(0), 111U);
  EXPECT_EQ(collection->Get<uint32_t>("zero").value_or(0), 7U);
  EXPECT_EQ(
      (collection->Get<std::array<uint32_t, 3>>("last").value_or(std::array<uint32_t, 3>{}))[0],
      9U);
  EXPECT_THAT(collection->Set("counter", uint64_t{1000}), IsOk());
  ASSERT_THAT(Run(*collection), IsOk());
  EXPECT_EQ(collection->Get<uint64_t>("counter").value_or(0), 1011U);
  EXPECT_THAT(collection->Get<uint64_t>("limit"), Fails(Code::kInvalidArgument, "limit"));
}

DUAL_TEST(DataTest, OfFrozenMapsCannotBeWritten) {
  auto collection = Spec().Load(kernel_, {.only = {{"counts"}}});
  ASSERT_THAT(collection, IsOk());
  EXPECT_EQ(collection->Get<uint32_t>("limit").value_or(0), 5U);
  const Map* frozen = collection->FindMap(".rodata");
  ASSERT_NE(frozen, nullptr);
  const uint32_t key = 0;
  const uint32_t value = 1;
  EXPECT_THAT(frozen->Put(BytesOf(key), BytesOf(value)), Fails(Code::kPermission, ""));
}

}  // namespace
}  // namespace purebpf
