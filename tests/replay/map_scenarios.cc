#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "purebpf/bpf/map.h"
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

constexpr Scenario kScenarios[] = {
    {.name = "hash_map", .run = HashMap},       {.name = "missing_key", .run = MissingKey},
    {.name = "map_kinds", .run = MapKinds},     {.name = "lpm_trie", .run = LpmTrie},
    {.name = "map_refused", .run = MapRefused}, {.name = "pin_and_reuse", .run = PinAndReuse},
    {.name = "frozen_map", .run = FrozenMap},   {.name = "map_by_id", .run = MapById},
};

}  // namespace

std::span<const Scenario> MapScenarios() { return kScenarios; }

}  // namespace purebpf::testing
