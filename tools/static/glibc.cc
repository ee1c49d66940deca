// Only in static binaries: what glibc calls to say what it found wrong with itself, by stdio and in
// the user's language. Its file for each brings 400 KB. (musl's have none of that.) Weak: a program
// that needs something else of such a file gets the file, and with it glibc's own.
#include <cstddef>
#include <cstdlib>

#ifdef __GLIBC__

// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming): names of glibc

extern "C" {
[[noreturn, gnu::weak]] void __assert_fail(const char* /*assertion*/, const char* /*file*/,
                                           unsigned /*line*/, const char* /*function*/) {
  abort();
}
[[gnu::weak]] char* __strerror_r(int /*error*/, char* text, std::size_t size) {
  if (size != 0) *text = '\0';
  return text;
}
// Makes tables of the locale's characters ready, which nothing here asks for; without stdio they
// are not even there.
[[gnu::weak]] void __ctype_init() {}
}  // extern "C"

// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)

#endif
