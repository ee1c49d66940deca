// Slots of maps that are maps or programs: filled when what they hold is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/info.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/traps.h"

namespace purebpf {
namespace {

using ::testing::ElementsAre;
using testing::FakeKernel;
using testing::IsOk;

CollectionSpec Traps() {
  auto spec = CollectionSpec::Parse(traps::Object(), "traps");
  EXPECT_THAT(spec, IsOk());
  return spec ? *spec : CollectionSpec{};
}

LoadPlan PlanOf(const CollectionSpec& spec, std::vector<std::string> only) {
  auto target = TargetKernel::Described({});
  auto plan = LoadPlan::Make(spec, target, {.only = std::move(only)});
  EXPECT_THAT(plan, IsOk());
  return plan ? *plan : LoadPlan{};
}

uint32_t StepOf(const LoadPlan& plan, std::string_view name) {
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    if (const auto* map = std::get_if<CreateMapStep>(&plan.steps[i]); map && map->name == name)
      return i;
    if (const auto* program = std::get_if<LoadProgramStep>(&plan.steps[i]);
        program && program->params.name == name)
      return i;
  }
  ADD_FAILURE() << "no step for " << name;
  return 0;
}

TEST(Slots, AreReadFromTheRelocationsOfTheDefinition) {
  const CollectionSpec spec = Traps();
  EXPECT_THAT(spec.FindMap("house")->slots,
              ElementsAre(SlotSpec{.index = 0, .program = false, .target = "room_b"},
                          SlotSpec{.index = 2, .program = false, .target = "room_a"}));
  EXPECT_THAT(spec.FindMap("table")->slots,
              ElementsAre(SlotSpec{.index = 3, .program = true, .target = "tail"}));
}

// Trap 5. A program array that nothing but programs holds is emptied, and a slot needs what it is
// for: maps and programs first, then maps of maps, then program arrays.
TEST(Slots, AreFilledAfterAllThatTheyHoldIsThere) {
  const LoadPlan plan = PlanOf(Traps(), {"calls_tail"});
  ASSERT_EQ(plan.steps.size(), 10U);  // types, 4 maps, 2 programs, 3 slots
  const uint32_t house = StepOf(plan, "house"), table = StepOf(plan, "table");
  const std::vector<FillSlotStep> expected = {
      {.map = house, .key = 0, .target = StepOf(plan, "room_b")},
      {.map = house, .key = 2, .target = StepOf(plan, "room_a")},
      {.map = table, .key = 3, .target = StepOf(plan, "tail")}};
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_EQ(std::get<FillSlotStep>(plan.steps[7 + i]), expected[i]);
}

TEST(Slots, ArePutByTheDescriptorsThatTheKernelGave) {
  FakeKernel kernel;
  kernel.files["/sys/devices/system/cpu/possible"] = "0-1\n";
  const auto collection = Traps().Load(kernel, {.only = {{"calls_tail"}}});
  ASSERT_THAT(collection, IsOk());
  ASSERT_EQ(kernel.Count(Command::kMapUpdateElem), 3U);
  const auto value = [&](size_t n) {
    for (const auto& memory : kernel.Nth(Command::kMapUpdateElem, n).regions)
      if (memory.attr_offset == offsetof(MapElemAttr, value)) {
        int fd = -1;
        std::memcpy(&fd, memory.bytes.data(), sizeof fd);
        return fd;
      }
    return -1;
  };
  EXPECT_EQ(value(0), collection->FindMap("room_b")->fd());
  EXPECT_EQ(value(1), collection->FindMap("room_a")->fd());
  EXPECT_EQ(value(2), collection->FindProgram("tail")->fd());
}

// A map of maps that was pinned before: of its two slots, the one that is empty is filled. What the
// maps in it hold is not lost.
TEST(Slots, APinnedMapKeepsTheMapsThatItHolds) {
  CollectionSpec spec = Traps();
  MapSpec* const house = spec.FindMap("house");
  house->pinning = Pinning::kByName;
  FakeKernel kernel;
  kernel.Always(Command::kObjGetInfoByFd,
                [&](MutableBytes, std::span<const Region> regions) -> SysResult<int> {
                  BpfMapInfo info{};
                  info.type = static_cast<uint32_t>(house->params.type);
                  info.key_size = house->params.key_size;
                  info.value_size = house->params.value_size;
                  info.max_entries = house->params.max_entries;
                  for (const Region& region : regions)
                    std::memcpy(region.bytes.data(), &info,
                                std::min(region.bytes.size(), sizeof info));
                  return 0;
                });
  kernel.Answer(Command::kMapLookupElem,
                [](MutableBytes, std::span<const Region>) -> SysResult<int> { return 0; });
  kernel.Answer(Command::kMapLookupElem, Errno{ENOENT});
  const auto collection = spec.Load(kernel, {.only = {{"house"}}, .pin_root = "/sys/fs/bpf"});
  ASSERT_THAT(collection, IsOk());
  ASSERT_EQ(kernel.Count(Command::kMapUpdateElem), 1U);
  const auto word_at = [&](size_t offset) {
    for (const auto& memory : kernel.Nth(Command::kMapUpdateElem, 0).regions) {
      int word = -1;
      std::memcpy(&word, memory.bytes.data(), sizeof word);
      if (memory.attr_offset == offset) return word;
    }
    return -1;
  };
  EXPECT_EQ(word_at(offsetof(MapElemAttr, key)), 2);
  EXPECT_EQ(word_at(offsetof(MapElemAttr, value)), collection->FindMap("room_a")->fd());
}

}  // namespace
}  // namespace purebpf
