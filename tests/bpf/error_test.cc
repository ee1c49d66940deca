#include "purebpf/bpf/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "purebpf/bpf/try.h"

namespace purebpf {
namespace {

TEST(Error, SaysOnOneLineWhatWasDoneToWhatAndWhy) {
  struct Case {
    const char* name;
    Error error;
    const char* line;
  };
  const Case cases[] = {
      {"everything",
       {.code = Code::kRejected,
        .operation = "load program",
        .object = "count.o: xdp",
        .detail = "R0 !read_ok (3 log lines)",
        .hint = "set r0",
        .log = "a\nb\nc\n",
        .sys_errno = EACCES},
       "load program 'count.o: xdp': EACCES (Permission denied): R0 !read_ok (3 log lines); set "
       "r0"},
      {"only an errno",
       {.operation = "close", .sys_errno = EBADF},
       "close: EBADF (Bad file descriptor)"},
      {"an unknown errno", {.operation = "close", .sys_errno = 4242}, "close: errno 4242"},
      {"no errno",
       {.operation = "parse", .object = "x", .detail = "too short"},
       "parse 'x': too short"},
      {"nothing known but the code",
       {.code = Code::kNotFound, .operation = "open", .object = "x"},
       "open 'x': not found"},
      {"nothing at all", {}, "system"},
      {"no operation", {.object = "x", .detail = "bad"}, "'x': bad"},
      {"hostile names",
       {.operation = "open", .object = "a\nb\x1b[2J\x7f", .detail = "c\td"},
       "open 'a?b?[2J?': c?d"},
      {"text that is not ASCII stays",
       {.operation = "open", .object = "\xc3\xa9", .detail = "\xff"},
       "open '\xc3\xa9': \xff"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(row.error.ToString(), row.line);
  }
}

TEST(Error, PutsNoQuotesRoundQuotes) {
  const Error error{
      .operation = "plan loading", .object = "count.o: program 'xdp'", .detail = "no"};
  EXPECT_EQ(error.ToString(), "plan loading count.o: program 'xdp': no");
}

TEST(Error, IsPlacedWithinWhatHoldsTheObject) {
  EXPECT_EQ((Error{.object = "xdp"}).Within("count.o").object, "count.o: xdp");
  EXPECT_EQ((Error{}).Within("count.o").object, "count.o");
  EXPECT_EQ((Error{.object = "xdp"}).Within("").object, "xdp");
  EXPECT_EQ((Error{.object = "c"}).Within("b").Within("a").object, "a: b: c");
}

TEST(ErrnoName, IsTheLibcsForEveryNumberThatTheLibcNames) {
  int named = 0;
  for (int number = 1; number < 512; ++number) {
    SCOPED_TRACE(number);
    const char* const libc = strerrorname_np(number);
    if (libc == nullptr || ErrnoText(number).empty()) continue;
    ++named;
    EXPECT_EQ(ErrnoName(number), libc);
    EXPECT_EQ(ErrnoText(number), strerror(number));
  }
  EXPECT_GT(named, 80);
}

TEST(ErrnoName, KnowsWhatOnlyTheKernelNames) {
  EXPECT_EQ(ErrnoName(524), "ENOTSUPP");
  EXPECT_EQ(ErrnoName(0), "errno 0");
  EXPECT_EQ(ErrnoName(-1), "errno -1");
  EXPECT_EQ(ErrnoName(41), "errno 41");
  EXPECT_EQ(ErrnoText(41), "");
}

TEST(CodeOf, SortsErrnosByWhatACallerWouldDo) {
  struct Case {
    int error;
    Code code;
  };
  const Case cases[] = {
      {EINVAL, Code::kInvalidArgument},
      {ENOENT, Code::kNotFound},
      {ESRCH, Code::kNotFound},
      {ENODEV, Code::kNotFound},
      {ENXIO, Code::kNotFound},
      {EEXIST, Code::kConflict},
      {EBUSY, Code::kConflict},
      {EPERM, Code::kPermission},
      {EACCES, Code::kPermission},
      {EOPNOTSUPP, Code::kUnsupported},
      {524, Code::kUnsupported},
      {ENOSYS, Code::kUnsupported},
      {EAFNOSUPPORT, Code::kUnsupported},
      {EPROTONOSUPPORT, Code::kUnsupported},
      {ENOPROTOOPT, Code::kUnsupported},
      {ENOMEM, Code::kSystem},
      {E2BIG, Code::kSystem},
      {9999, Code::kSystem},
  };
  for (const Case& row : cases) EXPECT_EQ(CodeOf(Errno{row.error}), row.code) << row.error;
}

TEST(CodeName, IsTheNameInWords) {
  EXPECT_EQ(CodeName(Code::kInvalidArgument), "invalid argument");
  EXPECT_EQ(CodeName(Code::kMalformed), "malformed");
  EXPECT_EQ(CodeName(Code::kNotFound), "not found");
  EXPECT_EQ(CodeName(Code::kConflict), "conflict");
  EXPECT_EQ(CodeName(Code::kPermission), "permission");
  EXPECT_EQ(CodeName(Code::kRejected), "rejected");
  EXPECT_EQ(CodeName(Code::kUnsupported), "unsupported");
  EXPECT_EQ(CodeName(Code::kSystem), "system");
  EXPECT_EQ(CodeName(static_cast<Code>(99)), "unknown");
}

TEST(SystemError, HasTheCodeThatFitsTheErrno) {
  const Error error = SystemError(Errno{ENOENT}, "open", "x.o");
  EXPECT_EQ(error.code, Code::kNotFound);
  EXPECT_EQ(error.sys_errno, ENOENT);
  EXPECT_EQ(error.ToString(), "open 'x.o': ENOENT (No such file or directory)");
}

Result<std::string> Twice(Result<std::string> once) {
  std::string text = PUREBPF_TRY(std::move(once));
  return text + text;
}

TEST(Try, GivesTheValueOrReturnsTheError) {
  EXPECT_EQ(Twice(std::string("a")).value(), "aa");
  const auto failed = Twice(std::unexpected(Error{.detail = "no"}));
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().detail, "no");
}

}  // namespace
}  // namespace purebpf
