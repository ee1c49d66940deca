#include "purebpf/loader/collection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/kinds.h"

namespace purebpf {
namespace {

using testing::Fails;
using testing::FakeKernel;
using testing::IsOk;

CollectionSpec Kinds() {
  auto spec = CollectionSpec::Parse(kinds::Object(), "kinds");
  EXPECT_THAT(spec, IsOk());
  return spec ? *spec : CollectionSpec{};
}

Result<Collection> Load(Kernel& kernel, std::vector<std::string> only) {
  return Kinds().Load(kernel, {.only = std::move(only)});
}

TEST(Collection, HoldsWhatWasLoadedUntilItIsTaken) {
  FakeKernel kernel;
  auto collection = Load(kernel, {"first", "older_style"});
  ASSERT_THAT(collection, IsOk());
  EXPECT_NE(collection->FindMap("by_type"), nullptr);
  EXPECT_NE(collection->FindProgram("first"), nullptr);
  EXPECT_EQ(collection->FindMap("first"), nullptr);
  {
    const auto taken = collection->TakeMap("older_style");
    ASSERT_THAT(taken, IsOk());
    EXPECT_EQ(taken->params().max_entries, 7U);
    EXPECT_EQ(kernel.open_fds().size(), 3U);
  }
  EXPECT_EQ(kernel.open_fds().size(), 2U);
  EXPECT_THAT(collection->TakeMap("older_style"),
              Fails(Code::kNotFound, "not loaded, or taken before; there are: by_type"));
  EXPECT_THAT(collection->TakeProgram("by_type"), Fails(Code::kNotFound, "there are: first"));
}

TEST(Collection, LoadsEverythingThatIsNotOptional) {
  FakeKernel kernel;
  kernel.files["/sys/devices/system/cpu/possible"] = "0-1\n";
  CollectionSpec spec = Kinds();
  spec.FindProgram("untyped")->type = ProgType::kSocketFilter;
  const auto collection = spec.Load(kernel);
  ASSERT_THAT(collection, IsOk());
  EXPECT_EQ(kernel.Count(Command::kMapCreate), 6U);
  EXPECT_EQ(kernel.Count(Command::kProgLoad), 4U);
  EXPECT_EQ(collection->FindProgram("optional"), nullptr);
  EXPECT_EQ(collection->FindMap("events")->params().max_entries, 2U);
}

TEST(Collection, AsksTheKernelOnlyWhatItsMapsNeed) {
  FakeKernel kernel;
  ASSERT_THAT(Load(kernel, {"first"}), IsOk());
  EXPECT_TRUE(kernel.read_paths().empty());

  // A pair of AT_PAGESZ (6) and 64 KiB, and the end of the vector.
  const uint64_t auxv[] = {3, 0x1000, 6, 65536, 0, 0};
  kernel.files["/proc/self/auxv"] = std::string(reinterpret_cast<const char*>(auxv), sizeof auxv);
  kernel.files["/sys/devices/system/cpu/possible"] = "0-2,5\n";
  const auto collection = Load(kernel, {"ring", "events"});
  ASSERT_THAT(collection, IsOk());
  EXPECT_EQ(collection->FindMap("ring")->params().max_entries, 65536U);
  EXPECT_EQ(collection->FindMap("events")->params().max_entries, 4U);
}

TEST(Collection, RefusesAPlanWhoseSlotsNameNothing) {
  FakeKernel kernel;
  const CollectionSpec spec = Kinds();
  auto target = TargetKernel::Described();
  const auto plan = LoadPlan::Make(spec, target, {.only = std::vector<std::string>{"first"}});
  ASSERT_THAT(plan, IsOk());
  for (const MapSlot slot : {MapSlot{.insn = 1, .step = 7}, MapSlot{.insn = 9999, .step = 1},
                             MapSlot{.insn = 1, .step = 0}, MapSlot{.insn = 1, .step = 2}}) {
    LoadPlan edited = *plan;
    std::get<LoadProgramStep>(edited.steps.back()).map_slots = {slot};
    EXPECT_THAT(Collection::Load(kernel, edited),
                Fails(Code::kInvalidArgument, "no such earlier map, or no such instruction"));
    EXPECT_TRUE(kernel.open_fds().empty());
  }
}

}  // namespace
}  // namespace purebpf
