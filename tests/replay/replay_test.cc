// Every scenario, replayed from the recordings of several kernels, or with the running kernel.
#include <gtest/gtest.h>

#include <string>

#include "purebpf/tests/replay/scenario.h"
#include "purebpf/tests/support/dual_test.h"

namespace purebpf::testing {
namespace {

class ScenarioTest : public DualTest {
 public:
  explicit ScenarioTest(const Scenario& scenario) : scenario_(scenario) {}

 private:
  void TestBody() override {
    Stage stage(kernel_, live());
    const Result<void> result = scenario_.run(stage);
    EXPECT_EQ(stage.not_undone(), "");
    if (!result && result.error().operation == "prepare") GTEST_SKIP() << result.error().ToString();
    EXPECT_TRUE(result.has_value()) << result.error().ToString() << "\n" << result.error().log;
  }

  Scenario scenario_;
};

const bool kRegistered = [] {
  for (const Scenario& scenario : Scenarios()) {
    for (const std::string& kernel : KernelsUnderTest()) {
      const DualCase which{.bundle = "scenarios",
                           .test = scenario.name,
                           .kernel = kernel,
                           .machine_bound = scenario.machine_bound};
      ::testing::RegisterTest(
          "Scenario", (scenario.name + std::string("/") + KernelTestName(kernel)).c_str(), nullptr,
          nullptr, __FILE__, __LINE__, [which, scenario]() -> ScenarioTest* {
            DualTest::Assign(which);
            return new ScenarioTest(scenario);
          });
    }
  }
  return true;
}();

TEST(Scenarios, AreThere) { EXPECT_TRUE(kRegistered); }

}  // namespace
}  // namespace purebpf::testing
