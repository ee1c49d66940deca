// Borrowed bytes. elf/bytes.h has its own name for the same type: the two folders know nothing of
// each other.
#ifndef PUREBPF_BPF_BYTES_H_
#define PUREBPF_BPF_BYTES_H_

#include <cstddef>
#include <span>
#include <type_traits>

namespace purebpf {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

// The bytes of one value, borrowed.
template <typename T>
  requires std::is_trivially_copyable_v<T>
Bytes BytesOf(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

template <typename T>
  requires std::is_trivially_copyable_v<T>
MutableBytes MutableBytesOf(T& value) {
  return std::as_writable_bytes(std::span(&value, 1));
}

}  // namespace purebpf

#endif  // PUREBPF_BPF_BYTES_H_
