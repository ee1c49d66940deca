// Only in static binaries: the heap of a program with one thread. glibc's own asks how many
// processors there are and reports by stdio, which reads locales and character sets, which loads
// shared libraries: 350 KB that nothing here can use. glibc lets a program bring its own
// ("Replacing malloc" in its manual), in static binaries too. musl's own heap is small: it stays.
//
// Blocks are of 16 << n bytes with their header, cut from the break and kept by size once freed;
// from kLarge on they are mappings of their own, given back when freed.
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __GLIBC__

namespace {

constexpr size_t kAlignment = 16;
constexpr size_t kLarge = size_t{1} << 17;
constexpr size_t kMost = SIZE_MAX / 4;
constexpr size_t kChunk = size_t{1} << 16;  // taken from the break at a time, at least
constexpr unsigned kClasses = 18;

// Stands before what the program gets.
struct alignas(kAlignment) Header {
  size_t size;    // of the whole block, with this
  size_t before;  // bytes between the block's begin and this: of aligned blocks
};
struct Free {
  Free* next;
};

Free* free_blocks[kClasses];
std::byte* chunk = nullptr;
size_t chunk_left = 0;

void* Failed() {
  errno = ENOMEM;
  return nullptr;
}

// `size` is a power of two.
std::byte* Cut(size_t size) {
  if (chunk_left < size) {
    const size_t wanted = size > kChunk ? size : kChunk;
    void* more = sbrk(static_cast<intptr_t>(wanted + kAlignment));
    if (reinterpret_cast<intptr_t>(more) == -1) return nullptr;
    auto* begin = static_cast<std::byte*>(more);
    const size_t off = reinterpret_cast<uintptr_t>(begin) % kAlignment;
    chunk = begin + (off == 0 ? 0 : kAlignment - off);
    chunk_left = wanted;
  }
  std::byte* block = chunk;
  chunk += size;
  chunk_left -= size;
  return block;
}

std::byte* TakeBlock(size_t size) {
  if (size >= kLarge) {
    void* block = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return block == MAP_FAILED ? nullptr : static_cast<std::byte*>(block);
  }
  Free*& first = free_blocks[std::countr_zero(size)];
  if (first == nullptr) return Cut(size);
  Free* block = first;
  first = block->next;
  return reinterpret_cast<std::byte*>(block);
}

Header* HeaderOf(void* memory) { return static_cast<Header*>(memory) - 1; }

size_t Usable(const Header& header) { return header.size - header.before - sizeof(Header); }

void* Allocate(size_t bytes, size_t alignment) {
  const size_t before = alignment > kAlignment ? alignment : 0;
  if (bytes > kMost || before > kMost) return Failed();
  size_t size = bytes + before + sizeof(Header);
  size = size >= kLarge ? (size + 4095) & ~size_t{4095} : std::bit_ceil(size);
  std::byte* block = TakeBlock(size);
  if (block == nullptr) return Failed();
  std::byte* memory = block + sizeof(Header);
  if (before != 0) {
    const size_t off = reinterpret_cast<uintptr_t>(memory) % alignment;
    memory += off == 0 ? 0 : alignment - off;
  }
  *HeaderOf(memory) = {.size = size,
                       .before = static_cast<size_t>(memory - block) - sizeof(Header)};
  return memory;
}

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): names of the C library
extern "C" {

void* malloc(size_t bytes) { return Allocate(bytes, kAlignment); }

void free(void* memory) {
  if (memory == nullptr) return;
  const Header header = *HeaderOf(memory);
  auto* block = reinterpret_cast<std::byte*>(HeaderOf(memory)) - header.before;
  if (header.size >= kLarge) {
    const int error = errno;
    munmap(block, header.size);
    errno = error;
    return;
  }
  Free*& first = free_blocks[std::countr_zero(header.size)];
  auto* freed = reinterpret_cast<Free*>(block);
  freed->next = first;
  first = freed;
}

void* calloc(size_t count, size_t size) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes)) return Failed();
  // Not malloc: a compiler makes calloc of malloc and memset. A new mapping is zero.
  void* memory = Allocate(bytes, kAlignment);
  if (memory != nullptr && HeaderOf(memory)->size < kLarge) std::memset(memory, 0, bytes);
  return memory;
}

void* realloc(void* memory, size_t bytes) {
  if (memory == nullptr) return malloc(bytes);
  const size_t usable = Usable(*HeaderOf(memory));
  if (bytes <= usable && bytes >= usable / 4) return memory;
  void* moved = Allocate(bytes, kAlignment);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, memory, bytes < usable ? bytes : usable);
  free(memory);
  return moved;
}

void* memalign(size_t alignment, size_t bytes) { return Allocate(bytes, alignment); }
void* aligned_alloc(size_t alignment, size_t bytes) { return Allocate(bytes, alignment); }
int posix_memalign(void** out, size_t alignment, size_t bytes) {
  void* memory = Allocate(bytes, alignment);
  if (memory == nullptr) return ENOMEM;
  *out = memory;
  return 0;
}
size_t malloc_usable_size(void* memory) {
  return memory == nullptr ? 0 : Usable(*HeaderOf(memory));
}

}  // extern "C"
// NOLINTEND(readability-identifier-naming)

#endif
