// Each call of the seam at least once, with each form that pointers of bpf(2) have: what
// recordings, replays and hostile fixtures are tried with.
#ifndef PUREBPF_TESTS_SUPPORT_EVERY_CALL_H_
#define PUREBPF_TESTS_SUPPORT_EVERY_CALL_H_

#include <string>

#include "purebpf/bpf/kernel.h"
#include "purebpf/tests/support/fake_kernel.h"

namespace purebpf::testing {

// All that the caller got, a line a call. Goes on whatever is answered, and ends all it opened.
std::string EveryCall(Kernel& kernel);

// Answers for it that say something: bytes everywhere, a log, a link by netlink.
void PrepareEveryCall(FakeKernel& kernel);

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_SUPPORT_EVERY_CALL_H_
