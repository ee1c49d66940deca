// Only in the static binary: a smaller end for a program that cannot throw.
//
// libstdc++ ends a program by a handler that prints the exception's demangled name; demangler and
// printf are 50 KB. This one stands in its place in the link. What libstdc++ throws by itself (no
// memory) ends here.
#include <cstdlib>

namespace __gnu_cxx {  // NOLINT(bugprone-reserved-identifier): the name that libstdc++ looks for

// NOLINTNEXTLINE(bugprone-reserved-identifier, readability-identifier-naming)
void __verbose_terminate_handler() { std::abort(); }

}  // namespace __gnu_cxx
