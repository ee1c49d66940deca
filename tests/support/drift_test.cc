#include "purebpf/tests/support/drift.h"

#include <gtest/gtest.h>

#include <string>

#include "purebpf/tests/support/dual_test.h"
#include "purebpf/tests/support/fixture_bundle.h"

namespace purebpf::testing {
namespace {

std::string FixtureOf(const std::string& about, const std::string& calls) {
  return "purebpf fixture 1\nkernel 6.12.0\narch x86_64\nabout " + about + "\n\n" + calls;
}

constexpr const char* kCreate = "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 = map:1\n";

TEST(Drift, IsNoneWhereOnlyFreeValuesDiffer) {
  EXPECT_EQ(Drift(FixtureOf("one", std::string(kCreate) + "close fd=map:1\n"),
                  FixtureOf("another", std::string(kCreate) + "close fd=map:1\n")),
            "");
  EXPECT_EQ(Drift(FixtureOf("x", "BPF_PROG_TEST_RUN prog_fd=prog:1 = 0 duration=~12\n"),
                  FixtureOf("x", "BPF_PROG_TEST_RUN prog_fd=prog:1 = 0 duration=~34\n")),
            "");
}

TEST(Drift, TellsTheCallThatIsAnsweredInAnotherWay) {
  EXPECT_EQ(Drift(FixtureOf("x", std::string(kCreate) + "BPF_MAP_FREEZE map_fd=map:1 = 0\n"),
                  FixtureOf("x", std::string(kCreate) + "BPF_MAP_FREEZE map_fd=map:1 = EPERM\n")),
            "call 2:\n- BPF_MAP_FREEZE map_fd=map:1 = 0\n+ BPF_MAP_FREEZE map_fd=map:1 = EPERM "
            "(Operation not permitted)\n");
}

TEST(Drift, FindsTheWayBackBehindCallsThatAreNew) {
  EXPECT_EQ(Drift(FixtureOf("x", "close fd=map:1\n"),
                  FixtureOf("x", std::string(kCreate) + "close fd=map:1\n")),
            "call 1:\n+ " + std::string(kCreate));
}

TEST(Drift, SaysWhatIsNoFixture) { EXPECT_NE(Drift("nonsense", FixtureOf("x", "")), ""); }

TEST(FixtureBundle, HoldsSeveralFixturesByWhatTheyAreAbout) {
  FixtureBundle bundle = FixtureBundle::Parse(FixtureOf("one", kCreate) + FixtureOf("two", ""));
  ASSERT_NE(bundle.Find("one"), nullptr);
  EXPECT_EQ(*bundle.Find("one"), FixtureOf("one", kCreate));
  EXPECT_EQ(bundle.Find("three"), nullptr);
  bundle.Put("one", FixtureOf("one", "close fd=map:1\n"));
  bundle.Put("three", FixtureOf("three", ""));
  EXPECT_EQ(bundle.Text(),
            FixtureOf("one", "close fd=map:1\n") + FixtureOf("two", "") + FixtureOf("three", ""));
}

TEST(FixtureBundle, IsEmptyWhereThereIsNoFile) {
  EXPECT_EQ(FixtureBundle::Read("/nowhere/at.all").Text(), "");
}

TEST(DualTestNames, AreOfTheSeries) {
  EXPECT_EQ(SeriesOf("6.12.117+deb13-cloud-amd64"), "6.12");
  EXPECT_EQ(SeriesOf("7.2"), "7.2");
  EXPECT_EQ(KernelTestName("6.12"), "linux_6_12");
  EXPECT_EQ(FixturePath("scenarios", "5.10"), "tests/fixtures/scenarios.5.10.fixture");
}

}  // namespace
}  // namespace purebpf::testing
