// The memory of maps, over memory of our own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/forwarding_kernel.h"
#include "purebpf/bpf/map_memory.h"
#include "purebpf/bpf/page_size.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::FakeKernel;
using purebpf::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MemoryKernel : public ForwardingKernel {
 public:
  using ForwardingKernel::ForwardingKernel;
  SysResult<MutableBytes> MapMemory(int fd, size_t size, uint64_t offset, Access access,
                                    uint64_t at) override {
    address = at;
    if (error != 0) return std::unexpected(Errno{error});
    return ForwardingKernel::MapMemory(fd, size, offset, access, at);
  }
  uint64_t address = 0;
  int error = 0;
};

class MemoryCalls : public ::testing::Test {
 protected:
  MemoryCalls() : kernel_(fake_) {}
  Map Make(uint32_t value_size, uint32_t entries, uint32_t flags = kMmapable,
           MapType type = MapType::kArray) {
    auto map = Map::Create(kernel_, {.name = ".bss",
                                     .type = type,
                                     .key_size = 4,
                                     .value_size = value_size,
                                     .max_entries = entries,
                                     .flags = flags});
    EXPECT_THAT(map, IsOk());
    return std::move(*map);
  }
  MapMemory Variables(Access access = Access::kReadWrite) {
    const Map map = Make(20, 1);
    auto memory = MapMemory::Of(map, access);
    EXPECT_THAT(memory, IsOk());
    return std::move(*memory);
  }
  FakeKernel fake_;
  MemoryKernel kernel_;
};

TEST_F(MemoryCalls, IsOneCall) {
  {
    const Map map = Make(20, 3);
    const auto memory = MapMemory::Of(map, Access::kRead);
    ASSERT_THAT(memory, IsOk());
    EXPECT_EQ(memory->size(), 72u);
    EXPECT_EQ(memory->stride(), 24u);
    EXPECT_EQ(memory->access(), Access::kRead);
    EXPECT_EQ(memory->bytes().size(), 72u);
    ASSERT_EQ(fake_.mappings.size(), 1u);
    EXPECT_EQ(fake_.mappings[0].memory.size(), 72u);
    EXPECT_EQ(fake_.mappings[0].offset, 0u);
    EXPECT_EQ(fake_.mappings[0].access, Access::kRead);
    EXPECT_EQ(kernel_.address, 0u);
    EXPECT_EQ(fake_.calls().size(), 1u);
  }
  EXPECT_EQ(fake_.open_mappings(), 0);
}

TEST_F(MemoryCalls, OutlivesTheMap) {
  MapMemory memory = Variables();
  EXPECT_THAT(fake_.open_fds(), IsEmpty());
  EXPECT_THAT(memory.Store<uint32_t>(0, 5), IsOk());
  EXPECT_EQ(fake_.open_mappings(), 1);
}

TEST_F(MemoryCalls, HoldsVariablesOfEverySize) {
  MapMemory memory = Variables();
  struct Point {
    uint32_t x, y, z;
    bool operator==(const Point&) const = default;
  };
  EXPECT_THAT(memory.Store<uint64_t>(0, 0x1122334455667788), IsOk());
  EXPECT_THAT(memory.Store<uint32_t>(8, 0x99aabbcc), IsOk());
  EXPECT_THAT(memory.Store<uint16_t>(12, 0xddee), IsOk());
  EXPECT_THAT(memory.Store<uint8_t>(14, 0xff), IsOk());
  EXPECT_EQ(memory.Load<uint64_t>(0).value(), 0x1122334455667788u);
  EXPECT_EQ(memory.Load<uint32_t>(8).value(), 0x99aabbccu);
  EXPECT_EQ(memory.Load<uint16_t>(12).value(), 0xddeeu);
  EXPECT_EQ(memory.Load<uint8_t>(14).value(), 0xffu);
  EXPECT_EQ(memory.Load<uint16_t>(13).value(), 0xffddu);  // not aligned
  EXPECT_THAT(memory.Store(8, Point{1, 2, 3}), IsOk());
  EXPECT_EQ(memory.Load<Point>(8).value(), (Point{1, 2, 3}));
  EXPECT_EQ(fake_.mappings[0].memory[16], std::byte{3});
}

TEST_F(MemoryCalls, GivesTheVariableItself) {
  MapMemory memory = Variables();
  const auto packets = memory.At<uint64_t>(8);
  ASSERT_THAT(packets, IsOk());
  **packets = 77;
  EXPECT_EQ(memory.Load<uint64_t>(8).value(), 77u);
  EXPECT_THAT(memory.At<uint64_t>(4),
              Fails(Code::kInvalidArgument, "offset 4 is no multiple of 8"));
}

TEST_F(MemoryCalls, NeverLeavesTheMap) {
  MapMemory memory = Variables();  // 20 bytes, of which 24 are mapped
  EXPECT_EQ(memory.size(), 24u);
  EXPECT_THAT(memory.Load<uint64_t>(16), IsOk());
  EXPECT_THAT(
      memory.Load<uint64_t>(17),
      Fails(Code::kInvalidArgument, "read memory of map '.bss': 8 bytes at 17 end past its 24"));
  EXPECT_THAT(memory.Load<uint8_t>(24), Fails(Code::kInvalidArgument, "1 bytes at 24"));
  EXPECT_THAT(memory.Load<uint64_t>(SIZE_MAX), Fails(Code::kInvalidArgument, "end past"));
  EXPECT_THAT(memory.Store<uint64_t>(SIZE_MAX - 3, 1),
              Fails(Code::kInvalidArgument, "write memory of map '.bss': 8 bytes at"));
  EXPECT_THAT(memory.At<uint64_t>(24), Fails(Code::kInvalidArgument, "end past"));
  EXPECT_THAT(memory.Read(24, {}), IsOk());
}

TEST_F(MemoryCalls, IsNotWrittenWhereItIsToBeRead) {
  MapMemory memory = Variables(Access::kRead);
  EXPECT_THAT(memory.Store<uint32_t>(0, 1),
              Fails(Code::kInvalidArgument, "it is mapped to be read only"));
  EXPECT_THAT(memory.At<uint32_t>(0), Fails(Code::kInvalidArgument, "read only"));
  EXPECT_THAT(memory.At<const uint32_t>(0), IsOk());
  EXPECT_THAT(memory.Load<uint32_t>(0), IsOk());
}

TEST_F(MemoryCalls, LooksBeforeItReads) {
  MapMemory memory = Variables();
  std::vector<std::pair<size_t, size_t>> looks;
  fake_.on_look = [&](Bytes part) {
    looks.emplace_back(static_cast<size_t>(part.data() - fake_.mappings[0].memory.data()),
                       part.size());
    fake_.mappings[0].memory[8] = std::byte{9};
  };
  EXPECT_EQ(memory.Load<uint32_t>(8).value(), 9u);
  (void)memory.bytes();
  EXPECT_THAT(memory.Store<uint32_t>(0, 1), IsOk());
  using P = std::pair<size_t, size_t>;
  EXPECT_THAT(looks, ElementsAre(P{8, 4}, P{0, 24}));
}

TEST_F(MemoryCalls, IsOfMmapableArraysOnly) {
  EXPECT_THAT(MapMemory::Of(Make(8, 1, 0), Access::kRead),
              Fails(Code::kInvalidArgument,
                    "map the memory of map '.bss': it is no array that was created with "
                    "BPF_F_MMAPABLE"));
  EXPECT_THAT(MapMemory::Of(Make(8, 1, kMmapable, MapType::kHash), Access::kRead),
              Fails(Code::kInvalidArgument, "it is no array"));
  EXPECT_THAT(MapMemory::OfArena(Make(8, 1)), Fails(Code::kInvalidArgument, "it is no arena"));
  EXPECT_THAT(fake_.mappings, IsEmpty());
}

TEST_F(MemoryCalls, SaysWhyItCannotBeMapped) {
  struct Case {
    int error;
    Code code;
    const char* words;
  };
  const Case cases[] = {
      {EPERM, Code::kPermission, "EPERM (Operation not permitted); it is frozen"},
      {ENODEV, Code::kUnsupported, "before Linux 5.5"},
      {ENOMEM, Code::kSystem, "ENOMEM"},
  };
  for (const Case& row : cases) {
    kernel_.error = row.error;
    EXPECT_THAT(MapMemory::Of(Make(8, 1), Access::kReadWrite), Fails(row.code, row.words));
  }
}

TEST_F(MemoryCalls, MapsAnArenaAtItsAddress) {
  const unsigned long auxv[] = {6, 16384, 0, 0};
  fake_.files["/proc/self/auxv"].assign(reinterpret_cast<const char*>(auxv), sizeof auxv);
  const auto arena = Map::Create(kernel_, {.name = "arena",
                                           .type = MapType::kArena,
                                           .max_entries = 3,
                                           .flags = kMmapable,
                                           .map_extra = 0x100000000000});
  const auto memory = MapMemory::Of(*arena, Access::kReadWrite);
  ASSERT_THAT(memory, IsOk());
  EXPECT_EQ(memory->size(), 3u * 16384);
  EXPECT_EQ(kernel_.address, 0x100000000000u);
  kernel_.error = EEXIST;
  EXPECT_THAT(MapMemory::OfArena(*arena), Fails(Code::kConflict, "mapped at its address"));
}

// --- The page size ----------------------------------------------------------------------------

TEST(PageSize, IsInTheAuxiliaryVector) {
  struct Case {
    const char* name;
    std::vector<unsigned long> words;
    std::optional<uint32_t> size;
  };
  const Case cases[] = {
      {"among others", {33, 0x7fff0000, 6, 65536, 0, 0}, 65536},
      {"first", {6, 4096}, 4096},
      {"missing", {33, 1, 0, 0}, std::nullopt},
      {"empty", {}, std::nullopt},
      {"cut", {6}, std::nullopt},
      {"no power of two", {6, 5000, 0, 0}, std::nullopt},
      {"nothing", {6, 0, 0, 0}, std::nullopt},
      {"absurd", {6, 1UL << 40, 0, 0}, std::nullopt},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    FakeKernel kernel;
    kernel.files["/proc/self/auxv"].assign(reinterpret_cast<const char*>(row.words.data()),
                                           row.words.size() * sizeof(unsigned long));
    EXPECT_EQ(PageSize(kernel), row.size);
  }
  FakeKernel without_proc;
  EXPECT_EQ(PageSize(without_proc), std::nullopt);
}

}  // namespace
}  // namespace purebpf
