#include <cstdint>
#include <string>
#include <vector>

#include "purebpf/bpf/insn.h"
#include "purebpf/bpf/program.h"
#include "purebpf/bpf/try.h"
#include "purebpf/tests/replay/scenario.h"

namespace purebpf::testing {
namespace {

constexpr int32_t kXdpPass = 2;

Result<Program> LoadVerdict(Kernel& kernel, int32_t verdict, const VerifierLog& log = {}) {
  return Program::Load(kernel,
                       {.name = "verdict",
                        .type = ProgType::kXdp,
                        .license = "MIT",
                        .insns = {{.code = 0xb7, .imm = verdict}, {.code = kExit}}},
                       log);
}

Result<void> LoadAndRun(Stage& stage) {
  const Program program = PUREBPF_TRY(LoadVerdict(stage.kernel(), kXdpPass));
  const ProgramInfo info = PUREBPF_TRY(program.Info());
  PUREBPF_TRY(stage.Check(info.name == "verdict" && info.type == ProgType::kXdp, "it is that one"));
  const std::vector<std::byte> packet(64);
  const TestRunResult ran = PUREBPF_TRY(program.TestRun({.data = packet}));
  return stage.Check(ran.retval == kXdpPass && ran.data_size == 64, "the packet passes unchanged");
}

Result<void> ProgramLog(Stage& stage) {
  const Program program = PUREBPF_TRY(LoadVerdict(stage.kernel(), kXdpPass, {.level = 2}));
  return stage.Check(program.log().find("exit") != std::string::npos, "the log has the code");
}

// The verifier says why, and loading fails with its words.
Result<void> ProgramRefused(Stage& stage) {
  const auto program = Program::Load(
      stage.kernel(), {.name = "reads_r3",
                       .type = ProgType::kXdp,
                       .license = "MIT",
                       .insns = {{.code = 0xbf, .registers = 0x30}, {.code = kExit}}});  // r0 = r3
  return stage.Check(!program && program.error().code == Code::kRejected &&
                         program.error().log.find("R3 !read_ok") != std::string::npos,
                     "the verifier says that r3 holds nothing");
}

// One that a kernel of this type has no name for.
Result<void> ProgramTypeUnknown(Stage& stage) {
  const auto program = Program::Load(stage.kernel(), {.name = "unknown",
                                                      .type = ProgType{4711},
                                                      .license = "MIT",
                                                      .insns = {{.code = 0xb7}, {.code = kExit}}});
  return stage.Check(!program && program.error().sys_errno != 0, "no kernel has this type");
}

Result<void> ProgramById(Stage& stage) {
  const Program program = PUREBPF_TRY(LoadVerdict(stage.kernel(), kXdpPass));
  const ProgramInfo info = PUREBPF_TRY(program.Info());
  const Program same = PUREBPF_TRY(Program::FromId(stage.kernel(), info.id));
  const ProgramInfo again = PUREBPF_TRY(same.Info());
  return stage.Check(again.id == info.id && again.tag == info.tag, "it is the same program");
}

constexpr const char* kPin = "/sys/fs/bpf/purebpf_program";

Result<void> PinnedProgram(Stage& stage) {
  PUREBPF_TRY(stage.BpfFileSystem());
  {
    const Program program = PUREBPF_TRY(LoadVerdict(stage.kernel(), kXdpPass));
    PUREBPF_TRY(stage.AllOrNothing("pin", [&] { return program.Pin(kPin); }));
  }
  Undo unpin(stage, [&] { return Program::Unpin(stage.kernel(), kPin); });
  {
    const Program program = PUREBPF_TRY(Program::FromPin(stage.kernel(), kPin));
    PUREBPF_TRY(stage.Check(program.type() == ProgType::kXdp, "the type is known again"));
  }
  return unpin.Do();
}

constexpr Scenario kScenarios[] = {
    {.name = "load_and_run", .run = LoadAndRun},
    {.name = "program_log", .run = ProgramLog},
    {.name = "program_refused", .run = ProgramRefused},
    {.name = "program_type_unknown", .run = ProgramTypeUnknown},
    {.name = "program_by_id", .run = ProgramById},
    {.name = "pinned_program", .run = PinnedProgram},
};

}  // namespace

std::span<const Scenario> ProgramScenarios() { return kScenarios; }

}  // namespace purebpf::testing
