// Reads a BPF ring buffer (BPF_MAP_TYPE_RINGBUF, Linux 5.8) in place: records are seen where
// programs wrote them, and nothing is copied.
//
//   auto ring = RingBuffer::Open(map);
//   while (true) {
//     PUREBPF_TRY(ring->Wait());                                     // or poll ring->fd() yourself
//     PUREBPF_TRY(ring->Consume([](Bytes record) { Handle(record); }));
//   }
//
// Thread-safety: one reader a ring; programs may write meanwhile.
// Source: kernel/bpf/ringbuf.c.
#ifndef PUREBPF_BPF_RING_BUFFER_H_
#define PUREBPF_BPF_RING_BUFFER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/fd.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/mapping.h"

namespace purebpf {

class RingBuffer {
 public:
  // Three calls: a descriptor of its own, two mappings; more on a machine whose pages are larger
  // than 4 KiB. kInvalidArgument where the map is no ring buffer.
  [[nodiscard]] static Result<RingBuffer> Open(const Map& map);

  RingBuffer(RingBuffer&&) noexcept = default;
  RingBuffer& operator=(RingBuffer&&) noexcept = default;

  // Gives each record that is there to `handle`, in order, at most `at_most`: how many. The bytes
  // are the ring's: they count until `handle` returns. Where that returns a bool, false ends it
  // after this record. Stops before a record that a program is
  // still writing. Room is given back to programs now and then, and at the end.
  // No system call. kMalformed where what lies in the ring cannot be: no kernel writes so.
  // Returns 0 when nothing is there, and the next record will wake who waits: whoever waits
  // edge-triggered goes on until it does.
  template <typename F>
  Result<size_t> Consume(F&& handle, size_t at_most = SIZE_MAX);

  // One record at a time: the oldest, until Release gives its room back. nullopt where none is
  // there. Lease again without Release gives the same one.
  [[nodiscard]] Result<std::optional<Bytes>> Lease();
  void Release();

  // Until a record may be there: true; false after `timeout` (none: wait for ever). kSystem with
  // EINTR where a signal came. One call.
  Result<bool> Wait(std::optional<std::chrono::milliseconds> timeout = std::nullopt) const;

  // Readable (POLLIN) where records are there: for the caller's own event loop.
  [[nodiscard]] int fd() const { return fd_.get(); }
  // Bytes for records, a power of two, and how many of them wait to be read.
  [[nodiscard]] size_t size() const { return mask_ + 1; }
  [[nodiscard]] size_t available() const;

 private:
  // include/uapi/linux/bpf.h: a record's header is its length with two bits, and where it is.
  static constexpr size_t kHeader = 8;
  static constexpr uint32_t kBusy = 1U << 31;     // BPF_RINGBUF_BUSY_BIT
  static constexpr uint32_t kDiscard = 1U << 30;  // BPF_RINGBUF_DISCARD_BIT

  RingBuffer(Fd fd, std::string name, Mapping consumer, Mapping producer, size_t page, size_t size);

  [[nodiscard]] uint64_t ProducerPosition() const {
    kernel().Look({producer_position_, sizeof(uint64_t)});
    return __atomic_load_n(reinterpret_cast<const uint64_t*>(producer_position_), __ATOMIC_ACQUIRE);
  }
  // Programs may use what lies before it again. A record wakes its reader when it is the next one
  // that the reader is known to want (bpf_ringbuf_commit), so what is looked at after this must not
  // be older than this: the fence.
  void GiveBack() {
    __atomic_store_n(reinterpret_cast<uint64_t*>(consumer_position_), position_, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    given_back_ = position_;
  }
  // One pass over what is there.
  template <typename F>
  Result<size_t> ConsumeUntilNow(F& handle, size_t at_most);
  [[nodiscard]] Kernel& kernel() const { return consumer_.kernel(); }
  [[nodiscard, gnu::cold]] std::unexpected<Error> Malformed(uint64_t length, uint64_t end) const;

  Fd fd_;
  std::string name_;
  Mapping consumer_;
  Mapping producer_;
  std::byte* consumer_position_;
  const std::byte* producer_position_;
  const std::byte* data_;  // twice the ring, so that no record is broken at its end
  uint64_t mask_;
  uint64_t position_ = 0;    // of the next record
  uint64_t given_back_ = 0;  // what programs know of it
  uint64_t leased_ = 0;      // the length of the leased record with its header; 0: none
};

template <typename F>
Result<size_t> RingBuffer::Consume(F&& handle, size_t at_most) {
  while (true) {
    const uint64_t begin = position_;
    const auto count = ConsumeUntilNow(handle, at_most);
    // Records that were discarded are nobody's, but their room was given back: more may be there.
    if (!count || *count != 0 || position_ == begin) return count;
  }
}

template <typename F>
Result<size_t> RingBuffer::ConsumeUntilNow(F& handle, size_t at_most) {
  const uint64_t end = ProducerPosition();
  if (end - position_ > size()) return Malformed(0, end);
  const std::byte* const first = data_ + (position_ & mask_);
  kernel().Look({first, static_cast<size_t>(end - position_)});
  leased_ = 0;
  size_t count = 0;
  while (position_ != end && count < at_most) {
    const std::byte* const record = data_ + (position_ & mask_);
    const uint32_t header =
        __atomic_load_n(reinterpret_cast<const uint32_t*>(record), __ATOMIC_ACQUIRE);
    if ((header & kBusy) != 0) break;
    const uint32_t length = header & ~kDiscard;
    const uint64_t whole = (uint64_t{length} + kHeader + 7) / 8 * 8;
    if (whole > end - position_) [[unlikely]] {
      GiveBack();
      return Malformed(length, end);
    }
    if ((header & kDiscard) == 0) {
      ++count;
      if constexpr (std::is_same_v<std::invoke_result_t<F&, Bytes>, bool>) {
        if (!handle(Bytes(record + kHeader, length))) at_most = count;
      } else {
        handle(Bytes(record + kHeader, length));
      }
    }
    position_ += whole;
    // Often enough that programs need not wait, seldom enough that their cache line stays theirs.
    if (position_ - given_back_ > size() / 4) GiveBack();
  }
  if (position_ != given_back_) GiveBack();
  return count;
}

}  // namespace purebpf

#endif  // PUREBPF_BPF_RING_BUFFER_H_
