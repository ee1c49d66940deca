// Whatever call of a reload fails: the configuration is applied whole or not at all, and frames
// cross as they did before. Replayed, tests/faults walks the same.
#include <gtest/gtest.h>

#include <cerrno>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/tests/tools/faulty_kernel.h"
#include "purebpf/tests/tools/xconnect_fixture.h"
#include "purebpf/tools/xconnect/engine.h"

namespace purebpf::xconnect {
namespace {

class WholeTest : public testing::XconnectTest {
 protected:
  static void Configure(Engine& engine, const Config& config, Cause cause) {
    const Result<Changes> changes = engine.Apply(config, cause);
    ASSERT_TRUE(changes.has_value()) << changes.error().ToString();
  }
  HostKernel host_;
  FaultyKernel faulty_{host_};
};

// Every call of a reload that adds, moves and removes fails once, in turn.
TEST_F(WholeTest, AppliesAConfigurationWholeOrNotAtAllWhicheverCallFails) {
  const Config before{.pairs = {{"v1", "v2"}, {"v3", "v3"}}};
  const Config after{.pairs = {{"v1", "v4"}}};
  int refused = 0;
  for (int nth = 0;; ++nth) {
    SCOPED_TRACE(nth);
    Listener listener;
    Result<Engine> engine = Engine::Open(faulty_, {}, listener);
    ASSERT_TRUE(engine.has_value());
    Configure(*engine, before, Cause::kStart);
    faulty_.RefuseAfter(nth, EPERM);
    const Result<Changes> changes = engine->Apply(after, Cause::kFile);
    const bool was_refused = faulty_.Refused();
    faulty_.RefuseNothing();
    const bool applied = changes.has_value();
    EXPECT_EQ(Xdp("v4").attached(), applied);
    EXPECT_EQ(Xdp("v2").attached(), !applied);
    EXPECT_EQ(Xdp("v3").attached(), !applied);
    if (applied) {
      EXPECT_TRUE(Connected(1, 4));
      EXPECT_TRUE(NotConnected(1, 2));
    } else {
      ++refused;
      EXPECT_TRUE(Connected(1, 2));
      EXPECT_TRUE(NotConnected(1, 4));
      EXPECT_TRUE(testing::AllCross(host(3), "eth0", host(3), "eth0"));
      EXPECT_FALSE(listener.text.contains("undo")) << listener.text;
      // And it goes on from there.
      Configure(*engine, after, Cause::kFile);
      EXPECT_TRUE(Connected(1, 4));
    }
    EXPECT_TRUE(engine->Stop().clean);
    EXPECT_TRUE(NothingAttached());
    if (!was_refused) break;
  }
  // List links, put 4, attach 4, put 1, detach 2, detach 3, delete 2, delete 3.
  EXPECT_EQ(refused, 8);
}

}  // namespace
}  // namespace purebpf::xconnect
