// Matchers for what the parsers of elf/ return.
#ifndef PUREBPF_TESTS_ELF_PARSE_MATCHERS_H_
#define PUREBPF_TESTS_ELF_PARSE_MATCHERS_H_

#include <gmock/gmock.h>

#include <string>

#include "purebpf/elf/error.h"

namespace purebpf::elf {

MATCHER(IsParsed, "is a value") {
  if (arg.has_value()) return true;
  *result_listener << "which is the error: " << arg.error().message;
  return false;
}

// A ParseError of that kind whose message has `words` in it.
template <typename T>
bool IsRefusal(const Result<T>& result, bool unsupported, const std::string& words,
               ::testing::MatchResultListener* listener) {
  if (result.has_value()) {
    *listener << "which is a value";
    return false;
  }
  *listener << "which is " << (result.error().unsupported ? "unsupported: " : "malformed: ")
            << result.error().message;
  return result.error().unsupported == unsupported &&
         result.error().message.find(words) != std::string::npos;
}

MATCHER_P(IsMalformed, words, "is malformed, with those words") {
  return IsRefusal(arg, false, words, result_listener);
}

MATCHER_P(IsUnsupported, words, "is unsupported, with those words") {
  return IsRefusal(arg, true, words, result_listener);
}

}  // namespace purebpf::elf

#endif  // PUREBPF_TESTS_ELF_PARSE_MATCHERS_H_
