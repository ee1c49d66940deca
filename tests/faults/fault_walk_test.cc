// Every scenario with every call failing: it ends in success or in an Error that names the step,
// and nothing is left or half changed.
#include "purebpf/tests/faults/fault_walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

#include "purebpf/tests/support/dual_test.h"
#include "purebpf/tests/support/fixture_bundle.h"

namespace purebpf::testing {
namespace {

bool IsNewest(std::string_view series) { return series == RecordedReleases().back(); }

class FaultWalkTest : public ::testing::Test {
 public:
  FaultWalkTest(const Scenario& scenario, std::string series)
      : scenario_(scenario), series_(std::move(series)) {}

 private:
  void TestBody() override {
    const std::string path = FixturePath("scenarios", series_);
    const FixtureBundle bundle = FixtureBundle::Read(path);
    const std::string* const fixture = bundle.Find(scenario_.name);
    ASSERT_NE(fixture, nullptr) << path << " has no recording of " << scenario_.name;
    if (const std::string reason = SkipReason(*fixture); !reason.empty())
      GTEST_SKIP() << "skipped when it was recorded with Linux " << series_ << ": " << reason;
    // What reads the kernel's types in each run takes long: all errnos on the newest alone.
    const bool slow = fixture->find("/sys/kernel/btf/vmlinux") != std::string::npos;
    FaultWalk walk(scenario_, *fixture, slow && !IsNewest(series_) ? FewErrnos() : WalkedErrnos());
    Expect("one call fails", walk.EachCall());
    Expect("a kind of call fails each time", walk.EachKind());
  }

  void Expect(const std::string& what, const Walk& walk) {
    constexpr size_t kShown = 10;
    RecordProperty(what + ": runs", std::to_string(walk.runs));
    std::cout << what << ": " << walk.runs << " runs, " << walk.errors << " ended with an error\n";
    EXPECT_GT(walk.runs, 0U);
    for (size_t i = 0; i < std::min(walk.wrong.size(), kShown); ++i)
      ADD_FAILURE() << what << ": " << walk.wrong[i];
    EXPECT_EQ(walk.wrong.size(), 0U);
  }

  Scenario scenario_;
  std::string series_;
};

// What takes long of the newest alone.
bool IsWalked(const Scenario& scenario, std::string_view series) {
  constexpr std::string_view kLong[] = {"large_collection", "whole_collection"};
  return IsNewest(series) || std::ranges::find(kLong, scenario.name) == std::end(kLong);
}

const bool kRegistered = [] {
  for (const Scenario& scenario : Scenarios()) {
    for (const std::string& series : RecordedReleases()) {
      if (!IsWalked(scenario, series)) continue;
      ::testing::RegisterTest(
          "FaultWalk", (scenario.name + std::string("/") + KernelTestName(series)).c_str(), nullptr,
          nullptr, __FILE__, __LINE__,
          [=]() -> FaultWalkTest* { return new FaultWalkTest(scenario, series); });
    }
  }
  return true;
}();

TEST(FaultWalkScenarios, AreThere) { EXPECT_TRUE(kRegistered); }

}  // namespace
}  // namespace purebpf::testing
