#include "purebpf/bpf/ring_buffer.h"

#include <bit>
#include <cerrno>

#include "purebpf/bpf/handle.h"
#include "purebpf/bpf/page_size.h"
#include "purebpf/bpf/try.h"

namespace purebpf {
namespace {

constexpr std::string_view kOpen = "open ring buffer";

// The page with the consumer's position, then one with the producer's and the data twice:
// kernel/bpf/ringbuf.c: ringbuf_map_mmap_kern.
SysResult<Mapping> MapPart(const Map& map, size_t size, uint64_t offset, Access access) {
  const auto memory = map.kernel().MapMemory(map.fd(), size, offset, access);
  if (!memory) return std::unexpected(memory.error());
  return Mapping(map.kernel(), *memory);
}

}  // namespace

RingBuffer::RingBuffer(Fd fd, std::string name, Mapping consumer, Mapping producer, size_t page,
                       size_t size)
    : fd_(std::move(fd)),
      name_(std::move(name)),
      consumer_(std::move(consumer)),
      producer_(std::move(producer)),
      consumer_position_(consumer_.memory().data()),
      producer_position_(producer_.memory().data()),
      data_(producer_position_ + page),
      mask_(size - 1) {
  // Where another reader left off.
  kernel().Look({consumer_position_, sizeof(uint64_t)});
  position_ =
      __atomic_load_n(reinterpret_cast<const uint64_t*>(consumer_position_), __ATOMIC_ACQUIRE);
  given_back_ = position_;
}

Result<RingBuffer> RingBuffer::Open(const Map& map) {
  const MapParams& params = map.params();
  const std::string name = NameOf(params);
  if (params.type != MapType::kRingbuf || !std::has_single_bit(params.max_entries))
    return std::unexpected(Error{.code = Code::kInvalidArgument,
                                 .operation = std::string(kOpen),
                                 .object = name,
                                 .detail = params.type == MapType::kRingbuf
                                               ? "its size is no power of two"
                                               : "the map is no BPF_MAP_TYPE_RINGBUF"});
  if ((params.flags & kRbOverwrite) != 0)
    return std::unexpected(Error{.code = Code::kUnsupported,
                                 .operation = std::string(kOpen),
                                 .object = name,
                                 .detail = "programs overwrite its oldest records "
                                           "(BPF_F_RB_OVERWRITE), which only a snapshot can read"});
  const auto duplicate = map.kernel().Duplicate(map.fd());
  if (!duplicate) return std::unexpected(SystemError(duplicate.error(), kOpen, name));
  Fd fd(map.kernel(), *duplicate);
  // The commonest page is tried; a machine of larger ones refuses the offset.
  size_t page = 4096;
  const uint64_t data = uint64_t{params.max_entries} * 2;
  auto producer = MapPart(map, page + data, page, Access::kRead);
  if (!producer && producer.error() == Errno{EINVAL}) {
    page = PageSize(map.kernel()).value_or(page);
    producer = MapPart(map, page + data, page, Access::kRead);
  }
  if (!producer) return std::unexpected(SystemError(producer.error(), kOpen, name));
  auto consumer = MapPart(map, page, 0, Access::kReadWrite);
  if (!consumer) return std::unexpected(SystemError(consumer.error(), kOpen, name));
  return RingBuffer(std::move(fd), name, std::move(*consumer), std::move(*producer), page,
                    params.max_entries);
}

std::unexpected<Error> RingBuffer::Malformed(uint64_t length, uint64_t end) const {
  return std::unexpected(Error{.code = Code::kMalformed,
                               .operation = "read ring buffer",
                               .object = name_,
                               .detail = "a record of " + std::to_string(length) + " bytes at " +
                                         std::to_string(position_) + " with the producer at " +
                                         std::to_string(end) + ", in a ring of " +
                                         std::to_string(size())});
}

Result<std::optional<Bytes>> RingBuffer::Lease() {
  while (true) {
    const uint64_t end = ProducerPosition();
    if (end - position_ > size()) return Malformed(0, end);
    if (end == position_) return std::nullopt;
    const std::byte* const record = data_ + (position_ & mask_);
    kernel().Look({record, static_cast<size_t>(end - position_)});
    const uint32_t header =
        __atomic_load_n(reinterpret_cast<const uint32_t*>(record), __ATOMIC_ACQUIRE);
    if ((header & kBusy) != 0) return std::nullopt;
    const uint32_t length = header & ~kDiscard;
    const uint64_t whole = (uint64_t{length} + kHeader + 7) / 8 * 8;
    if (whole > end - position_) return Malformed(length, end);
    leased_ = whole;
    if ((header & kDiscard) == 0) return Bytes(record + kHeader, length);
    Release();
  }
}

void RingBuffer::Release() {
  if (leased_ == 0) return;
  position_ += std::exchange(leased_, 0);
  GiveBack();
}

Result<bool> RingBuffer::Wait(std::optional<std::chrono::milliseconds> timeout) const {
  Pollable pollable{.fd = fd_.get()};
  const auto ready = fd_.kernel().Wait(std::span(&pollable, 1), timeout);
  if (!ready) return std::unexpected(SystemError(ready.error(), "wait for ring buffer", name_));
  return *ready != 0;
}

size_t RingBuffer::available() const { return static_cast<size_t>(ProducerPosition() - position_); }

}  // namespace purebpf
