// The running xconnect follows its file: every way to change it, and what stays untouched.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>

#include "purebpf/tests/tools/xconnect_fixture.h"

namespace purebpf::testing {
namespace {

class Reload : public XconnectTest {
 protected:
  // Runs with hosts 1 and 2 connected.
  void SetUp() override {
    XconnectTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    WriteText(config_, "links:\n  v1: v2\n");
    process_.emplace(binary_, Arguments());
    ASSERT_TRUE(process_->Await("started"));
    ASSERT_TRUE(Connected(1, 2));
  }

  // Hosts 1 and 2 stay connected and do not lose a frame while `change` is done, which ends in
  // a line with `words`.
  template <typename Change>
  void ExpectNoLoss(Change change, std::string_view words) {
    Traffic there(host(1), host(2));
    Traffic back(host(2), host(1));
    change();
    EXPECT_TRUE(process_->Await(words));
    EXPECT_EQ(there.Stop(), 0U);
    EXPECT_EQ(back.Stop(), 0U);
  }

  std::optional<XconnectProcess> process_;
};

TEST_F(Reload, AddsAPairAndRemovesItWhileTheOtherLosesNothing) {
  ExpectNoLoss([&] { WriteText(config_, "links:\n  v1: v2\n  v3: v4\n"); },
               "1 added, 0 removed, 1 unchanged; 2 connected");
  EXPECT_TRUE(Connected(3, 4));
  ExpectNoLoss([&] { WriteText(config_, "links:\n  v1: v2\n"); },
               "0 added, 1 removed, 1 unchanged; 1 connected");
  EXPECT_TRUE(NotConnected(3, 4));
  EXPECT_FALSE(Xdp("v3").attached());
  EXPECT_FALSE(Xdp("v4").attached());
}

// "links:" alone is a sound file that connects nothing, and a slow writer comes by it.
TEST_F(Reload, WaitsForASlowWriterToCloseTheFile) {
  ExpectNoLoss(
      [&] {
        const int fd = open(config_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
        ASSERT_GE(fd, 0);
        EXPECT_EQ(write(fd, "links:\n", 7), 7);
        usleep(600 * 1000);
        EXPECT_EQ(write(fd, "  v1: v2\n  v3: v4\n", 18), 18);
        close(fd);
      },
      "1 added, 0 removed, 1 unchanged; 2 connected");
  EXPECT_FALSE(process_->Says("disconnected"));
}

TEST_F(Reload, TriesARefusedFileAgainWhenItComesAgain) {
  const Program stranger = Foreign(kernel_);
  ASSERT_TRUE(AttachForeign("v3", stranger, {.mode = netlink::XdpMode::kSkb}));
  const char* const text = "links:\n  v1: v2\n  v3: v4\n";
  ReplaceText(config_, text);
  ASSERT_TRUE(process_->Await("refused"));
  netlink::Socket socket = netlink::Socket::Open(kernel_).value();
  ASSERT_TRUE(DetachXdp(socket, here_->Index("v3"), stranger, netlink::XdpMode::kSkb));
  ExpectNoLoss([&] { ReplaceText(config_, text); }, "1 added, 0 removed, 1 unchanged");
  EXPECT_TRUE(Connected(3, 4));
}

TEST_F(Reload, SwapsPartners) {
  WriteText(config_, "links:\n  v1: v2\n  v3: v4\n");
  ASSERT_TRUE(process_->Await("reloaded"));
  WriteText(config_, "links:\n  v1: v3\n  v4: v2\n");
  ASSERT_TRUE(process_->Await("2 added, 2 removed, 0 unchanged"));
  EXPECT_TRUE(Connected(1, 3));
  EXPECT_TRUE(Connected(2, 4));
  EXPECT_TRUE(NotConnected(1, 2));
  EXPECT_TRUE(NotConnected(3, 4));
  EXPECT_FALSE(process_->Says("detached")) << process_->output();
}

TEST_F(Reload, MovesAnInterfaceToAnotherPartner) {
  WriteText(config_, "links:\n  v1: v3\n");
  ASSERT_TRUE(process_->Await("reloaded"));
  EXPECT_TRUE(Connected(1, 3));
  EXPECT_TRUE(NotConnected(1, 2));
  EXPECT_FALSE(Xdp("v2").attached());
}

TEST_F(Reload, SendsEveryFrameBackWhereAnInterfaceIsConnectedToItself) {
  WriteText(config_, "links:\n  v1: v1\n");
  ASSERT_TRUE(process_->Await("reloaded"));
  EXPECT_TRUE(AllCross(host(1), "eth0", host(1), "eth0"));
  EXPECT_TRUE(NotConnected(1, 2));
}

TEST_F(Reload, DisconnectsEverythingWhenTheFileSaysSo) {
  WriteText(config_, "links: {}\n");
  ASSERT_TRUE(process_->Await("0 connected"));
  EXPECT_TRUE(NothingAttached());
}

TEST_F(Reload, KeepsTheLastGoodStateWhenTheFileIsBad) {
  ExpectNoLoss([&] { WriteText(config_, "links:\n  v1: v3\n  v2: v3\n"); },
               "refused " + config_ + ":3:7: 'v3' is connected to 'v1' in line 2 already");
  ExpectNoLoss([&] { WriteText(config_, ""); }, ":1:1: expected 'links:', found the end");
  ExpectNoLoss([&] { WriteText(config_, std::string((1U << 20) + 1, '#')); }, "larger than 1 MiB");
  ExpectNoLoss([&] { unlink(config_.c_str()); }, "ENOENT");
  ExpectNoLoss([&] { mkdir(config_.c_str(), 0755); }, "EISDIR");
  ASSERT_EQ(rmdir(config_.c_str()), 0);
  WriteText(config_, "links:\n  v1: v3\n");
  ASSERT_TRUE(process_->Await("reloaded"));
  EXPECT_TRUE(Connected(1, 3));
}

TEST_F(Reload, FollowsARename) {
  for (const char* partner : {"v3", "v4", "v3"}) {
    ReplaceText(config_, std::string("links:\n  v1: ") + partner + "\n");
    ASSERT_TRUE(process_->Await("reloaded"));
    EXPECT_TRUE(Connected(1, static_cast<size_t>(partner[1] - '0')));
  }
}

TEST_F(Reload, FollowsAFileThatIsDeletedAndMadeAgain) {
  ASSERT_EQ(unlink(config_.c_str()), 0);
  ASSERT_TRUE(process_->Await("ENOENT"));
  WriteText(config_, "links:\n  v1: v3\n");
  ASSERT_TRUE(process_->Await("reloaded"));
  EXPECT_TRUE(Connected(1, 3));
}

TEST_F(Reload, ReadsAgainOnSighupAndTouchesNothingThatStays) {
  ExpectNoLoss([&] { process_->Signal(SIGHUP); }, "0 added, 0 removed, 1 unchanged; 1 connected");
}

TEST_F(Reload, SaysNothingWhenTheFileIsWrittenAgainWithTheSameText) {
  WriteText(config_, "links:\n  v1: v2\n");
  ReplaceText(config_, "links:\n  v1: v2\n");
  EXPECT_FALSE(process_->Says("reloaded", std::chrono::milliseconds(400)));
}

TEST_F(Reload, EndsWithTheLastOfManyQuickChanges) {
  for (int i = 0; i < 10; ++i) {
    ReplaceText(config_, "links:\n  v1: v3\n");
    ReplaceText(config_, "links:\n  v1: v4\n");
  }
  // Nothing is left to do when a reading that was asked for finds no difference.
  const std::string settled = "0 added, 0 removed, 1 unchanged";
  for (int i = 0; i < 100 && !process_->Says(settled, std::chrono::milliseconds(50)); ++i)
    process_->Signal(SIGHUP);
  EXPECT_TRUE(process_->Says(settled)) << process_->output();
  EXPECT_TRUE(Connected(1, 4));
  EXPECT_TRUE(NotConnected(1, 3));
}

TEST_F(Reload, RefusesTheWholeFileWhereOneInterfaceIsTakenByAStranger) {
  const Program stranger = Foreign(kernel_);
  ASSERT_TRUE(AttachForeign("v4", stranger, {.mode = netlink::XdpMode::kSkb}));
  ExpectNoLoss([&] { WriteText(config_, "links:\n  v1: v2\n  v3: v4\n"); },
               "v4 has an XDP program that is not xconnect's: id ");
  EXPECT_FALSE(Xdp("v3").attached());
  EXPECT_EQ(Xdp("v4").skb, stranger.Info()->id);
}

// The pod's view of a ConfigMap: FILE -> ..data/FILE, ..data -> ..TIME, swapped by rename.
TEST_F(XconnectTest, FollowsKubernetesSwappingSymlinks) {
  const auto publish = [&](const std::string& time, std::string_view text) {
    std::filesystem::create_directory(folder_ / time);
    WriteText(folder_ / (time + "/xconnect.yaml"), text);
    ASSERT_EQ(symlink(time.c_str(), (folder_ / "..data_tmp").c_str()), 0);
    ASSERT_EQ(std::rename((folder_ / "..data_tmp").c_str(), (folder_ / "..data").c_str()), 0);
  };
  publish("..1", "links:\n  v1: v2\n");
  ASSERT_EQ(symlink("..data/xconnect.yaml", config_.c_str()), 0);
  XconnectProcess process(binary_, Arguments());
  ASSERT_TRUE(process.Await("started"));
  EXPECT_TRUE(Connected(1, 2));
  for (const size_t round : {2U, 3U, 4U}) {
    publish(".." + std::to_string(round), "links:\n  v1: v" + std::to_string(round) + "\n");
    if (round > 2) std::filesystem::remove_all(folder_ / (".." + std::to_string(round - 1)));
    if (round > 2) {
      ASSERT_TRUE(process.Await("reloaded"));
    }
    EXPECT_TRUE(Connected(1, round));
  }
}

}  // namespace
}  // namespace purebpf::testing
