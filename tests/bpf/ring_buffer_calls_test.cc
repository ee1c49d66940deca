// The ring buffer's reader over memory of our own: records in every state, at every place, and what
// no kernel writes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/forwarding_kernel.h"
#include "purebpf/bpf/ring_buffer.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::FakeKernel;
using purebpf::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kSize = 4096;
constexpr size_t kPage = 4096;
constexpr uint32_t kBusy = 1U << 31;
constexpr uint32_t kDiscard = 1U << 30;

// A program that writes into the ring. The two mappings are not the same memory twice here, so
// every byte is written at both its places.
class RingCalls : public ::testing::Test {
 protected:
  Map Make(MapType type = MapType::kRingbuf, uint32_t size = kSize, uint32_t flags = 0) {
    auto map =
        Map::Create(kernel_, {.name = "events", .type = type, .max_entries = size, .flags = flags});
    EXPECT_THAT(map, IsOk());
    return std::move(*map);
  }
  RingBuffer Open() {
    const Map map = Make();
    auto ring = RingBuffer::Open(map);
    EXPECT_THAT(ring, IsOk());
    return std::move(*ring);
  }
  std::byte* Producer() { return kernel_.mappings[0].memory.data(); }
  uint64_t Consumed() {
    uint64_t position = 0;
    std::memcpy(&position, kernel_.mappings[1].memory.data(), 8);
    return position;
  }
  void SetProduced(uint64_t position) {
    produced_ = position;
    std::memcpy(Producer(), &position, 8);
  }
  void SetConsumed(uint64_t position) {
    std::memcpy(kernel_.mappings[1].memory.data(), &position, 8);
  }
  void PutHeader(uint64_t position, uint32_t header) { Put(position, &header, sizeof header); }
  // A record with its header; returns its position.
  uint64_t Write(const std::string& text, uint32_t flags = 0) {
    const uint64_t position = produced_;
    PutHeader(position, static_cast<uint32_t>(text.size()) | flags);
    Put(position + 8, text.data(), text.size());
    SetProduced(position + (text.size() + 8 + 7) / 8 * 8);
    return position;
  }
  std::vector<std::string> ConsumeAll(RingBuffer& ring, size_t at_most = SIZE_MAX) {
    std::vector<std::string> records;
    const auto count = ring.Consume(
        [&](Bytes record) {
          records.emplace_back(reinterpret_cast<const char*>(record.data()), record.size());
        },
        at_most);
    EXPECT_THAT(count, IsOk());
    EXPECT_EQ(count.value_or(999), records.size());
    return records;
  }

  FakeKernel kernel_;

 private:
  void Put(uint64_t position, const void* bytes, size_t size) {
    for (size_t i = 0; i < size; ++i) {
      const size_t at = (position + i) % kSize;
      const std::byte byte = static_cast<const std::byte*>(bytes)[i];
      Producer()[kPage + at] = byte;
      Producer()[kPage + kSize + at] = byte;
    }
  }
  uint64_t produced_ = 0;
};

TEST_F(RingCalls, IsOpenedInThreeCalls) {
  {
    const RingBuffer ring = Open();
    EXPECT_EQ(ring.size(), 4096u);
    EXPECT_EQ(ring.available(), 0u);
    // The map is closed already: the ring has a descriptor of its own.
    EXPECT_THAT(kernel_.open_fds(), ElementsAre(ring.fd()));
    ASSERT_EQ(kernel_.mappings.size(), 2u);
    EXPECT_EQ(kernel_.mappings[0].offset, 4096u);
    EXPECT_EQ(kernel_.mappings[0].memory.size(), 4096u + 2 * 4096);
    EXPECT_EQ(kernel_.mappings[0].access, Access::kRead);
    EXPECT_EQ(kernel_.mappings[1].offset, 0u);
    EXPECT_EQ(kernel_.mappings[1].memory.size(), 4096u);
    EXPECT_EQ(kernel_.mappings[1].access, Access::kReadWrite);
    EXPECT_THAT(kernel_.read_paths(), IsEmpty());
  }
  EXPECT_EQ(kernel_.open_mappings(), 0);
  EXPECT_THAT(kernel_.open_fds(), IsEmpty());
}

TEST_F(RingCalls, OpensOnlyRings) {
  EXPECT_THAT(RingBuffer::Open(Make(MapType::kHash)),
              Fails(Code::kInvalidArgument,
                    "open ring buffer 'events': the map is no BPF_MAP_TYPE_RINGBUF"));
  EXPECT_THAT(RingBuffer::Open(Make(MapType::kRingbuf, 5000)),
              Fails(Code::kInvalidArgument, "no power of two"));
  EXPECT_THAT(RingBuffer::Open(Make(MapType::kRingbuf, 4096, kRbOverwrite)),
              Fails(Code::kUnsupported, "BPF_F_RB_OVERWRITE"));
  EXPECT_THAT(kernel_.mappings, IsEmpty());
}

TEST_F(RingCalls, GivesRecordsInOrder) {
  RingBuffer ring = Open();
  EXPECT_THAT(ConsumeAll(ring), IsEmpty());
  Write("one");
  Write("");
  Write("three is longer than a word");
  EXPECT_EQ(ring.available(), 16u + 8 + 40);
  EXPECT_THAT(ConsumeAll(ring), ElementsAre("one", "", "three is longer than a word"));
  EXPECT_EQ(Consumed(), 64u);
  EXPECT_EQ(ring.available(), 0u);
  EXPECT_THAT(ConsumeAll(ring), IsEmpty());
  EXPECT_EQ(kernel_.calls().size(), 1u);  // the map's own
}

TEST_F(RingCalls, PassesOverWhatIsDiscarded) {
  RingBuffer ring = Open();
  Write("no", kDiscard);
  Write("yes");
  Write("no", kDiscard);
  EXPECT_THAT(ConsumeAll(ring), ElementsAre("yes"));
  EXPECT_EQ(Consumed(), 48u);
  Write("no", kDiscard);
  EXPECT_THAT(ConsumeAll(ring), IsEmpty());
  EXPECT_EQ(Consumed(), 64u);
}

// Nothing wakes for it: when it was written, the reader was not known to have come so far. Who
// waits edge-triggered after a 0 would wait for ever.
TEST_F(RingCalls, FindsWhatIsWrittenWhileItPassesOverWhatIsDiscarded) {
  RingBuffer ring = Open();
  Write("no", kDiscard);
  size_t looks = 0;
  kernel_.on_look = [&](Bytes) {
    // The second look is at the records, once the producer's position is known.
    if (++looks == 2) Write("late");
  };
  EXPECT_THAT(ConsumeAll(ring), ElementsAre("late"));
  EXPECT_EQ(ring.available(), 0u);
}

TEST_F(RingCalls, StopsBeforeWhatIsBeingWritten) {
  RingBuffer ring = Open();
  Write("done");
  const uint64_t busy = Write("busy", kBusy);
  Write("behind");
  EXPECT_THAT(ConsumeAll(ring), ElementsAre("done"));
  EXPECT_EQ(Consumed(), busy);
  EXPECT_THAT(ConsumeAll(ring), IsEmpty());
  PutHeader(busy, 4);
  EXPECT_THAT(ConsumeAll(ring), ElementsAre("busy", "behind"));
}

TEST_F(RingCalls, GivesNoMoreThanWanted) {
  RingBuffer ring = Open();
  for (const char* text : {"1", "2", "3", "4"}) Write(text);
  EXPECT_THAT(ConsumeAll(ring, 0), IsEmpty());
  EXPECT_THAT(ConsumeAll(ring, 3), ElementsAre("1", "2", "3"));
  EXPECT_EQ(Consumed(), 48u);
  int seen = 0;
  EXPECT_EQ(ring.Consume([&](Bytes) {
                  ++seen;
                  return false;
                })
                .value(),
            1u);
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(Consumed(), 64u);
}

TEST_F(RingCalls, EndsWhereTheHandlerSaysSo) {
  RingBuffer ring = Open();
  for (const char* text : {"1", "2", "3"}) Write(text);
  std::string seen;
  const auto until_two = [&](Bytes record) {
    seen += static_cast<char>(record[0]);
    return record[0] != std::byte{'2'};
  };
  EXPECT_EQ(ring.Consume(until_two).value(), 2u);
  EXPECT_EQ(seen, "12");
  EXPECT_EQ(ring.Consume(until_two).value(), 1u);
}

TEST_F(RingCalls, GoesOnWhereTheRingEnds) {
  RingBuffer ring = Open();
  // Many times round, with sizes that end everywhere.
  uint64_t written = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string text(static_cast<size_t>(i * 37 % 900), static_cast<char>('a' + i % 26));
    Write(text);
    written += (text.size() + 15) / 8 * 8;
    EXPECT_THAT(ConsumeAll(ring), ElementsAre(text));
    EXPECT_EQ(Consumed(), written);
  }
}

TEST_F(RingCalls, GivesRoomBackWhileItReads) {
  RingBuffer ring = Open();
  for (int i = 0; i < 4; ++i) Write(std::string(1000, 'x'));
  std::vector<uint64_t> seen;
  EXPECT_THAT(ring.Consume([&](Bytes) { seen.push_back(Consumed()); }), IsOk());
  // A record has 1008 bytes, a quarter of the ring 1024.
  EXPECT_THAT(seen, ElementsAre(0u, 0u, 2016u, 2016u));
  EXPECT_EQ(Consumed(), 4032u);
}

TEST_F(RingCalls, StartsWhereTheReaderBeforeItEnded) {
  {
    RingBuffer ring = Open();
    Write("one");
    Write("two");
    EXPECT_THAT(ConsumeAll(ring, 1), ElementsAre("one"));
  }
  // The same memory again.
  const auto producer = kernel_.mappings[0].memory;
  const auto consumer = kernel_.mappings[1].memory;
  kernel_.mappings.clear();
  kernel_.on_look = [&](Bytes) {
    if (kernel_.mappings.size() < 2) return;
    kernel_.mappings[0].memory.assign(producer.begin(), producer.end());
    if (Consumed() == 0) kernel_.mappings[1].memory.assign(consumer.begin(), consumer.end());
  };
  RingBuffer ring = Open();
  EXPECT_THAT(ConsumeAll(ring), ElementsAre("two"));
}

TEST_F(RingCalls, LooksBeforeItReads) {
  RingBuffer ring = Open();
  std::vector<std::pair<size_t, size_t>> looks;  // where in the producer's mapping, how much
  kernel_.on_look = [&](Bytes memory) {
    looks.emplace_back(static_cast<size_t>(memory.data() - Producer()), memory.size());
    // What a replay puts there, it puts there now.
    if (looks.size() == 1) Write("hello");
  };
  EXPECT_THAT(ConsumeAll(ring), ElementsAre("hello"));
  EXPECT_THAT(looks,
              ElementsAre(std::pair<size_t, size_t>(0, 8), std::pair<size_t, size_t>(4096, 16)));
}

// --- Leases -----------------------------------------------------------------------------------

TEST_F(RingCalls, LeasesOneRecordAtATime) {
  RingBuffer ring = Open();
  EXPECT_EQ(ring.Lease().value(), std::nullopt);
  Write("no", kDiscard);
  Write("one");
  const uint64_t busy = Write("two", kBusy);
  const auto first = ring.Lease();
  ASSERT_THAT(first, IsOk());
  ASSERT_TRUE(first->has_value());
  EXPECT_EQ((*first)->size(), 3u);
  EXPECT_EQ(Consumed(), 16u);  // what was discarded alone
  // The same again, until it is released.
  EXPECT_EQ(ring.Lease().value()->data(), (*first)->data());
  ring.Release();
  EXPECT_EQ(Consumed(), busy);
  ring.Release();
  EXPECT_EQ(Consumed(), busy);
  EXPECT_EQ(ring.Lease().value(), std::nullopt);
  PutHeader(busy, 3);
  EXPECT_TRUE(ring.Lease().value().has_value());
  // What is leased is consumed like all else.
  EXPECT_THAT(ConsumeAll(ring), ElementsAre("two"));
  ring.Release();
  EXPECT_EQ(ring.available(), 0u);
}

// --- What no kernel writes --------------------------------------------------------------------

TEST_F(RingCalls, RefusesARecordThatEndsPastTheProducer) {
  for (const uint32_t length : {100u, 9u, 4096u, 0x3fffffffu}) {
    SCOPED_TRACE(length);
    kernel_.mappings.clear();
    RingBuffer ring = Open();
    SetProduced(0);
    Write("fine");
    const uint64_t bad = Write("12345678");
    PutHeader(bad, length);
    int seen = 0;
    EXPECT_THAT(
        ring.Consume([&](Bytes) { ++seen; }),
        Fails(Code::kMalformed, "read ring buffer 'events': a record of " + std::to_string(length) +
                                    " bytes at 16 with the producer at 32"));
    EXPECT_EQ(seen, 1);
    EXPECT_EQ(Consumed(), 16u);
    EXPECT_THAT(ring.Lease(), Fails(Code::kMalformed, "a record of"));
  }
}

TEST_F(RingCalls, RefusesAProducerThatIsAheadOfTheRing) {
  RingBuffer ring = Open();
  for (const uint64_t position : {uint64_t{4104}, uint64_t{1} << 40, ~uint64_t{0}}) {
    SetProduced(position);
    EXPECT_THAT(ring.Consume([](Bytes) {}), Fails(Code::kMalformed, "in a ring of 4096"));
    EXPECT_THAT(ring.Lease(), Fails(Code::kMalformed, "in a ring of 4096"));
  }
  EXPECT_EQ(Consumed(), 0u);
}

// --- Refusals ---------------------------------------------------------------------------------

class MemoryKernel : public ForwardingKernel {
 public:
  using ForwardingKernel::ForwardingKernel;
  SysResult<int> Duplicate(int fd) override {
    if (duplicate_error != 0) return std::unexpected(Errno{duplicate_error});
    return ForwardingKernel::Duplicate(fd);
  }
  SysResult<MutableBytes> MapMemory(int fd, size_t size, uint64_t offset, Access access,
                                    uint64_t address) override {
    asked.emplace_back(offset, size);
    if (refuse_from-- == 0) return std::unexpected(Errno{EPERM});
    if (offset % page != 0) return std::unexpected(Errno{EINVAL});
    return ForwardingKernel::MapMemory(fd, size, offset, access, address);
  }
  SysResult<size_t> Wait(std::span<Pollable> descriptors,
                         std::optional<std::chrono::milliseconds> timeout) override {
    waited_fd = descriptors[0].fd;
    waited = timeout;
    if (wait_error != 0) return std::unexpected(Errno{wait_error});
    return ready;
  }
  size_t page = 4096;
  int refuse_from = -1;
  int duplicate_error = 0;
  int wait_error = 0;
  size_t ready = 0;
  int waited_fd = -1;
  std::optional<std::chrono::milliseconds> waited;
  std::vector<std::pair<uint64_t, size_t>> asked;
};

TEST(RingOpen, LearnsThePageSizeWhereItIsLarger) {
  FakeKernel fake;
  MemoryKernel kernel(fake);
  kernel.page = 65536;
  const unsigned long auxv[] = {3, 77, 6, 65536, 0, 0};
  fake.files["/proc/self/auxv"].assign(reinterpret_cast<const char*>(auxv), sizeof auxv);
  const auto map =
      Map::Create(kernel, {.name = "events", .type = MapType::kRingbuf, .max_entries = 65536});
  ASSERT_THAT(RingBuffer::Open(*map), IsOk());
  using P = std::pair<uint64_t, size_t>;
  EXPECT_THAT(kernel.asked,
              ElementsAre(P{4096, 4096 + 131072}, P{65536, 65536 + 131072}, P{0, 65536}));
  EXPECT_EQ(fake.open_mappings(), 0);
}

TEST(RingOpen, LeavesNothingBehindWhereItFails) {
  for (const int step : {0, 1, 2}) {
    SCOPED_TRACE(step);
    FakeKernel fake;
    MemoryKernel kernel(fake);
    if (step == 0) kernel.duplicate_error = EMFILE;
    kernel.refuse_from = step - 1;
    {
      const auto map =
          Map::Create(kernel, {.name = "events", .type = MapType::kRingbuf, .max_entries = 4096});
      EXPECT_THAT(RingBuffer::Open(*map), Fails(step == 0 ? Code::kSystem : Code::kPermission,
                                                "open ring buffer 'events': E"));
    }
    EXPECT_THAT(fake.open_fds(), IsEmpty());
    EXPECT_EQ(fake.open_mappings(), 0);
  }
}

TEST(RingWait, IsOneCallThroughTheSeam) {
  using std::chrono::milliseconds;
  FakeKernel fake;
  MemoryKernel kernel(fake);
  const auto map =
      Map::Create(kernel, {.name = "events", .type = MapType::kRingbuf, .max_entries = 4096});
  const auto ring = RingBuffer::Open(*map);
  ASSERT_THAT(ring, IsOk());
  EXPECT_EQ(ring->Wait(milliseconds(5)).value(), false);
  EXPECT_EQ(kernel.waited_fd, ring->fd());
  EXPECT_EQ(kernel.waited, milliseconds(5));
  kernel.ready = 1;
  EXPECT_EQ(ring->Wait().value(), true);
  EXPECT_EQ(kernel.waited, std::nullopt);
  kernel.wait_error = EINTR;
  EXPECT_THAT(ring->Wait(), Fails(Code::kSystem, "wait for ring buffer 'events': EINTR"));
}

}  // namespace
}  // namespace purebpf
