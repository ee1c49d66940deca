// Many elements a call, over a kernel that is not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/map_batch.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::FakeCall;
using purebpf::testing::FakeKernel;
using purebpf::testing::IsOk;
using ::testing::ElementsAre;

class BatchCalls : public ::testing::Test {
 protected:
  BatchCalls() : map_(Make("counts")), batch_(map_) { before_ = kernel_.calls().size(); }
  Map Make(const char* name) {
    auto map = Map::Create(
        kernel_,
        {.name = name, .type = MapType::kHash, .key_size = 4, .value_size = 8, .max_entries = 100});
    EXPECT_THAT(map, IsOk());
    return std::move(*map);
  }
  [[nodiscard]] size_t Calls() const { return kernel_.calls().size() - before_; }
  // Gives these keys, with values ten times as large, and the position 7; then `error`.
  FakeKernel::Handler Gives(const std::vector<uint32_t>& keys, int error = 0) {
    return [keys, error](MutableBytes bytes, std::span<const Region> regions) -> SysResult<int> {
      MapBatchAttr attr;
      std::memcpy(&attr, bytes.data(), sizeof attr);
      for (const Region& region : regions) {
        if (region.attr_offset == offsetof(MapBatchAttr, out_batch)) {
          const uint32_t position = 7;
          std::memcpy(region.bytes.data(), &position, sizeof position);
        }
        for (size_t i = 0; i < keys.size(); ++i) {
          const uint64_t value = keys[i] * 10;
          if (region.attr_offset == offsetof(MapBatchAttr, keys))
            std::memcpy(&region.bytes[i * 4], &keys[i], 4);
          if (region.attr_offset == offsetof(MapBatchAttr, values))
            std::memcpy(&region.bytes[i * 8], &value, 8);
        }
      }
      attr.count = static_cast<uint32_t>(keys.size());
      std::memcpy(bytes.data(), &attr, sizeof attr);
      if (error != 0) return std::unexpected(Errno{error});
      return 0;
    };
  }
  // Refuses after `done` elements.
  static FakeKernel::Handler Stops(uint32_t done, int error) {
    return [done, error](MutableBytes bytes, std::span<const Region>) -> SysResult<int> {
      std::memcpy(&bytes[offsetof(MapBatchAttr, count)], &done, sizeof done);
      return std::unexpected(Errno{error});
    };
  }

  FakeKernel kernel_;
  Map map_;
  MapBatch batch_;
  std::array<uint32_t, 4> keys_{};
  std::array<uint64_t, 4> values_{};
  MutableBytes Keys() { return std::as_writable_bytes(std::span(keys_)); }
  MutableBytes Values() { return std::as_writable_bytes(std::span(values_)); }

 private:
  size_t before_;
};

TEST_F(BatchCalls, LooksUpFromTheStartToTheEnd) {
  kernel_.Answer(Command::kMapLookupBatch, Gives({1, 2, 3}));
  kernel_.Answer(Command::kMapLookupBatch, Gives({4}, ENOENT));
  BatchCursor cursor;
  EXPECT_EQ(batch_.Lookup(cursor, Keys(), Values()).value(), 3u);
  EXPECT_FALSE(cursor.done());
  EXPECT_THAT(keys_, ElementsAre(1, 2, 3, 0));
  EXPECT_THAT(values_, ElementsAre(10, 20, 30, 0));
  EXPECT_EQ(batch_.Lookup(cursor, Keys(), Values()).value(), 1u);
  EXPECT_TRUE(cursor.done());
  EXPECT_EQ(batch_.Lookup(cursor, Keys(), Values()).value(), 0u);
  ASSERT_EQ(Calls(), 2u);
  const FakeCall& first = kernel_.Nth(Command::kMapLookupBatch, 0);
  EXPECT_EQ(first.As<MapBatchAttr>().count, 4u);
  EXPECT_EQ(first.As<MapBatchAttr>().map_fd, static_cast<uint32_t>(map_.fd()));
  EXPECT_EQ(first.As<MapBatchAttr>().in_batch, 0u);
  EXPECT_EQ(first.As<MapBatchAttr>().elem_flags + first.As<MapBatchAttr>().flags, 0u);
  ASSERT_EQ(first.regions.size(), 3u);
  const FakeCall& second = kernel_.Nth(Command::kMapLookupBatch, 1);
  ASSERT_EQ(second.regions.size(), 4u);
  EXPECT_EQ(second.regions[0].bytes,
            (std::vector<std::byte>{std::byte{7}, std::byte{0}, std::byte{0}, std::byte{0}}));
}

TEST_F(BatchCalls, TakesElementsOut) {
  kernel_.Answer(Command::kMapLookupAndDeleteBatch, Gives({5, 6}, ENOENT));
  BatchCursor cursor;
  EXPECT_EQ(batch_.LookupAndDelete(cursor, Keys(), Values()).value(), 2u);
  EXPECT_TRUE(cursor.done());
}

TEST_F(BatchCalls, KeepsItsPlaceWhereTheRoomIsTooSmall) {
  kernel_.Answer(Command::kMapLookupBatch, Gives({1}));
  kernel_.Answer(Command::kMapLookupBatch, Stops(0, ENOSPC));
  kernel_.Answer(Command::kMapLookupBatch, Gives({2}, ENOENT));
  BatchCursor cursor;
  EXPECT_THAT(batch_.Lookup(cursor, Keys(), Values()), IsOk());
  EXPECT_THAT(batch_.Lookup(cursor, Keys(), Values()),
              Fails(Code::kSystem, "look up many in map 'counts': ENOSPC"));
  EXPECT_EQ(batch_.Lookup(cursor, Keys(), Values()).value(), 1u);
  EXPECT_EQ(kernel_.Nth(Command::kMapLookupBatch, 2).regions[0].bytes,
            kernel_.Nth(Command::kMapLookupBatch, 1).regions[0].bytes);
}

TEST_F(BatchCalls, RefusesTheCursorOfAnotherMap) {
  const Map other = Make("others");
  BatchCursor cursor;
  EXPECT_THAT(batch_.Lookup(cursor, Keys(), Values()), IsOk());
  EXPECT_THAT(MapBatch(other).Lookup(cursor, Keys(), Values()),
              Fails(Code::kInvalidArgument, "look up many in map 'others': the cursor is one of"));
}

TEST_F(BatchCalls, RefusesSizesThatDoNotMatch) {
  BatchCursor cursor;
  EXPECT_THAT(batch_.Lookup(cursor, Keys().first(15), Values()),
              Fails(Code::kInvalidArgument,
                    "the keys have 15 bytes, the values 32; an element has 4 and 8"));
  EXPECT_THAT(batch_.Lookup(cursor, Keys(), Values().first(24)),
              Fails(Code::kInvalidArgument, "the values 24"));
  EXPECT_THAT(batch_.Put(Keys(), Values().first(31)), Fails(Code::kInvalidArgument, "31"));
  EXPECT_THAT(
      batch_.Delete(Keys().first(3)),
      Fails(Code::kInvalidArgument, "delete many from map 'counts': the keys have 3 bytes"));
  EXPECT_EQ(Calls(), 0u);
  EXPECT_EQ(batch_.Lookup(cursor, {}, {}).value(), 0u);
  EXPECT_THAT(batch_.Put({}, {}), IsOk());
  EXPECT_EQ(batch_.Delete({}).value(), 0u);
  EXPECT_EQ(Calls(), 0u);
}

TEST_F(BatchCalls, RefusesMapsWithoutKeys) {
  const auto queue = Map::Create(kernel_, {.name = "q", .type = MapType::kQueue, .value_size = 8});
  EXPECT_THAT(MapBatch(*queue).Put({}, Values()),
              Fails(Code::kInvalidArgument, "an element has 0 and 8"));
}

TEST_F(BatchCalls, SaysWhyItCannotLookUp) {
  BatchCursor cursor;
  kernel_.Answer(Command::kMapLookupBatch, Errno{524});
  EXPECT_THAT(batch_.Lookup(cursor, Keys(), Values()), Fails(Code::kUnsupported, "ENOTSUPP"));
  kernel_.release = std::string("5.4.0");
  kernel_.Answer(Command::kMapLookupBatch, Errno{EINVAL});
  EXPECT_THAT(batch_.Lookup(cursor, Keys(), Values()),
              Fails(Code::kUnsupported, "BPF_MAP_LOOKUP_BATCH needs Linux 5.6; this is 5.4.0"));
}

TEST_F(BatchCalls, PutsAllInOneCall) {
  keys_ = {1, 2, 3, 4};
  EXPECT_THAT(batch_.Put(Keys(), Values()), IsOk());
  ASSERT_EQ(Calls(), 1u);
  const FakeCall& call = kernel_.Nth(Command::kMapUpdateBatch, 0);
  EXPECT_EQ(call.As<MapBatchAttr>().count, 4u);
  ASSERT_EQ(call.regions.size(), 2u);
  EXPECT_EQ(call.regions[0].direction, Direction::kIn);
  EXPECT_EQ(call.regions[0].bytes.size(), 16u);
  EXPECT_EQ(call.regions[1].bytes.size(), 32u);
}

TEST_F(BatchCalls, PutsOneByOneWhereTheKernelCannot) {
  keys_ = {1, 2, 3, 4};
  for (const int error : {EINVAL, EOPNOTSUPP, 524}) {
    const size_t before = Calls();
    kernel_.Answer(Command::kMapUpdateBatch, Errno{error});
    EXPECT_THAT(batch_.Put(Keys(), Values()), IsOk());
    EXPECT_EQ(Calls() - before, 5u);
  }
  EXPECT_EQ(kernel_.Nth(Command::kMapUpdateElem, 2).regions[0].bytes[0], std::byte{3});
}

TEST_F(BatchCalls, SaysHowManyWerePut) {
  keys_ = {1, 2, 3, 4};
  kernel_.Answer(Command::kMapUpdateBatch, Stops(3, E2BIG));
  EXPECT_THAT(batch_.Put(Keys(), Values()),
              Fails(Code::kSystem,
                    "put many into map 'counts': E2BIG (Argument list too long): 3 "
                    "of 4 were put"));
  kernel_.Answer(Command::kMapUpdateBatch, Errno{EINVAL});
  kernel_.Answer(Command::kMapUpdateElem, [](MutableBytes, auto) { return SysResult<int>(0); });
  kernel_.Answer(Command::kMapUpdateElem, Errno{E2BIG});
  EXPECT_THAT(batch_.Put(Keys(), Values()),
              Fails(Code::kSystem,
                    "put into map 'counts': E2BIG (Argument list too long): 1 of 4 "
                    "were put; the map is full"));
}

TEST_F(BatchCalls, DeletesAllThatAreThere) {
  keys_ = {1, 2, 3, 4};
  EXPECT_EQ(batch_.Delete(Keys()).value(), 4u);
  EXPECT_EQ(Calls(), 1u);
  EXPECT_EQ(kernel_.Nth(Command::kMapDeleteBatch, 0).regions.size(), 1u);
  // The second and the fourth are not there.
  kernel_.Answer(Command::kMapDeleteBatch, Stops(1, ENOENT));
  kernel_.Answer(Command::kMapDeleteBatch, Stops(1, ENOENT));
  EXPECT_EQ(batch_.Delete(Keys()).value(), 2u);
  EXPECT_EQ(Calls(), 3u);
  EXPECT_EQ(kernel_.Nth(Command::kMapDeleteBatch, 2).As<MapBatchAttr>().count, 2u);
  EXPECT_EQ(kernel_.Nth(Command::kMapDeleteBatch, 2).regions[0].bytes[0], std::byte{3});
  // None is.
  kernel_.Always(Command::kMapDeleteBatch, Stops(0, ENOENT));
  EXPECT_EQ(batch_.Delete(Keys()).value(), 0u);
  EXPECT_EQ(Calls(), 7u);
}

TEST_F(BatchCalls, DeletesOneByOneWhereTheKernelCannot) {
  keys_ = {1, 2, 3, 4};
  kernel_.Answer(Command::kMapDeleteBatch, Errno{EINVAL});
  kernel_.Answer(Command::kMapDeleteElem, Errno{ENOENT});
  EXPECT_EQ(batch_.Delete(Keys()).value(), 3u);
  EXPECT_EQ(Calls(), 5u);
  kernel_.Answer(Command::kMapDeleteBatch, Errno{EPERM});
  EXPECT_THAT(batch_.Delete(Keys()), Fails(Code::kPermission, "delete many from map 'counts'"));
  // Where the operation is known, EINVAL is about the map.
  kernel_.Answer(Command::kMapDeleteBatch, Stops(0, ENOENT));
  kernel_.Answer(Command::kMapDeleteBatch, Errno{EINVAL});
  EXPECT_THAT(batch_.Delete(Keys()), Fails(Code::kInvalidArgument, "EINVAL"));
}

}  // namespace
}  // namespace purebpf
