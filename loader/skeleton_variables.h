// Global variables of a skeleton as typed fields: InitialVariable before the object is loaded,
// LiveVariable after. Both read and assign like a T:
//
//   spec->variables.limit = 7;                          // also constants
//   uint64_t seen = objects->variables.packets;         // no system call
#ifndef PUREBPF_LOADER_SKELETON_VARIABLES_H_
#define PUREBPF_LOADER_SKELETON_VARIABLES_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/loader/collection_spec.h"

namespace purebpf {

namespace internal {

void ReadInitial(const MapSpec& map, size_t offset, MutableBytes value);
void WriteInitial(MapSpec& map, size_t offset, Bytes value);
// Of 1, 2, 4 or 8 bytes and aligned: all at once. `memory` is not null, or the program ends.
void ReadLive(Kernel* kernel, const std::byte* memory, MutableBytes value);
void WriteLive(std::byte* memory, Bytes value);

}  // namespace internal

// A variable in a spec: what it will be when the object is loaded. T is const where programs cannot
// change it; here it can be set all the same. Borrows the spec's map.
template <typename T>
class InitialVariable {
 public:
  using Value = std::remove_const_t<T>;
  static_assert(std::is_trivially_copyable_v<Value>);

  InitialVariable() = default;
  InitialVariable(MapSpec& map, uint32_t offset) : map_(&map), offset_(offset) {}
  InitialVariable(const InitialVariable&) = default;
  ~InitialVariable() = default;

  [[nodiscard]] Value Get() const {
    Value value{};
    internal::ReadInitial(*map_, offset_, MutableBytesOf(value));
    return value;
  }
  void Set(const Value& value) { internal::WriteInitial(*map_, offset_, BytesOf(value)); }

  operator Value() const { return Get(); }  // NOLINT(google-explicit-constructor): as a field
  InitialVariable& operator=(const Value& value) {
    Set(value);
    return *this;
  }
  // The value: a field is not another one afterwards.
  InitialVariable& operator=(const InitialVariable& other) {
    if (this != &other) Set(other.Get());
    return *this;
  }

 private:
  MapSpec* map_ = nullptr;
  uint32_t offset_ = 0;  // bytes
};

// A variable of a loaded object, in memory that programs share (Linux 5.5): reading and writing it
// is no system call. T is const where nobody can change it.
template <typename T>
class LiveVariable {
 public:
  using Value = std::remove_const_t<T>;
  static_assert(std::is_trivially_copyable_v<Value>);

  LiveVariable() = default;
  LiveVariable(Kernel& kernel, MutableBytes memory) : kernel_(&kernel), memory_(memory.data()) {}
  LiveVariable(const LiveVariable&) = default;
  ~LiveVariable() = default;

  // False where its map was not loaded (nothing that was needed it), or cannot be mapped. All else
  // needs it, or the program ends.
  [[nodiscard]] bool present() const { return memory_ != nullptr; }

  // A copy; of 1, 2, 4 or 8 bytes, never half of what a program writes.
  [[nodiscard]] Value Get() const {
    Value value{};
    internal::ReadLive(kernel_, memory_, MutableBytesOf(value));
    return value;
  }
  void Set(const Value& value)
    requires(!std::is_const_v<T>)
  {
    internal::WriteLive(memory_, BytesOf(value));
  }
  // The variable itself, which programs may change at any time: for large ones, and for atomics.
  [[nodiscard]] T* memory() const {
    kernel_->Look({memory_, sizeof(T)});
    return reinterpret_cast<T*>(memory_);
  }

  operator Value() const { return Get(); }  // NOLINT(google-explicit-constructor): as a field
  LiveVariable& operator=(const Value& value)
    requires(!std::is_const_v<T>)
  {
    Set(value);
    return *this;
  }
  // The value: a field is not another one afterwards.
  LiveVariable& operator=(const LiveVariable& other)
    requires(!std::is_const_v<T>)
  {
    if (this != &other) Set(other.Get());
    return *this;
  }

 private:
  Kernel* kernel_ = nullptr;
  std::byte* memory_ = nullptr;
};

}  // namespace purebpf

#endif  // PUREBPF_LOADER_SKELETON_VARIABLES_H_
