#include "purebpf/tests/support/frames.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace purebpf::testing {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;

constexpr uint16_t kEthertype = 0x88b5;
constexpr uint64_t kMagic = 0x7075726562706600;  // distinguishes our frames of that ethertype
constexpr int kReceiveBufferBytes = 32 << 20;
constexpr uint64_t kMostFrames = 1 << 24;

struct Frame {
  std::array<uint8_t, 6> destination = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  std::array<uint8_t, 6> source = {0x02, 0, 0, 0, 0, 1};  // locally administered
  uint16_t ethertype = htons(kEthertype);
  uint16_t pad = 0;
  uint64_t magic = kMagic;
  uint64_t tag = 0;
  uint64_t number = 0;
  std::array<uint8_t, 24> rest{};
};
static_assert(sizeof(Frame) == 64);

// A packet socket bound to the link; -1 and the reason where there is none. It receives only what
// comes in: a socket of one ethertype is not shown what goes out.
int OpenPacketSocket(const Netns& netns, std::string_view link, std::string& reason) {
  if (!netns.ok()) {
    reason = netns.reason();
    return -1;
  }
  const NetnsScope scope = netns.Enter();
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(kEthertype);
  address.sll_ifindex = static_cast<int>(netns.Index(link));
  // Protocol 0 until bound: else it receives from every interface in between.
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0 || address.sll_ifindex == 0 ||
      bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    reason = "packet socket on " + std::string(link) + ": " + std::strerror(errno);
  } else if (!netns.AwaitCarrier(link)) {
    reason = std::string(link) + " has no carrier";
  } else {
    return fd;
  }
  if (fd >= 0) close(fd);
  return -1;
}

// A tag that no other call in this process used.
uint64_t FreshTag() {
  static uint64_t last = 1U << 30;
  return ++last;
}

AssertionResult Cross(const Netns& from, std::string_view from_link, const Netns& to,
                      std::string_view to_link, size_t count, size_t expected) {
  FrameCounter counter(to, to_link);
  if (!counter.ok()) return AssertionFailure() << counter.reason();
  FrameSender sender(from, from_link);
  if (!sender.ok()) return AssertionFailure() << sender.reason();
  const uint64_t tag = FreshTag();
  const size_t sent = sender.Send(tag, count);
  if (sent != count)
    return AssertionFailure() << from_link << " sent " << sent << " of " << count << " frames";
  const size_t arrived = expected > 0 ? counter.Await(tag, expected) : counter.Settled(tag);
  if (arrived == expected) return AssertionSuccess();
  return AssertionFailure() << arrived << " of " << count << " frames arrived from " << from_link
                            << " at " << to_link << ", not " << expected;
}

}  // namespace

FrameSender::FrameSender(const Netns& netns, std::string_view link) {
  fd_ = OpenPacketSocket(netns, link, reason_);
}

FrameSender::~FrameSender() {
  if (fd_ >= 0) close(fd_);
}

size_t FrameSender::Send(uint64_t tag, size_t count) {
  size_t sent = 0;
  for (; fd_ >= 0 && sent < count; ++sent) {
    const Frame frame{.tag = tag, .number = next_[tag]};
    if (send(fd_, &frame, sizeof frame, 0) != static_cast<ssize_t>(sizeof frame)) break;
    ++next_[tag];
  }
  return sent;
}

FrameCounter::FrameCounter(const Netns& netns, std::string_view link) {
  fd_ = OpenPacketSocket(netns, link, reason_);
  // The default holds about 250 small frames.
  if (fd_ >= 0 && setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBufferBytes,
                             sizeof kReceiveBufferBytes) != 0)
    reason_ = std::string("SO_RCVBUFFORCE: ") + std::strerror(errno);
}

FrameCounter::~FrameCounter() {
  if (fd_ >= 0) close(fd_);
}

bool FrameCounter::ReceiveOne(milliseconds timeout) {
  pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
  if (fd_ < 0 || poll(&ready, 1, static_cast<int>(timeout.count())) != 1) return false;
  Frame frame;
  const ssize_t size = recv(fd_, &frame, sizeof frame, MSG_DONTWAIT);
  if (size < 0) return false;
  if (size != static_cast<ssize_t>(sizeof frame) || frame.magic != kMagic ||
      frame.number >= kMostFrames)
    return true;
  std::vector<bool>& seen = seen_[frame.tag];
  if (seen.size() <= frame.number) seen.resize(frame.number + 1);
  if (seen[frame.number]) {
    ++duplicates_;
  } else {
    seen[frame.number] = true;
    ++counts_[frame.tag];
  }
  return true;
}

size_t FrameCounter::Await(uint64_t tag, size_t expected, milliseconds timeout) {
  const Clock::time_point end = Clock::now() + timeout;
  while (counts_[tag] < expected) {
    const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
    if (!ReceiveOne(std::max(left, milliseconds(0))) && Clock::now() >= end) break;
  }
  return counts_[tag];
}

size_t FrameCounter::Settled(uint64_t tag, milliseconds quiet) {
  while (ReceiveOne(quiet)) {
  }
  return counts_[tag];
}

AssertionResult AllCross(const Netns& from, std::string_view from_link, const Netns& to,
                         std::string_view to_link, size_t count) {
  return Cross(from, from_link, to, to_link, count, count);
}

AssertionResult NoneCross(const Netns& from, std::string_view from_link, const Netns& to,
                          std::string_view to_link, size_t count) {
  return Cross(from, from_link, to, to_link, count, 0);
}

}  // namespace purebpf::testing
