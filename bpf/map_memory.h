// The memory of a map, shared with the programs that use it: an array that was created with
// BPF_F_MMAPABLE (Linux 5.5), such as one of global variables, or an arena (6.9). Reading and
// writing it is no system call.
//
//   auto memory = MapMemory::Of(bss, Access::kReadWrite);
//   Result<uint64_t> packets = memory->Load<uint64_t>(offset_of_packets);
//
// Lifetime: the mapping outlives the Map; programs go on using the same memory.
#ifndef PUREBPF_BPF_MAP_MEMORY_H_
#define PUREBPF_BPF_MAP_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/mapping.h"

namespace purebpf {

namespace internal {
// As programs write a variable: 2, 4 or 8 bytes that are aligned on both sides at once.
void CopyLive(std::byte* to, const std::byte* from, size_t size);
}  // namespace internal

class MapMemory {
 public:
  // One call. Writable is kPermission for a map that is frozen or that user space may not write.
  // kInvalidArgument where the map has no memory to be mapped.
  [[nodiscard]] static Result<MapMemory> Of(const Map& map, Access access);
  // All pages of an arena, at the address that it was created for (map_extra), else where the
  // kernel likes. One call, after the page size is read.
  [[nodiscard]] static Result<MapMemory> OfArena(const Map& arena);

  MapMemory(MapMemory&&) noexcept = default;
  MapMemory& operator=(MapMemory&&) noexcept = default;

  // All of it, live. Element i of an array begins at i * stride().
  [[nodiscard]] Bytes bytes() const;
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] size_t stride() const { return stride_; }
  [[nodiscard]] Access access() const { return access_; }

  // A value of its own, copied out or in; of 1, 2, 4 or 8 bytes and aligned, all at once.
  // kInvalidArgument where it does not lie within, or the mapping may not be written.
  template <typename T>
    requires std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T>
  [[nodiscard]] Result<T> Load(size_t offset) const {
    T value{};
    auto read = Read(offset, MutableBytesOf(value));
    if (!read) return std::unexpected(std::move(read).error());
    return value;
  }
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  Result<void> Store(size_t offset, const T& value) {
    return Write(offset, BytesOf(value));
  }
  Result<void> Read(size_t offset, MutableBytes value) const;
  Result<void> Write(size_t offset, Bytes value);

  // The variable itself: programs see what is written at once, and write as they like.
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  [[nodiscard]] Result<T*> At(size_t offset) {
    auto place = Place(offset, sizeof(T), alignof(T), !std::is_const_v<T>);
    if (!place) return std::unexpected(std::move(place).error());
    return reinterpret_cast<T*>(*place);
  }

 private:
  MapMemory(Mapping mapping, std::string name, size_t size, size_t stride, Access access)
      : mapping_(std::move(mapping)),
        name_(std::move(name)),
        size_(size),
        stride_(stride),
        access_(access) {}
  Result<std::byte*> Place(size_t offset, size_t size, size_t alignment, bool write) const;

  Mapping mapping_;
  std::string name_;
  size_t size_;
  size_t stride_;
  Access access_;
};

}  // namespace purebpf

#endif  // PUREBPF_BPF_MAP_MEMORY_H_
