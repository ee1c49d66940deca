// The engine over a kernel that counts its calls, or refuses one of them: how many system calls the
// load path makes, and that whatever fails, a configuration is applied whole or not at all.
#include "purebpf/tools/xconnect/engine.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "purebpf/bpf/forwarding_kernel.h"
#include "purebpf/bpf/host_kernel.h"
#include "purebpf/tests/tools/xconnect_fixture.h"

namespace purebpf::xconnect {
namespace {

// The host's kernel, which counts what may fail and refuses one of it when told.
class FaultyKernel final : public ForwardingKernel {
 public:
  using ForwardingKernel::ForwardingKernel;

  // From now on call number `nth` (from 0) is refused with `error`, and those that follow until
  // there are `times`.
  void RefuseAfter(int nth, int error, int times = 1) {
    countdown_ = nth;
    error_ = error;
    times_ = times;
  }
  // Whether one was.
  bool Refused() const { return countdown_ < 0; }
  void RefuseNothing() { error_ = 0; }

  std::map<Command, int> bpf_calls;

  SysResult<int> Bpf(Command command, MutableBytes attr, std::span<const Region> regions) override {
    ++bpf_calls[command];
    if (Refuse()) return std::unexpected(Errno{error_});
    return next().Bpf(command, attr, regions);
  }
  SysResult<void> NetlinkSend(int fd, Bytes message) override {
    if (Refuse()) return std::unexpected(Errno{error_});
    return next().NetlinkSend(fd, message);
  }

 private:
  bool Refuse() {
    if (error_ == 0) return false;
    --countdown_;
    return countdown_ < 0 && countdown_ >= -times_;
  }

  int countdown_ = 0;
  int error_ = 0;
  int times_ = 0;
};

class Listener final : public Report {
 public:
  void Tell(const Event& event) override { text += ToText(event); }
  std::string text;
};

class EngineTest : public testing::XconnectTest {
 protected:
  void Configure(Engine& engine, const Config& config, Cause cause) {
    const Result<Changes> changes = engine.Apply(config, cause);
    ASSERT_TRUE(changes.has_value()) << changes.error().ToString();
  }

  HostKernel host_;
  FaultyKernel faulty_{host_};
  Listener listener_;
};

TEST_F(EngineTest, LoadsWithTwoBpfCalls) {
  const Result<Objects> objects = LoadObjects(faulty_);
  ASSERT_TRUE(objects.has_value()) << objects.error().ToString();
  const std::map<Command, int> expected = {{Command::kMapCreate, 1}, {Command::kProgLoad, 1}};
  EXPECT_EQ(faulty_.bpf_calls, expected);
}

TEST_F(EngineTest, StartsWithOneBpfCallMoreAndOneForEachEntry) {
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

// Every call of a reload that adds, moves and removes fails once, in turn.
TEST_F(EngineTest, AppliesAConfigurationWholeOrNotAtAllWhicheverCallFails) {
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

TEST_F(EngineTest, SaysWhatItCouldNotUndoAndRepairsItLater) {
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
  EXPECT_TRUE(Xdp("v3").attached());
  engine->Reconcile();
  EXPECT_TRUE(Connected(1, 2));
  EXPECT_FALSE(Xdp("v3").attached());
  EXPECT_EQ(engine->Stop().detached, 2U);
  EXPECT_TRUE(NothingAttached());
}

TEST_F(EngineTest, RepairsAtOnceWhatItCouldNotUndoWhereItCan) {
  Result<Engine> engine = Engine::Open(faulty_, {}, listener_);
  ASSERT_TRUE(engine.has_value());
  Configure(*engine, {.pairs = {{"v1", "v2"}}}, Cause::kStart);
  // Of the undoing only the first step fails.
  faulty_.RefuseAfter(3, EPERM, 2);
  const Result<Changes> changes = engine->Apply({.pairs = {{"v1", "v3"}}}, Cause::kFile);
  ASSERT_FALSE(changes.has_value());
  EXPECT_TRUE(listener_.text.contains("undo: detach XDP program 'v3: ")) << listener_.text;
  EXPECT_TRUE(Connected(1, 2));
  EXPECT_FALSE(Xdp("v3").attached());
  EXPECT_TRUE(engine->Stop().clean);
}

TEST_F(EngineTest, KeepsTheOthersConnectedWhereOnePairCannotBe) {
  Result<Engine> engine = Engine::Open(faulty_, {.mode = ModePolicy::kNative}, listener_);
  ASSERT_TRUE(engine.has_value());
  Configure(*engine, {.pairs = {{"v1", "v2"}, {"v3", "bridge"}}}, Cause::kStart);
  // No native mode on a bridge.
  ASSERT_TRUE(here_->Ip("link add bridge type bridge"));
  engine->Reconcile();
  EXPECT_TRUE(listener_.text.contains("blocked v3 <-> bridge: ")) << listener_.text;
  EXPECT_TRUE(listener_.text.contains("EOPNOTSUPP")) << listener_.text;
  EXPECT_TRUE(Xdp("v1").attached());
  EXPECT_FALSE(Xdp("v3").attached());
  const std::string told = listener_.text;
  engine->Reconcile();
  EXPECT_EQ(listener_.text, told);  // once is enough
  EXPECT_EQ(engine->counts().blocked, 1U);
  EXPECT_TRUE(engine->Stop().clean);
}

}  // namespace
}  // namespace purebpf::xconnect
