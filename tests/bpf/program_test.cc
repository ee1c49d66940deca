// Programs: loaded, found, refused. Those whose logs are long are in program_here_test.cc.
#include "purebpf/bpf/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/map.h"
#include "purebpf/tests/support/dual_test.h"
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

class ProgramTest : public testing::DualTest {};

DUAL_TEST(ProgramTest, IsLoadedAndFoundAgainById) {
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

DUAL_TEST(ProgramTest, HasATagOfItsCodeAlone) {
  const auto first = Program::Load(kernel_, Of({kMoveToR0, kReturn}));
  ProgramParams renamed = Of({kMoveToR0, kReturn});
  renamed.name = "other";
  const auto second = Program::Load(kernel_, renamed);
  const auto third = Program::Load(kernel_, Of({{.code = 0xb7, .imm = 1}, kReturn}));
  // One at a time: which of two arguments is asked for first is the compiler's choice.
  const auto second_tag = second->Info().value().tag;
  EXPECT_EQ(first->Info().value().tag, second_tag);
  const auto third_tag = third->Info().value().tag;
  EXPECT_NE(first->Info().value().tag, third_tag);
}

DUAL_TEST(ProgramTest, IsNotThereUnderAnIdThatNobodyHas) {
  EXPECT_THAT(Program::FromId(kernel_, 0x7ffffff0),
              Fails(Code::kNotFound, "open program 'id 2147483632': ENOENT"));
  EXPECT_THAT(Program::FromId(kernel_, 0), Fails(Code::kNotFound, "ENOENT"));
}

DUAL_TEST(ProgramTest, IsGoneWithItsLastDescriptor) {
  uint32_t id = 0;
  {
    const auto program = Program::Load(kernel_, Of({kMoveToR0, kReturn}));
    id = program->Info().value().id;
  }
  EXPECT_THAT(Program::FromId(kernel_, id), Fails(Code::kNotFound, "ENOENT"));
}

DUAL_TEST(ProgramTest, IsRejectedWithTheVerifiersWords) {
  // r0 was never written.
  const auto program = Program::Load(kernel_, Of({kReturn}));
  EXPECT_THAT(program,
              Fails(Code::kRejected,
                    "load program 'two_insns': EACCES (Permission denied): R0 !read_ok ("));
  EXPECT_THAT(program.error().log, HasSubstr("R0 !read_ok\n"));
  EXPECT_THAT(program.error().log, HasSubstr("\nprocessed 1 insns"));
  EXPECT_THAT(program.error().detail, EndsWith("log lines)"));
}

DUAL_TEST(ProgramTest, IsRejectedForWhatItsLicenseForbids) {
  // bpf_ktime_get_ns is free to all; bpf_trace_printk (6) is for GPL-compatible programs.
  ProgramParams params = Of({{.code = kCall, .imm = 6}, kReturn});
  params.license = "Proprietary";
  EXPECT_THAT(Program::Load(kernel_, params), Fails(Code::kRejected, "GPL"));
}

DUAL_TEST(ProgramTest, GivesTheLogThatIsAskedFor) {
  const auto steps = Program::Load(kernel_, Of({kMoveToR0, kReturn}), {.level = 2});
  ASSERT_THAT(steps, IsOk());
  EXPECT_THAT(steps->log(), HasSubstr("(b7) r0 = 2"));
  EXPECT_THAT(Program::Load(kernel_, Of({kMoveToR0, kReturn}), {.level = 1U << 20}),
              Fails(Code::kInvalidArgument, "EINVAL"));
}

DUAL_TEST(ProgramTest, IsRefusedWithAReason) {
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

DUAL_TEST(ProgramTest, HoldsTheMapThatItNames) {
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

}  // namespace
}  // namespace purebpf
