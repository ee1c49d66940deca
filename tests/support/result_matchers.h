// Matchers for Result<T>: EXPECT_THAT(result, IsOk()), EXPECT_THAT(result, Fails(code, "words")).
#ifndef PUREBPF_TESTS_SUPPORT_RESULT_MATCHERS_H_
#define PUREBPF_TESTS_SUPPORT_RESULT_MATCHERS_H_

#include <gmock/gmock.h>

#include <string>

#include "purebpf/bpf/error.h"

namespace purebpf::testing {

MATCHER(IsOk, "is a value") {
  if (arg.has_value()) return true;
  *result_listener << "which is the error: " << arg.error().ToString();
  return false;
}

// An Error of `code` whose one line (ToString) has `words` in it.
MATCHER_P2(Fails, code, words, "is an error of that code with those words") {
  if (arg.has_value()) {
    *result_listener << "which is a value";
    return false;
  }
  const std::string line = arg.error().ToString();
  *result_listener << "which is " << CodeName(arg.error().code) << ": " << line;
  return arg.error().code == code && line.find(words) != std::string::npos;
}

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_SUPPORT_RESULT_MATCHERS_H_
