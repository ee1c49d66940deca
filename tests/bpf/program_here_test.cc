// Programs in the running kernel, for what no recording can hold: logs that are longer than all
// other recordings together, times, and signals. Needs root.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <utility>
#include <vector>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/bpf/insn.h"
#include "purebpf/bpf/program.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::IsOk;
using ::testing::HasSubstr;

constexpr Insn kMoveToR0 = {.code = 0xb7, .imm = 2};  // r0 = 2: XDP_PASS
constexpr Insn kReturn = {.code = kExit};

ProgramParams Of(std::vector<Insn> insns) {
  return {.name = "steps", .type = ProgType::kXdp, .license = "GPL", .insns = std::move(insns)};
}

class ProgramHere : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "programs need root";
    const auto program = Program::Load(kernel_, Of({kMoveToR0, kReturn}));
    if (!program &&
        (program.error().code == Code::kPermission || program.error().sys_errno == ENOSYS))
      GTEST_SKIP() << program.error().ToString();
    ASSERT_THAT(program, IsOk());
  }
  HostKernel kernel_;
};

// At level 2 the verifier writes a line for each.
std::vector<Insn> Steps(int count) {
  std::vector<Insn> insns;
  for (int i = 0; i < count; ++i) insns.push_back({.code = 0xb7, .imm = 100000 + i});
  insns.push_back(kMoveToR0);
  insns.push_back(kReturn);
  return insns;
}

TEST_F(ProgramHere, GivesALogLargerThanTheFirstBufferWhole) {
  const auto program = Program::Load(kernel_, Of(Steps(3000)), {.level = 2});
  ASSERT_THAT(program, IsOk());
  EXPECT_GT(program->log().size(), size_t{64} << 10);
  EXPECT_THAT(program->log(), HasSubstr("\n0: (b7) r0 = 100000"));
  EXPECT_THAT(program->log(), HasSubstr("\n2999: (b7) r0 = 102999"));
  EXPECT_THAT(program->log(), HasSubstr("\nprocessed 3002 insns"));
}

TEST_F(ProgramHere, GivesTheWholeLogOfARejectedProgram) {
  std::vector<Insn> insns = Steps(3000);
  insns.insert(insns.end() - 2, {.code = 0xbf, .registers = Insn::Registers(0, 9)});  // r0 = r9
  const auto program = Program::Load(kernel_, Of(insns), {.level = 2});
  EXPECT_THAT(program, Fails(Code::kRejected, "R9 !read_ok"));
  EXPECT_GT(program.error().log.size(), size_t{64} << 10);
  EXPECT_THAT(program.error().log, HasSubstr("\n0: (b7) r0 = 100000"));
  EXPECT_THAT(program.error().log, HasSubstr("\nR9 !read_ok"));
}

TEST_F(ProgramHere, KeepsToTheLargestLogAndLoadsAllTheSame) {
  const auto program = Program::Load(kernel_, Of(Steps(3000)), {.level = 2, .max_bytes = 4096});
  ASSERT_THAT(program, IsOk());
  EXPECT_LE(program->log().size(), 4096u);
  EXPECT_GT(program->log().size(), 3000u);
}

// They say how long it took.
TEST_F(ProgramHere, GivesTheVerifiersStatistics) {
  const auto statistics = Program::Load(kernel_, Of({kMoveToR0, kReturn}), {.level = 4});
  ASSERT_THAT(statistics, IsOk());
  EXPECT_THAT(statistics->log(), HasSubstr("processed 2 insns"));
}

TEST_F(ProgramHere, IsLoadedThroughSignals) {
  // The verifier answers EAGAIN to a pending signal; the seam tries again. The signals are far
  // enough apart that a try fits between two, and close enough that many loads meet one.
  using std::chrono::steady_clock;
  const ProgramParams params = Of(Steps(3000));
  auto slowest = std::chrono::microseconds(250);
  for (int i = 0; i < 20; ++i) {
    const auto start = steady_clock::now();
    ASSERT_THAT(Program::Load(kernel_, params), IsOk());
    const auto took = steady_clock::now() - start;
    slowest = std::max(slowest, std::chrono::duration_cast<std::chrono::microseconds>(took));
  }
  static std::atomic<int> signals{0};
  struct sigaction action{};
  struct sigaction before{};
  action.sa_handler = [](int) { ++signals; };
  sigaction(SIGALRM, &action, &before);
  const timeval apart = {.tv_sec = 0, .tv_usec = std::min<long>(slowest.count() * 4, 900000)};
  const itimerval every = {.it_interval = apart, .it_value = apart};
  setitimer(ITIMER_REAL, &every, nullptr);
  const auto end = steady_clock::now() + std::chrono::seconds(20);
  while (signals < 50 && steady_clock::now() < end)
    EXPECT_THAT(Program::Load(kernel_, params), IsOk());
  const itimerval never{};
  setitimer(ITIMER_REAL, &never, nullptr);
  sigaction(SIGALRM, &before, nullptr);
  EXPECT_GT(signals, 0);
}

}  // namespace
}  // namespace purebpf
