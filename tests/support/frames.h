// Sends raw ethernet frames on one interface and counts them at another: what crosses, and what
// does not, without addresses, ping or waiting for anything to settle.
//
//   EXPECT_TRUE(AllCross(host1, "eth0", host2, "eth0"));
//
//   FrameCounter counter(host2, "eth0");  // first, so that it misses none
//   FrameSender sender(host1, "eth0");
//   EXPECT_EQ(sender.Send(kTag, 100), 100u);
//   EXPECT_EQ(counter.Await(kTag, 100), 100u);
//
// Frames are broadcast, of ethertype 0x88b5 (IEEE 802: local experiments), 64 bytes: a tag that
// names the sender's run, and a number, so that one which arrives twice is counted once.
#ifndef PUREBPF_TESTS_SUPPORT_FRAMES_H_
#define PUREBPF_TESTS_SUPPORT_FRAMES_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/tests/support/netns.h"

namespace purebpf::testing {

// Both are bound to the interface as it is now: one that is made again needs a new object. The
// constructor waits for the interface's carrier, up to 2 seconds. May be used by another thread.
class FrameSender {
 public:
  FrameSender(const Netns& netns, std::string_view link);
  FrameSender(const FrameSender&) = delete;
  FrameSender& operator=(const FrameSender&) = delete;
  ~FrameSender();

  [[nodiscard]] bool ok() const { return reason_.empty(); }
  [[nodiscard]] const std::string& reason() const { return reason_; }

  // How many were sent; fewer where the interface refuses (it is down or gone).
  size_t Send(uint64_t tag, size_t count);

 private:
  int fd_ = -1;
  std::string reason_;
  std::map<uint64_t, uint64_t> next_;  // number of the next frame, by tag
};

class FrameCounter {
 public:
  FrameCounter(const Netns& netns, std::string_view link);
  FrameCounter(const FrameCounter&) = delete;
  FrameCounter& operator=(const FrameCounter&) = delete;
  ~FrameCounter();

  [[nodiscard]] bool ok() const { return reason_.empty(); }
  [[nodiscard]] const std::string& reason() const { return reason_; }

  // How many different frames of `tag` have arrived since the counter was made: returns as soon as
  // that is `expected`, or after `timeout`.
  size_t Await(uint64_t tag, size_t expected,
               std::chrono::milliseconds timeout = std::chrono::seconds(2));
  // The same, for frames that shall not arrive: waits `quiet` after the last one.
  size_t Settled(uint64_t tag, std::chrono::milliseconds quiet = std::chrono::milliseconds(30));

  // Frames of any tag that arrived more than once.
  [[nodiscard]] size_t duplicates() const { return duplicates_; }

 private:
  // Takes one frame off the socket if one arrives within `timeout`.
  bool ReceiveOne(std::chrono::milliseconds timeout);

  int fd_ = -1;
  std::string reason_;
  std::map<uint64_t, std::vector<bool>> seen_;  // by tag, by number
  std::map<uint64_t, size_t> counts_;
  size_t duplicates_ = 0;
};

// Sends `count` frames of a tag of their own: success where every one arrives, or where none does.
::testing::AssertionResult AllCross(const Netns& from, std::string_view from_link, const Netns& to,
                                    std::string_view to_link, size_t count = 20);
::testing::AssertionResult NoneCross(const Netns& from, std::string_view from_link, const Netns& to,
                                     std::string_view to_link, size_t count = 20);

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_SUPPORT_FRAMES_H_
