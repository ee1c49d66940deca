// Only in static binaries: what libstdc++ calls where it would throw, for a program that neither
// throws nor catches. Its own versions bring exception classes, unwinder, demangler and printf with
// them: 90 KB that nothing here can use, and that musl has no place for. Standing before the
// library in the link, these take their place.
#include <cstddef>
#include <cstdlib>
#include <new>

// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming): names of libstdc++

// bits/functexcept.h: as far as the containers, std::string, std::function and std::bitset call
// them.
namespace std {
[[noreturn]] void __throw_length_error(const char* /*what*/) { abort(); }
[[noreturn]] void __throw_logic_error(const char* /*what*/) { abort(); }
[[noreturn]] void __throw_out_of_range_fmt(const char* /*format*/, ...) { abort(); }
[[noreturn]] void __throw_bad_alloc() { abort(); }
[[noreturn]] void __throw_bad_array_new_length() { abort(); }
[[noreturn]] void __throw_bad_function_call() { abort(); }
[[noreturn]] void __throw_invalid_argument(const char* /*what*/) { abort(); }
[[noreturn]] void __throw_out_of_range(const char* /*what*/) { abort(); }
[[noreturn]] void __throw_overflow_error(const char* /*what*/) { abort(); }
[[noreturn]] void __throw_system_error(int /*error*/) { abort(); }
}  // namespace std

// Memory that is not there ends the program, as an exception that nobody catches would.
void* operator new(std::size_t size) {
  void* memory = std::malloc(size != 0 ? size : 1);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t /*size*/) noexcept { std::free(memory); }
// std::stable_sort asks for its buffer by this one.
void* operator new(std::size_t size, const std::nothrow_t& /*may fail*/) noexcept {
  return std::malloc(size != 0 ? size : 1);
}
void operator delete(void* memory, const std::nothrow_t& /*may fail*/) noexcept {
  std::free(memory);
}

// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
