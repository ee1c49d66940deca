// Where what a kernel says now differs from what was recorded of it, and whether that is behaviour.
#ifndef PUREBPF_TESTS_SUPPORT_DRIFT_H_
#define PUREBPF_TESTS_SUPPORT_DRIFT_H_

#include <string>
#include <string_view>

namespace purebpf::testing {

struct Drifted {
  // Call by call, as lines that begin with "-" (recorded) and "+" (now) below the number of the
  // call; empty where both say the same. Not compared are the header, comments, values that the
  // format declares free, and what each build or boot of a kernel has anew.
  std::string calls;
  // That is other: the release, addresses of functions and in a verifier's log, the length of
  // machine code, numbers of tracepoints and kinds of events, the kernel's own types and their
  // numbers (what comes of them, such as a relocated instruction, is compared).
  bool build = false;
};

// Of two fixtures.
Drifted Drift(std::string_view recorded, std::string_view now);

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_SUPPORT_DRIFT_H_
