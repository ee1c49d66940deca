// Maps whose values are interfaces, CPUs, programs or sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <optional>

#include "purebpf/bpf/insn.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/program.h"
#include "purebpf/bpf/typed_map.h"
#include "purebpf/tests/bpf/map_fixture.h"
#include "purebpf/tests/support/dual_test.h"
#include "purebpf/tests/support/netns.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::IsOk;
using purebpf::testing::TempNetns;

// In a network namespace of its own, where the loopback interface has index 1.
class NetworkMapTest : public MapTest {
 protected:
  void SetUp() override {
    MapTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!netns_.ok()) GTEST_SKIP() << netns_.reason();
  }
  static constexpr uint32_t kLoopback = 1;

 private:
  TempNetns netns_{!live()};
};

DUAL_TEST(NetworkMapTest, ADevmapHoldsInterfacesThatAreThere) {
  for (const MapType type : {MapType::kDevmap, MapType::kDevmapHash}) {
    SCOPED_TRACE(KernelSpelling(type));
    auto made = TypedMap<uint32_t, uint32_t>::From(
        Map::Create(
            kernel_,
            {.name = "ports", .type = type, .key_size = 4, .value_size = 4, .max_entries = 16})
            .value());
    ASSERT_THAT(made, IsOk());
    const auto& ports = *made;
    EXPECT_EQ(ports.Lookup(3).value(), std::nullopt);
    EXPECT_THAT(ports.Put(3, kLoopback), IsOk());
    EXPECT_EQ(ports.Lookup(3).value(), std::optional<uint32_t>(kLoopback));
    EXPECT_THAT(ports.Put(4, 4711), Fails(Code::kInvalidArgument, "no interface has this index"));
    EXPECT_EQ(ports.Lookup(4).value(), std::nullopt);
    EXPECT_TRUE(ports.NextKey(std::nullopt).value().has_value());
    EXPECT_EQ(ports.Delete(3).value(), true);
    EXPECT_EQ(ports.Lookup(3).value(), std::nullopt);
  }
  EXPECT_THAT(Map::Create(kernel_, {.name = "ports",
                                    .type = MapType::kDevmap,
                                    .key_size = 4,
                                    .value_size = 5,
                                    .max_entries = 16}),
              Fails(Code::kInvalidArgument, "value_size must be 4 (an interface index)"));
  EXPECT_THAT(Map::Create(kernel_, {.name = "ports",
                                    .type = MapType::kDevmapHash,
                                    .key_size = 8,
                                    .value_size = 4,
                                    .max_entries = 16}),
              Fails(Code::kInvalidArgument, "key_size must be 4"));
}

DUAL_TEST(MapTest, ACpumapHoldsQueueSizes) {
  auto made = TypedMap<uint32_t, uint32_t>::From(Map::Create(kernel_, {.name = "cpus",
                                                                       .type = MapType::kCpumap,
                                                                       .key_size = 4,
                                                                       .value_size = 4,
                                                                       .max_entries = 1})
                                                     .value());
  ASSERT_THAT(made, IsOk());
  const auto& cpus = *made;
  EXPECT_EQ(cpus.Lookup(0).value(), std::nullopt);
  EXPECT_THAT(cpus.Put(0, 128), IsOk());
  EXPECT_EQ(cpus.Lookup(0).value(), std::optional<uint32_t>(128));
  EXPECT_THAT(cpus.Put(0, 16385), Fails(Code::kSystem, "the queue may have 16384 entries"));
  EXPECT_THAT(cpus.Put(1, 128), Fails(Code::kSystem, "the index is not below max_entries"));
  EXPECT_EQ(cpus.Delete(0).value(), true);
  EXPECT_EQ(cpus.Lookup(0).value(), std::nullopt);
  EXPECT_THAT(Map::Create(kernel_, {.name = "cpus",
                                    .type = MapType::kCpumap,
                                    .key_size = 4,
                                    .value_size = 4,
                                    .max_entries = 1U << 20}),
              Fails(Code::kSystem, "above the number of CPUs"));
}

DUAL_TEST(MapTest, TypesThatHoldObjectsAreMade) {
  struct Case {
    MapType type;
    uint32_t key_size;
    uint32_t value_size;
    uint32_t max_entries;
  };
  const Case cases[] = {
      {MapType::kXskmap, 4, 4, 4},         {MapType::kProgArray, 4, 4, 4},
      {MapType::kPerfEventArray, 4, 4, 2}, {MapType::kStackTrace, 4, 80, 16},
      {MapType::kSockmap, 4, 4, 4},        {MapType::kSockhash, 4, 4, 4},
      {MapType::kRingbuf, 0, 0, 65536},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(KernelSpelling(row.type));
    const auto map = Map::Create(kernel_, {.name = "objects",
                                           .type = row.type,
                                           .key_size = row.key_size,
                                           .value_size = row.value_size,
                                           .max_entries = row.max_entries});
    if (!map && map.error().code == Code::kInvalidArgument &&
        (row.type == MapType::kXskmap || row.type == MapType::kSockmap ||
         row.type == MapType::kSockhash)) {
      // CONFIG_XDP_SOCKETS and CONFIG_NET_SOCK_MSG are choices.
      EXPECT_THAT(map, Fails(Code::kInvalidArgument, "built without this type"));
      continue;
    }
    ASSERT_THAT(map, IsOk());
    EXPECT_EQ(InfoOf(*map).type, static_cast<uint32_t>(row.type));
  }
}

DUAL_TEST(MapTest, AProgramArrayTakesProgramsAlone) {
  const auto array = Map::Create(kernel_, {.name = "jumps",
                                           .type = MapType::kProgArray,
                                           .key_size = 4,
                                           .value_size = 4,
                                           .max_entries = 2});
  ASSERT_THAT(array, IsOk());
  const Insn code[] = {{.code = 0xb7, .imm = 2}, {.code = kExit}};  // r0 = 2; exit
  const auto program = Program::Load(
      kernel_,
      {.name = "pass", .type = ProgType::kXdp, .license = "GPL", .insns = {code[0], code[1]}});
  ASSERT_THAT(program, IsOk());
  const uint32_t slot = 1;
  const int fd = program->fd();
  EXPECT_THAT(array->Put(BytesOf(slot), BytesOf(fd)), IsOk());
  uint32_t id = 0;
  EXPECT_EQ(array->Lookup(BytesOf(slot), MutableBytesOf(id)).value(), true);
  EXPECT_EQ(id, program->Info().value().id);
  EXPECT_EQ(array->Delete(BytesOf(slot)).value(), true);
  const int wrong = 999999;
  EXPECT_THAT(array->Put(BytesOf(slot), BytesOf(wrong)),
              Fails(Code::kSystem, "must be the descriptor of a loaded program"));
}

}  // namespace
}  // namespace purebpf
