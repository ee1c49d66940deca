// What a program is loaded with besides its instructions, and what is left out for kernels that
// refuse it; over a kernel that is not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
using ::testing::IsEmpty;

std::vector<std::byte> Filled(size_t size, uint8_t with) {
  return std::vector<std::byte>(size, std::byte{with});
}

// Two functions and three lines.
ProgramParams Described() {
  return {.name = "on_open",
          .type = ProgType::kTracing,
          .expected_attach_type = AttachType::kTraceFentry,
          .license = "GPL",
          .insns = {{.code = 0xb7}, {.code = kExit}},
          .btf_fd = 31,
          .func_info = {.record_size = 8, .records = Filled(16, 1)},
          .line_info = {.record_size = 16, .records = Filled(48, 2)}};
}

// Answers a load with a log, or with nothing but an errno.
FakeKernel::Handler Says(std::string_view log, int error) {
  return [log, error](MutableBytes attr, std::span<const Region> regions) -> SysResult<int> {
    ProgLoadAttr asked;
    std::memcpy(&asked, attr.data(), sizeof asked);
    if (asked.log_level != 0) std::memcpy(regions.back().bytes.data(), log.data(), log.size());
    return std::unexpected(Errno{error});
  };
}

std::vector<ProgLoadAttr> Loads(const FakeKernel& kernel) {
  std::vector<ProgLoadAttr> loads;
  for (const FakeCall& call : kernel.calls())
    if (call.command == Command::kProgLoad) loads.push_back(call.As<ProgLoadAttr>());
  return loads;
}

TEST(ProgramFields, AreHandedOnInOneCall) {
  FakeKernel kernel;
  ProgramParams params = Described();
  params.flags = kSleepable;
  params.attach_btf_id = 4242;
  params.attach_fd = 32;
  params.fd_array = {0, 33, 34};
  params.bind_fd_array = true;
  params.token_fd = 35;
  params.ifindex = 3;
  ASSERT_THAT(Program::Load(kernel, params), IsOk());
  ASSERT_EQ(kernel.calls().size(), 1u);
  const FakeCall& call = kernel.calls()[0];
  const auto attr = call.As<ProgLoadAttr>();
  EXPECT_EQ(attr.prog_type, 26u);
  EXPECT_EQ(attr.expected_attach_type, 24u);
  EXPECT_EQ(attr.prog_flags, 0x10010u);  // BPF_F_SLEEPABLE and _TOKEN_FD
  EXPECT_EQ(attr.prog_btf_fd, 31u);
  EXPECT_EQ(attr.func_info_rec_size, 8u);
  EXPECT_EQ(attr.func_info_cnt, 2u);
  EXPECT_EQ(attr.line_info_rec_size, 16u);
  EXPECT_EQ(attr.line_info_cnt, 3u);
  EXPECT_EQ(attr.attach_btf_id, 4242u);
  EXPECT_EQ(attr.attach_prog_fd, 32u);
  EXPECT_EQ(attr.fd_array_cnt, 3u);
  EXPECT_EQ(attr.prog_token_fd, 35);
  EXPECT_EQ(attr.prog_ifindex, 3u);
  std::vector<std::pair<uint32_t, size_t>> regions;
  for (const auto& region : call.regions)
    regions.emplace_back(region.attr_offset, region.bytes.size());
  using P = std::pair<uint32_t, size_t>;
  EXPECT_THAT(regions, ElementsAre(P{8, 16}, P{16, 4}, P{80, 16}, P{96, 48}, P{120, 12}));
  EXPECT_EQ(call.regions[2].bytes, Filled(16, 1));
  EXPECT_EQ(call.regions[4].bytes[4], std::byte{33});
}

TEST(ProgramFields, AreZeroWhereNothingIsGiven) {
  FakeKernel kernel;
  ASSERT_THAT(Program::Load(kernel, {.type = ProgType::kXdp, .insns = {{.code = kExit}}}), IsOk());
  const auto attr = kernel.calls()[0].As<ProgLoadAttr>();
  ProgLoadAttr expected{
      .prog_type = 6, .insn_cnt = 1, .insns = attr.insns, .license = attr.license};
  EXPECT_EQ(std::memcmp(&attr, &expected, sizeof attr), 0);
}

TEST(ProgramFields, AreLoadedWithoutTheInfoThatIsRefused) {
  struct Case {
    const char* name;
    std::string_view log;
    int error;
  };
  const Case cases[] = {
      {"kernel before 5.0", "", E2BIG},
      {"no words", "", EINVAL},
      {"func_info", "number of funcs in func_info doesn't match number of subprogs\n", EINVAL},
      {"func info", "invalid func info rec size 4\n", EINVAL},
      {"line_info", "Invalid line_info[1].insn_off:9 (prev_offset:0 insn_off:9)\n", EINVAL},
      {"line_info and statistics",
       "missing bpf_line_info for func#0\nprocessed 0 insns (limit 1000000)\n", EINVAL},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    FakeKernel kernel;
    kernel.Answer(Command::kProgLoad, Says(row.log, row.error));
    kernel.Answer(Command::kProgLoad, Says(row.log, row.error));
    {
      const auto program = Program::Load(kernel, Described());
      ASSERT_THAT(program, IsOk());
      EXPECT_EQ(program->log(), "");
    }
    const auto loads = Loads(kernel);
    ASSERT_EQ(loads.size(), 3u);
    EXPECT_EQ(loads[1].func_info_cnt, 2u);
    EXPECT_EQ(loads[2].log_level, 0u);
    EXPECT_EQ(loads[2].prog_btf_fd, 0u);
    EXPECT_EQ(loads[2].func_info + loads[2].line_info, 0u);
    EXPECT_EQ(loads[2].func_info_cnt + loads[2].line_info_cnt, 0u);
    EXPECT_EQ(loads[2].func_info_rec_size + loads[2].line_info_rec_size, 0u);
    EXPECT_EQ(loads[2].expected_attach_type, 24u);
    EXPECT_STREQ(loads[2].prog_name.data(), "on_open");
    EXPECT_THAT(kernel.open_fds(), IsEmpty());
  }
}

TEST(ProgramFields, AreKeptWhereTheVerifierSpeaksOfSomethingElse) {
  struct Case {
    const char* name;
    std::string_view log;
    int error;
  };
  const Case cases[] = {
      {"a bad access", "R1 invalid mem access 'scalar'\n", EACCES},
      {"a bad instruction", "unknown opcode ff\n", EINVAL},
      {"a source line that names it", "; x = func_info(y)\nR1 !read_ok\n", EINVAL},
      {"too complex", "BPF program is too large. Processed 1000001 insn\n", E2BIG},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    FakeKernel kernel;
    kernel.Always(Command::kProgLoad, Says(row.log, row.error));
    EXPECT_THAT(Program::Load(kernel, Described()), Fails(Code::kRejected, "load program"));
    EXPECT_EQ(Loads(kernel).size(), 2u);
  }
}

TEST(ProgramFields, AreDroppedOneByOneForVeryOldKernels) {
  // Linux 4.14: neither BTF nor an attach type nor a name.
  FakeKernel kernel;
  kernel.Always(Command::kProgLoad, [&](MutableBytes attr, auto) -> SysResult<int> {
    ProgLoadAttr asked;
    std::memcpy(&asked, attr.data(), sizeof asked);
    const bool old =
        asked.prog_btf_fd == 0 && asked.expected_attach_type == 0 && asked.prog_name[0] == '\0';
    if (!old) return std::unexpected(Errno{E2BIG});
    return kernel.NewFd();
  });
  ProgramParams params = Described();
  params.attach_type_optional = true;
  const auto program = Program::Load(kernel, params);
  ASSERT_THAT(program, IsOk());
  EXPECT_EQ(program->name(), "on_open");
  EXPECT_EQ(Loads(kernel).size(), 7u);
  EXPECT_EQ(Loads(kernel)[2].prog_btf_fd, 0u);
  EXPECT_EQ(Loads(kernel)[2].expected_attach_type, 24u);
  EXPECT_EQ(Loads(kernel)[4].expected_attach_type, 0u);
  EXPECT_STREQ(Loads(kernel)[4].prog_name.data(), "on_open");
}

TEST(ProgramFields, KeepAnAttachTypeThatIsNeeded) {
  FakeKernel kernel;
  kernel.Always(Command::kProgLoad, Errno{EINVAL});
  ProgramParams params = Described();
  params.btf_fd = -1;
  EXPECT_THAT(Program::Load(kernel, params), Fails(Code::kInvalidArgument, "load program"));
  for (const ProgLoadAttr& load : Loads(kernel)) EXPECT_EQ(load.expected_attach_type, 24u);
  EXPECT_EQ(Loads(kernel).size(), 2u);
}

TEST(ProgramFields, ReplaceDotsOfTheNameBeforeLinux52) {
  FakeKernel kernel;
  kernel.Answer(Command::kProgLoad, Errno{EINVAL});
  kernel.Answer(Command::kProgLoad, Errno{EINVAL});
  ProgramParams params = Described();
  params.name = "on.open.isra.0";
  params.btf_fd = -1;
  ASSERT_THAT(Program::Load(kernel, params), IsOk());
  ASSERT_EQ(Loads(kernel).size(), 3u);
  EXPECT_STREQ(Loads(kernel)[1].prog_name.data(), "on.open.isra.0");
  EXPECT_STREQ(Loads(kernel)[2].prog_name.data(), "on_open_isra_0");
}

TEST(ProgramFields, LeadToTheVerifiersWordsOnceTheyAreLeftOut) {
  FakeKernel kernel;
  kernel.Answer(Command::kProgLoad, Errno{E2BIG});
  kernel.Answer(Command::kProgLoad, Errno{E2BIG});
  kernel.Always(Command::kProgLoad, Says("R1 !read_ok\n", EACCES));
  EXPECT_THAT(Program::Load(kernel, Described()),
              Fails(Code::kRejected, "EACCES (Permission denied): R1 !read_ok (1 log line)"));
  EXPECT_EQ(Loads(kernel).size(), 4u);
}

TEST(ProgramFields, GiveNoMoreRecordsThanFit) {
  FakeKernel kernel;
  ProgramParams params = Described();
  params.func_info = {.record_size = 8, .records = Filled(15, 1)};
  params.line_info = {.record_size = 0, .records = Filled(16, 1)};
  ASSERT_THAT(Program::Load(kernel, params), IsOk());
  EXPECT_EQ(Loads(kernel)[0].func_info_cnt, 1u);
  EXPECT_EQ(Loads(kernel)[0].line_info_cnt, 0u);
}

}  // namespace
}  // namespace purebpf
