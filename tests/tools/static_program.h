// What every static program promises, whatever libc is in it.
#ifndef PUREBPF_TESTS_TOOLS_STATIC_PROGRAM_H_
#define PUREBPF_TESTS_TOOLS_STATIC_PROGRAM_H_

#include <cstddef>
#include <string_view>

namespace purebpf::testing {

// `variable` is of the environment and names the program. tools/test lists what was measured, as
// `what`, at its end.
void ExpectAtMost(const char* variable, std::string_view what, size_t most);

// Not a loader, not a shared library; and it carries no symbols.
void ExpectNeedsNothing(const char* variable);

// An xconnect.
void ExpectTells(const char* variable);

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_TOOLS_STATIC_PROGRAM_H_
