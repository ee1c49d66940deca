// Where what a kernel says now differs from what was recorded of it.
#ifndef PUREBPF_TESTS_SUPPORT_DRIFT_H_
#define PUREBPF_TESTS_SUPPORT_DRIFT_H_

#include <string>
#include <string_view>

namespace purebpf::testing {

// Two fixtures, call by call, as lines that begin with "-" (recorded) and "+" (now) below the
// number of the call; empty where they say the same. Not compared are the header, comments, and
// values that the format declares free.
std::string Drift(std::string_view recorded, std::string_view now);

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_SUPPORT_DRIFT_H_
