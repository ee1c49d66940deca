// The elements of maps over a kernel that is not there: one call each, with which bytes, and what
// becomes of each answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/typed_map.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::FakeCall;
using purebpf::testing::FakeKernel;
using purebpf::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kPossible = "/sys/devices/system/cpu/possible";
constexpr int kEnotsupp = 524;

MapParams Hash() {
  return {
      .name = "counts", .type = MapType::kHash, .key_size = 4, .value_size = 8, .max_entries = 10};
}

Map MapOf(FakeKernel& kernel, const MapParams& params) {
  auto map = Map::Create(kernel, params);
  EXPECT_THAT(map, IsOk());
  return std::move(*map);
}

FakeKernel::Handler Gives(uint64_t value) {
  return [value](MutableBytes, std::span<const Region> regions) -> SysResult<int> {
    std::memcpy(regions[1].bytes.data(), &value, sizeof value);
    return 0;
  };
}

// --- Elements ---------------------------------------------------------------------------------

class MapElements : public ::testing::Test {
 protected:
  MapElements() : map_(MapOf(kernel_, Hash())) {}

  // The only call since the map was made.
  const FakeCall& OnlyCall() {
    EXPECT_EQ(kernel_.calls().size(), 2u);
    EXPECT_EQ(kernel_.release_count() + kernel_.read_paths().size(), 0u);
    return kernel_.calls().back();
  }

  FakeKernel kernel_;
  Map map_;
  uint32_t key_ = 7;
  uint64_t value_ = 0x55;
};

TEST_F(MapElements, AreLookedUpInOneCall) {
  kernel_.Answer(Command::kMapLookupElem, Gives(99));
  EXPECT_EQ(map_.Lookup(BytesOf(key_), MutableBytesOf(value_)).value(), true);
  EXPECT_EQ(value_, 99u);
  const FakeCall& call = OnlyCall();
  const auto attr = call.As<MapElemAttr>();
  EXPECT_EQ(call.command, Command::kMapLookupElem);
  EXPECT_EQ(attr.map_fd, static_cast<uint32_t>(map_.fd()));
  EXPECT_EQ(attr.key, reinterpret_cast<uintptr_t>(&key_));
  EXPECT_EQ(attr.value, reinterpret_cast<uintptr_t>(&value_));
  EXPECT_EQ(attr.flags, 0u);
  ASSERT_EQ(call.regions.size(), 2u);
  EXPECT_EQ(call.regions[0].attr_offset, 8u);
  EXPECT_EQ(call.regions[0].direction, Direction::kIn);
  EXPECT_EQ(call.regions[0].bytes.size(), 4u);
  EXPECT_EQ(call.regions[1].attr_offset, 16u);
  EXPECT_EQ(call.regions[1].direction, Direction::kOut);
  EXPECT_EQ(call.regions[1].bytes.size(), 8u);
}

TEST_F(MapElements, ArePutInOneCallWithTheFlag) {
  EXPECT_THAT(map_.Put(BytesOf(key_), BytesOf(value_), PutFlag::kExist), IsOk());
  const FakeCall& call = OnlyCall();
  EXPECT_EQ(call.command, Command::kMapUpdateElem);
  EXPECT_EQ(call.As<MapElemAttr>().flags, 2u);
  ASSERT_EQ(call.regions.size(), 2u);
  EXPECT_EQ(call.regions[1].direction, Direction::kIn);
  EXPECT_EQ(call.regions[1].bytes[0], std::byte{0x55});
}

TEST_F(MapElements, AreDeletedInOneCall) {
  EXPECT_EQ(map_.Delete(BytesOf(key_)).value(), true);
  const FakeCall& call = OnlyCall();
  EXPECT_EQ(call.command, Command::kMapDeleteElem);
  EXPECT_EQ(call.As<MapElemAttr>().value, 0u);
  EXPECT_EQ(call.regions.size(), 1u);
}

TEST_F(MapElements, AreTakenOutInOneCall) {
  kernel_.Answer(Command::kMapLookupAndDeleteElem, Gives(5));
  EXPECT_EQ(map_.LookupAndDelete(BytesOf(key_), MutableBytesOf(value_)).value(), true);
  EXPECT_EQ(value_, 5u);
  EXPECT_EQ(OnlyCall().command, Command::kMapLookupAndDeleteElem);
}

TEST_F(MapElements, AreWalkedOneCallAKey) {
  uint32_t next = 0;
  EXPECT_EQ(map_.NextKey(BytesOf(key_), MutableBytesOf(next)).value(), true);
  const FakeCall& call = OnlyCall();
  EXPECT_EQ(call.command, Command::kMapGetNextKey);
  EXPECT_EQ(call.regions.size(), 2u);
  EXPECT_EQ(call.As<MapElemAttr>().value, reinterpret_cast<uintptr_t>(&next));
  // The first key is asked for without one.
  EXPECT_EQ(map_.NextKey(std::nullopt, MutableBytesOf(next)).value(), true);
  EXPECT_EQ(kernel_.calls().back().As<MapElemAttr>().key, 0u);
  EXPECT_EQ(kernel_.calls().back().regions.size(), 1u);
}

TEST_F(MapElements, ThatAreNotThereAreAValue) {
  for (const Command command : {Command::kMapLookupElem, Command::kMapDeleteElem,
                                Command::kMapLookupAndDeleteElem, Command::kMapGetNextKey})
    kernel_.Answer(command, Errno{ENOENT});
  EXPECT_EQ(map_.Lookup(BytesOf(key_), MutableBytesOf(value_)).value(), false);
  EXPECT_EQ(map_.Delete(BytesOf(key_)).value(), false);
  EXPECT_EQ(map_.LookupAndDelete(BytesOf(key_), MutableBytesOf(value_)).value(), false);
  EXPECT_EQ(map_.NextKey(BytesOf(key_), MutableBytesOf(key_)).value(), false);
  EXPECT_EQ(kernel_.calls().size(), 5u);
}

TEST_F(MapElements, OfWrongSizeAreRefusedWithoutACall) {
  std::array<std::byte, 64> bytes{};
  const auto first = [&](size_t size) { return MutableBytes(bytes).first(size); };
  for (const size_t size : {0, 3, 5, 8}) {
    SCOPED_TRACE(size);
    const std::string words = "the key has " + std::to_string(size) + " bytes, the map takes 4";
    EXPECT_THAT(map_.Lookup(first(size), first(8)),
                Fails(Code::kInvalidArgument, "look up in map 'counts': " + words));
    EXPECT_THAT(map_.Put(first(size), first(8)),
                Fails(Code::kInvalidArgument, "put into map 'counts': " + words));
    EXPECT_THAT(map_.Delete(first(size)),
                Fails(Code::kInvalidArgument, "delete from map 'counts': " + words));
    EXPECT_THAT(map_.LookupAndDelete(first(size), first(8)),
                Fails(Code::kInvalidArgument, "take out of map 'counts': " + words));
    EXPECT_THAT(map_.NextKey(first(size), first(4)),
                Fails(Code::kInvalidArgument, "next key of map 'counts': " + words));
    EXPECT_THAT(map_.NextKey(std::nullopt, first(size)),
                Fails(Code::kInvalidArgument, "the map takes 4"));
  }
  for (const size_t size : {0, 4, 7, 9, 16}) {
    SCOPED_TRACE(size);
    const std::string words = "the value has " + std::to_string(size) + " bytes, the map takes 8";
    EXPECT_THAT(map_.Lookup(first(4), first(size)), Fails(Code::kInvalidArgument, words));
    EXPECT_THAT(map_.Put(first(4), first(size)), Fails(Code::kInvalidArgument, words));
    EXPECT_THAT(map_.LookupAndDelete(first(4), first(size)), Fails(Code::kInvalidArgument, words));
  }
  EXPECT_EQ(kernel_.calls().size(), 1u);
}

TEST_F(MapElements, ThatTheKernelRefusesAreExplained) {
  struct Case {
    Command command;
    int error;
    Code code;
    const char* words;
  };
  const Case cases[] = {
      {Command::kMapLookupElem, EPERM, Code::kPermission,
       "look up in map 'counts': EPERM (Operation not permitted); user space may not read it"},
      {Command::kMapLookupElem, kEnotsupp, Code::kUnsupported,
       "ENOTSUPP (Operation is not supported); values of this type"},
      {Command::kMapUpdateElem, E2BIG, Code::kSystem,
       "put into map 'counts': E2BIG (Argument list too long); the map is full"},
      {Command::kMapUpdateElem, EEXIST, Code::kConflict, "EEXIST"},
      {Command::kMapUpdateElem, ENOENT, Code::kNotFound, "ENOENT"},
      {Command::kMapUpdateElem, EPERM, Code::kPermission, "frozen"},
      {Command::kMapDeleteElem, EINVAL, Code::kInvalidArgument, "delete from map 'counts': EINVAL"},
      {Command::kMapLookupAndDeleteElem, kEnotsupp, Code::kUnsupported, "hash kinds since 5.14"},
      {Command::kMapGetNextKey, EFAULT, Code::kSystem, "since Linux 4.12"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.words);
    kernel_.Answer(row.command, Errno{row.error});
    const Bytes key = BytesOf(key_);
    const MutableBytes value = MutableBytesOf(value_);
    switch (row.command) {
      case Command::kMapLookupElem:
        EXPECT_THAT(map_.Lookup(key, value), Fails(row.code, row.words));
        break;
      case Command::kMapUpdateElem:
        EXPECT_THAT(map_.Put(key, value), Fails(row.code, row.words));
        break;
      case Command::kMapDeleteElem:
        EXPECT_THAT(map_.Delete(key), Fails(row.code, row.words));
        break;
      case Command::kMapLookupAndDeleteElem:
        EXPECT_THAT(map_.LookupAndDelete(key, value), Fails(row.code, row.words));
        break;
      default:
        EXPECT_THAT(map_.NextKey(key, MutableBytesOf(key_)), Fails(row.code, row.words));
    }
  }
  // Explaining a refused element never asks the kernel for more.
  EXPECT_EQ(kernel_.release_count(), 0u);
}

TEST(MapElementsOfAQueue, HaveNoKey) {
  FakeKernel kernel;
  const Map queue = MapOf(kernel, {.type = MapType::kQueue, .value_size = 4, .max_entries = 2});
  uint32_t value = 3;
  EXPECT_THAT(queue.Put({}, BytesOf(value)), IsOk());
  EXPECT_EQ(kernel.calls().back().As<MapElemAttr>().key, 0u);
  EXPECT_EQ(queue.LookupAndDelete({}, MutableBytesOf(value)).value(), true);
  EXPECT_EQ(kernel.calls().back().regions.size(), 1u);
  EXPECT_THAT(queue.Put(BytesOf(value), BytesOf(value)),
              Fails(Code::kInvalidArgument, "the key has 4 bytes, the map takes 0"));
}

TEST(MapElementsOfABloomFilter, AreAskedForByValue) {
  FakeKernel kernel;
  const Map filter =
      MapOf(kernel, {.type = MapType::kBloomFilter, .value_size = 4, .max_entries = 2});
  uint32_t value = 3;
  EXPECT_EQ(filter.Lookup({}, MutableBytesOf(value)).value(), true);
  ASSERT_EQ(kernel.calls().back().regions.size(), 1u);
  EXPECT_EQ(kernel.calls().back().regions[0].direction, Direction::kInOut);
  EXPECT_EQ(kernel.calls().back().regions[0].bytes[0], std::byte{3});
}

TEST(Map, MovesWithItsDescriptor) {
  FakeKernel kernel;
  {
    Map first = MapOf(kernel, Hash());
    Map second = MapOf(kernel, Hash());
    const int fd = first.fd();
    second = std::move(first);
    EXPECT_EQ(second.fd(), fd);
    EXPECT_THAT(kernel.open_fds(), ElementsAre(fd));
    const Map third = std::move(second);
    EXPECT_EQ(third.fd(), fd);
  }
  EXPECT_THAT(kernel.open_fds(), IsEmpty());
  EXPECT_EQ(kernel.wrong_closes(), 0u);
}

// --- Names and types --------------------------------------------------------------------------

TEST(KernelName, HasFifteenCharactersThatTheKernelTakes) {
  struct Case {
    const char* name;
    const char* taken;
  };
  const Case cases[] = {
      {"", ""},
      {"xconnect_map", "xconnect_map"},
      {"exactly15chars_", "exactly15chars_"},
      {"exactly16chars__", "exactly16chars_"},
      {".rodata.str1.1", ".rodata.str1.1"},
      {"a-b c/d:e", "a_b_c_d_e"},
      {"\xc3\xa9t\xc3\xa9", "__t__"},
  };
  for (const Case& row : cases) EXPECT_EQ(KernelName(row.name), row.taken);
  EXPECT_EQ(KernelName(std::string_view("a\0b", 3)), "a_b");
}

TEST(TypedMap, TakesAMapOfItsSizes) {
  FakeKernel kernel;
  auto map = TypedMap<uint32_t, uint64_t>::From(MapOf(kernel, Hash()));
  ASSERT_THAT(map, IsOk());
  kernel.Answer(Command::kMapLookupElem, Gives(12));
  EXPECT_EQ(map->Lookup(1).value(), std::optional<uint64_t>(12));
  kernel.Answer(Command::kMapLookupElem, Errno{ENOENT});
  EXPECT_EQ(map->Lookup(1).value(), std::nullopt);
  kernel.Answer(Command::kMapLookupElem, Errno{EBADF});
  EXPECT_THAT(map->Lookup(1), Fails(Code::kSystem, "EBADF"));
  kernel.Answer(Command::kMapGetNextKey, Errno{ENOENT});
  EXPECT_EQ(map->NextKey(std::nullopt).value(), std::nullopt);
  EXPECT_EQ(kernel.calls().size(), 5u);
}

TEST(TypedMap, RefusesAMapOfOtherSizes) {
  FakeKernel kernel;
  EXPECT_THAT((TypedMap<uint16_t, uint64_t>::From(MapOf(kernel, Hash()))),
              Fails(Code::kInvalidArgument, "the key type has 2 bytes, the map's has 4"));
  EXPECT_THAT(
      (TypedMap<uint32_t, uint32_t>::From(MapOf(kernel, Hash()))),
      Fails(Code::kInvalidArgument, "'counts': the value type has 4 bytes, the map's has 8"));
  EXPECT_THAT((PerCpuMap<uint32_t, uint64_t>::From(MapOf(kernel, Hash()))),
              Fails(Code::kInvalidArgument, "use TypedMap"));
  MapParams per_cpu = Hash();
  per_cpu.type = MapType::kPercpuHash;
  EXPECT_THAT((TypedMap<uint32_t, uint64_t>::Check(per_cpu)),
              Fails(Code::kInvalidArgument, "BPF_MAP_TYPE_PERCPU_HASH has one value for each CPU"));
  // The map that was given is gone with the error.
  EXPECT_THAT(kernel.open_fds(), IsEmpty());
}

TEST(PerCpuMap, PadsEachCpusValueToEightBytes) {
  FakeKernel kernel;
  kernel.files[kPossible] = "0-2\n";
  auto map = PerCpuMap<uint32_t, uint32_t>::From(MapOf(
      kernel, {.type = MapType::kPercpuArray, .key_size = 4, .value_size = 4, .max_entries = 1}));
  ASSERT_THAT(map, IsOk());
  EXPECT_EQ(map->cpus(), 3u);
  const uint32_t values[] = {1, 2, 3};
  EXPECT_THAT(map->Put(0, values), IsOk());
  const auto& sent = kernel.calls().back().regions[1].bytes;
  ASSERT_EQ(sent.size(), 24u);
  EXPECT_EQ(sent[0], std::byte{1});
  EXPECT_EQ(sent[8], std::byte{2});
  EXPECT_EQ(sent[16], std::byte{3});
  kernel.Answer(Command::kMapLookupElem,
                [](MutableBytes, std::span<const Region> regions) -> SysResult<int> {
                  for (size_t cpu = 0; cpu < 3; ++cpu)
                    regions[1].bytes[cpu * 8] = static_cast<std::byte>(10 + cpu);
                  return 0;
                });
  EXPECT_EQ(map->Lookup(0).value(), (std::vector<uint32_t>{10, 11, 12}));
  kernel.Answer(Command::kMapLookupElem, Errno{ENOENT});
  EXPECT_EQ(map->Lookup(0).value(), std::nullopt);
  const size_t calls = kernel.calls().size();
  EXPECT_THAT(map->Put(0, std::span(values).first(2)),
              Fails(Code::kInvalidArgument, "16 bytes, the map takes 24"));
  EXPECT_EQ(kernel.calls().size(), calls);
}

}  // namespace
}  // namespace purebpf
