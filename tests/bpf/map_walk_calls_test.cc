// Walks over a map that changes meanwhile, in a kernel that behaves as the real one does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/map_walk.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::FakeKernel;
using purebpf::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Verdict = MapWalk::Verdict;

uint32_t Word(Bytes bytes) {
  uint32_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  return word;
}

// A hash of u32 to u32 (ten times the key), whose order is that of `keys`.
class WalkCalls : public ::testing::Test {
 protected:
  Map Make(MapType type = MapType::kHash, uint32_t max_entries = 1000) {
    auto map = Map::Create(kernel_, {.name = "counts",
                                     .type = type,
                                     .key_size = 4,
                                     .value_size = 4,
                                     .max_entries = max_entries});
    EXPECT_THAT(map, IsOk());
    kernel_.Always(Command::kMapGetNextKey,
                   [this](auto, auto regions) { return NextKey(regions); });
    kernel_.Always(Command::kMapLookupElem, [this](auto, auto regions) { return Lookup(regions); });
    kernel_.Always(Command::kMapDeleteElem, [this](auto, auto regions) { return Delete(regions); });
    return std::move(*map);
  }
  void WithoutBatches(int error) { kernel_.Always(Command::kMapLookupBatch, Errno{error}); }
  // Buckets of these keys; a batch gives whole ones.
  void WithBatches(const std::vector<std::vector<uint32_t>>& buckets) {
    kernel_.Always(Command::kMapLookupBatch,
                   [buckets](MutableBytes attr, std::span<const Region> regions) {
                     return Batch(buckets, attr, regions);
                   });
  }
  // All keys that the walk gives; `at` is called with each.
  std::vector<uint32_t> Walk(
      MapWalk& walk, const std::function<void(uint32_t)>& at = [](uint32_t) {}) {
    std::vector<uint32_t> found;
    while (true) {
      const auto more = walk.Next();
      EXPECT_THAT(more, IsOk());
      if (!more.value_or(false)) return found;
      found.push_back(Word(walk.key()));
      EXPECT_EQ(Word(walk.value()), found.back() * 10);
      at(found.back());
    }
  }
  void Remove(uint32_t key) { std::erase(keys_, key); }

  FakeKernel kernel_;
  std::vector<uint32_t> keys_;

 private:
  // kernel/bpf/hashtab.c: htab_map_get_next_key.
  SysResult<int> NextKey(std::span<const Region> regions) {
    auto next = keys_.begin();
    if (regions.size() == 2) {
      const auto at = std::ranges::find(keys_, Word(regions[0].bytes));
      if (at != keys_.end()) next = at + 1;
    }
    if (next == keys_.end()) return std::unexpected(Errno{ENOENT});
    std::memcpy(regions.back().bytes.data(), &*next, sizeof *next);
    return 0;
  }
  SysResult<int> Lookup(std::span<const Region> regions) {
    const uint32_t key = Word(regions[0].bytes);
    if (std::ranges::find(keys_, key) == keys_.end()) return std::unexpected(Errno{ENOENT});
    const uint32_t value = key * 10;
    std::memcpy(regions[1].bytes.data(), &value, sizeof value);
    return 0;
  }
  SysResult<int> Delete(std::span<const Region> regions) {
    Remove(Word(regions[0].bytes));
    return 0;
  }
  // kernel/bpf/hashtab.c: __htab_map_lookup_and_delete_batch.
  static SysResult<int> Batch(const std::vector<std::vector<uint32_t>>& buckets, MutableBytes bytes,
                              std::span<const Region> regions) {
    MapBatchAttr attr;
    std::memcpy(&attr, bytes.data(), sizeof attr);
    uint32_t bucket = attr.in_batch == 0 ? 0 : Word(regions[0].bytes);
    const size_t first = attr.in_batch == 0 ? 0 : 1;
    uint32_t total = 0;
    int error = 0;
    for (; bucket < buckets.size(); ++bucket) {
      if (buckets[bucket].size() > attr.count - total) {
        if (total == 0) error = ENOSPC;
        break;
      }
      for (const uint32_t key : buckets[bucket]) {
        const uint32_t value = key * 10;
        std::memcpy(&regions[first + 1].bytes[total * 4], &key, 4);
        std::memcpy(&regions[first + 2].bytes[total * 4], &value, 4);
        ++total;
      }
    }
    if (bucket == buckets.size()) error = ENOENT;
    attr.count = total;
    std::memcpy(regions[first].bytes.data(), &bucket, sizeof bucket);
    std::memcpy(bytes.data(), &attr, sizeof attr);
    if (error != 0) return std::unexpected(Errno{error});
    return 0;
  }
};

TEST_F(WalkCalls, GoesInBatchesWhereItCan) {
  const Map map = Make();
  WithBatches({{1, 2}, {}, {3}, {4, 5, 6}});
  MapWalk walk(map);
  EXPECT_THAT(Walk(walk), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(walk.verdict(), Verdict::kExact);
  EXPECT_EQ(kernel_.Count(Command::kMapLookupBatch), 1u);
  EXPECT_EQ(walk.Next().value(), false);
  EXPECT_EQ(kernel_.calls().size(), 2u);
}

TEST_F(WalkCalls, GoesInSeveralBatchesWhereTheRoomIsSmall) {
  const Map map = Make();
  std::vector<std::vector<uint32_t>> buckets;
  for (uint32_t i = 0; i < 50; ++i) buckets.push_back({i * 2, i * 2 + 1});
  WithBatches(buckets);
  MapWalk walk(map, /*batch_bytes=*/8 * 20);
  const auto found = Walk(walk);
  ASSERT_EQ(found.size(), 100u);
  for (uint32_t i = 0; i < 100; ++i) EXPECT_EQ(found[i], i);
  EXPECT_EQ(kernel_.Count(Command::kMapLookupBatch), 5u);
  EXPECT_EQ(kernel_.Nth(Command::kMapLookupBatch, 0).As<MapBatchAttr>().count, 20u);
}

TEST_F(WalkCalls, MakesRoomForALargeBucket) {
  const Map map = Make();
  std::vector<uint32_t> large(100);
  for (uint32_t i = 0; i < 100; ++i) large[i] = 10 + i;
  WithBatches({{1, 2}, large, {3}});
  MapWalk walk(map, /*batch_bytes=*/1);
  EXPECT_EQ(Walk(walk).size(), 103u);
  // 16, 16 (too small), 32, 64, 128.
  EXPECT_EQ(kernel_.Count(Command::kMapLookupBatch), 5u);
}

TEST_F(WalkCalls, EndsWhereNoRoomIsEverEnough) {
  const Map map = Make(MapType::kHash, 100);
  kernel_.Always(Command::kMapLookupBatch, Errno{ENOSPC});
  MapWalk walk(map, 1);
  EXPECT_THAT(walk.Next(), Fails(Code::kSystem, "look up many in map 'counts': ENOSPC"));
  EXPECT_EQ(kernel_.Count(Command::kMapLookupBatch), 4u);  // 16, 32, 64, 100
}

TEST_F(WalkCalls, EndsWhereAKernelGivesNothingAndDoesNotEnd) {
  const Map map = Make();
  kernel_.Always(Command::kMapLookupBatch, [](MutableBytes attr, auto) -> SysResult<int> {
    const uint32_t none = 0;
    std::memcpy(&attr[offsetof(MapBatchAttr, count)], &none, sizeof none);
    return 0;
  });
  MapWalk walk(map);
  EXPECT_EQ(walk.Next().value(), false);
}

TEST_F(WalkCalls, GoesByKeyWhereTheKernelHasNoBatches) {
  for (const int error : {EINVAL, EOPNOTSUPP, 524}) {
    SCOPED_TRACE(error);
    const Map map = Make();
    WithoutBatches(error);
    keys_ = {3, 1, 2};
    MapWalk walk(map);
    const size_t before = kernel_.calls().size();
    EXPECT_THAT(Walk(walk), ElementsAre(3, 1, 2));
    EXPECT_EQ(walk.verdict(), Verdict::kExactUnlessDeleted);
    // The batch, four next keys, three look-ups.
    EXPECT_EQ(kernel_.calls().size() - before, 8u);
  }
}

TEST_F(WalkCalls, FindsNothingInAnEmptyMap) {
  const Map map = Make();
  WithoutBatches(524);
  MapWalk walk(map);
  EXPECT_THAT(Walk(walk), IsEmpty());
  WithBatches({});
  MapWalk batches(map);
  EXPECT_THAT(Walk(batches), IsEmpty());
}

TEST_F(WalkCalls, IsExactByKeyForArrays) {
  const Map map = Make(MapType::kArray, 3);
  WithoutBatches(524);
  keys_ = {0, 1, 2};
  MapWalk walk(map);
  EXPECT_THAT(Walk(walk), ElementsAre(0, 1, 2));
  EXPECT_EQ(walk.verdict(), Verdict::kExact);
}

TEST_F(WalkCalls, KnowsThatATriesBatchesGoByKey) {
  const Map map = Make(MapType::kLpmTrie);
  WithBatches({{1}});
  MapWalk walk(map);
  EXPECT_THAT(Walk(walk), ElementsAre(1));
  EXPECT_EQ(walk.verdict(), Verdict::kExactUnlessDeleted);
}

TEST_F(WalkCalls, LetsItsOwnElementsBeDeleted) {
  const Map map = Make();
  WithoutBatches(524);
  keys_ = {1, 2, 3, 4, 5};
  MapWalk walk(map);
  EXPECT_THAT(Walk(walk, [&](uint32_t key) { EXPECT_EQ(map.Delete(BytesOf(key)).value(), true); }),
              ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(keys_, IsEmpty());
  EXPECT_EQ(walk.verdict(), Verdict::kExactUnlessDeleted);
}

TEST_F(WalkCalls, PassesOverWhatVanishedAndSaysThatItStartedAgain) {
  const Map map = Make();
  WithoutBatches(524);
  keys_ = {1, 2, 3, 4};
  MapWalk walk(map);
  // While it stands at 2, its successor 3 goes: the kernel starts again behind it.
  bool removed = false;
  const auto found = Walk(walk, [&](uint32_t key) {
    if (key == 2 && !removed) {
      Remove(3);
      removed = true;
    }
  });
  EXPECT_THAT(found, ElementsAre(1, 2, 1, 2, 4));
  EXPECT_EQ(walk.verdict(), Verdict::kRepeated);
}

TEST_F(WalkCalls, AlwaysEnds) {
  const Map map = Make(MapType::kHash, 10);
  WithoutBatches(524);
  keys_ = {1, 2, 3};
  uint32_t next = 100;
  MapWalk walk(map);
  // Somebody replaces the last element whenever the walk comes near it.
  size_t steps = 0;
  const auto found = Walk(walk, [&](uint32_t) {
    ++steps;
    keys_.pop_back();
    keys_.push_back(next++);
  });
  EXPECT_EQ(walk.verdict(), Verdict::kIncomplete);
  EXPECT_LE(found.size(), 84u);
  EXPECT_EQ(walk.Next().value(), false);
}

TEST_F(WalkCalls, HandsErrorsOn) {
  const Map map = Make();
  kernel_.Always(Command::kMapLookupBatch, Errno{EPERM});
  MapWalk batches(map);
  EXPECT_THAT(batches.Next(), Fails(Code::kPermission, "look up many in map 'counts': EPERM"));
  WithoutBatches(524);
  keys_ = {1, 2};
  kernel_.Answer(Command::kMapGetNextKey, Errno{EPERM});
  MapWalk keys(map);
  EXPECT_THAT(keys.Next(), Fails(Code::kPermission, "next key of map 'counts': EPERM"));
  // What fails later is no reason to go another way.
  WithBatches({{1}, {2}});
  MapWalk later(map, 1);
  EXPECT_EQ(later.Next().value(), true);
}

TEST_F(WalkCalls, GivesTypedEntries) {
  auto typed = TypedMap<uint32_t, uint32_t>::From(Make());
  ASSERT_THAT(typed, IsOk());
  WithBatches({{7}, {8, 9}});
  const auto entries = EntriesOf(*typed);
  ASSERT_THAT(entries, IsOk());
  using P = std::pair<uint32_t, uint32_t>;
  EXPECT_THAT(entries->entries, ElementsAre(P{7, 70}, P{8, 80}, P{9, 90}));
  EXPECT_EQ(entries->verdict, Verdict::kExact);
  kernel_.Always(Command::kMapLookupBatch, Errno{EPERM});
  EXPECT_THAT(EntriesOf(*typed), Fails(Code::kPermission, "EPERM"));
}

}  // namespace
}  // namespace purebpf
