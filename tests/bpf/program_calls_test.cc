// Programs over a kernel that is not there: which calls are made, how the verifier's log grows, and
// what becomes of each answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/program.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::FakeCall;
using purebpf::testing::FakeKernel;
using purebpf::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ProgramParams Pass() {
  return {.name = "xdp_pass",
          .type = ProgType::kXdp,
          .license = "GPL",
          .insns = {{.code = 0xb7, .imm = 2}, {.code = kExit}}};
}

constexpr std::string_view kReject =
    "0: R1=ctx() R10=fp0\n"
    "0: (95) exit\n"
    "R0 !read_ok\n"
    "processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0\n";
constexpr std::string_view kAccept = "verification time 5 usec\nstack depth 0\nprocessed 2 insns\n";

// A kernel's verifier: writes `log` into the buffer that is given, and answers `error` (0:
// accepts).
struct Verifier {
  std::string_view log;
  int error;
  bool tells_size = true;         // log_true_size, Linux 6.4
  uint32_t largest = UINT32_MAX;  // a larger buffer is EINVAL, as 16 MiB before Linux 5.2

  SysResult<int> operator()(MutableBytes attr, std::span<const Region> regions) const {
    ProgLoadAttr asked;
    std::memcpy(&asked, attr.data(), sizeof asked);
    if (asked.log_size > largest) return std::unexpected(Errno{EINVAL});
    if (asked.log_level != 0) {
      const MutableBytes buffer = regions.back().bytes;
      const size_t fits = std::min(log.size(), buffer.size() - 1);
      std::memcpy(buffer.data(), log.data(), fits);
      buffer[fits] = std::byte{0};
      if (tells_size) {
        const auto size = static_cast<uint32_t>(log.size() + 1);
        std::memcpy(&attr[offsetof(ProgLoadAttr, log_true_size)], &size, sizeof size);
      }
      if (fits < log.size()) return std::unexpected(Errno{ENOSPC});
    }
    if (error != 0) return std::unexpected(Errno{error});
    return kernel->NewFd();
  }
  FakeKernel* kernel;
};

FakeKernel& Verify(FakeKernel& kernel, Verifier verifier) {
  verifier.kernel = &kernel;
  return kernel.Always(Command::kProgLoad, verifier);
}

// The size of the log buffer of each load.
std::vector<uint32_t> LogSizes(const FakeKernel& kernel) {
  std::vector<uint32_t> sizes;
  for (const FakeCall& call : kernel.calls())
    if (call.command == Command::kProgLoad) sizes.push_back(call.As<ProgLoadAttr>().log_size);
  return sizes;
}

std::string LongLog(size_t size) {
  std::string log;
  while (log.size() < size) log += "12: (07) r1 += 1   ; R1_w=scalar()\n";
  return log + "R1 invalid mem access 'scalar'\nprocessed 13 insns\n";
}

// --- The happy path ---------------------------------------------------------------------------

TEST(ProgramLoad, IsOneCallWithoutALog) {
  FakeKernel kernel;
  {
    ProgramParams params = Pass();
    params.name = "xdp-xconnect of ports";
    params.expected_attach_type = AttachType::kXdp;
    params.flags = kXdpHasFrags;
    params.kern_version = 0x060100;
    const auto program = Program::Load(kernel, params);
    ASSERT_THAT(program, IsOk());
    EXPECT_EQ(program->name(), "xdp-xconnect of ports");
    EXPECT_EQ(program->type(), ProgType::kXdp);
    EXPECT_EQ(program->log(), "");
    EXPECT_THAT(kernel.open_fds(), ElementsAre(program->fd()));
  }
  EXPECT_THAT(kernel.open_fds(), IsEmpty());
  ASSERT_EQ(kernel.calls().size(), 1u);
  EXPECT_EQ(kernel.release_count() + kernel.get_limit_count() + kernel.read_paths().size(), 0u);
  const FakeCall& call = kernel.calls()[0];
  const auto attr = call.As<ProgLoadAttr>();
  EXPECT_EQ(attr.prog_type, 6u);
  EXPECT_EQ(attr.insn_cnt, 2u);
  EXPECT_EQ(attr.expected_attach_type, 37u);
  EXPECT_EQ(attr.prog_flags, 32u);
  EXPECT_EQ(attr.kern_version, 0x060100u);
  EXPECT_STREQ(attr.prog_name.data(), "xdp_xconnect_of");
  EXPECT_EQ(attr.log_level, 0u);
  EXPECT_EQ(attr.log_size, 0u);
  EXPECT_EQ(attr.log_buf, 0u);
  ASSERT_EQ(call.regions.size(), 2u);
  EXPECT_EQ(call.regions[0].attr_offset, 8u);
  EXPECT_EQ(call.regions[0].bytes.size(), 16u);
  EXPECT_EQ(call.regions[0].bytes[0], std::byte{0xb7});
  EXPECT_EQ(call.regions[1].attr_offset, 16u);
  EXPECT_THAT(call.regions[1].bytes,
              ElementsAre(std::byte{'G'}, std::byte{'P'}, std::byte{'L'}, std::byte{0}));
}

TEST(ProgramLoad, KeepsTheLogThatWasAskedForOnSuccess) {
  FakeKernel kernel;
  Verify(kernel, {.log = kAccept, .error = 0});
  const auto program = Program::Load(kernel, Pass(), {.level = 4});
  ASSERT_THAT(program, IsOk());
  EXPECT_EQ(program->log(), kAccept);
  EXPECT_EQ(kernel.calls().size(), 1u);
  EXPECT_EQ(kernel.calls()[0].As<ProgLoadAttr>().log_level, 4u);
}

// --- Rejection --------------------------------------------------------------------------------

TEST(ProgramLoad, AsksForTheLogOnlyAfterARejection) {
  FakeKernel kernel;
  Verify(kernel, {.log = kReject, .error = EACCES});
  const auto program = Program::Load(kernel, Pass());
  EXPECT_THAT(program, Fails(Code::kRejected,
                             "load program 'xdp_pass': EACCES (Permission denied): R0 !read_ok (4 "
                             "log lines)"));
  EXPECT_EQ(program.error().log, kReject);
  EXPECT_EQ(program.error().sys_errno, EACCES);
  ASSERT_EQ(kernel.calls().size(), 2u);
  EXPECT_EQ(kernel.calls()[0].As<ProgLoadAttr>().log_level, 0u);
  EXPECT_EQ(kernel.calls()[1].As<ProgLoadAttr>().log_level, 1u);
  EXPECT_EQ(kernel.release_count(), 0u);
  EXPECT_THAT(kernel.open_fds(), IsEmpty());
}

TEST(ProgramLoad, NeedsNoSecondTryWhereALogWasAskedFor) {
  FakeKernel kernel;
  Verify(kernel, {.log = kReject, .error = EACCES});
  EXPECT_THAT(Program::Load(kernel, Pass(), {.level = 2}), Fails(Code::kRejected, "R0 !read_ok"));
  EXPECT_EQ(kernel.calls().size(), 1u);
}

TEST(ProgramLoad, AsksForWordsWhereOnlyStatisticsWereAskedFor) {
  FakeKernel kernel;
  Verify(kernel, {.log = kReject, .error = EACCES});
  EXPECT_THAT(Program::Load(kernel, Pass(), {.level = 4}), Fails(Code::kRejected, "R0 !read_ok"));
  ASSERT_EQ(kernel.calls().size(), 2u);
  EXPECT_EQ(kernel.calls()[1].As<ProgLoadAttr>().log_level, 5u);
}

TEST(ProgramLoad, FindsTheTellingLine) {
  struct Case {
    const char* name;
    std::string log;
    std::string detail;
  };
  const Case cases[] = {
      {"the last", "a\nb\n", "b (2 log lines)"},
      {"before the statistics",
       "bad\nverification time 5 usec\nstack depth 0+8\nprocessed 1 insns (limit 4096)\n",
       "bad (4 log lines)"},
      {"no newline at the end", "bad", "bad (1 log line)"},
      {"empty lines behind", "bad\n\n  \t\n\n", "bad (4 log lines)"},
      {"statistics alone", "processed 1 insns\n", "(1 log line)"},
      {"newlines alone", "\n\n", "(2 log lines)"},
      {"a word like the statistics", "stack deep\nunprocessed 1\n", "unprocessed 1 (2 log lines)"},
      {"bytes that are not UTF-8", "func '\xff\xfe\x80' bad\n",
       "func '\xff\xfe\x80' bad (1 log line)"},
      {"a very long line", std::string(600, 'x') + "\n",
       std::string(500, 'x') + "... (1 log line)"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    FakeKernel kernel;
    Verify(kernel, {.log = row.log, .error = EINVAL});
    const auto program = Program::Load(kernel, Pass());
    ASSERT_FALSE(program.has_value());
    EXPECT_EQ(program.error().code, Code::kRejected);
    EXPECT_EQ(program.error().detail, row.detail);
    EXPECT_EQ(program.error().log, row.log);
  }
}

// --- The log grows ----------------------------------------------------------------------------

TEST(ProgramLoad, GivesTheLogTheRoomThatTheKernelTells) {
  FakeKernel kernel;
  const std::string log = LongLog(300000);
  Verify(kernel, {.log = log, .error = EACCES});
  const auto program = Program::Load(kernel, Pass());
  EXPECT_THAT(program, Fails(Code::kRejected, "EACCES (Permission denied): R1 invalid mem access"));
  EXPECT_EQ(program.error().log, log);
  EXPECT_THAT(LogSizes(kernel), ElementsAre(0, 65536, log.size() + 1));
}

TEST(ProgramLoad, GrowsTheLogByItselfWhereTheKernelDoesNotTell) {
  FakeKernel kernel;
  const std::string log = LongLog(300000);
  Verify(kernel, {.log = log, .error = EACCES, .tells_size = false});
  const auto program = Program::Load(kernel, Pass());
  EXPECT_THAT(program, Fails(Code::kRejected, "EACCES (Permission denied): R1 invalid mem access"));
  EXPECT_EQ(program.error().log, log);
  EXPECT_THAT(LogSizes(kernel), ElementsAre(0, 65536, 262144, 1048576));
}

TEST(ProgramLoad, StopsAtTheLargestLogAndKeepsWhatFitted) {
  for (const bool tells_size : {false, true}) {
    SCOPED_TRACE(tells_size);
    FakeKernel kernel;
    const std::string log = LongLog(300000);
    Verify(kernel, {.log = log, .error = EACCES, .tells_size = tells_size});
    const auto program = Program::Load(kernel, Pass(), {.max_bytes = 100000});
    // Not ENOSPC, which is about the log: the first try told the truth.
    EXPECT_THAT(program, Fails(Code::kRejected, "EACCES (Permission denied): "));
    EXPECT_THAT(program.error().detail, HasSubstr("more than the log may take"));
    EXPECT_EQ(program.error().log, log.substr(0, 99999));
    EXPECT_THAT(LogSizes(kernel), ElementsAre(0, 65536, 100000));
  }
}

TEST(ProgramLoad, KeepsWhatFittedWhereALargerLogIsRefused) {
  FakeKernel kernel;
  const std::string log = LongLog(300000);
  Verify(kernel, {.log = log, .error = EACCES, .tells_size = false, .largest = 262144});
  const auto program = Program::Load(kernel, Pass());
  EXPECT_THAT(program, Fails(Code::kRejected, "EACCES"));
  EXPECT_EQ(program.error().log, log.substr(0, 262143));
  EXPECT_THAT(LogSizes(kernel), ElementsAre(0, 65536, 262144, 1048576));
}

TEST(ProgramLoad, KeepsLogSizesWithinTheKernelsBounds) {
  FakeKernel kernel;
  Verify(kernel, {.log = kReject, .error = EACCES});
  EXPECT_THAT(Program::Load(kernel, Pass(), {.max_bytes = 0}), Fails(Code::kRejected, "EACCES"));
  EXPECT_THAT(LogSizes(kernel), ElementsAre(0, 128));
  EXPECT_THAT(Program::Load(kernel, Pass(), {.max_bytes = 1000}), Fails(Code::kRejected, "EACCES"));
  EXPECT_THAT(LogSizes(kernel), ElementsAre(0, 128, 0, 1000));
}

TEST(ProgramLoad, LoadsEvenWhereTheLogAskedForDoesNotFit) {
  FakeKernel kernel;
  const std::string log = LongLog(300000);
  Verify(kernel, {.log = log, .error = 0});
  const auto program = Program::Load(kernel, Pass(), {.level = 2, .max_bytes = 1000});
  ASSERT_THAT(program, IsOk());
  EXPECT_EQ(program->log(), log.substr(0, 999));
  EXPECT_THAT(LogSizes(kernel), ElementsAre(1000, 0));
  // And tells the truth where the program is bad.
  Verify(kernel, {.log = log, .error = EACCES});
  EXPECT_THAT(Program::Load(kernel, Pass(), {.level = 2, .max_bytes = 1000}),
              Fails(Code::kRejected, "EACCES"));
}

TEST(ProgramLoad, DoesNotGrowALogThatIsSaidToFit) {
  FakeKernel kernel;
  Verify(kernel, {.log = kReject, .error = ENOSPC});  // ENOSPC for another reason
  EXPECT_THAT(Program::Load(kernel, Pass()), Fails(Code::kRejected, "ENOSPC"));
  EXPECT_THAT(LogSizes(kernel), ElementsAre(0, 65536));
}

// --- Refusals that are not the verifier's -----------------------------------------------------

TEST(ProgramLoad, KeepsTheFirstErrorWhereTheVerifierHasNoWords) {
  struct Case {
    const char* name;
    ProgramParams params;
    int error;
    const char* release;
    size_t loads;
    Code code;
    const char* words;
  };
  auto with = [](auto change) {
    ProgramParams params = Pass();
    change(params);
    return params;
  };
  const Case cases[] = {
      {"no privilege", Pass(), EPERM, "6.1.0", 2, Code::kPermission,
       "EPERM (Operation not permitted); needs CAP_BPF and CAP_NET_ADMIN"},
      {"no privilege to trace", with([](ProgramParams& p) { p.type = ProgType::kTracing; }), EPERM,
       "6.1.0", 2, Code::kPermission, "needs CAP_BPF and CAP_PERFMON"},
      {"no privilege to filter", with([](ProgramParams& p) { p.type = ProgType::kSocketFilter; }),
       EPERM, "6.1.0", 2, Code::kPermission, "needs CAP_BPF (CAP_SYS_ADMIN before"},
      {"too new a type", with([](ProgramParams& p) { p.type = ProgType::kNetfilter; }), EINVAL,
       "6.1.0-13-amd64", 2, Code::kUnsupported,
       "BPF_PROG_TYPE_NETFILTER needs Linux 6.4; this is 6.1.0-13-amd64"},
      {"a type that nobody knows", with([](ProgramParams& p) { p.type = ProgType{777}; }), EINVAL,
       "6.1.0", 2, Code::kInvalidArgument, "no such program type is known here"},
      {"attributes", Pass(), EINVAL, "6.1.0", 2, Code::kInvalidArgument, "expected attach type"},
      {"no instructions", with([](ProgramParams& p) { p.insns.clear(); }), E2BIG, "6.1.0", 2,
       Code::kSystem, "the program has no instructions"},
      // And twice more without a name, which Linux before 4.15 does not know.
      {"too many instructions", Pass(), E2BIG, "6.1.0", 4, Code::kSystem, "too many instructions"},
      {"a wrong map", Pass(), EBADF, "6.1.0", 2, Code::kSystem, "a descriptor that is not a map's"},
      {"signals", Pass(), EAGAIN, "6.1.0", 1, Code::kSystem, "signals kept interrupting"},
      {"no memory", Pass(), ENOMEM, "6.1.0", 1, Code::kSystem, "the memory cgroup"},
      {"no descriptors", Pass(), EMFILE, "6.1.0", 1, Code::kSystem, "EMFILE"},
      {"a bad address", Pass(), EFAULT, "6.1.0", 1, Code::kSystem, "EFAULT"},
      {"no bpf at all", Pass(), ENOSYS, "6.1.0", 1, Code::kUnsupported, "CONFIG_BPF_SYSCALL"},
      {"no JIT", Pass(), 524, "6.1.0", 2, Code::kUnsupported, "net.core.bpf_jit_enable"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    FakeKernel kernel;
    kernel.release = std::string(row.release);
    kernel.Always(Command::kProgLoad, Errno{row.error});
    const auto program = Program::Load(kernel, row.params);
    EXPECT_THAT(program, Fails(row.code, row.words));
    EXPECT_EQ(program.error().sys_errno, row.error);
    EXPECT_EQ(program.error().log, "");
    EXPECT_EQ(kernel.Count(Command::kProgLoad), row.loads);
  }
}

TEST(ProgramLoad, KeepsTheFirstErrorWhereTheSecondIsAnother) {
  for (const int second : {EFAULT, EPERM, EINVAL, ENOMEM}) {
    SCOPED_TRACE(second);
    FakeKernel kernel;
    kernel.Answer(Command::kProgLoad, Errno{EACCES});
    kernel.Answer(Command::kProgLoad, Errno{second});
    EXPECT_THAT(Program::Load(kernel, Pass()), Fails(Code::kPermission, "EACCES"));
  }
}

TEST(ProgramLoad, TakesTheProgramWhereTheSecondTrySucceeds) {
  FakeKernel kernel;
  kernel.Answer(Command::kProgLoad, Errno{EINVAL});
  Verifier verifier{.log = kAccept, .error = 0, .kernel = &kernel};
  kernel.Answer(Command::kProgLoad, verifier);
  {
    const auto program = Program::Load(kernel, Pass());
    ASSERT_THAT(program, IsOk());
    EXPECT_EQ(program->log(), "");
    EXPECT_EQ(kernel.open_fds().size(), 1u);
  }
  EXPECT_THAT(kernel.open_fds(), IsEmpty());
}

TEST(ProgramLoad, NamesAProgramWithoutANameByItsType) {
  FakeKernel kernel;
  kernel.Always(Command::kProgLoad, Errno{EMFILE});
  EXPECT_THAT(Program::Load(kernel, {.type = ProgType::kXdp}),
              Fails(Code::kSystem, "load program 'BPF_PROG_TYPE_XDP': EMFILE"));
  EXPECT_THAT(Program::Load(kernel, {.type = ProgType{777}}),
              Fails(Code::kSystem, "load program 'program type 777': EMFILE"));
}

// --- RLIMIT_MEMLOCK ---------------------------------------------------------------------------

TEST(ProgramLoad, RaisesMemlockOnceWhereTheKernelChargesIt) {
  FakeKernel kernel;
  kernel.release = std::string("5.4.0");
  kernel.Answer(Command::kProgLoad, Errno{EPERM});
  EXPECT_THAT(Program::Load(kernel, Pass()), IsOk());
  EXPECT_EQ(kernel.Count(Command::kProgLoad), 2u);
  EXPECT_THAT(LogSizes(kernel), ElementsAre(0, 0));
  EXPECT_EQ(kernel.set_limits().size(), 1u);
}

TEST(ProgramLoad, FindsTheVerifiersWordsBehindMemlock) {
  FakeKernel kernel;
  kernel.release = std::string("5.4.0");
  kernel.Answer(Command::kProgLoad, Errno{EPERM});
  Verify(kernel, {.log = kReject, .error = EACCES});
  EXPECT_THAT(Program::Load(kernel, Pass()),
              Fails(Code::kRejected, "EACCES (Permission denied): R0"));
  EXPECT_THAT(LogSizes(kernel), ElementsAre(0, 0, 65536));
}

// Trap 28, of a program.
TEST(ProgramLoad, NamesWhatATokenMayNotAllow) {
  FakeKernel kernel;
  kernel.Always(Command::kProgLoad, Errno{EPERM});
  ProgramParams params = Pass();
  params.token_fd = 9;
  EXPECT_THAT(Program::Load(kernel, params),
              Fails(Code::kPermission,
                    "the token does not allow BPF_PROG_TYPE_XDP (mount its BPF "
                    "file system with that in delegate_progs, delegate_att"));
}

TEST(ProgramLoad, LeavesMemlockAloneOnANewKernel) {
  FakeKernel kernel;
  kernel.Always(Command::kProgLoad, Errno{EPERM});
  EXPECT_THAT(Program::Load(kernel, Pass()), Fails(Code::kPermission, "needs CAP_BPF"));
  EXPECT_EQ(kernel.set_limits().size() + kernel.get_limit_count(), 0u);
}

TEST(ProgramLoad, SaysWhereMemlockMayNotBeRaised) {
  FakeKernel kernel;
  kernel.release = std::string("5.4.0");
  kernel.may_raise_hard_limit = false;
  kernel.Always(Command::kProgLoad, Errno{EPERM});
  EXPECT_THAT(Program::Load(kernel, Pass()), Fails(Code::kPermission, "raise RLIMIT_MEMLOCK"));
}

// --- Ids and info -----------------------------------------------------------------------------

FakeKernel::Handler InfoIs(BpfProgInfo info) {
  return [info](MutableBytes, std::span<const Region> regions) -> SysResult<int> {
    std::memcpy(regions[0].bytes.data(), &info, sizeof info);
    return 0;
  };
}

TEST(ProgramFromId, OpensAndAsksInTwoCalls) {
  FakeKernel kernel;
  BpfProgInfo info{.type = 6, .id = 33, .tag = {1, 2, 3, 4, 5, 6, 7, 8}};
  // All sixteen characters, as no kernel writes them: the name ends with the field.
  std::memcpy(info.name.data(), "0123456789abcdef", 16);
  kernel.Always(Command::kObjGetInfoByFd, InfoIs(info));
  {
    const auto program = Program::FromId(kernel, 33);
    ASSERT_THAT(program, IsOk());
    EXPECT_EQ(program->name(), "0123456789abcdef");
    EXPECT_EQ(program->type(), ProgType::kXdp);
    EXPECT_EQ(kernel.calls().size(), 2u);
    EXPECT_EQ(kernel.Nth(Command::kProgGetFdById, 0).As<GetFdByIdAttr>().id, 33u);
    const auto asked = kernel.Nth(Command::kObjGetInfoByFd, 0);
    EXPECT_EQ(asked.As<GetInfoByFdAttr>().bpf_fd, static_cast<uint32_t>(program->fd()));
    EXPECT_EQ(asked.As<GetInfoByFdAttr>().info_len, sizeof(BpfProgInfo));
    const ProgramInfo expected = {.id = 33,
                                  .type = ProgType::kXdp,
                                  .name = "0123456789abcdef",
                                  .tag = {1, 2, 3, 4, 5, 6, 7, 8}};
    EXPECT_EQ(program->Info().value(), expected);
  }
  EXPECT_THAT(kernel.open_fds(), IsEmpty());
}

TEST(ProgramFromId, ClosesTheDescriptorWhereTheProgramCannotBeAsked) {
  FakeKernel kernel;
  kernel.Always(Command::kObjGetInfoByFd, Errno{EINVAL});
  EXPECT_THAT(Program::FromId(kernel, 33),
              Fails(Code::kInvalidArgument,
                    "ask about program 'id 33': EINVAL (Invalid argument); needs Linux 4.13"));
  EXPECT_THAT(kernel.open_fds(), IsEmpty());
  EXPECT_EQ(kernel.wrong_closes(), 0u);
}

TEST(ProgramFromId, SaysWhyThereIsNone) {
  FakeKernel kernel;
  kernel.Answer(Command::kProgGetFdById, Errno{ENOENT});
  EXPECT_THAT(Program::FromId(kernel, 33), Fails(Code::kNotFound, "open program 'id 33': ENOENT"));
  kernel.Answer(Command::kProgGetFdById, Errno{EPERM});
  EXPECT_THAT(Program::FromId(kernel, 33), Fails(Code::kPermission, "needs CAP_SYS_ADMIN"));
}

}  // namespace
}  // namespace purebpf
