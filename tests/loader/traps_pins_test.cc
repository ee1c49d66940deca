// Maps that are pinned by name, and other loaders at the same time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "purebpf/bpf/info.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/kinds.h"

namespace purebpf {
namespace {

using testing::Fails;
using testing::FakeKernel;
using testing::IsOk;

// A legacy hash of 8 and 4 bytes and 7 entries, pinned.
CollectionSpec Pinned() {
  auto spec = CollectionSpec::Parse(kinds::Object(), "kinds");
  EXPECT_THAT(spec, IsOk());
  if (!spec) return {};
  spec->FindMap("older_style")->pinning = Pinning::kByName;
  return *spec;
}

// The kernel's words of a map that is pinned.
FakeKernel::Handler InfoOf(uint32_t max_entries) {
  return [max_entries](MutableBytes, std::span<const Region> regions) -> SysResult<int> {
    BpfMapInfo info{};
    info.type = 1;
    info.key_size = 8;
    info.value_size = 4;
    info.max_entries = max_entries;
    for (const Region& region : regions)
      std::memcpy(region.bytes.data(), &info, std::min(region.bytes.size(), sizeof info));
    return 0;
  };
}

Result<Collection> Load(FakeKernel& kernel) {
  return Pinned().Load(kernel, {.only = {{"older_style"}}, .pin_root = "/sys/fs/bpf"});
}

TEST(Pins, AMapThatIsPinnedIsUsedAgain) {
  FakeKernel kernel;
  kernel.Always(Command::kObjGetInfoByFd, InfoOf(7));
  const auto collection = Load(kernel);
  ASSERT_THAT(collection, IsOk());
  EXPECT_EQ(kernel.Count(Command::kMapCreate), 0U);
  EXPECT_EQ(kernel.Count(Command::kObjPin), 0U);
}

TEST(Pins, AnotherMapInItsPlaceIsRefusedWithTheDifference) {
  FakeKernel kernel;
  kernel.Always(Command::kObjGetInfoByFd, InfoOf(9));
  EXPECT_THAT(Load(kernel), Fails(Code::kConflict,
                                  "/sys/fs/bpf/older_style is another map: max_entries 9, "
                                  "wanted 7"));
  EXPECT_TRUE(kernel.open_fds().empty());
}

// Trap 30.
TEST(Pins, TheMapOfALoaderThatWasFasterIsUsed) {
  FakeKernel kernel;
  kernel.Answer(Command::kObjGet, Errno{ENOENT});  // not there yet,
  kernel.Answer(Command::kObjPin, Errno{EEXIST});  // there meanwhile
  kernel.Always(Command::kObjGetInfoByFd, InfoOf(7));
  auto collection = Load(kernel);
  ASSERT_THAT(collection, IsOk());
  EXPECT_EQ(kernel.Count(Command::kMapCreate), 1U);
  EXPECT_EQ(kernel.Count(Command::kObjGet), 2U);
  EXPECT_EQ(kernel.open_fds().size(), 1U) << "our own was closed";
}

TEST(Pins, ALoaderThatPinsAndUnpinsForEverIsNotWaitedFor) {
  FakeKernel kernel;
  kernel.Always(Command::kObjGet, Errno{ENOENT});
  kernel.Always(Command::kObjPin, Errno{EEXIST});
  EXPECT_THAT(Load(kernel), Fails(Code::kConflict, "older_style"));
  EXPECT_EQ(kernel.Count(Command::kObjPin), 3U);
  EXPECT_TRUE(kernel.open_fds().empty());
}

// Trap 21.
TEST(Pins, DotsAndSlashesOfANameAreNoneInThePath) {
  CollectionSpec spec = Pinned();
  spec.FindMap("older_style")->name = "a.b/c";
  auto target = TargetKernel::Described({});
  const auto plan = LoadPlan::Make(spec, target, {.only = {{"a.b/c"}}, .pin_root = "/sys/fs/bpf/"});
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(std::get<CreateMapStep>(plan->steps.back()).pin_path, "/sys/fs/bpf/a_b_c");
}

// The second would find the first one's pin, and be that map.
TEST(Pins, TwoMapsOfAnObjectDoNotShareAPath) {
  CollectionSpec spec = Pinned();
  spec.FindMap("older_style")->name = "a.b";
  spec.FindMap("old_style")->name = "a_b";
  spec.FindMap("a_b")->pinning = Pinning::kByName;
  auto target = TargetKernel::Described({});
  const LoadOptions options{.only = {{"a.b", "a_b"}}, .pin_root = "/sys/fs/bpf"};
  EXPECT_THAT(LoadPlan::Make(spec, target, options),
              Fails(Code::kConflict, "/sys/fs/bpf/a_b, where map '"));
  LoadOptions unpinned = options;
  unpinned.pin_root.clear();
  EXPECT_THAT(LoadPlan::Make(spec, target, unpinned), IsOk());
}

}  // namespace
}  // namespace purebpf
