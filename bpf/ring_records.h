// A ring buffer whose records are of one type: RingMap is the map, RingRecords reads it.
//
//   auto records = objects->maps.events->Open();
//   PUREBPF_TRY(records->Wait());
//   PUREBPF_TRY(records->Consume([](const event& record) { ... }));
//
// Thread-safety and lifetime: as RingBuffer.
#ifndef PUREBPF_BPF_RING_RECORDS_H_
#define PUREBPF_BPF_RING_RECORDS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/ring_buffer.h"

namespace purebpf {

namespace internal {
[[gnu::cold]] std::unexpected<Error> ShortRecord(size_t found, size_t wanted);
Result<void> CheckRing(const MapParams& params);
}  // namespace internal

// Records lie at multiples of 8 bytes.
template <typename R>
concept RingRecord = std::is_trivially_copyable_v<R> && alignof(R) <= 8;

template <RingRecord R>
class RingRecords {
 public:
  [[nodiscard]] static Result<RingRecords> Open(const Map& map) {
    auto ring = RingBuffer::Open(map);
    if (!ring) return std::unexpected(std::move(ring).error());
    return RingRecords(std::move(*ring));
  }

  // RingBuffer::Consume, with each record as an R: `handle(const R&)`, or `handle(const R&, Bytes)`
  // with all bytes of it, where more than an R may follow. Where that returns a bool, false ends
  // it. kMalformed where a record is shorter than an R, which is passed over.
  template <typename F>
  Result<size_t> Consume(F&& handle, size_t at_most = SIZE_MAX) {
    size_t short_record = SIZE_MAX;
    auto count = ring_.Consume(
        [&](Bytes bytes) -> bool {
          if (bytes.size() < sizeof(R)) {
            short_record = bytes.size();
            return false;
          }
          return Handle(handle, *reinterpret_cast<const R*>(bytes.data()), bytes);
        },
        at_most);
    if (count && short_record != SIZE_MAX) return internal::ShortRecord(short_record, sizeof(R));
    return count;
  }
  Result<bool> Wait(std::optional<std::chrono::milliseconds> timeout = std::nullopt) const {
    return ring_.Wait(timeout);
  }
  [[nodiscard]] int fd() const { return ring_.fd(); }
  [[nodiscard]] RingBuffer& untyped() { return ring_; }

 private:
  explicit RingRecords(RingBuffer ring) : ring_(std::move(ring)) {}

  template <typename F>
  static bool Handle(F& handle, const R& record, Bytes bytes) {
    const auto call = [&] {
      if constexpr (std::is_invocable_v<F&, const R&, Bytes>) {
        return handle(record, bytes);
      } else {
        return handle(record);
      }
    };
    if constexpr (std::is_same_v<decltype(call()), bool>) {
      return call();
    } else {
      call();
      return true;
    }
  }

  RingBuffer ring_;
};

template <RingRecord R>
class RingMap {
 public:
  using Record = R;

  // kInvalidArgument where it is no ring buffer.
  [[nodiscard]] static Result<RingMap> From(Map map) {
    if (auto fits = Check(map.params()); !fits) return std::unexpected(std::move(fits).error());
    return RingMap(std::move(map));
  }
  static Result<void> Check(const MapParams& params) { return internal::CheckRing(params); }

  // For one reader at a time.
  [[nodiscard]] Result<RingRecords<R>> Open() const { return RingRecords<R>::Open(map_); }
  [[nodiscard]] const Map& untyped() const { return map_; }
  [[nodiscard]] int fd() const { return map_.fd(); }

 private:
  explicit RingMap(Map map) : map_(std::move(map)) {}
  Map map_;
};

}  // namespace purebpf

#endif  // PUREBPF_BPF_RING_RECORDS_H_
