// Only in static binaries: what libstdc++ calls where it would throw, and around a static variable,
// for a program that neither throws nor catches and has one thread. Its own versions bring
// exception classes, unwinder, demangler and printf with them: 90 KB that nothing here can use, and
// that musl has no place for. Standing before the library in the link, these take their place.
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

// Of a static variable in a function: whether it is still to be made, which its first byte says
// (Itanium C++ ABI, 3.3.3). That several threads wait for one of them is not for these programs.
extern "C" {
int __cxa_guard_acquire(long long* guard) {
  return *reinterpret_cast<const char*>(guard) == 0 ? 1 : 0;
}
void __cxa_guard_release(long long* guard) { *reinterpret_cast<char*>(guard) = 1; }
void __cxa_guard_abort(long long* /*guard*/) {}
}  // extern "C"

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
