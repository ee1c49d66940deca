// What a static binary with musl promises, where there is one.
#include <gtest/gtest.h>

#include <cstdlib>

#include "purebpf/tests/tools/static_program.h"

namespace purebpf::testing {
namespace {

class StaticMuslBinary : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* problem = std::getenv("MUSL_PROBLEM");
    if (problem != nullptr && *problem != '\0') GTEST_SKIP() << problem;
  }
};

TEST_F(StaticMuslBinary, IsSmaller) {
  ExpectAtMost("XCONNECT_MUSL", "xconnect, static, musl", 570'000);
}

TEST_F(StaticMuslBinary, NeedsNoLoaderAndHasNoSymbols) { ExpectNeedsNothing("XCONNECT_MUSL"); }

TEST_F(StaticMuslBinary, TellsWhatItIsAndWhatIsWrong) { ExpectTells("XCONNECT_MUSL"); }

}  // namespace
}  // namespace purebpf::testing
