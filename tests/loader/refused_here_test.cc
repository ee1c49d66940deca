// What the running kernel refuses for reasons that no recording can hold. Needs root.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/loader/collection.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/refused.h"

namespace purebpf {
namespace {

using testing::Fails;
using ::testing::HasSubstr;

Result<Collection> Load(HostKernel& kernel, const char* program) {
  auto spec = CollectionSpec::Parse(refused::Object(), "refused.o");
  if (!spec) return std::unexpected(std::move(spec).error());
  return spec->Load(kernel, {.only = {{program}}});
}

bool DropAllCapabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> none{};
  return syscall(SYS_capset, &header, none.data()) == 0;
}

// What loading the program in a process without capabilities comes to, in words.
std::string WordsWithoutCapabilities(const char* program) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    HostKernel kernel;
    std::string words = "capabilities cannot be dropped";
    if (DropAllCapabilities()) {
      const auto loaded = Load(kernel, program);
      words = loaded ? "loaded"
                     : std::string(CodeName(loaded.error().code)) + ": " +
                           loaded.error().ToString() + "; " + loaded.error().hint;
    }
    const auto written = write(ends[1], words.data(), words.size());
    _exit(written == static_cast<ssize_t>(words.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string words;
  std::array<char, 4096> part{};
  for (ssize_t n = 0; (n = read(ends[0], part.data(), part.size())) > 0;)
    words.append(part.data(), static_cast<size_t>(n));
  close(ends[0]);
  if (child > 0) waitpid(child, nullptr, 0);
  return words;
}

TEST(RefusedHere, NamesTheCapabilitiesThatAreMissing) {
  EXPECT_THAT(WordsWithoutCapabilities("packet_bounds"),
              HasSubstr("needs CAP_BPF and CAP_NET_ADMIN"));
  EXPECT_THAT(WordsWithoutCapabilities("missing_field"),
              HasSubstr("needs CAP_BPF and CAP_PERFMON"));
}

TEST(RefusedHere, ExplainsTheLimitOfComplexity) {
  HostKernel kernel;
  const auto loaded = Load(kernel, "too_complex");
  ASSERT_THAT(loaded, Fails(Code::kRejected, "program is too large"));
  EXPECT_THAT(loaded.error().detail, HasSubstr("refused.bpf.c:"));
  EXPECT_THAT(loaded.error().detail,
              HasSubstr("the verifier gave up after a million instructions"));
  EXPECT_THAT(loaded.error().hint, HasSubstr("bpf_loop()"));
}

}  // namespace
}  // namespace purebpf
