#include "purebpf/loader/attach.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "purebpf/bpf/attach.h"
#include "purebpf/bpf/perf_event.h"
#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/attach/executable_places.h"
#include "purebpf/loader/internal/attach/kernel_functions.h"
#include "purebpf/loader/internal/attach/place.h"
#include "purebpf/loader/section_defs.h"

namespace purebpf {
namespace {

using Attached = Result<std::optional<Link>>;

enum class When : uint8_t { kEntry, kReturn, kSession };

// A program, and where its section says that it goes.
struct Job {
  const Program& program;
  const ProgramSpec& spec;
  When when;

  [[nodiscard]] Kernel& kernel() const { return program.kernel(); }
  [[nodiscard]] const std::string& where() const { return spec.attach_to; }
  [[nodiscard]] bool on_return() const { return when == When::kReturn; }
};

Attached Done(Result<Link> link) {
  if (!link) return std::unexpected(std::move(link).error());
  return std::optional<Link>(std::move(*link));
}

// What follows the section's kind makes no sense.
[[gnu::cold]] std::unexpected<Error> Senseless(const Job& job, std::string detail,
                                               std::string hint) {
  return std::unexpected(Error{.code = Code::kInvalidArgument,
                               .operation = "attach program",
                               .object = job.program.name(),
                               .detail = "its section " + job.spec.section + " says '" +
                                         job.where() + "': " + std::move(detail),
                               .hint = std::move(hint)});
}

// ---- The kernel's functions.

Result<Link> Probe(const Job& job, std::string function, uint64_t offset) {
  return Attach(job.program, KprobeTarget{.function = std::move(function),
                                          .offset = offset,
                                          .on_return = job.on_return()});
}

Attached Function(const Job& job) {
  const auto place = internal::SplitOffset(job.where());
  if (!place)
    return Senseless(job, "that is no function, and no offset in one", "vfs_read, vfs_read+0x10");
  if (job.on_return() && place->offset != 0)
    return Senseless(job, "a return is of the whole function",
                     "leave the offset out, or make it a kprobe");
  if (internal::IsPattern(place->name))
    return Senseless(job, "a kprobe is in one function", "kprobe.multi takes patterns");
  const std::string name(place->name);
  auto link = Probe(job, name, place->offset);
  if (!link && link.error().code == Code::kNotFound)
    link.error().hint += internal::NearKernelFunctions(job.kernel(), name);
  return Done(std::move(link));
}

Attached Functions(const Job& job) {
  KprobeMultiTarget target{.on_return = job.on_return(), .session = job.when == When::kSession};
  if (!internal::IsPattern(job.where())) {
    target.symbols.push_back(job.where());
    auto link = Attach(job.program, target);
    if (!link && link.error().code == Code::kNotFound)
      link.error().hint += internal::NearKernelFunctions(job.kernel(), job.where());
    return Done(std::move(link));
  }
  auto found = internal::FindKernelFunctions(job.kernel(), job.where());
  if (!found) return std::unexpected(std::move(found).error());
  target.addresses = std::move(found->addresses);
  target.symbols = std::move(found->names);
  return Done(Attach(job.program, target));
}

// arch/*/include/asm/syscall_wrapper.h: how the architecture calls what takes its registers; Linux
// 4.17 on x86, 4.19 on arm64, 6.6 on RISC-V. A kernel without wrappers has __se_sys_ instead
// (include/linux/syscalls.h), which takes the arguments as they are.
constexpr std::string_view kWrapper =
#if defined(__x86_64__)
    "__x64_sys_";
#elif defined(__aarch64__)
    "__arm64_sys_";
#elif defined(__riscv)
    "__riscv_sys_";
#else
    "__se_sys_";
#endif

Attached Syscall(const Job& job) {
  if (job.where().find_first_of("+*?/") != std::string::npos)
    return Senseless(job, "that is no system call's name", "openat");
  auto link = Probe(job, std::string(kWrapper) + job.where(), 0);
  if (link || link.error().code != Code::kNotFound) return Done(std::move(link));
  auto plain = Probe(job, "__se_sys_" + job.where(), 0);
  if (plain || plain.error().code != Code::kNotFound) return Done(std::move(plain));
  link.error().hint =
      "this kernel has no system call of that name" +
      internal::NearKernelFunctions(job.kernel(), std::string(kWrapper) + job.where());
  return Done(std::move(link));
}

// ---- Functions of files.

Attached FileFunction(const Job& job) {
  auto place = internal::FindFilePlace(job.kernel(), job.where(), job.on_return());
  if (!place) return std::unexpected(std::move(place).error());
  return Done(Attach(job.program, UprobeTarget{.path = std::move(place->path),
                                               .offset = place->offsets.front(),
                                               .on_return = job.on_return()}));
}

Attached FileFunctions(const Job& job) {
  auto places = internal::FindFilePlaces(job.kernel(), job.where());
  if (!places) return std::unexpected(std::move(places).error());
  return Done(Attach(job.program, UprobeMultiTarget{.path = std::move(places->path),
                                                    .offsets = std::move(places->offsets),
                                                    .on_return = job.on_return(),
                                                    .session = job.when == When::kSession}));
}

Attached Usdt(const Job& job) {
  return std::unexpected(
      Error{.code = Code::kUnsupported,
            .operation = "attach program",
            .object = job.program.name(),
            .detail = "its section " + job.spec.section + " is a static probe of user space",
            .hint = "purebpf does not resolve those: attach it with a UprobeTarget or "
                    "UprobeMultiTarget, whose offsets and semaphores the file's section "
                    ".note.stapsdt has"});
}

// ---- Tracepoints.

Attached Tracepoint(const Job& job) {
  const size_t slash = job.where().find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == job.where().size())
    return Senseless(job, "that is no group and tracepoint", "sched/sched_switch");
  const std::string group = job.where().substr(0, slash);
  const std::string name = job.where().substr(slash + 1);
  auto link = Attach(job.program, TracepointTarget{.group = group, .name = name});
  if (!link && link.error().code == Code::kNotFound && link.error().operation == "find tracepoint")
    link.error().hint = internal::NearTracepoints(job.kernel(), group, name);
  return Done(std::move(link));
}

Attached RawTracepoint(const Job& job) {
  return Done(Attach(job.program, RawTracepointTarget{.name = job.where()}));
}

// ---- What was said when the program was loaded.

Attached AsLoaded(const Job& job) {
  return Done(Attach(job.program, TracingTarget{.attach_type = job.spec.attach_type}));
}

Attached Replacement(const Job& job) { return Done(Attach(job.program, FreplaceTarget{})); }

Attached Iterator(const Job& job) {
  // Of a map, or of cgroups: only the caller knows which.
  constexpr std::string_view kNeedATarget[] = {"bpf_map_elem", "bpf_sk_storage_map", "cgroup",
                                               "sockmap"};
  if (std::ranges::find(kNeedATarget, job.where()) != std::end(kNeedATarget)) return std::nullopt;
  return Done(Attach(job.program, IterTarget{}));
}

struct Row {
  std::string_view section;  // SectionDef::name
  Attached (*attach)(const Job&);
  When when = When::kEntry;
  // False where loading has said it: perhaps by LoadOptions::attach_targets alone.
  bool needs_place = true;
};

constexpr Row kRows[] = {
    {"kprobe", Function},
    {"kretprobe", Function, When::kReturn},
    {"kprobe.multi", Functions},
    {"kretprobe.multi", Functions, When::kReturn},
    {"kprobe.session", Functions, When::kSession},
    {"ksyscall", Syscall},
    {"kretsyscall", Syscall, When::kReturn},
    {"uprobe", FileFunction},
    {"uprobe.s", FileFunction},
    {"uretprobe", FileFunction, When::kReturn},
    {"uretprobe.s", FileFunction, When::kReturn},
    {"uprobe.multi", FileFunctions},
    {"uprobe.multi.s", FileFunctions},
    {"uretprobe.multi", FileFunctions, When::kReturn},
    {"uretprobe.multi.s", FileFunctions, When::kReturn},
    {"uprobe.session", FileFunctions, When::kSession},
    {"uprobe.session.s", FileFunctions, When::kSession},
    {"usdt", Usdt},
    {"usdt.s", Usdt},
    {"tracepoint", Tracepoint},
    {"tracepoint.s", Tracepoint},
    {"tp", Tracepoint},
    {"tp.s", Tracepoint},
    {"raw_tracepoint", RawTracepoint},
    {"raw_tracepoint.s", RawTracepoint},
    {"raw_tracepoint.w", RawTracepoint},
    {"raw_tp", RawTracepoint},
    {"raw_tp.s", RawTracepoint},
    {"raw_tp.w", RawTracepoint},
    {"tp_btf", AsLoaded, When::kEntry, false},
    {"tp_btf.s", AsLoaded, When::kEntry, false},
    {"fentry", AsLoaded, When::kEntry, false},
    {"fentry.s", AsLoaded, When::kEntry, false},
    {"fexit", AsLoaded, When::kEntry, false},
    {"fexit.s", AsLoaded, When::kEntry, false},
    {"fmod_ret", AsLoaded, When::kEntry, false},
    {"fmod_ret.s", AsLoaded, When::kEntry, false},
    {"fsession", AsLoaded, When::kEntry, false},
    {"fsession.s", AsLoaded, When::kEntry, false},
    {"lsm", AsLoaded, When::kEntry, false},
    {"lsm.s", AsLoaded, When::kEntry, false},
    {"freplace", Replacement, When::kEntry, false},
    {"iter", Iterator},
    {"iter.s", Iterator},
};

}  // namespace

Attached AttachBySection(const Program& program, const ProgramSpec& spec) {
  std::string_view section = spec.section;
  if (section.starts_with('?')) section.remove_prefix(1);
  const auto match = MatchSection(section);
  if (!match) return std::nullopt;
  const auto* const row = std::ranges::find(kRows, match->def->name, &Row::section);
  if (row == std::end(kRows) || (row->needs_place && spec.attach_to.empty())) return std::nullopt;
  Attached attached = row->attach({.program = program, .spec = spec, .when = row->when});
  // Opening an event or a file knows nothing of the program.
  if (!attached && !attached.error().object.starts_with(program.name()))
    return std::unexpected(std::move(attached).error().Within(program.name()));
  return attached;
}

}  // namespace purebpf
