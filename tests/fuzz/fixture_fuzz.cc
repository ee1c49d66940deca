// Any text is a fixture or an Error, what it says can be written and read again, and a replay of it
// answers whoever asks: as it says, or with an errno. A fixture whose line "about" names a scenario
// (tests/replay) is asked by that one, so that the library meets a kernel that says anything;
// others are asked every call of the seam.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "purebpf/bpf/testing/fixture.h"
#include "purebpf/bpf/testing/replay_kernel.h"
#include "purebpf/tests/faults/call_watch.h"
#include "purebpf/tests/replay/scenario.h"
#include "purebpf/tests/support/every_call.h"

using namespace purebpf::testing;  // NOLINT(google-build-using-namespace): a fuzzer, not a library

namespace {

void Ask(ReplayKernel& replay, std::string_view about) {
  CallWatch kernel(replay);  // aborts where it never ends
  for (const Scenario& scenario : Scenarios()) {
    if (scenario.name != about) continue;
    Stage stage(kernel, false);
    (void)scenario.run(stage);
    return;
  }
  (void)EveryCall(kernel);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto fixture = ParseFixture(text);
  if (!fixture) {
    if (fixture.error().detail.empty() || fixture.error().object.empty()) std::abort();
    return 0;
  }
  // Written once, it is as it will always be.
  const std::string written = WriteFixture(*fixture);
  const auto again = ParseFixture(written);
  if (!again || WriteFixture(*again) != written) std::abort();

  for (const Order order : {Order::kStrict, Order::kPerObject, Order::kLoose}) {
    auto replay = ReplayKernel::FromText(text, {.order = order, .name = "fuzz"});
    if (!replay) {
      if (replay.error().detail.empty()) std::abort();
      return 0;
    }
    Ask(*replay, fixture->about);
    const std::string report = replay->Report();
    if (replay->failed() && report.empty()) std::abort();
    if (replay->Finish().has_value() != report.empty()) std::abort();
  }
  return 0;
}
