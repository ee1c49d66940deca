#include "purebpf/tests/support/dual_test.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <utility>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/bpf/testing/fixture.h"
#include "purebpf/bpf/testing/recording_kernel.h"
#include "purebpf/bpf/testing/replay_kernel.h"
#include "purebpf/tests/support/drift.h"
#include "purebpf/tests/support/fixture_bundle.h"

namespace purebpf::testing {
namespace {

using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;

// In a recording without calls: why.
constexpr std::string_view kSkipped = "skipped: ";

const char* Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? nullptr : value;
}

// The folder to record into; null where it is not asked for.
const char* RecordFolder() { return Variable("PUREBPF_RECORD"); }

// Of the release only the version: who built the kernel does not matter.
std::string WithPlainRelease(std::string fixture) {
  constexpr std::string_view kKernel = "\nkernel ";
  const size_t begin = fixture.find(kKernel);
  if (begin == std::string::npos) return fixture;
  const size_t suffix = fixture.find_first_not_of("0123456789.", begin + kKernel.size());
  fixture.erase(suffix, fixture.find('\n', suffix) - suffix);
  return fixture;
}

std::string FileName(std::string_view bundle, std::string_view series) {
  return std::string(bundle) + "." + std::string(series) + ".fixture";
}

bool IsOfThisMachine(std::string_view fixture) {
  return fixture.contains("\narch " + std::string(Architecture()) + "\n");
}

DualCase& Next() {
  static DualCase next;
  return next;
}

}  // namespace

const std::vector<std::string>& RecordedReleases() {
  static const std::vector<std::string> releases = {"5.10", "6.1", "6.12", "6.18", "7.2"};
  return releases;
}

std::string SeriesOf(std::string_view release) {
  const size_t first = release.find('.');
  const size_t second =
      first == std::string_view::npos ? first : release.find_first_not_of("0123456789", first + 1);
  return std::string(release.substr(0, second));
}

std::vector<std::string> KernelsUnderTest() {
  if (Variable("PUREBPF_LIVE") != nullptr) return {std::string(kLive)};
  return RecordedReleases();
}

std::string KernelTestName(std::string_view kernel) {
  if (kernel == kLive) return std::string(kLive);
  std::string name = "linux_" + std::string(kernel);
  std::ranges::replace(name, '.', '_');
  return name;
}

std::string FixturePath(std::string_view bundle, std::string_view series) {
  return "tests/fixtures/" + FileName(bundle, series);
}

std::string SkipReason(std::string_view fixture) {
  const size_t at = fixture.find("\n# " + std::string(kSkipped));
  if (at == std::string_view::npos) return "";
  const std::string_view line = fixture.substr(at + 3 + kSkipped.size());
  return std::string(line.substr(0, line.find('\n')));
}

struct DualKernel::State {
  DualCase which;
  HostKernel host;
  std::string series;
  std::string skipped;
  std::string problem;  // why there is nothing to replay
  std::optional<RecordingKernel> recording;
  std::optional<ReplayKernel> replay;

  [[nodiscard]] Kernel& kernel() {
    if (recording) return *recording;
    if (replay) return *replay;
    return host;  // never asked: the test was skipped, or failed, before it
  }
};

DualKernel::DualKernel(DualCase which) : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.which = std::move(which);
  if (live()) {
    state.series = SeriesOf(state.host.Release().value_or(""));
    if (geteuid() != 0) state.skipped = "the running kernel needs root";
    state.recording.emplace(state.host, RecordingOptions{.about = state.which.test});
    return;
  }
  state.series = state.which.kernel;
  const std::string path = FixturePath(state.which.bundle, state.series);
  const FixtureBundle bundle = FixtureBundle::Read(path);
  const std::string* fixture = bundle.Find(state.which.test);
  if (fixture == nullptr) {
    state.problem = path + " has no recording of this test: record it with tools/test --record, " +
                    "and for kernels that do not run here tools/test --kernels --record";
    return;
  }
  if (std::string reason = SkipReason(*fixture); !reason.empty())
    state.skipped = "skipped when it was recorded with Linux " + state.series + ": " + reason;
  else if (!state.which.machine_bound.empty() && !IsOfThisMachine(*fixture))
    state.skipped = "recorded on another machine than " + std::string(Architecture()) + ": " +
                    state.which.machine_bound;
  Result<ReplayKernel> replay = ReplayKernel::FromText(
      *fixture, {.name = path + ": " + state.which.test, .record_again = "tools/test --record"});
  if (replay)
    state.replay.emplace(std::move(*replay));
  else
    state.problem = path + ": " + state.which.test + ": " + replay.error().ToString();
}

DualKernel::~DualKernel() = default;

Kernel& DualKernel::kernel() const { return state_->kernel(); }
bool DualKernel::live() const { return state_->which.kernel == kLive; }
const std::string& DualKernel::series() const { return state_->series; }
const std::string& DualKernel::skipped() const { return state_->skipped; }
const std::string& DualKernel::problem() const { return state_->problem; }

AssertionResult DualKernel::Finish() {
  if (state_->replay) {
    const std::string report = state_->replay->Report();
    return report.empty() ? AssertionSuccess() : AssertionFailure() << report;
  }
  return state_->recording ? Keep() : AssertionSuccess();
}

AssertionResult DualKernel::Keep() {
  const DualCase& which = state_->which;
  const std::string said = WithPlainRelease(state_->recording->Text());
  if (const char* folder = RecordFolder()) {
    const std::string path = std::string(folder) + "/" + FileName(which.bundle, state_->series);
    FixtureBundle bundle = FixtureBundle::Read(path);
    bundle.Put(which.test, said);
    return bundle.Write(path) ? AssertionSuccess() : AssertionFailure() << "cannot write " << path;
  }
  const std::string path = FixturePath(which.bundle, state_->series);
  const FixtureBundle bundle = FixtureBundle::Read(path);
  const std::string* recorded = bundle.Find(which.test);
  if (recorded == nullptr) return AssertionSuccess();
  const Drifted drift = Drift(*recorded, said);
  if (drift.calls.empty()) {
    if (drift.build) ::testing::Test::RecordProperty("other build", path + ": " + which.test);
    return AssertionSuccess();
  }
  ::testing::Test::RecordProperty("drifted", path + ": " + which.test);
  std::cout << path << ": " << which.test << ": this kernel says something else than was recorded ("
            << "record it anew with tools/test --record):\n"
            << drift.calls;
  if (Variable("PUREBPF_DRIFT") == nullptr) return AssertionSuccess();
  return AssertionFailure() << "the recording has drifted from the running kernel: see above";
}

AssertionResult DualKernel::Skip(std::string_view reason) {
  if (!state_->recording || RecordFolder() == nullptr) return AssertionSuccess();
  // Without what was asked until it was clear that it cannot be run.
  state_->recording.emplace(state_->host, RecordingOptions{.about = state_->which.test});
  state_->recording->Remark(std::string(kSkipped) + std::string(reason));
  return Keep();
}

void DualTest::Assign(DualCase which) { Next() = std::move(which); }

DualTest::DualTest() : dual_(Next()), kernel_(dual_.kernel()) {}

void DualTest::SetUp() {
  if (!dual_.problem().empty()) FAIL() << dual_.problem();
  if (!dual_.skipped().empty()) GTEST_SKIP() << dual_.skipped();
}

void DualTest::TearDown() {
  const ::testing::TestResult& result =
      *::testing::UnitTest::GetInstance()->current_test_info()->result();
  for (int i = 0; i < result.total_part_count(); ++i) {
    const ::testing::TestPartResult& part = result.GetTestPartResult(i);
    if (!part.skipped()) continue;
    EXPECT_TRUE(dual_.Skip(part.message()));
    return;
  }
  // A recording of a test that failed is none.
  if (live() && HasFailure()) return;
  EXPECT_TRUE(dual_.Finish());
}

namespace internal {

std::string BundleOf(std::string_view source) {
  source.remove_prefix(source.rfind('/') + 1);
  return std::string(source.substr(0, source.find('.')));
}

}  // namespace internal
}  // namespace purebpf::testing
