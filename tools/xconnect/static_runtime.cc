// Only in the static binary: what libstdc++ calls where it would throw, for a program that neither
// throws nor catches. Its own versions bring exception classes, unwinder, demangler and printf with
// them: 90 KB that nothing here can use. Standing before the library in the link, these take their
// place.
#include <cstddef>
#include <cstdlib>
#include <new>

// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming): names of libstdc++

// bits/functexcept.h: as far as std::string, std::vector and std::optional call them.
namespace std {
[[noreturn]] void __throw_length_error(const char* /*what*/) { abort(); }
[[noreturn]] void __throw_logic_error(const char* /*what*/) { abort(); }
[[noreturn]] void __throw_out_of_range_fmt(const char* /*format*/, ...) { abort(); }
[[noreturn]] void __throw_bad_alloc() { abort(); }
[[noreturn]] void __throw_bad_array_new_length() { abort(); }
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

// What glibc calls to say what it found wrong with itself: by stdio, in the user's language. Its
// file for each brings 400 KB.
extern "C" {
[[noreturn]] void __assert_fail(const char* /*assertion*/, const char* /*file*/, unsigned /*line*/,
                                const char* /*function*/) {
  abort();
}
char* __strerror_r(int /*error*/, char* text, std::size_t size) {
  if (size != 0) *text = '\0';
  return text;
}
// Makes tables of the locale's characters ready, which nothing here asks for; without stdio they
// are not even there.
void __ctype_init() {}
}  // extern "C"

// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
