// A generated skeleton at work, against a scripted kernel. (What the real one makes of it:
// skeleton_run_test.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/skeleton/traffic.skel.h"

namespace purebpf {
namespace {

using testing::Fails;
using testing::FakeKernel;
using testing::IsOk;

struct FakeMachine : FakeKernel {
  FakeMachine() { files["/sys/devices/system/cpu/possible"] = "0-3\n"; }

  // What was put into a map, in the order of the puts.
  [[nodiscard]] std::vector<std::byte> Put(size_t n) const {
    return Nth(Command::kMapUpdateElem, n).regions.at(1).bytes;
  }
};

// Where the traffic object's variables lie in their sections.
constexpr size_t kStep = 0;
constexpr size_t kLimits = 4;

TEST(Skeleton, LoadsAllThatTheObjectLoadsByItself) {
  FakeMachine kernel;
  {
    const auto objects = traffic::Load(kernel);
    ASSERT_THAT(objects, IsOk());
    ASSERT_TRUE(objects->programs.count);
    EXPECT_EQ(objects->programs.count->name(), "count");
    EXPECT_FALSE(objects->programs.drop);  // of a section that begins with '?'
    ASSERT_TRUE(objects->maps.flows);
    EXPECT_THAT(objects->maps.flows->Put({.port = 80}, {.packets = 1}), IsOk());
    ASSERT_TRUE(objects->maps.verdicts);
    EXPECT_EQ(objects->maps.verdicts->cpus(), 4U);
    ASSERT_TRUE(objects->maps.events);
    ASSERT_NE(objects->maps.bss, nullptr);
    EXPECT_EQ(objects->maps.bss->params().type, MapType::kArray);
  }
  EXPECT_TRUE(kernel.open_fds().empty());
  EXPECT_EQ(kernel.open_mappings(), 0);
}

TEST(Skeleton, HasTheObjectsBytes) {
  const auto object = traffic::Object();
  ASSERT_GT(object.size(), 64U);
  EXPECT_EQ(std::memcmp(object.data(),
                        "\x7f"
                        "ELF",
                        4),
            0);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(object.data()) % 8, 0U);
}

TEST(Skeleton, SetsVariablesBeforeLoading) {
  auto spec = traffic::Spec::Read();
  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->variables.step, 1U);
  EXPECT_EQ(spec->variables.packets, 0U);
  const traffic::limits limits = spec->variables.limits;
  EXPECT_EQ(limits.length, 1000U);
  EXPECT_TRUE(limits.strict);
  EXPECT_EQ(limits.word, 5U);
  EXPECT_EQ(limits.low, 0U);
  EXPECT_EQ(limits.high, 33U);
  EXPECT_STREQ(spec->variables.name.Get().data(), "traffic");

  spec->variables.step = 0x01020304;
  spec->variables.limits = {.length = 60, .high = 2};
  FakeMachine kernel;
  const auto objects = traffic::Load(kernel, *spec);
  ASSERT_THAT(objects, IsOk());
  std::vector<std::byte> rodata;
  for (size_t i = 0; i < kernel.Count(Command::kMapUpdateElem); ++i)
    if (kernel.Put(i).size() == 20) rodata = kernel.Put(i);
  ASSERT_EQ(rodata.size(), 20U);
  uint32_t step = 0;
  std::memcpy(&step, rodata.data() + kStep, sizeof step);
  EXPECT_EQ(step, 0x01020304U);
  traffic::limits set{};
  std::memcpy(&set, rodata.data() + kLimits, sizeof set);
  EXPECT_EQ(set.length, 60U);
  EXPECT_EQ(set.high, 2U);
}

TEST(Skeleton, SharesVariablesWithoutACall) {
  FakeMachine kernel;
  auto objects = traffic::Load(kernel);
  ASSERT_THAT(objects, IsOk());
  ASSERT_TRUE(objects->variables.packets.present());
  const size_t calls = kernel.calls().size();
  FakeKernel::Mapping* bss = nullptr;
  for (FakeKernel::Mapping& mapping : kernel.mappings)
    if (mapping.access == Access::kReadWrite && mapping.memory.size() > 16) bss = &mapping;
  ASSERT_NE(bss, nullptr);
  kernel.on_look = [](Bytes) {};

  objects->variables.packets = 77;
  EXPECT_EQ(objects->variables.packets, 77U);
  objects->variables.by_verdict.memory()->at(3) = 4;
  EXPECT_EQ(objects->variables.by_verdict.Get()[3], 4U);
  // A program's change.
  *objects->variables.packets.memory() = 78;
  const uint64_t packets = objects->variables.packets;
  EXPECT_EQ(packets, 78U);
  EXPECT_EQ(kernel.calls().size(), calls);
}

TEST(Skeleton, MapsConstantsToBeReadOnly) {
  FakeMachine kernel;
  const auto objects = traffic::Load(kernel);
  ASSERT_THAT(objects, IsOk());
  size_t read_only = 0;
  for (const FakeKernel::Mapping& mapping : kernel.mappings)
    read_only += mapping.access == Access::kRead ? 1 : 0;
  EXPECT_EQ(read_only, 1U);
  static_assert(!std::is_assignable_v<decltype((objects->variables.step)), uint32_t>);
}

TEST(Skeleton, LoadsSomeOfTheProgramsOnly) {
  auto spec = traffic::Spec::Read();
  ASSERT_THAT(spec, IsOk());
  spec->programs.count->autoload = false;
  spec->programs.drop->autoload = true;
  spec->maps.flows->params.max_entries = 3;
  FakeMachine kernel;
  const auto edited = traffic::Load(kernel, *spec);
  ASSERT_THAT(edited, IsOk());
  EXPECT_FALSE(edited->programs.count);
  EXPECT_TRUE(edited->programs.drop);
  EXPECT_EQ(edited->maps.flows->untyped().params().max_entries, 3U);

  FakeMachine other;
  const auto named = traffic::Load(other, {.only = {{"drop"}}});
  ASSERT_THAT(named, IsOk());
  EXPECT_FALSE(named->programs.count);
  EXPECT_TRUE(named->programs.drop);
  EXPECT_FALSE(named->maps.flows);
  EXPECT_EQ(named->maps.bss, nullptr);
  EXPECT_FALSE(named->variables.packets.present());
  EXPECT_EQ(other.open_fds().size(), 1U);
}

TEST(Skeleton, IsMovedWithItsVariables) {
  FakeMachine kernel;
  {
    auto first = traffic::Load(kernel);
    ASSERT_THAT(first, IsOk());
    first->variables.packets = 5;
    traffic::Objects objects = std::move(*first);
    EXPECT_EQ(objects.variables.packets, 5U);
    auto second = traffic::Load(kernel);
    ASSERT_THAT(second, IsOk());
    objects = std::move(*second);
    EXPECT_EQ(objects.variables.packets, 0U);
    EXPECT_NE(objects.maps.bss, nullptr);
  }
  EXPECT_TRUE(kernel.open_fds().empty());
  EXPECT_EQ(kernel.open_mappings(), 0);
}

TEST(Skeleton, ReadsRecordsAsTheirType) {
  FakeMachine kernel;
  const auto objects = traffic::Load(kernel);
  ASSERT_THAT(objects, IsOk());
  const size_t before = kernel.mappings.size();
  auto records = objects->maps.events->Open();
  ASSERT_THAT(records, IsOk());
  // A whole record, one that is longer, and one that is too short: header, then bytes.
  std::byte* const producer = kernel.mappings.at(before).memory.data();
  std::byte* const data = producer + 4096;
  const auto put = [&](size_t at, uint32_t length, uint64_t time) {
    std::memcpy(data + at, &length, sizeof length);
    std::memcpy(data + at + 8, &time, sizeof time);
  };
  static_assert(sizeof(traffic::event) == 48);
  put(0, 48, 1);
  put(56, 56, 2);
  put(120, 8, 3);
  const uint64_t produced = 136;
  std::memcpy(producer, &produced, sizeof produced);
  std::vector<uint64_t> times;
  std::vector<size_t> sizes;
  const auto read = records->Consume([&](const traffic::event& event, Bytes bytes) {
    times.push_back(event.time);
    sizes.push_back(bytes.size());
  });
  EXPECT_THAT(read, Fails(Code::kMalformed, "a record has 8 bytes, its type 48"));
  EXPECT_EQ(times, (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(sizes, (std::vector<size_t>{48, 56}));
  EXPECT_EQ(records->untyped().available(), 0U);
}

TEST(Skeleton, ReadsAsManyRecordsAsAreWanted) {
  FakeMachine kernel;
  const auto objects = traffic::Load(kernel);
  ASSERT_THAT(objects, IsOk());
  const size_t before = kernel.mappings.size();
  auto records = objects->maps.events->Open();
  ASSERT_THAT(records, IsOk());
  std::byte* const producer = kernel.mappings.at(before).memory.data();
  constexpr uint32_t kLength = 48;
  std::memcpy(producer + 4096, &kLength, sizeof kLength);
  std::memcpy(producer + 4096 + 56, &kLength, sizeof kLength);
  const uint64_t produced = 112;
  std::memcpy(producer, &produced, sizeof produced);
  int seen = 0;
  const auto first = records->Consume([&](const traffic::event&) { return ++seen < 1; });
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(*first, 1U);
  EXPECT_EQ(seen, 1);
}

TEST(Skeleton, LeavesNothingBehindWhereLoadingFails) {
  FakeMachine kernel;
  kernel.Always(Command::kProgLoad, Errno{EACCES});
  EXPECT_THAT(traffic::Load(kernel), Fails(Code::kPermission, "count"));
  EXPECT_TRUE(kernel.open_fds().empty());
}

TEST(Skeleton, RefusesAMapWhoseSizesAreNoLongerThoseOfItsTypes) {
  auto spec = traffic::Spec::Read();
  ASSERT_THAT(spec, IsOk());
  spec->maps.flows->params.value_size = 32;
  FakeMachine kernel;
  EXPECT_THAT(traffic::Load(kernel, *spec), Fails(Code::kInvalidArgument, "32"));
  EXPECT_TRUE(kernel.open_fds().empty());
}

}  // namespace
}  // namespace purebpf
