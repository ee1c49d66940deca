// How reports of purebpf read, and where they cannot be written.
#include "purebpf/tools/purebpf/load_report.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <expected>
#include <string>

#include "purebpf/bpf/error.h"
#include "purebpf/tools/purebpf/output.h"

namespace purebpf::tool {
namespace {

TEST(Report, OfAWholeObjectTellsEveryProgramsReasonOnce) {
  const Error first{.code = Code::kNotFound, .operation = "plan", .object = "first"};
  const Error second{.code = Code::kNotFound, .operation = "plan", .object = "second"};
  ObjectReport report{.file = "a.o", .error = first};
  report.programs.push_back({.name = "one", .plan_error = first});
  report.programs.push_back({.name = "two", .plan_error = second});
  report.programs.push_back({.name = "three"});
  for (ProgramReport& program : report.programs) program.load = std::unexpected(first);
  const std::string text = ToText(report);
  const size_t reasons = text.find("  plan 'first'");
  ASSERT_NE(reasons, std::string::npos) << text;
  EXPECT_EQ(text.substr(reasons), "  plan 'first': not found\n  plan 'second': not found\n");
}

// An object without programs has nobody else to say why it cannot be loaded.
TEST(Report, TellsTheWholeObjectsReasonAsJson) {
  const Error error{.code = Code::kSystem, .operation = "create map", .object = "m"};
  const ObjectReport report{.file = "a.o", .error = error};
  EXPECT_FALSE(report.Ok());
  EXPECT_NE(
      ToJson(report).find(R"("open":"ok","error":{"code":"system","operation":"create map",)"),
      std::string::npos)
      << ToJson(report);
}

TEST(Output, SaysWhyItCannotBeWritten) {
  std::array<int, 2> errors{};
  ASSERT_EQ(pipe(errors.data()), 0);
  const int full = open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  EXPECT_FALSE(FdOutput(full, errors[1]).Write("text"));
  std::array<char, 200> said{};
  const ssize_t length = read(errors[0], said.data(), said.size());
  ASSERT_GT(length, 0);
  EXPECT_EQ(std::string(said.data(), static_cast<size_t>(length)),
            "purebpf: write to 'standard output': ENOSPC (No space left on device)\n");
  for (const int fd : {full, errors[0], errors[1]}) close(fd);
}

}  // namespace
}  // namespace purebpf::tool
