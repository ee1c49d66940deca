// Programs that are attached where their sections say.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "purebpf/bpf/insn.h"
#include "purebpf/bpf/link.h"
#include "purebpf/bpf/try.h"
#include "purebpf/loader/attach.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/tests/replay/scenario.h"
#include "purebpf/tests/support/elf_builder.h"
#include "purebpf/tests/support/executable_builder.h"

namespace purebpf::testing {
namespace {

// A program that returns 0, in that section.
std::vector<std::byte> ObjectIn(const std::string& section) {
  constexpr std::array<Insn, 2> kCode = {Insn{.code = 0xb7}, Insn{.code = kExit}};
  const Bytes code = std::as_bytes(std::span(kCode));
  ElfBuilder elf;
  elf.Break(header_field::kMachine, 247);
  elf.AddSection({.name = "license",
                  .contents = {std::byte{'G'}, std::byte{'P'}, std::byte{'L'}, std::byte{0}}});
  const uint32_t text =
      elf.AddSection({.name = section, .flags = 6, .contents = {code.begin(), code.end()}});
  elf.AddSymbol(
      {.name = "on_event", .type = 2, .section = static_cast<uint16_t>(text), .size = code.size()});
  return elf.Build();
}

using Attached = Result<std::optional<Link>>;

Attached LoadAndAttach(Stage& stage, const std::string& section) {
  const CollectionSpec spec = PUREBPF_TRY(CollectionSpec::Parse(ObjectIn(section), "probe"));
  const Collection collection =
      PUREBPF_TRY(stage.AllOrNothing("load", [&] { return spec.Load(stage.kernel()); }));
  return stage.AllOrNothing("attach", [&] {
    return AttachBySection(*collection.FindProgram("on_event"), spec.programs.front());
  });
}

// A kernel that traces its functions; such programs see the whole machine, so only a machine that
// is the test's own has one.
Result<void> NeedsTracing(Stage& stage) {
  const auto type = stage.kernel().ReadFile("/sys/bus/event_source/devices/kprobe/type", 64);
  if (type) return {};
  Error error = SystemError(type.error(), "prepare", "kprobes");
  error.detail = "this kernel has no kprobes";
  return std::unexpected(std::move(error));
}

Result<void> Attaches(Stage& stage, const std::string& section) {
  PUREBPF_TRY(NeedsTracing(stage));
  const std::optional<Link> link = PUREBPF_TRY(LoadAndAttach(stage, section));
  PUREBPF_TRY(stage.Check(link.has_value(), "it is attached"));
  if (!link->is_kernel_link()) return {};
  const auto info = link->Info();
  // Linux before 5.8 and some links tell nothing.
  return stage.Check(!info || info->program_id != 0, "the link knows its program");
}

Result<void> IsNotFound(Stage& stage, const std::string& section, const std::string& words) {
  const Attached attached = LoadAndAttach(stage, section);
  return stage.Check(!attached && attached.error().code == Code::kNotFound &&
                         attached.error().ToString().find(words) != std::string::npos,
                     "that is not found, and near it is " + words);
}

Result<void> Kprobe(Stage& stage) { return Attaches(stage, "kprobe/vfs_unlink"); }
Result<void> Kretprobe(Stage& stage) { return Attaches(stage, "kretprobe/vfs_unlink"); }
Result<void> KprobeNowhere(Stage& stage) {
  PUREBPF_TRY(NeedsTracing(stage));
  return IsNotFound(stage, "kprobe/vfs_unlinked", "vfs_unlink");
}
Result<void> Ksyscall(Stage& stage) { return Attaches(stage, "ksyscall/getpgid"); }
Result<void> Tracepoint(Stage& stage) { return Attaches(stage, "tp/sched/sched_process_exec"); }
Result<void> TracepointNowhere(Stage& stage) {
  PUREBPF_TRY(NeedsTracing(stage));
  return IsNotFound(stage, "tp/sched/sched_process_exek", "sched_process_exec");
}
Result<void> RawTracepoint(Stage& stage) { return Attaches(stage, "raw_tp/sched_process_exec"); }
Result<void> BtfTracepoint(Stage& stage) { return Attaches(stage, "tp_btf/sched_process_exec"); }
Result<void> Fentry(Stage& stage) { return Attaches(stage, "fentry/vfs_unlink"); }
Result<void> Fexit(Stage& stage) { return Attaches(stage, "fexit/vfs_unlink"); }
Result<void> Lsm(Stage& stage) { return Attaches(stage, "lsm/path_chroot"); }
Result<void> Iterator(Stage& stage) { return Attaches(stage, "iter/bpf_map"); }

// Linux before 5.18 has no such links, and some kernels are built without. By name: with a pattern
// the kernel tells addresses, which are others after each boot.
Result<void> KprobeMulti(Stage& stage) {
  PUREBPF_TRY(NeedsTracing(stage));
  const Attached attached = LoadAndAttach(stage, "kprobe.multi/vfs_unlink");
  if (attached) return stage.Check(attached->has_value(), "it is attached");
  return stage.Check(attached.error().detail == "to 1 function" && !attached.error().hint.empty(),
                     "it says why the kernel cannot");
}

constexpr const char* kProbed = "/tmp/purebpf_probed";

// A library of two functions, whose file begins at every section's first page.
Result<void> MakeLibrary(Stage& stage) {
  ExecutableBuilder library;
  library.segments = {{.flags = 5, .offset = 0, .address = 0x1000, .file_size = 0x400}};
  library.Dynamic({.name = "start_it", .address = 0x1100, .size = 0x40});
  library.Dynamic({.name = "stop_it", .address = 0x1200, .size = 0x40});
  const auto written = stage.kernel().WriteFile(kProbed, library.Build(), WriteMode::kReplace);
  if (written) return {};
  return std::unexpected(SystemError(written.error(), "write", kProbed));
}

Result<void> RemoveLibrary(Stage& stage) {
  const auto removed = stage.kernel().RemoveFile(kProbed);
  if (removed) return {};
  return std::unexpected(SystemError(removed.error(), "remove", kProbed));
}

Result<void> InLibrary(Stage& stage, Result<void> (*scenario)(Stage&)) {
  PUREBPF_TRY(MakeLibrary(stage));
  Undo remove(stage, [&] { return RemoveLibrary(stage); });
  PUREBPF_TRY(scenario(stage));
  return remove.Do();
}

Result<void> Uprobe(Stage& stage) {
  return InLibrary(stage, [](Stage& inner) -> Result<void> {
    const auto link = PUREBPF_TRY(LoadAndAttach(inner, "uprobe//tmp/purebpf_probed:start_it+4"));
    PUREBPF_TRY(inner.Check(link.has_value(), "it is attached"));
    const auto at_return =
        PUREBPF_TRY(LoadAndAttach(inner, "uretprobe//tmp/purebpf_probed:stop_it"));
    return inner.Check(at_return.has_value(), "and to a return");
  });
}

Result<void> UprobeNowhere(Stage& stage) {
  return InLibrary(stage, [](Stage& inner) {
    return IsNotFound(inner, "uprobe//tmp/purebpf_probed:stop_id", "stop_it");
  });
}

// Linux 6.6.
Result<void> UprobeMulti(Stage& stage) {
  return InLibrary(stage, [](Stage& inner) -> Result<void> {
    const Attached attached = LoadAndAttach(inner, "uprobe.multi//tmp/purebpf_probed:st*");
    if (attached) return inner.Check(attached->has_value(), "it is attached");
    return inner.Check(attached.error().hint.find("6.6") != std::string::npos,
                       "it says which kernel can");
  });
}

constexpr Scenario kScenarios[] = {
    {.name = "attach_kprobe", .run = Kprobe},
    {.name = "attach_kretprobe", .run = Kretprobe},
    {.name = "attach_kprobe_nowhere", .run = KprobeNowhere},
    {.name = "attach_ksyscall",
     .run = Ksyscall,
     .machine_bound = "each has another name for the function of a system call"},
    {.name = "attach_kprobe_multi", .run = KprobeMulti},
    {.name = "attach_tracepoint", .run = Tracepoint},
    {.name = "attach_tracepoint_nowhere", .run = TracepointNowhere},
    {.name = "attach_raw_tracepoint", .run = RawTracepoint},
    {.name = "attach_btf_tracepoint", .run = BtfTracepoint},
    {.name = "attach_fentry", .run = Fentry},
    {.name = "attach_fexit", .run = Fexit},
    {.name = "attach_lsm", .run = Lsm},
    {.name = "attach_iterator", .run = Iterator},
    {.name = "attach_uprobe", .run = Uprobe},
    {.name = "attach_uprobe_nowhere", .run = UprobeNowhere},
    {.name = "attach_uprobe_multi", .run = UprobeMulti},
};

}  // namespace

std::span<const Scenario> AttachScenarios() { return kScenarios; }

}  // namespace purebpf::testing
