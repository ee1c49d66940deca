// Programs in the running kernel. Needs root.
#include "purebpf/bpf/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/host_kernel.h"
#include "purebpf/bpf/map.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::IsOk;
using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr Insn kMoveToR0 = {.code = 0xb7, .imm = 2};  // r0 = 2: XDP_PASS
constexpr Insn kReturn = {.code = kExit};

ProgramParams Of(std::vector<Insn> insns) {
  return {.name = "two_insns", .type = ProgType::kXdp, .license = "GPL", .insns = std::move(insns)};
}

class ProgramTest : public ::testing::Test {
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

TEST_F(ProgramTest, IsLoadedAndFoundAgainById) {
  const auto program = Program::Load(kernel_, Of({kMoveToR0, kReturn}));
  ASSERT_THAT(program, IsOk());
  EXPECT_EQ(program->log(), "");
  const auto info = program->Info();
  ASSERT_THAT(info, IsOk());
  EXPECT_NE(info->id, 0u);
  EXPECT_EQ(info->type, ProgType::kXdp);
  EXPECT_EQ(info->name, "two_insns");
  EXPECT_NE(info->tag, (std::array<uint8_t, 8>{}));

  const auto same = Program::FromId(kernel_, info->id);
  ASSERT_THAT(same, IsOk());
  EXPECT_NE(same->fd(), program->fd());
  EXPECT_EQ(same->name(), "two_insns");
  EXPECT_EQ(same->type(), ProgType::kXdp);
  EXPECT_EQ(same->Info().value(), *info);
}

TEST_F(ProgramTest, HasATagOfItsCodeAlone) {
  const auto first = Program::Load(kernel_, Of({kMoveToR0, kReturn}));
  ProgramParams renamed = Of({kMoveToR0, kReturn});
  renamed.name = "other";
  const auto second = Program::Load(kernel_, renamed);
  const auto third = Program::Load(kernel_, Of({{.code = 0xb7, .imm = 1}, kReturn}));
  EXPECT_EQ(first->Info()->tag, second->Info()->tag);
  EXPECT_NE(first->Info()->tag, third->Info()->tag);
}

TEST_F(ProgramTest, IsNotThereUnderAnIdThatNobodyHas) {
  EXPECT_THAT(Program::FromId(kernel_, 0x7ffffff0),
              Fails(Code::kNotFound, "open program 'id 2147483632': ENOENT"));
  EXPECT_THAT(Program::FromId(kernel_, 0), Fails(Code::kNotFound, "ENOENT"));
}

TEST_F(ProgramTest, IsGoneWithItsLastDescriptor) {
  uint32_t id = 0;
  {
    const auto program = Program::Load(kernel_, Of({kMoveToR0, kReturn}));
    id = program->Info().value().id;
  }
  EXPECT_THAT(Program::FromId(kernel_, id), Fails(Code::kNotFound, "ENOENT"));
}

TEST_F(ProgramTest, IsRejectedWithTheVerifiersWords) {
  // r0 was never written.
  const auto program = Program::Load(kernel_, Of({kReturn}));
  EXPECT_THAT(program,
              Fails(Code::kRejected,
                    "load program 'two_insns': EACCES (Permission denied): R0 !read_ok ("));
  EXPECT_THAT(program.error().log, HasSubstr("R0 !read_ok\n"));
  EXPECT_THAT(program.error().log, HasSubstr("\nprocessed 1 insns"));
  EXPECT_THAT(program.error().detail, EndsWith("log lines)"));
}

TEST_F(ProgramTest, IsRejectedForWhatItsLicenseForbids) {
  // bpf_ktime_get_ns is free to all; bpf_trace_printk (6) is for GPL-compatible programs.
  ProgramParams params = Of({{.code = kCall, .imm = 6}, kReturn});
  params.license = "Proprietary";
  EXPECT_THAT(Program::Load(kernel_, params), Fails(Code::kRejected, "GPL"));
}

// At level 2 the verifier writes a line for each.
std::vector<Insn> Steps(int count) {
  std::vector<Insn> insns;
  for (int i = 0; i < count; ++i) insns.push_back({.code = 0xb7, .imm = 100000 + i});
  insns.push_back(kMoveToR0);
  insns.push_back(kReturn);
  return insns;
}

TEST_F(ProgramTest, GivesALogLargerThanTheFirstBufferWhole) {
  const auto program = Program::Load(kernel_, Of(Steps(3000)), {.level = 2});
  ASSERT_THAT(program, IsOk());
  EXPECT_GT(program->log().size(), size_t{64} << 10);
  EXPECT_THAT(program->log(), HasSubstr("\n0: (b7) r0 = 100000"));
  EXPECT_THAT(program->log(), HasSubstr("\n2999: (b7) r0 = 102999"));
  EXPECT_THAT(program->log(), HasSubstr("\nprocessed 3002 insns"));
}

TEST_F(ProgramTest, GivesTheWholeLogOfARejectedProgram) {
  std::vector<Insn> insns = Steps(3000);
  insns.insert(insns.end() - 2, {.code = 0xbf, .registers = Insn::Registers(0, 9)});  // r0 = r9
  const auto program = Program::Load(kernel_, Of(insns), {.level = 2});
  EXPECT_THAT(program, Fails(Code::kRejected, "R9 !read_ok"));
  EXPECT_GT(program.error().log.size(), size_t{64} << 10);
  EXPECT_THAT(program.error().log, HasSubstr("\n0: (b7) r0 = 100000"));
  EXPECT_THAT(program.error().log, HasSubstr("\nR9 !read_ok"));
}

TEST_F(ProgramTest, KeepsToTheLargestLogAndLoadsAllTheSame) {
  const auto program = Program::Load(kernel_, Of(Steps(3000)), {.level = 2, .max_bytes = 4096});
  ASSERT_THAT(program, IsOk());
  EXPECT_LE(program->log().size(), 4096u);
  EXPECT_GT(program->log().size(), 3000u);
}

TEST_F(ProgramTest, GivesTheLogThatIsAskedFor) {
  const auto steps = Program::Load(kernel_, Of({kMoveToR0, kReturn}), {.level = 2});
  ASSERT_THAT(steps, IsOk());
  EXPECT_THAT(steps->log(), HasSubstr("(b7) r0 = 2"));
  const auto statistics = Program::Load(kernel_, Of({kMoveToR0, kReturn}), {.level = 4});
  ASSERT_THAT(statistics, IsOk());
  EXPECT_THAT(statistics->log(), HasSubstr("processed 2 insns"));
  EXPECT_THAT(Program::Load(kernel_, Of({kMoveToR0, kReturn}), {.level = 1U << 20}),
              Fails(Code::kInvalidArgument, "EINVAL"));
}

TEST_F(ProgramTest, IsRefusedWithAReason) {
  struct Case {
    const char* name;
    ProgramParams params;
    Code code;
    const char* words;
  };
  auto with = [](auto change) {
    ProgramParams params = Of({kMoveToR0, kReturn});
    change(params);
    return params;
  };
  const Case cases[] = {
      {"no instructions", Of({}), Code::kSystem,
       "E2BIG (Argument list too long); the program has no instructions"},
      {"a type of the future", with([](ProgramParams& p) { p.type = ProgType{777}; }),
       Code::kInvalidArgument, "EINVAL (Invalid argument); no such program type is known here"},
      {"a wrong attach type", with([](ProgramParams& p) {
         p.type = ProgType::kCgroupSockAddr;
         p.expected_attach_type = AttachType::kXdp;
       }),
       Code::kInvalidArgument, "check program type, expected attach type and flags"},
      {"flags that do not exist", with([](ProgramParams& p) { p.flags = 1U << 31; }),
       Code::kInvalidArgument, "not the verifier"},
      {"an opcode that does not exist", Of({{.code = 0xff}, kReturn}), Code::kRejected, "EINVAL"},
      {"a descriptor that is not a map's",
       Of({{.code = kLoadImm64, .registers = Insn::Registers(1, kPseudoMapFd), .imm = 0},
           {},
           kMoveToR0,
           kReturn}),
       Code::kRejected, "is not pointing to valid bpf_map"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    EXPECT_THAT(Program::Load(kernel_, row.params), Fails(row.code, row.words));
  }
}

TEST_F(ProgramTest, HoldsTheMapThatItNames) {
  const auto map = Map::Create(
      kernel_,
      {.name = "m", .type = MapType::kArray, .key_size = 4, .value_size = 4, .max_entries = 1});
  ASSERT_THAT(map, IsOk());
  EXPECT_THAT(
      Program::Load(
          kernel_,
          Of({{.code = kLoadImm64, .registers = Insn::Registers(1, kPseudoMapFd), .imm = map->fd()},
              {},
              kMoveToR0,
              kReturn})),
      IsOk());
}

TEST_F(ProgramTest, IsLoadedThroughSignals) {
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
