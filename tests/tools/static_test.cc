// What static binaries with glibc promise: small, and in need of nothing.
#include <gtest/gtest.h>

#include "purebpf/tests/tools/static_program.h"

namespace purebpf::testing {
namespace {

// What Debian bookworm's g++ 12 and its glibc must keep to. A newer glibc is larger: that much more
// is not ours.
#if defined(_GLIBCXX_RELEASE) && _GLIBCXX_RELEASE > 12
constexpr size_t kMoreByLibc = 100'000;
#else
constexpr size_t kMoreByLibc = 0;
#endif

#if defined(__aarch64__)
// Of that, up to 65,536 bytes are nothing: segments are aligned for the largest pages there are.
constexpr size_t kXconnect = 750'000;
constexpr size_t kTool = 1'030'000;
#else
constexpr size_t kXconnect = 750'000;
constexpr size_t kTool = 1'030'000;
#endif

TEST(StaticBinary, IsSmall) {
  ExpectAtMost("XCONNECT_STATIC", "xconnect, static, glibc", kXconnect + kMoreByLibc);
}

TEST(StaticBinary, OfTheToolIsSmall) {
  ExpectAtMost("PUREBPF_STATIC", "purebpf, static, glibc", kTool + kMoreByLibc);
}

TEST(StaticBinary, NeedsNoLoaderAndHasNoSymbols) {
  ExpectNeedsNothing("XCONNECT_STATIC");
  ExpectNeedsNothing("PUREBPF_STATIC");
}

TEST(StaticBinary, TellsWhatItIsAndWhatIsWrong) { ExpectTells("XCONNECT_STATIC"); }

}  // namespace
}  // namespace purebpf::testing
