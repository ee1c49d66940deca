// Maps: every operation on every simple type.
#include "purebpf/bpf/map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/typed_map.h"
#include "purebpf/tests/bpf/map_fixture.h"
#include "purebpf/tests/support/dual_test.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::DualTableTest;
using purebpf::testing::Fails;
using purebpf::testing::IsOk;

DUAL_TEST(MapTest, IsInTheKernelAsItWasAskedFor) {
  const auto map = Map::Create(kernel_, {.name = "xconnect map of ports",
                                         .type = MapType::kHash,
                                         .key_size = 12,
                                         .value_size = 20,
                                         .max_entries = 77,
                                         .flags = kNoPrealloc});
  ASSERT_THAT(map, IsOk());
  const BpfMapInfo info = InfoOf(*map);
  EXPECT_EQ(info.type, 1u);
  EXPECT_EQ(info.key_size, 12u);
  EXPECT_EQ(info.value_size, 20u);
  EXPECT_EQ(info.max_entries, 77u);
  EXPECT_EQ(info.map_flags, 1u);
  EXPECT_STREQ(info.name.data(), "xconnect_map_of");
}

// --- Keyed types: one table of what they share -------------------------------------------------

struct KeyedType {
  const char* name;
  MapType type;
  uint32_t flags;
};

constexpr auto kKeyedTypes = std::to_array<KeyedType>({
    {"hash", MapType::kHash, 0},
    {"hash_no_prealloc", MapType::kHash, kNoPrealloc},
    {"percpu_hash", MapType::kPercpuHash, 0},
    {"lru_hash", MapType::kLruHash, 0},
    {"lru_percpu_hash", MapType::kLruPercpuHash, 0},
});

class HashLikeMap : public DualTableTest<KeyedType> {
 public:
  static std::span<const KeyedType> Rows() { return kKeyedTypes; }

 protected:
  // BPF_F_ZERO_SEED: keys are walked in the same order in every run.
  Result<Map> Make(uint32_t max_entries) {
    return Map::Create(kernel_, {.name = row_.name,
                                 .type = row_.type,
                                 .key_size = 4,
                                 .value_size = 8,
                                 .max_entries = max_entries,
                                 .flags = row_.flags | kZeroSeed});
  }
  // A value for every CPU, all the same.
  static std::vector<std::byte> ValueOf(const Map& map, uint64_t value) {
    std::vector<std::byte> bytes(map.lookup_size());
    for (size_t at = 0; at < bytes.size(); at += 8) std::memcpy(&bytes[at], &value, 8);
    return bytes;
  }
};

DUAL_TEST(HashLikeMap, HoldsWhatIsPutUntilItIsDeleted) {
  const auto map = Make(100);
  ASSERT_THAT(map, IsOk());
  std::vector<std::byte> read(map->lookup_size());
  const uint32_t key = 5;
  EXPECT_EQ(map->Lookup(BytesOf(key), read).value(), false);
  EXPECT_EQ(map->Delete(BytesOf(key)).value(), false);
  EXPECT_THAT(map->Put(BytesOf(key), ValueOf(*map, 0x1234)), IsOk());
  EXPECT_EQ(map->Lookup(BytesOf(key), read).value(), true);
  EXPECT_EQ(read, ValueOf(*map, 0x1234));
  EXPECT_THAT(map->Put(BytesOf(key), ValueOf(*map, 0x5678)), IsOk());
  EXPECT_EQ(map->Lookup(BytesOf(key), read).value(), true);
  EXPECT_EQ(read, ValueOf(*map, 0x5678));
  EXPECT_EQ(map->Delete(BytesOf(key)).value(), true);
  EXPECT_EQ(map->Lookup(BytesOf(key), read).value(), false);
}

DUAL_TEST(HashLikeMap, HonoursThePutFlags) {
  const auto map = Make(100);
  ASSERT_THAT(map, IsOk());
  const uint32_t key = 5;
  const auto value = ValueOf(*map, 1);
  EXPECT_THAT(map->Put(BytesOf(key), value, PutFlag::kExist), Fails(Code::kNotFound, "ENOENT"));
  EXPECT_THAT(map->Put(BytesOf(key), value, PutFlag::kNoExist), IsOk());
  EXPECT_THAT(map->Put(BytesOf(key), value, PutFlag::kNoExist), Fails(Code::kConflict, "EEXIST"));
  EXPECT_THAT(map->Put(BytesOf(key), value, PutFlag::kExist), IsOk());
  EXPECT_THAT(map->Put(BytesOf(key), value, PutFlag{64}), Fails(Code::kInvalidArgument, "EINVAL"));
}

DUAL_TEST(HashLikeMap, IsWalkedKeyByKey) {
  const auto map = Make(100);
  ASSERT_THAT(map, IsOk());
  uint32_t key = 0;
  EXPECT_EQ(map->NextKey(std::nullopt, MutableBytesOf(key)).value(), false);
  std::set<uint32_t> put;
  for (const uint32_t each : {3u, 1u << 20, 7u, 0u, UINT32_MAX}) {
    put.insert(each);
    ASSERT_THAT(map->Put(BytesOf(each), ValueOf(*map, each)), IsOk());
  }
  std::set<uint32_t> walked;
  auto more = map->NextKey(std::nullopt, MutableBytesOf(key));
  for (int step = 0; step < 10 && more.value(); ++step) {
    walked.insert(key);
    const uint32_t last = key;
    more = map->NextKey(BytesOf(last), MutableBytesOf(key));
  }
  EXPECT_EQ(more.value(), false);
  EXPECT_EQ(walked, put);
}

DUAL_TEST(HashLikeMap, GivesUpAValueOnceWhenTakenOut) {
  const auto map = Make(100);
  ASSERT_THAT(map, IsOk());
  const uint32_t key = 9;
  std::vector<std::byte> read(map->lookup_size());
  const auto absent = map->LookupAndDelete(BytesOf(key), read);
  if (!absent && absent.error().code == Code::kUnsupported) GTEST_SKIP() << "needs Linux 5.14";
  EXPECT_EQ(absent.value(), false);
  ASSERT_THAT(map->Put(BytesOf(key), ValueOf(*map, 42)), IsOk());
  EXPECT_EQ(map->LookupAndDelete(BytesOf(key), read).value(), true);
  EXPECT_EQ(read, ValueOf(*map, 42));
  EXPECT_EQ(map->LookupAndDelete(BytesOf(key), read).value(), false);
}

DUAL_TEST(MapTest, SaysThatAHashIsFull) {
  const auto map = Map::Create(kernel_, {.name = "small",
                                         .type = MapType::kHash,
                                         .key_size = 4,
                                         .value_size = 4,
                                         .max_entries = 2,
                                         .flags = kNoPrealloc});
  ASSERT_THAT(map, IsOk());
  const uint32_t value = 1;
  for (const uint32_t key : {1u, 2u}) EXPECT_THAT(map->Put(BytesOf(key), BytesOf(value)), IsOk());
  const uint32_t third = 3;
  EXPECT_THAT(map->Put(BytesOf(third), BytesOf(value)),
              Fails(Code::kSystem,
                    "put into map 'small': E2BIG (Argument list too long); the map is full"));
  // An LRU hash makes room instead.
  const auto lru = Map::Create(
      kernel_,
      {.name = "lru", .type = MapType::kLruHash, .key_size = 4, .value_size = 4, .max_entries = 2});
  ASSERT_THAT(lru, IsOk());
  for (uint32_t key = 0; key < 20; ++key)
    EXPECT_THAT(lru->Put(BytesOf(key), BytesOf(value)), IsOk());
}

// --- Arrays -----------------------------------------------------------------------------------

DUAL_TEST(MapTest, AnArrayHasAllItsElementsFromTheStart) {
  auto made = TypedMap<uint32_t, uint64_t>::From(Map::Create(kernel_, {.name = "array",
                                                                       .type = MapType::kArray,
                                                                       .key_size = 4,
                                                                       .value_size = 8,
                                                                       .max_entries = 3})
                                                     .value());
  ASSERT_THAT(made, IsOk());
  const auto& array = *made;
  EXPECT_EQ(array.Lookup(2).value(), std::optional<uint64_t>(0));
  EXPECT_THAT(array.Put(2, 77), IsOk());
  EXPECT_EQ(array.Lookup(2).value(), std::optional<uint64_t>(77));
  EXPECT_EQ(array.Lookup(3).value(), std::nullopt);
  EXPECT_THAT(array.Put(3, 1), Fails(Code::kSystem, "the index is not below max_entries"));
  EXPECT_THAT(array.Put(1, 1, PutFlag::kNoExist), Fails(Code::kConflict, "EEXIST"));
  EXPECT_THAT(array.Delete(1), Fails(Code::kInvalidArgument, "always there"));
  EXPECT_THAT(array.LookupAndDelete(1), Fails(Code::kUnsupported, "queues and stacks"));
  EXPECT_EQ(array.NextKey(std::nullopt).value(), std::optional<uint32_t>(0));
  EXPECT_EQ(array.NextKey(0).value(), std::optional<uint32_t>(1));
  EXPECT_EQ(array.NextKey(2).value(), std::nullopt);
}

// How many 8-byte slots the kernel itself writes for key 0, told by what stays untouched behind.
uint32_t CpusOfAFilledLookup(const Map& map) {
  std::vector<std::byte> room(8 * 16384, std::byte{0xee});
  const uint32_t key = 0;
  MapElemAttr attr{.map_fd = static_cast<uint32_t>(map.fd())};
  const auto answer = BpfCall(Command::kMapLookupElem, attr)
                          .In(&MapElemAttr::key, BytesOf(key))
                          .Out(&MapElemAttr::value, room)
                          .Issue(map.kernel());
  EXPECT_TRUE(answer.has_value());
  const auto untouched = std::find(room.begin(), room.end(), std::byte{0xee});
  return static_cast<uint32_t>(untouched - room.begin()) / 8;
}

DUAL_TEST(MapTest, APerCpuArrayHasOneValueForEachPossibleCpu) {
  auto made =
      PerCpuMap<uint32_t, uint32_t>::From(Map::Create(kernel_, {.name = "percpu",
                                                                .type = MapType::kPercpuArray,
                                                                .key_size = 4,
                                                                .value_size = 4,
                                                                .max_entries = 2})
                                              .value());
  ASSERT_THAT(made, IsOk());
  const auto& map = *made;
  EXPECT_EQ(map.cpus(), CpusOfAFilledLookup(map.untyped()));
  std::vector<uint32_t> values(map.cpus());
  for (uint32_t cpu = 0; cpu < map.cpus(); ++cpu) values[cpu] = 100 + cpu;
  EXPECT_EQ(map.Lookup(1).value(), std::vector<uint32_t>(map.cpus(), 0));
  EXPECT_THAT(map.Put(1, values), IsOk());
  EXPECT_EQ(map.Lookup(1).value(), values);
  EXPECT_EQ(map.Lookup(0).value(), std::vector<uint32_t>(map.cpus(), 0));
  EXPECT_EQ(map.Lookup(2).value(), std::nullopt);
  values.push_back(1);
  EXPECT_THAT(map.Put(1, values), Fails(Code::kInvalidArgument, "the value has"));
}

// --- LPM trie ---------------------------------------------------------------------------------

struct Prefix {
  uint32_t bits;
  std::array<uint8_t, 4> address;
};

DUAL_TEST(MapTest, AnLpmTrieFindsTheLongestPrefix) {
  EXPECT_THAT(Map::Create(kernel_, {.name = "trie",
                                    .type = MapType::kLpmTrie,
                                    .key_size = 8,
                                    .value_size = 4,
                                    .max_entries = 10}),
              Fails(Code::kInvalidArgument, "an LPM trie needs BPF_F_NO_PREALLOC"));
  auto made = TypedMap<Prefix, uint32_t>::From(Map::Create(kernel_, {.name = "trie",
                                                                     .type = MapType::kLpmTrie,
                                                                     .key_size = 8,
                                                                     .value_size = 4,
                                                                     .max_entries = 10,
                                                                     .flags = kNoPrealloc})
                                                   .value());
  ASSERT_THAT(made, IsOk());
  const auto& trie = *made;
  EXPECT_THAT(trie.Put({8, {10, 0, 0, 0}}, 1), IsOk());
  EXPECT_THAT(trie.Put({16, {10, 1, 0, 0}}, 2), IsOk());
  EXPECT_EQ(trie.Lookup({32, {10, 1, 2, 3}}).value(), std::optional<uint32_t>(2));
  EXPECT_EQ(trie.Lookup({32, {10, 2, 2, 3}}).value(), std::optional<uint32_t>(1));
  EXPECT_EQ(trie.Lookup({32, {11, 2, 2, 3}}).value(), std::nullopt);
  EXPECT_THAT(trie.Put({33, {10, 0, 0, 0}}, 1), Fails(Code::kInvalidArgument, "EINVAL"));
  EXPECT_TRUE(trie.NextKey(std::nullopt).value().has_value());
  EXPECT_EQ(trie.Delete({16, {10, 1, 0, 0}}).value(), true);
  EXPECT_EQ(trie.Delete({16, {10, 1, 0, 0}}).value(), false);
  EXPECT_EQ(trie.Lookup({32, {10, 1, 2, 3}}).value(), std::optional<uint32_t>(1));
}

// --- Without keys -----------------------------------------------------------------------------

DUAL_TEST(MapTest, AQueueGivesTheOldestAndAStackTheNewest) {
  struct Case {
    MapType type;
    std::array<uint32_t, 3> order;
  };
  for (const Case& row : {Case{MapType::kQueue, {1, 2, 3}}, Case{MapType::kStack, {3, 2, 1}}}) {
    SCOPED_TRACE(KernelSpelling(row.type));
    const auto map =
        Map::Create(kernel_, {.name = "line", .type = row.type, .value_size = 4, .max_entries = 3});
    ASSERT_THAT(map, IsOk());
    uint32_t value = 0;
    EXPECT_EQ(map->Lookup({}, MutableBytesOf(value)).value(), false);
    EXPECT_EQ(map->LookupAndDelete({}, MutableBytesOf(value)).value(), false);
    for (const uint32_t each : {1u, 2u, 3u}) EXPECT_THAT(map->Put({}, BytesOf(each)), IsOk());
    const uint32_t fourth = 4;
    EXPECT_THAT(map->Put({}, BytesOf(fourth)), Fails(Code::kSystem, "the map is full"));
    EXPECT_EQ(map->Lookup({}, MutableBytesOf(value)).value(), true);
    EXPECT_EQ(value, row.order[0]);
    for (const uint32_t expected : row.order) {
      EXPECT_EQ(map->LookupAndDelete({}, MutableBytesOf(value)).value(), true);
      EXPECT_EQ(value, expected);
    }
    EXPECT_EQ(map->LookupAndDelete({}, MutableBytesOf(value)).value(), false);
    EXPECT_FALSE(map->Delete({}).has_value());
    EXPECT_FALSE(map->NextKey(std::nullopt, {}).has_value());
    // BPF_EXIST on a full one drops the oldest.
    for (const uint32_t each : {1u, 2u, 3u}) EXPECT_THAT(map->Put({}, BytesOf(each)), IsOk());
    EXPECT_THAT(map->Put({}, BytesOf(fourth), PutFlag::kExist), IsOk());
  }
}

DUAL_TEST(MapTest, AQueueWithKeysIsRefused) {
  EXPECT_THAT(
      Map::Create(
          kernel_,
          {.name = "q", .type = MapType::kQueue, .key_size = 4, .value_size = 4, .max_entries = 3}),
      Fails(Code::kInvalidArgument, "this type has no keys: key_size must be 0"));
}

DUAL_TEST(MapTest, ABloomFilterKnowsWhatWasPut) {
  const auto filter = Map::Create(kernel_, {.name = "bloom",
                                            .type = MapType::kBloomFilter,
                                            .value_size = 8,
                                            .max_entries = 100,
                                            .map_extra = 5});
  if (!filter && filter.error().code == Code::kUnsupported)
    GTEST_SKIP() << filter.error().ToString();
  ASSERT_THAT(filter, IsOk());
  uint64_t value = 42;
  EXPECT_EQ(filter->Lookup({}, MutableBytesOf(value)).value(), false);
  EXPECT_THAT(filter->Put({}, BytesOf(value)), IsOk());
  EXPECT_EQ(filter->Lookup({}, MutableBytesOf(value)).value(), true);
  EXPECT_EQ(value, 42u);
  int surely_absent = 0;
  for (uint64_t other = 1000; other < 1020; ++other) {
    uint64_t asked = other;
    surely_absent += *filter->Lookup({}, MutableBytesOf(asked)) ? 0 : 1;
  }
  EXPECT_GT(surely_absent, 15);
}

// --- Refusals ---------------------------------------------------------------------------------

DUAL_TEST(MapTest, IsRefusedWithAReason) {
  struct Case {
    const char* name;
    MapParams params;
    Code code;
    const char* words;
  };
  const Case cases[] = {
      {"no entries",
       {.name = "m", .type = MapType::kHash, .key_size = 4, .value_size = 4},
       Code::kInvalidArgument,
       "max_entries must not be 0"},
      {"no type",
       {.name = "m", .key_size = 4, .value_size = 4, .max_entries = 1},
       Code::kInvalidArgument,
       "create map 'm': EINVAL"},
      {"a type of the future",
       {.name = "m", .type = MapType{4000}, .key_size = 4, .value_size = 4, .max_entries = 1},
       Code::kInvalidArgument,
       "no such map type is known here"},
      {"an array with large keys",
       {.name = "m", .type = MapType::kArray, .key_size = 8, .value_size = 4, .max_entries = 1},
       Code::kInvalidArgument,
       "key_size must be 4"},
      {"a value too large",
       {.name = "m",
        .type = MapType::kHash,
        .key_size = 4,
        .value_size = 0xf0000000,
        .max_entries = 1},
       Code::kSystem,
       "E2BIG"},
      {"a per-CPU value too large",
       {.name = "m",
        .type = MapType::kPercpuArray,
        .key_size = 4,
        .value_size = 40000,
        .max_entries = 1},
       Code::kSystem,
       "a per-CPU value may have 32 KiB"},
      {"a ring of odd size",
       {.name = "m", .type = MapType::kRingbuf, .max_entries = 5000},
       Code::kInvalidArgument,
       "power of two"},
      {"flags that do not exist",
       {.name = "m",
        .type = MapType::kHash,
        .key_size = 4,
        .value_size = 4,
        .max_entries = 1,
        .flags = 1U << 31},
       Code::kInvalidArgument,
       "check sizes and flags"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    EXPECT_THAT(Map::Create(kernel_, row.params), Fails(row.code, row.words));
  }
}

DUAL_TEST(MapTest, IsGoneWithItsLastDescriptor) {
  uint32_t id = 0;
  {
    const auto map = Map::Create(kernel_, {.name = "short",
                                           .type = MapType::kArray,
                                           .key_size = 4,
                                           .value_size = 4,
                                           .max_entries = 1});
    ASSERT_THAT(map, IsOk());
    id = InfoOf(*map).id;
    GetFdByIdAttr attr{.id = id};
    const auto fd = BpfCall(Command::kMapGetFdById, attr).Issue(kernel_);
    ASSERT_TRUE(fd.has_value());
    kernel_.Close(*fd);
  }
  // The kernel frees it after a grace period, but its id is gone at once.
  GetFdByIdAttr attr{.id = id};
  EXPECT_EQ(BpfCall(Command::kMapGetFdById, attr).Issue(kernel_).error().value, ENOENT);
}

DUAL_TEST(MapTest, CannotBeReadWhereItIsForWritingOnly) {
  auto map = Map::Create(kernel_, {.name = "m",
                                   .type = MapType::kArray,
                                   .key_size = 4,
                                   .value_size = 4,
                                   .max_entries = 1,
                                   .flags = kWriteOnly});
  ASSERT_THAT(map, IsOk());
  uint32_t key = 0;
  EXPECT_THAT(map->Put(BytesOf(key), BytesOf(key)), IsOk());
  EXPECT_THAT(map->Lookup(BytesOf(key), MutableBytesOf(key)),
              Fails(Code::kPermission, "user space may not read it"));
}

}  // namespace
}  // namespace purebpf
