// What only a kernel can tell to work: functions that replace others, exceptions, struct_ops,
// arenas, jump tables. A kernel that is too old, or built without, is said to be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/attach.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/tests/loader/written_objects.h"
#include "purebpf/tests/support/dual_test.h"
#include "purebpf/tests/support/netns.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/effects_kept.h"

namespace purebpf {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;

class Effects : public testing::DualTest {
 protected:
  static CollectionSpec Spec() {
    auto spec = CollectionSpec::Parse(effects_kept::Object(), "effects");
    EXPECT_THAT(spec, IsOk());
    return spec ? *std::move(spec) : CollectionSpec{};
  }

  Result<Collection> Load(std::vector<std::string> only, LoadOptions options = {}) {
    options.only = std::move(only);
    return Spec().Load(kernel_, options);
  }

  // What the program returns for a packet of `size` bytes.
  static uint32_t Run(const Program& program, size_t size = 64) {
    const std::vector<std::byte> packet(size);
    const auto run = program.TestRun({.data = packet});
    EXPECT_THAT(run, IsOk());
    return run ? run->retval : ~0U;
  }

  // Why this kernel is not asked; empty: it is.
  [[nodiscard]] std::string TooOldFor(int major, int minor, std::string_view feature) const {
    std::istringstream own(series());
    int own_major = 0;
    int own_minor = 0;
    char dot = 0;
    own >> own_major >> dot >> own_minor;
    if (std::pair(own_major, own_minor) >= std::pair(major, minor)) return "";
    return "this kernel is older than " + std::string(feature);
  }
  // Of kernels that are built without something, or lock it down.
  static bool IsForbidden(const Result<Collection>& loaded) {
    constexpr int kNotSupported = 524;  // include/linux/errno.h: ENOTSUPP
    return !loaded &&
           (loaded.error().sys_errno == EPERM || loaded.error().code == Code::kNotFound ||
            loaded.error().sys_errno == kNotSupported);
  }

  // The congestion controls that are registered.
  std::string Controls() {
    const auto file = kernel_.ReadFile("/proc/sys/net/ipv4/tcp_available_congestion_control", 4096);
    EXPECT_TRUE(file.has_value());
    return file ? std::string(reinterpret_cast<const char*>(file->data()), file->size()) : "";
  }
};

DUAL_TEST(Effects, AFunctionOfALoadedProgramIsReplaced) {
  const auto loaded = Load({"calls_replaced"});
  ASSERT_THAT(loaded, IsOk());
  const Program& target = *loaded->FindProgram("calls_replaced");
  EXPECT_EQ(Run(target), 1U);
  const auto info = target.Info();
  ASSERT_THAT(info, IsOk());
  // By its id, as by its descriptor.
  for (const AttachTarget& attach :
       {AttachTarget{.program = "replaces", .function = "", .target_id = info->id},
        AttachTarget{.program = "replaces", .function = "replaced", .target_fd = target.fd()}}) {
    const auto replacing = Load({"replaces"}, {.attach_targets = {attach}});
    if (IsForbidden(replacing)) GTEST_SKIP() << replacing.error().ToString();
    ASSERT_THAT(replacing, IsOk());
    {
      const auto link = Attach(*replacing->FindProgram("replaces"), FreplaceTarget{});
      ASSERT_THAT(link, IsOk());
      EXPECT_EQ(Run(target), 42U);
    }
    EXPECT_EQ(Run(target), 1U);
  }
}

DUAL_TEST(Effects, AnExceptionEndsInItsCallback) {
  if (const auto why = TooOldFor(6, 7, "bpf_throw()"); !why.empty()) GTEST_SKIP() << why;
  const auto loaded = Load({"throws"});
  if (IsForbidden(loaded)) GTEST_SKIP() << loaded.error().ToString();
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(Run(*loaded->FindProgram("throws")), 42U);
}

// Before Linux 6.8 by the function's type, since then by the tag.
DUAL_TEST(Effects, AParameterThatIsTaggedIsTheContext) {
  const auto loaded = Load({"asks_length"});
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(Run(*loaded->FindProgram("asks_length"), 100), 100U);
}

DUAL_TEST(Effects, ACongestionControlIsRegisteredByItsMap) {
  const testing::TempNetns netns(!live());
  if (!netns.ok()) GTEST_SKIP() << netns.reason();
  {
    auto loaded = Load({"by_map"});
    if (IsForbidden(loaded)) GTEST_SKIP() << loaded.error().ToString();
    ASSERT_THAT(loaded, IsOk());
    EXPECT_THAT(Controls(), Not(HasSubstr("purebpf_map")));
    ASSERT_THAT(loaded->FillStructOps("by_map"), IsOk());
    EXPECT_THAT(Controls(), HasSubstr("purebpf_map"));
    constexpr uint32_t kKey = 0;
    EXPECT_THAT(loaded->FindMap("by_map")->Delete(BytesOf(kKey)), IsOk());
  }
  EXPECT_THAT(Controls(), Not(HasSubstr("purebpf_map")));
}

DUAL_TEST(Effects, ACongestionControlIsRegisteredAsLongAsItsLink) {
  if (const auto why = TooOldFor(6, 4, "links of struct_ops"); !why.empty()) GTEST_SKIP() << why;
  const testing::TempNetns netns(!live());
  if (!netns.ok()) GTEST_SKIP() << netns.reason();
  auto loaded = Load({"by_link"});
  if (IsForbidden(loaded)) GTEST_SKIP() << loaded.error().ToString();
  ASSERT_THAT(loaded, IsOk());
  ASSERT_THAT(loaded->FillStructOps("by_link"), IsOk());
  {
    const auto link = AttachStructOps(*loaded->FindMap("by_link"));
    ASSERT_THAT(link, IsOk());
    EXPECT_THAT(Controls(), HasSubstr("purebpf_link"));
  }
  EXPECT_THAT(Controls(), Not(HasSubstr("purebpf_link")));
}

DUAL_TEST(Effects, AnArenaHasItsGlobals) {
  if (const auto why = TooOldFor(6, 9, "arenas"); !why.empty()) GTEST_SKIP() << why;
  const auto spec = CollectionSpec::Parse(testing::ArenaObject(), "arena");
  ASSERT_THAT(spec, IsOk());
  auto loaded = spec->Load(kernel_);
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->Get<uint32_t>("number").value_or(0), 7U);
  EXPECT_EQ(Run(*loaded->FindProgram("program")), 7U);
  EXPECT_EQ(loaded->Get<uint32_t>("number").value_or(0), 42U);
  ASSERT_THAT(loaded->Set<uint32_t>("number", 9), IsOk());
  EXPECT_EQ(Run(*loaded->FindProgram("program")), 9U);
}

DUAL_TEST(Effects, AJumpTableLeadsToItsInstructions) {
  if (const auto why = TooOldFor(6, 19, "jump tables"); !why.empty()) GTEST_SKIP() << why;
  const auto spec = CollectionSpec::Parse(testing::JumpTableObject(), "jumps");
  ASSERT_THAT(spec, IsOk());
  const auto loaded = spec->Load(kernel_);
  ASSERT_THAT(loaded, IsOk());
  const Program& program = *loaded->FindProgram("program");
  EXPECT_EQ(Run(program, 64), 1U);
  EXPECT_EQ(Run(program, 65), 2U);
}

}  // namespace
}  // namespace purebpf
