#include "purebpf/tests/tools/xconnect_fixture.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "purebpf/bpf/insn.h"
#include "purebpf/netlink/link.h"

namespace purebpf::testing {

using netlink::Socket;

void WriteText(const std::string& path, std::string_view text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  EXPECT_GE(fd, 0) << path;
  EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  close(fd);
}

void ReplaceText(const std::string& path, std::string_view text) {
  WriteText(path + ".new", text);
  EXPECT_EQ(std::rename((path + ".new").c_str(), path.c_str()), 0);
}

void XconnectTest::SetUp() {
  if (!here_.ok()) GTEST_SKIP() << here_.reason();
  const Result<Program> program = Program::Load(
      kernel_,
      {.type = ProgType::kXdp, .license = "MIT", .insns = {{.code = 0xb7}, {.code = kExit}}});
  if (!program) GTEST_SKIP() << program.error().ToString();
  hosts_ = std::vector<Netns>(kHosts);
  for (size_t i = 1; i <= kHosts; ++i)
    ASSERT_TRUE(here_->MakeVeth("v" + std::to_string(i), "eth0", host(i)));
}

::testing::AssertionResult XconnectTest::Connected(size_t a, size_t b) const {
  const auto there = AllCross(host(a), "eth0", host(b), "eth0");
  return there ? AllCross(host(b), "eth0", host(a), "eth0") : there;
}

::testing::AssertionResult XconnectTest::NotConnected(size_t a, size_t b) const {
  const auto there = NoneCross(host(a), "eth0", host(b), "eth0");
  return there ? NoneCross(host(b), "eth0", host(a), "eth0") : there;
}

XconnectTest::Traffic::Traffic(const Netns& from, const Netns& to)
    : counter_(to, "eth0"), sender_(from, "eth0") {
  EXPECT_TRUE(counter_.ok()) << counter_.reason();
  EXPECT_TRUE(sender_.ok()) << sender_.reason();
  // Frames cross before the test goes on, however late the thread begins.
  Exchange();
  thread_ = std::thread([this] {
    while (!stop_) Exchange();
  });
}

void XconnectTest::Traffic::Exchange() {
  // Long enough for a busy machine: a frame that is late must not count as lost.
  constexpr std::chrono::seconds kPatience{2};
  sent_ += sender_.Send(kTag, 4);
  const size_t arrived = counter_.Await(kTag, sent_ - lost_, kPatience) + lost_;
  lost_ += sent_ - arrived;
}

size_t XconnectTest::Traffic::Stop() {
  if (thread_.joinable()) {
    stop_ = true;
    thread_.join();
    EXPECT_GT(sent_, 0U);
  }
  return lost_;
}

netlink::XdpState XconnectTest::Xdp(std::string_view link) {
  Socket socket = Socket::Open(kernel_).value();
  const auto found = netlink::LinkByName(socket, link);
  EXPECT_TRUE(found.has_value()) << link;
  return found ? found->xdp : netlink::XdpState{};
}

bool XconnectTest::NothingAttached() {
  Socket socket = Socket::Open(kernel_).value();
  const std::vector<netlink::Link> links = netlink::ListLinks(socket).value();
  return std::ranges::none_of(links, [](const netlink::Link& link) { return link.xdp.attached(); });
}

Program XconnectTest::Foreign(Kernel& kernel) {
  constexpr int32_t kXdpPass = 2;
  return Program::Load(kernel, {.name = "stranger",
                                .type = ProgType::kXdp,
                                .license = "MIT",
                                .insns = {{.code = 0xb7, .imm = kXdpPass}, {.code = kExit}}})
      .value();
}

Result<void> XconnectTest::AttachForeign(std::string_view link, const Program& program,
                                         const netlink::AttachOptions& options) {
  Socket socket = Socket::Open(kernel_).value();
  return AttachXdp(socket, here_->Index(link), program, options);
}

std::vector<std::string> XconnectTest::Arguments(std::vector<std::string> more) const {
  more.insert(more.begin(), {"--config", config_});
  return more;
}

}  // namespace purebpf::testing
