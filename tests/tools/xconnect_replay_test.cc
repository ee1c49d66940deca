// xconnect's whole life without a kernel: what one answered it once is in story.fixture.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "purebpf/tests/support/one_at_a_time.h"
#include "purebpf/tests/tools/temp_folder.h"
#include "purebpf/tests/tools/xconnect_process.h"

namespace purebpf::testing {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

// In a folder of its own, as the demonstration is when it records.
class XconnectReplay : public ::testing::Test {
 protected:
  void SetUp() override {
    fixture_ = fs::absolute(BinaryFromEnvironment("FIXTURE"));
    binary_ = fs::absolute(BinaryFromEnvironment("XCONNECT"));
    std::ifstream file(fixture_);
    std::stringstream text;
    text << file.rdbuf();
    text_ = text.str();
    ASSERT_NE(text_, "");
    before_ = fs::current_path();
    fs::current_path(folder_ / "");
    std::ofstream(folder_ / "xconnect.yaml") << "links:\n    port1: port2\n";
  }
  void TearDown() override { fs::current_path(before_); }

  struct Ended {
    int status;
    std::string output;
  };
  Ended Replay(const std::string& fixture, const std::string& option = "--force") {
    XconnectProcess process(binary_, {"--config", "xconnect.yaml", "--replay", fixture, option});
    const int status = process.Wait();
    static_cast<void>(process.Says("never said"));  // reads what is left
    return {status, process.output()};
  }
  // The story with `from` in place of `to`, once.
  std::string Changed(std::string_view from, std::string_view to) {
    std::string text = text_;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const std::string path = folder_ / "changed.fixture";
    std::ofstream(path) << text;
    return path;
  }

  const OneAtATime alone_;
  TempFolder folder_;
  std::string fixture_;
  std::string binary_;
  std::string text_;
  fs::path before_;
};

TEST_F(XconnectReplay, LivesItsLifeAsRecorded) {
  const Ended ended = Replay(fixture_);
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.output,
            "xconnect: attached to port1 (skb)\n"
            "xconnect: attached to port2 (skb)\n"
            "xconnect: connected port1 <-> port2\n"
            "xconnect: started with xconnect.yaml (skb): 1 connected, 0 waiting\n"
            "xconnect: attached to port3 (skb)\n"
            "xconnect: detached from port2\n"
            "xconnect: connected port1 <-> port3\n"
            "xconnect: disconnected port1 <-> port2: not configured any more\n"
            "xconnect: reloaded xconnect.yaml: 1 added, 1 removed, 0 unchanged; 1 connected, 0 "
            "waiting\n"
            "xconnect: refused xconnect.yaml:2:12: lists are not supported; expected the interface "
            "to connect 'port1' to\n"
            "xconnect: detached from port1\n"
            "xconnect: detached from port3\n"
            "xconnect: stopped by SIGTERM: 2 detached\n");
}

TEST_F(XconnectReplay, IsShort) { EXPECT_LT(text_.size(), 40000u); }

TEST_F(XconnectReplay, SaysWhereItGoesAnotherWay) {
  const Ended ended = Replay(Changed("key=hex:03000000", "key=hex:04000000"));
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.output, HasSubstr("replay"));
  EXPECT_THAT(ended.output, HasSubstr("->    key"));
  EXPECT_THAT(ended.output, HasSubstr("hex:04000000"));
  EXPECT_THAT(ended.output, HasSubstr("record it again: xconnect --config xconnect.yaml --record"));
}

TEST_F(XconnectReplay, TellsTheConversation) {
  const Ended ended = Replay(fixture_, "--trace");
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.output, HasSubstr("BPF_PROG_LOAD prog_type=BPF_PROG_TYPE_XDP"));
  EXPECT_THAT(ended.output, HasSubstr("# call bpf_redirect_map#51"));
  EXPECT_THAT(ended.output,
              HasSubstr("IFLA_XDP_FLAGS=XDP_FLAGS_UPDATE_IF_NOEXIST|XDP_FLAGS_SKB_MODE"));
}

TEST_F(XconnectReplay, RefusesWhatIsNoFixture) {
  const Ended ended = Replay(Changed("purebpf fixture 1", "purebpf fixture 2"));
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.output, HasSubstr("format 2, and this purebpf reads up to 1"));
}

}  // namespace
}  // namespace purebpf::testing
