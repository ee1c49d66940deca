// Tests that talk to a kernel, written once and run twice: replayed from recordings, anywhere, and
// with the running kernel, as root.
//
//   class MapTest : public DualTest {};
//
//   DUAL_TEST(MapTest, HoldsWhatIsPut) {
//     const auto map = Map::Create(kernel_, ...);      // kernel_ is a replay, or the running one
//     ...
//     if (live()) ...                                  // what only the running kernel can show
//   }
//
// Each is a test case a kernel: "MapTest.HoldsWhatIsPut/linux_6_12" replays what 6.12 said, and
// "MapTest.HoldsWhatIsPut/live" is there instead where the environment has PUREBPF_LIVE (a target
// of tests/support/dual_test.bzl makes both). What the running kernel says is compared with the
// recording of its release, where there is one, and told where it has drifted.
//
// With PUREBPF_RECORD=FOLDER as well, what the running kernel says is written there: see
// tools/test --record. The recordings are tests/fixtures/<source file>.<release>.fixture.
#ifndef PUREBPF_TESTS_SUPPORT_DUAL_TEST_H_
#define PUREBPF_TESTS_SUPPORT_DUAL_TEST_H_

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/kernel.h"

namespace purebpf::testing {

// The releases that there are recordings of: "5.10".
const std::vector<std::string>& RecordedReleases();
// "6.12" of "6.12.117+deb13-cloud-amd64".
std::string SeriesOf(std::string_view release);
// Of this run: kLive alone, or the recorded releases.
inline constexpr std::string_view kLive = "live";
std::vector<std::string> KernelsUnderTest();
// "linux_6_12", "live": as part of a test's name.
std::string KernelTestName(std::string_view kernel);
// tests/fixtures/<bundle>.<series>.fixture
std::string FixturePath(std::string_view bundle, std::string_view series);

// Why a test was skipped when this was recorded; empty: it was not.
std::string SkipReason(std::string_view fixture);

// Which recording a test has.
struct DualCase {
  std::string bundle;  // the file's name, up to the release
  std::string test;    // in the file
  std::string kernel;  // "6.12", or kLive
  // Why a recording of one machine cannot be replayed on another; empty where it can.
  std::string machine_bound = {};
};

// What a test says to a kernel: replayed, or live and then compared or recorded.
class DualKernel {
 public:
  explicit DualKernel(DualCase which);
  DualKernel(const DualKernel&) = delete;
  DualKernel& operator=(const DualKernel&) = delete;
  ~DualKernel();

  [[nodiscard]] Kernel& kernel() const;
  [[nodiscard]] bool live() const;
  // "6.12", of the running kernel too.
  [[nodiscard]] const std::string& series() const;
  // Why this test cannot be run, in words for GTEST_SKIP: there is no root, it was skipped when it
  // was recorded, or it is bound to another machine. Empty where it can.
  [[nodiscard]] const std::string& skipped() const;
  // Why it fails already: there is no recording.
  [[nodiscard]] const std::string& problem() const;

  // When everything is closed: whether all was as recorded. Records, or tells of drift.
  ::testing::AssertionResult Finish();
  // Instead of Finish, where the test was skipped for that reason.
  ::testing::AssertionResult Skip(std::string_view reason);

 private:
  ::testing::AssertionResult Keep();

  struct State;
  std::unique_ptr<State> state_;
};

class DualTest : public ::testing::Test {
 public:
  // Which test the next DualTest that is made will be.
  static void Assign(DualCase which);

 protected:
  DualTest();
  // A derived class's SetUp calls this first, and returns where IsSkipped() then.
  void SetUp() override;
  // A derived class's TearDown lets go of all handles, then calls this.
  void TearDown() override;

  [[nodiscard]] bool live() const { return dual_.live(); }
  [[nodiscard]] const std::string& series() const { return dual_.series(); }

 private:
  DualKernel dual_;

 protected:
  Kernel& kernel_;
};

// One that is run for several rows of a table has it as `static std::span<const Row> Rows()`, each
// with a member `name`, and takes the row by `row_`. A member `machine_bound` is DualCase's. `Base`
// is a DualTest.
template <typename Row, typename Base = DualTest>
class DualTableTest : public Base {
 public:
  static const Row* next_row;

 protected:
  DualTableTest() : row_(*next_row) {}
  const Row& row_;
};
template <typename Row, typename Base>
const Row* DualTableTest<Row, Base>::next_row = nullptr;

namespace internal {

// "map_test" of "tests/bpf/map_test.cc".
std::string BundleOf(std::string_view source);

template <typename Fixture, typename Case>
void RegisterForKernels(const char* suite, const std::string& name, const char* file, int line,
                        const std::string& machine_bound, auto prepare) {
  for (const std::string& kernel : KernelsUnderTest()) {
    const DualCase which{.bundle = BundleOf(file),
                         .test = std::string(suite) + "." + name,
                         .kernel = kernel,
                         .machine_bound = machine_bound};
    ::testing::RegisterTest(suite, (name + "/" + KernelTestName(kernel)).c_str(), nullptr, nullptr,
                            file, line, [which, prepare]() -> Fixture* {
                              DualTest::Assign(which);
                              prepare();
                              return new Case;
                            });
  }
}

template <typename Fixture, typename Case>
bool RegisterDual(const char* suite, const std::string& name, const char* file, int line) {
  if constexpr (requires { Fixture::Rows(); }) {
    for (const auto& row : Fixture::Rows()) {
      std::string bound;
      if constexpr (requires { row.machine_bound; }) bound = row.machine_bound;
      RegisterForKernels<Fixture, Case>(suite, name + "/" + row.name, file, line, bound,
                                        [&row] { Fixture::next_row = &row; });
    }
  } else {
    RegisterForKernels<Fixture, Case>(suite, name, file, line, "", [] {});
  }
  return true;
}

}  // namespace internal
}  // namespace purebpf::testing

// NOLINTBEGIN(bugprone-macro-parentheses): names of types
#define DUAL_TEST(fixture, name)                                                    \
  class fixture##_##name##_Test final : public fixture {                            \
    void TestBody() override;                                                       \
    static const bool registered_;                                                  \
  };                                                                                \
  const bool fixture##_##name##_Test::registered_ =                                 \
      ::purebpf::testing::internal::RegisterDual<fixture, fixture##_##name##_Test>( \
          #fixture, #name, __FILE__, __LINE__);                                     \
  void fixture##_##name##_Test::TestBody()
// NOLINTEND(bugprone-macro-parentheses)

#endif  // PUREBPF_TESTS_SUPPORT_DUAL_TEST_H_
