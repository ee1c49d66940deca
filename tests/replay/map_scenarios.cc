#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "purebpf/bpf/map.h"
#include "purebpf/bpf/map_batch.h"
#include "purebpf/bpf/map_walk.h"
#include "purebpf/bpf/try.h"
#include "purebpf/bpf/typed_map.h"
#include "purebpf/tests/replay/scenario.h"

namespace purebpf::testing {
namespace {

using U32Map = TypedMap<uint32_t, uint32_t>;

Result<U32Map> MakeU32Map(Kernel& kernel, MapType type, const char* name, uint32_t flags = 0) {
  Map map = PUREBPF_TRY(Map::Create(kernel, {.name = name,
                                             .type = type,
                                             .key_size = 4,
                                             .value_size = 4,
                                             .max_entries = 8,
                                             .flags = flags}));
  return U32Map::From(std::move(map));
}

Result<void> HashMap(Stage& stage) {
  const U32Map map = PUREBPF_TRY(MakeU32Map(stage.kernel(), MapType::kHash, "colours"));
  PUREBPF_TRY(map.Put(1, 10));
  PUREBPF_TRY(map.Put(2, 20, PutFlag::kNoExist));
  PUREBPF_TRY(stage.Check(map.Put(2, 21, PutFlag::kNoExist).has_value() == false,
                          "a key that is there is not made again"));
  PUREBPF_TRY(map.Put(2, 22, PutFlag::kExist));
  const std::optional<uint32_t> found = PUREBPF_TRY(map.Lookup(2));
  PUREBPF_TRY(stage.Check(found == 22U, "the value is the last one put"));
  const bool deleted = PUREBPF_TRY(map.Delete(1));
  PUREBPF_TRY(stage.Check(deleted, "the key was there to be deleted"));
  const std::optional<uint32_t> first = PUREBPF_TRY(map.NextKey(std::nullopt));
  PUREBPF_TRY(stage.Check(first == 2U, "the walk begins at the key that is left"));
  const std::optional<uint32_t> second = PUREBPF_TRY(map.NextKey(first));
  return stage.Check(!second.has_value(), "and ends behind it");
}

// A key that is not there is a value, no error.
Result<void> MissingKey(Stage& stage) {
  const U32Map map = PUREBPF_TRY(MakeU32Map(stage.kernel(), MapType::kHash, "empty"));
  const std::optional<uint32_t> found = PUREBPF_TRY(map.Lookup(7));
  PUREBPF_TRY(stage.Check(!found.has_value(), "nothing is found"));
  const bool deleted = PUREBPF_TRY(map.Delete(7));
  PUREBPF_TRY(stage.Check(!deleted, "nothing is deleted"));
  const Result<void> put = map.Put(7, 1, PutFlag::kExist);
  return stage.Check(!put && put.error().code == Code::kNotFound, "nothing is replaced");
}

Result<void> MapKinds(Stage& stage) {
  const U32Map array = PUREBPF_TRY(MakeU32Map(stage.kernel(), MapType::kArray, "array"));
  PUREBPF_TRY(array.Put(7, 1));
  const Result<void> beyond = array.Put(8, 1);
  PUREBPF_TRY(stage.Check(!beyond, "an array ends where it ends"));
  const U32Map lru = PUREBPF_TRY(MakeU32Map(stage.kernel(), MapType::kLruHash, "lru"));
  PUREBPF_TRY(lru.Put(1, 1));

  Map untyped = PUREBPF_TRY(Map::Create(stage.kernel(), {.name = "counters",
                                                         .type = MapType::kPercpuArray,
                                                         .key_size = 4,
                                                         .value_size = 8,
                                                         .max_entries = 1}));
  const auto counters = PUREBPF_TRY((PerCpuMap<uint32_t, uint64_t>::From(std::move(untyped))));
  const auto values = PUREBPF_TRY(counters.Lookup(0));
  PUREBPF_TRY(stage.Check(
      values && std::ranges::count(*values, 0U) == static_cast<std::ptrdiff_t>(values->size()),
      "each CPU counts from 0"));

  const Map queue = PUREBPF_TRY(
      Map::Create(stage.kernel(),
                  {.name = "queue", .type = MapType::kQueue, .value_size = 4, .max_entries = 2}));
  const uint32_t pushed = 5;
  PUREBPF_TRY(queue.Put({}, BytesOf(pushed)));
  uint32_t popped = 0;
  const bool there = PUREBPF_TRY(queue.LookupAndDelete({}, MutableBytesOf(popped)));
  return stage.Check(there && popped == 5, "what was pushed is popped");
}

Result<void> LpmTrie(Stage& stage) {
  struct Prefix {
    uint32_t bits;
    std::array<uint8_t, 4> address;
  };
  const Map trie = PUREBPF_TRY(Map::Create(stage.kernel(), {.name = "routes",
                                                            .type = MapType::kLpmTrie,
                                                            .key_size = sizeof(Prefix),
                                                            .value_size = 4,
                                                            .max_entries = 4,
                                                            .flags = kNoPrealloc}));
  const Prefix net{.bits = 8, .address = {10, 0, 0, 0}};
  const uint32_t value = 3;
  PUREBPF_TRY(trie.Put(BytesOf(net), BytesOf(value)));
  const Prefix host{.bits = 32, .address = {10, 1, 2, 3}};
  uint32_t found = 0;
  const bool there = PUREBPF_TRY(trie.Lookup(BytesOf(host), MutableBytesOf(found)));
  return stage.Check(there && found == 3, "the prefix has the address");
}

// What a kernel refuses, with its reason.
Result<void> MapRefused(Stage& stage) {
  const auto map = Map::Create(
      stage.kernel(),
      {.name = "odd", .type = MapType::kArray, .key_size = 8, .value_size = 4, .max_entries = 1});
  return stage.Check(
      !map && map.error().code == Code::kInvalidArgument && !map.error().hint.empty(),
      "a key of an array has 4 bytes");
}

constexpr const char* kPin = "/sys/fs/bpf/purebpf_scenario";

// Pinned by one, used by the next, gone with its name.
Result<void> PinAndReuse(Stage& stage) {
  PUREBPF_TRY(stage.BpfFileSystem());
  {
    const U32Map map = PUREBPF_TRY(MakeU32Map(stage.kernel(), MapType::kHash, "kept"));
    PUREBPF_TRY(map.Put(1, 42));
    PUREBPF_TRY(stage.AllOrNothing("pin", [&] { return map.untyped().Pin(kPin); }));
  }
  Undo unpin(stage, [&] { return Map::Unpin(stage.kernel(), kPin); });
  {
    Map untyped = PUREBPF_TRY(Map::FromPin(stage.kernel(), kPin));
    const U32Map map = PUREBPF_TRY(U32Map::From(std::move(untyped)));
    const std::optional<uint32_t> found = PUREBPF_TRY(map.Lookup(1));
    PUREBPF_TRY(stage.Check(found == 42U, "the map kept its value"));
    const Result<void> again = map.untyped().Pin(kPin);
    PUREBPF_TRY(stage.Check(!again && again.error().code == Code::kConflict, "the path is taken"));
  }
  PUREBPF_TRY(unpin.Do());
  const Result<Map> gone = Map::FromPin(stage.kernel(), kPin);
  return stage.Check(!gone && gone.error().code == Code::kNotFound, "the pin is gone");
}

// Made, filled, closed to user space.
Result<void> FrozenMap(Stage& stage) {
  const U32Map map = PUREBPF_TRY(MakeU32Map(stage.kernel(), MapType::kArray, "settings"));
  PUREBPF_TRY(map.Put(0, 9));
  PUREBPF_TRY(map.untyped().Freeze());
  const Result<void> put = map.Put(0, 10);
  PUREBPF_TRY(stage.Check(!put && put.error().code == Code::kPermission, "nobody writes any more"));
  const std::optional<uint32_t> found = PUREBPF_TRY(map.Lookup(0));
  return stage.Check(found == 9U, "and reads all the same");
}

// By its id, as somebody else who looks for it.
Result<void> MapById(Stage& stage) {
  const U32Map map = PUREBPF_TRY(MakeU32Map(stage.kernel(), MapType::kHash, "shared"));
  PUREBPF_TRY(map.Put(3, 4));
  const MapInfo info = PUREBPF_TRY(map.untyped().Info());
  PUREBPF_TRY(stage.Check(info.name == "shared" && info.max_entries == 8, "it is that map"));
  Map untyped = PUREBPF_TRY(Map::FromId(stage.kernel(), info.id));
  const U32Map same = PUREBPF_TRY(U32Map::From(std::move(untyped)));
  const std::optional<uint32_t> found = PUREBPF_TRY(same.Lookup(3));
  return stage.Check(found == 4U, "with what was put");
}

// Keys 1 to `count`, each with ten times as much, in one call.
Result<void> PutMany(const Map& map, uint32_t count) {
  std::vector<uint32_t> keys;
  std::vector<uint32_t> values;
  for (uint32_t key = 1; key <= count; ++key) {
    keys.push_back(key);
    values.push_back(10 * key);
  }
  return MapBatch(map).Put(std::as_bytes(std::span(keys)), std::as_bytes(std::span(values)));
}

// Many elements a call: put, read, taken out, deleted. BPF_F_ZERO_SEED gives keys the same order in
// every run.
Result<void> MapBatches(Stage& stage) {
  const U32Map map = PUREBPF_TRY(MakeU32Map(stage.kernel(), MapType::kHash, "many", kZeroSeed));
  const MapBatch batch(map.untyped());
  PUREBPF_TRY(PutMany(map.untyped(), 6));

  std::array<uint32_t, 8> keys{};
  std::array<uint32_t, 8> values{};
  const MutableBytes key_room = std::as_writable_bytes(std::span(keys));
  const MutableBytes value_room = std::as_writable_bytes(std::span(values));
  BatchCursor reading;
  const size_t read = PUREBPF_TRY(batch.Lookup(reading, key_room, value_room));
  bool belong = true;
  for (size_t i = 0; i < read; ++i) belong = belong && values[i] == 10 * keys[i];
  PUREBPF_TRY(stage.Check(read == 6 && belong && reading.done(), "all six are read"));

  const std::array<uint32_t, 3> some = {2, 7, 4};
  const size_t deleted = PUREBPF_TRY(batch.Delete(std::as_bytes(std::span(some))));
  PUREBPF_TRY(stage.Check(deleted == 2, "two of these three were there"));

  BatchCursor taking;
  const size_t taken = PUREBPF_TRY(batch.LookupAndDelete(taking, key_room, value_room));
  PUREBPF_TRY(stage.Check(taken == 4, "four are taken out"));
  const std::optional<uint32_t> left = PUREBPF_TRY(map.NextKey(std::nullopt));
  return stage.Check(!left, "and none is left");
}

// All elements of a map: in batches, and key by key where the kernel has none for the type.
Result<void> MapWalks(Stage& stage) {
  const U32Map hash = PUREBPF_TRY(MakeU32Map(stage.kernel(), MapType::kHash, "hash", kZeroSeed));
  PUREBPF_TRY(PutMany(hash.untyped(), 5));
  const auto all = PUREBPF_TRY(EntriesOf(hash));
  PUREBPF_TRY(stage.Check(all.entries.size() == 5 && all.verdict == MapWalk::Verdict::kExact,
                          "each is given once"));
  const U32Map array = PUREBPF_TRY(MakeU32Map(stage.kernel(), MapType::kArray, "array"));
  const auto elements = PUREBPF_TRY(EntriesOf(array));
  PUREBPF_TRY(stage.Check(elements.entries.size() == 8, "an array has all from the start"));
  // Batches of tries: Linux 5.17.
  const Map trie = PUREBPF_TRY(Map::Create(stage.kernel(), {.name = "trie",
                                                            .type = MapType::kLpmTrie,
                                                            .key_size = 8,
                                                            .value_size = 4,
                                                            .max_entries = 4,
                                                            .flags = kNoPrealloc}));
  const std::array<uint32_t, 2> prefix = {32, 0x0100000a};
  const uint32_t value = 3;
  PUREBPF_TRY(trie.Put(BytesOf(prefix), BytesOf(value)));
  MapWalk walk(trie);
  const bool first = PUREBPF_TRY(walk.Next());
  PUREBPF_TRY(
      stage.Check(first && std::ranges::equal(walk.key(), BytesOf(prefix)), "the prefix is given"));
  const bool second = PUREBPF_TRY(walk.Next());
  return stage.Check(!second, "and is the only one");
}

// A value of its own for each CPU, written and read.
Result<void> PerCpuValues(Stage& stage) {
  Map untyped = PUREBPF_TRY(Map::Create(stage.kernel(), {.name = "shares",
                                                         .type = MapType::kPercpuHash,
                                                         .key_size = 4,
                                                         .value_size = 4,
                                                         .max_entries = 4}));
  const auto shares = PUREBPF_TRY((PerCpuMap<uint32_t, uint32_t>::From(std::move(untyped))));
  std::vector<uint32_t> values(shares.cpus());
  for (uint32_t cpu = 0; cpu < shares.cpus(); ++cpu) values[cpu] = 100 + cpu;
  PUREBPF_TRY(shares.Put(9, values, PutFlag::kNoExist));
  const auto read = PUREBPF_TRY(shares.Lookup(9));
  PUREBPF_TRY(stage.Check(read == values, "each CPU has the value that was written for it"));
  values.pop_back();
  const Result<void> short_by_one = shares.Put(9, values);
  PUREBPF_TRY(stage.Check(!short_by_one && short_by_one.error().code == Code::kInvalidArgument,
                          "one value too few is none"));
  const bool deleted = PUREBPF_TRY(shares.Delete(9));
  return stage.Check(deleted, "they go together");
}

constexpr Scenario kScenarios[] = {
    {.name = "hash_map", .run = HashMap},           {.name = "missing_key", .run = MissingKey},
    {.name = "map_kinds", .run = MapKinds},         {.name = "lpm_trie", .run = LpmTrie},
    {.name = "map_refused", .run = MapRefused},     {.name = "pin_and_reuse", .run = PinAndReuse},
    {.name = "frozen_map", .run = FrozenMap},       {.name = "map_by_id", .run = MapById},
    {.name = "map_batches", .run = MapBatches},     {.name = "map_walks", .run = MapWalks},
    {.name = "percpu_values", .run = PerCpuValues},
};

}  // namespace

std::span<const Scenario> MapScenarios() { return kScenarios; }

}  // namespace purebpf::testing
