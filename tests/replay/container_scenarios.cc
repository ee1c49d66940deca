// What is there for containers: programs of a cgroup, and tokens for who has no capabilities.
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/attach.h"
#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/fd.h"
#include "purebpf/bpf/insn.h"
#include "purebpf/bpf/link.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/prog_attach.h"
#include "purebpf/bpf/program.h"
#include "purebpf/bpf/try.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/tests/replay/scenario.h"
#include "purebpf/tests/replay/watch.h"

namespace purebpf::testing {
namespace {

Result<Fd> Open(Stage& stage, const std::string& path) {
  const auto opened = stage.kernel().Open(path);
  if (opened) return Fd(stage.kernel(), *opened);
  return std::unexpected(SystemError(opened.error(), "open", path));
}

// One that lets every packet pass.
Result<Program> LoadPass(Stage& stage, const char* name) {
  return Program::Load(stage.kernel(), {.name = name,
                                        .type = ProgType::kCgroupSkb,
                                        .license = "MIT",
                                        .insns = {{.code = 0xb7, .imm = 1}, {.code = kExit}}});
}

AttachPoint EgressOf(const Fd& cgroup) {
  return {.target = static_cast<uint32_t>(cgroup.get()),
          .attach_type = AttachType::kCgroupInetEgress};
}

// What is attached to the cgroup, in order, and nothing else.
Result<void> CheckAttached(Stage& stage, const Fd& cgroup,
                           const std::vector<const Program*>& programs) {
  std::vector<uint32_t> expected;
  for (const Program* program : programs) {
    const ProgramInfo info = PUREBPF_TRY(program->Info());
    expected.push_back(info.id);
  }
  const auto attached = PUREBPF_TRY(QueryAttached(stage.kernel(), EgressOf(cgroup)));
  std::vector<uint32_t> found;
  for (const auto& entry : attached.entries) found.push_back(entry.program_id);
  return stage.Check(found == expected, "these programs are attached there, and no others");
}

// By BPF_PROG_ATTACH: several, one in the place of another, each taken off again.
Result<void> AttachToCgroup(Stage& stage) {
  const std::string path = PUREBPF_TRY(stage.Cgroup());
  const Fd cgroup = PUREBPF_TRY(Open(stage, path));
  const AttachPoint egress = EgressOf(cgroup);
  const Program first = PUREBPF_TRY(LoadPass(stage, "first"));
  const Program second = PUREBPF_TRY(LoadPass(stage, "second"));
  const Program third = PUREBPF_TRY(LoadPass(stage, "third"));
  PUREBPF_TRY(stage.AllOrNothing(
      "attach", [&] { return ProgAttach(first, egress, {.flags = kAllowMulti}); }));
  Undo detach_first(stage, [&] { return ProgDetach(first, egress); });
  const Result<void> alone = ProgAttach(second, egress);
  PUREBPF_TRY(stage.Check(!alone && alone.error().code == Code::kPermission,
                          "where there may be several, none is alone"));
  PUREBPF_TRY(stage.AllOrNothing(
      "attach another", [&] { return ProgAttach(second, egress, {.flags = kAllowMulti}); }));
  Undo detach_second(stage, [&] { return ProgDetach(second, egress); });
  PUREBPF_TRY(CheckAttached(stage, cgroup, {&first, &second}));
  PUREBPF_TRY(stage.AllOrNothing("replace", [&] {
    return ProgAttach(third, egress,
                      {.flags = kAllowMulti | kAttachReplace, .replace_fd = first.fd()});
  }));
  detach_first.Forget();
  Undo detach_third(stage, [&] { return ProgDetach(third, egress); });
  PUREBPF_TRY(CheckAttached(stage, cgroup, {&third, &second}));
  PUREBPF_TRY(detach_third.Do());
  PUREBPF_TRY(detach_second.Do());
  PUREBPF_TRY(CheckAttached(stage, cgroup, {}));
  const Result<void> again = ProgDetach(second, egress);
  return stage.Check(!again && again.error().code == Code::kNotFound, "it is detached once");
}

// For as long as the link lives: another program in its place, then none.
Result<void> CgroupByLink(Stage& stage) {
  const std::string path = PUREBPF_TRY(stage.Cgroup());
  const Fd cgroup = PUREBPF_TRY(Open(stage, path));
  const Program pass = PUREBPF_TRY(LoadPass(stage, "pass"));
  const Program other = PUREBPF_TRY(LoadPass(stage, "other"));
  {
    const Link link = PUREBPF_TRY(stage.AllOrNothing("attach", [&] {
      return Attach(pass, CgroupTarget{.cgroup_fd = cgroup.get(),
                                       .attach_type = AttachType::kCgroupInetEgress});
    }));
    PUREBPF_TRY(CheckAttached(stage, cgroup, {&pass}));
    PUREBPF_TRY(stage.AllOrNothing("update", [&] { return link.Update(other, pass); }));
    PUREBPF_TRY(CheckAttached(stage, cgroup, {&other}));
    const LinkInfo info = PUREBPF_TRY(link.Info());
    PUREBPF_TRY(stage.Check(info.type == LinkType::kCgroup && info.cgroup_id != 0 &&
                                info.attach_type == AttachType::kCgroupInetEgress,
                            "the link knows where it is"));
  }
  return CheckAttached(stage, cgroup, {});
}

// What the BPF file system at /sys/fs/bpf grants. Linux 6.9.
Result<Fd> CreateToken(Stage& stage) {
  const Fd folder = PUREBPF_TRY(Open(stage, "/sys/fs/bpf"));
  TokenCreateAttr attr{.bpffs_fd = static_cast<uint32_t>(folder.get())};
  const auto token = BpfCall(Command::kTokenCreate, attr).Issue(stage.kernel());
  if (token) return Fd(stage.kernel(), *token);
  Error error = SystemError(token.error(), "create BPF token", "/sys/fs/bpf");
  // An older kernel does not know the command.
  if (token.error() == Errno{EINVAL}) {
    error.operation = "prepare";
    error.detail = "this kernel has no BPF tokens, which came with Linux 6.9";
  }
  return std::unexpected(std::move(error));
}

// Without a capability, as in a container: nothing can be loaded but by a token.
Result<void> LoadByToken(Stage& stage) {
  return stage.InUserNamespace([&]() -> Result<void> {
    const Fd token = PUREBPF_TRY(CreateToken(stage));
    const auto refused = Map::Create(stage.kernel(), {.name = "refused",
                                                      .type = MapType::kHash,
                                                      .key_size = 4,
                                                      .value_size = 4,
                                                      .max_entries = 1});
    PUREBPF_TRY(stage.Check(!refused && refused.error().code == Code::kPermission,
                            "without the token it is refused"));
    const CollectionSpec spec = PUREBPF_TRY(CollectionSpec::Parse(watch::Object(), "watch"));
    Collection collection = PUREBPF_TRY(stage.AllOrNothing("load", [&] {
      return spec.Load(stage.kernel(),
                       {.only = std::vector<std::string>{"on_packet"}, .token_fd = token.get()});
    }));
    const Program* const program = collection.FindProgram("on_packet");
    PUREBPF_TRY(stage.Check(program != nullptr, "the program is there"));
    const std::vector<std::byte> packet(64);
    PUREBPF_TRY(program->TestRun({.data = packet}));
    const auto seen = PUREBPF_TRY(collection.Get<uint64_t>("seen"));
    return stage.Check(seen == 1, "it has run");
  });
}

constexpr Scenario kScenarios[] = {
    {.name = "attach_to_cgroup", .run = AttachToCgroup},
    {.name = "cgroup_by_link", .run = CgroupByLink},
    {.name = "load_by_token", .run = LoadByToken},
};

}  // namespace

std::span<const Scenario> ContainerScenarios() { return kScenarios; }

}  // namespace purebpf::testing
