// Internal. Two calls, one recorded and one made: whether they are the same, and how they differ.
#ifndef PUREBPF_BPF_TESTING_COMPARE_H_
#define PUREBPF_BPF_TESTING_COMPARE_H_

#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/testing/describe.h"
#include "purebpf/bpf/testing/fixture.h"

namespace purebpf::testing::internal {

// Whether the caller passed what was recorded: the kernel's words do not count, nor comments, nor
// values that one of the two has after "~".
[[nodiscard]] bool SameRequest(const Call& recorded, const Call& made);

// Both side by side, a field a line, those that differ marked.
[[nodiscard]] std::string SideBySide(const Call& recorded, const Call& made);

// All that the caller passed, as one text: equal where the requests are. Without what is free.
[[nodiscard]] std::string RequestKey(const Call& call);

// Whether the caller passed something that is free.
[[nodiscard]] bool HasFree(const Call& call);

// The descriptor, memory or path that a call is on; empty where it is on none.
[[nodiscard]] std::string ObjectOf(const Call& call);

}  // namespace purebpf::testing::internal

#endif  // PUREBPF_BPF_TESTING_COMPARE_H_
