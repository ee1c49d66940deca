#include "purebpf/loader/skeleton_variables.h"

#include <algorithm>
#include <cstring>

#include "purebpf/bpf/map_memory.h"

namespace purebpf::internal {

// What follows the contents is zero.
void ReadInitial(const MapSpec& map, size_t offset, MutableBytes value) {
  const size_t there = map.contents.size();
  std::ranges::fill(value, std::byte{0});
  if (offset >= there) return;
  std::memcpy(value.data(), map.contents.data() + offset, std::min(value.size(), there - offset));
}

void WriteInitial(MapSpec& map, size_t offset, Bytes value) {
  if (map.contents.size() < offset + value.size()) map.contents.resize(offset + value.size());
  std::memcpy(map.contents.data() + offset, value.data(), value.size());
}

void ReadLive(Kernel* kernel, const std::byte* memory, MutableBytes value) {
  if (memory == nullptr) __builtin_trap();
  kernel->Look({memory, value.size()});
  CopyLive(value.data(), memory, value.size());
}

void WriteLive(std::byte* memory, Bytes value) {
  if (memory == nullptr) __builtin_trap();
  CopyLive(memory, value.data(), value.size());
}

}  // namespace purebpf::internal
