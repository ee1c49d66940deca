// For GoogleTest: the end of a replay as an assertion.
//
//   EXPECT_TRUE(Finished(kernel));
#ifndef PUREBPF_BPF_TESTING_GTEST_H_
#define PUREBPF_BPF_TESTING_GTEST_H_

#include <gtest/gtest.h>

#include <string>

#include "purebpf/bpf/testing/fault_kernel.h"
#include "purebpf/bpf/testing/replay_kernel.h"

namespace purebpf::testing {

// Whether all went as recorded, to the end; else what did not.
inline ::testing::AssertionResult Finished(const ReplayKernel& kernel) {
  const std::string report = kernel.Report();
  if (report.empty()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << report;
}

// Whether all that was opened is ended; else what is not.
inline ::testing::AssertionResult NothingLeft(const FaultKernel& kernel) {
  const std::string leaks = kernel.Leaks();
  if (leaks.empty()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << leaks << " left after " << kernel.last_fault();
}

}  // namespace purebpf::testing

#endif  // PUREBPF_BPF_TESTING_GTEST_H_
