// The engine over a kernel that counts its calls, or refuses some of them: how many system calls
// the load path makes, and what becomes of what could not be undone.
#include "purebpf/tools/xconnect/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "purebpf/netlink/link.h"
#include "purebpf/netlink/socket.h"
#include "purebpf/tests/support/dual_test.h"
#include "purebpf/tests/support/frames.h"
#include "purebpf/tests/support/netns.h"
#include "purebpf/tests/support/one_at_a_time.h"
#include "purebpf/tests/tools/faulty_kernel.h"

namespace purebpf::xconnect {
namespace {

using ::testing::AssertionResult;
using ::testing::AssertionSuccess;
using testing::DualTest;
using testing::Netns;
using testing::TempNetns;

// Host i (from 1) has "eth0" on a cable to "v<i>", in the namespace where the engine runs.
class EngineTest : public DualTest {
 protected:
  void SetUp() override {
    DualTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!live()) alone_.emplace();
    if (!here_.ok()) GTEST_SKIP() << here_.reason();
    // The first to be loaded may be tried twice: Linux before 5.11 charges it to RLIMIT_MEMLOCK.
    const Result<Objects> first = LoadObjects(kernel_);
    ASSERT_TRUE(first.has_value()) << first.error().ToString();
    for (size_t i = 1; i <= kHosts; ++i) {
      hosts_.emplace_back(!live());
      ASSERT_TRUE(here_->MakeVeth("v" + std::to_string(i), "eth0", hosts_.back()));
    }
  }

  static void Configure(Engine& engine, const Config& config, Cause cause) {
    const Result<Changes> changes = engine.Apply(config, cause);
    ASSERT_TRUE(changes.has_value()) << changes.error().ToString();
  }

  // Whether frames cross from one host to the other and back; only a live kernel can show it.
  [[nodiscard]] AssertionResult Connected(size_t a, size_t b) const {
    if (!live()) return AssertionSuccess();
    const AssertionResult there = AllCross(hosts_[a - 1], "eth0", hosts_[b - 1], "eth0");
    return there ? AllCross(hosts_[b - 1], "eth0", hosts_[a - 1], "eth0") : there;
  }

  // The links here that have a program, in order.
  using Names = std::vector<std::string>;
  Names Attached() {
    Result<netlink::Socket> socket = netlink::Socket::Open(kernel_);
    EXPECT_TRUE(socket.has_value());
    if (!socket) return {};
    const auto links = netlink::ListLinks(*socket);
    EXPECT_TRUE(links.has_value());
    Names attached;
    for (const netlink::Link& link : links.value_or(std::vector<netlink::Link>{}))
      if (link.xdp.attached()) attached.push_back(link.name);
    std::ranges::sort(attached);
    return attached;
  }

  static constexpr size_t kHosts = 4;

  std::optional<testing::OneAtATime> alone_;
  TempNetns here_{!live()};
  std::vector<Netns> hosts_;
  FaultyKernel faulty_{kernel_};
  Listener listener_;
};

DUAL_TEST(EngineTest, LoadsWithTwoBpfCalls) {
  const Result<Objects> objects = LoadObjects(faulty_);
  ASSERT_TRUE(objects.has_value()) << objects.error().ToString();
  const std::map<Command, int> expected = {{Command::kMapCreate, 1}, {Command::kProgLoad, 1}};
  EXPECT_EQ(faulty_.bpf_calls, expected);
}

DUAL_TEST(EngineTest, StartsWithOneBpfCallMoreAndOneForEachEntry) {
  Result<Engine> engine = Engine::Open(faulty_, {}, listener_);
  ASSERT_TRUE(engine.has_value());
  Configure(*engine, {.pairs = {{"v1", "v2"}, {"v3", "v4"}}}, Cause::kStart);
  const std::map<Command, int> expected = {{Command::kMapCreate, 1},
                                           {Command::kProgLoad, 1},
                                           {Command::kObjGetInfoByFd, 1},
                                           {Command::kMapUpdateElem, 4}};
  EXPECT_EQ(faulty_.bpf_calls, expected);
  EXPECT_EQ(engine->Stop().detached, 4U);
}

DUAL_TEST(EngineTest, SaysWhatItCouldNotUndoAndRepairsItLater) {
  Result<Engine> engine = Engine::Open(faulty_, {}, listener_);
  ASSERT_TRUE(engine.has_value());
  Configure(*engine, {.pairs = {{"v1", "v2"}}}, Cause::kStart);
  const Config after{.pairs = {{"v1", "v3"}}};
  // List links, put 3, attach 3: then the put for 1 fails, and with it all undoing.
  faulty_.RefuseAfter(3, EPERM, 1000);
  const Result<Changes> changes = engine->Apply(after, Cause::kFile);
  faulty_.RefuseNothing();
  ASSERT_FALSE(changes.has_value());
  EXPECT_EQ(changes.error().sys_errno, EPERM);
  EXPECT_TRUE(listener_.text.contains("undo: detach XDP program 'v3: ")) << listener_.text;
  EXPECT_TRUE(Connected(1, 2));
  EXPECT_EQ(Attached(), Names({"v1", "v2", "v3"}));
  engine->Reconcile();
  EXPECT_TRUE(Connected(1, 2));
  EXPECT_EQ(Attached(), Names({"v1", "v2"}));
  EXPECT_EQ(engine->Stop().detached, 2U);
  EXPECT_EQ(Attached(), Names());
}

DUAL_TEST(EngineTest, RepairsAtOnceWhatItCouldNotUndoWhereItCan) {
  Result<Engine> engine = Engine::Open(faulty_, {}, listener_);
  ASSERT_TRUE(engine.has_value());
  Configure(*engine, {.pairs = {{"v1", "v2"}}}, Cause::kStart);
  // Of the undoing only the first step fails.
  faulty_.RefuseAfter(3, EPERM, 2);
  const Result<Changes> changes = engine->Apply({.pairs = {{"v1", "v3"}}}, Cause::kFile);
  ASSERT_FALSE(changes.has_value());
  EXPECT_TRUE(listener_.text.contains("undo: detach XDP program 'v3: ")) << listener_.text;
  EXPECT_TRUE(Connected(1, 2));
  EXPECT_EQ(Attached(), Names({"v1", "v2"}));
  EXPECT_TRUE(engine->Stop().clean);
}

DUAL_TEST(EngineTest, KeepsTheOthersConnectedWhereOnePairCannotBe) {
  Result<Engine> engine = Engine::Open(faulty_, {.mode = ModePolicy::kNative}, listener_);
  ASSERT_TRUE(engine.has_value());
  Configure(*engine, {.pairs = {{"v1", "v2"}, {"v3", "bridge"}}}, Cause::kStart);
  // No native mode on a bridge.
  ASSERT_TRUE(here_->Ip("link add bridge address 02:00:00:00:00:01 type bridge"));
  engine->Reconcile();
  EXPECT_TRUE(listener_.text.contains("blocked v3 <-> bridge: ")) << listener_.text;
  EXPECT_TRUE(listener_.text.contains("EOPNOTSUPP")) << listener_.text;
  EXPECT_EQ(Attached(), Names({"v1", "v2"}));
  const std::string told = listener_.text;
  engine->Reconcile();
  EXPECT_EQ(listener_.text, told);  // once is enough
  EXPECT_EQ(engine->counts().blocked, 1U);
  EXPECT_TRUE(engine->Stop().clean);
}

}  // namespace
}  // namespace purebpf::xconnect
