#include "purebpf/bpf/perf_event.h"

#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "purebpf/bpf/attach_link.h"
#include "purebpf/bpf/capabilities.h"
#include "purebpf/bpf/explain.h"
#include "purebpf/bpf/try.h"

namespace purebpf {
namespace {

// include/uapi/linux/perf_event.h.
constexpr uint32_t kIocEnable = 0x2400;      // PERF_EVENT_IOC_ENABLE
constexpr uint32_t kIocSetBpf = 0x40042408;  // PERF_EVENT_IOC_SET_BPF

// A tracepoint or probe runs its programs on every CPU, whichever one its event is bound to
// (kernel/trace/trace_event_perf.c: perf_trace_run_bpf_submit).
constexpr PerfTarget kEverywhere = {.pid = -1, .cpu = 0};

std::optional<uint32_t> NumberIn(Bytes file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number == 0) return std::nullopt;
  return number;
}

[[gnu::cold]] std::unexpected<Error> NoNumber(const std::string& path) {
  return std::unexpected(Error{.code = Code::kMalformed,
                               .operation = "read",
                               .object = path,
                               .detail = "there is no number in it"});
}

// A name that leads out of its folder would be another file.
bool IsFileName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos &&
         name.find('\0') == name.npos;
}

Result<uint32_t> TracepointId(Kernel& kernel, const std::string& group, const std::string& name) {
  // The second where an older system mounted it, before Linux 4.1.
  static constexpr const char* kTracefs[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
  const std::string object = group + "/" + name;
  Error error{.code = Code::kInvalidArgument, .operation = "find tracepoint", .object = object};
  if (!IsFileName(group) || !IsFileName(name)) {
    error.detail = "these are no names of a group and a tracepoint";
    return std::unexpected(std::move(error));
  }
  Errno answer;
  std::string asked;
  for (const char* tracefs : kTracefs) {
    const std::string path = std::string(tracefs) + "/events/" + object + "/id";
    const auto file = kernel.ReadFile(path, 64);
    if (!file) {
      // What the first says counts, unless it has no such file at all.
      if (answer == Errno{} || (answer == Errno{ENOENT} && file.error() != answer)) {
        answer = file.error();
        asked = path;
      }
      continue;
    }
    const auto id = NumberIn(*file);
    if (!id) return NoNumber(path);
    return *id;
  }
  error = SystemError(answer, error.operation, object);
  error.detail = "its number is in " + asked;
  if (error.code == Code::kNotFound)
    error.hint =
        "no such tracepoint, or tracefs is not mounted: mount -t tracefs tracefs "
        "/sys/kernel/tracing";
  if (error.code == Code::kPermission)
    error.hint = "tracefs is for root alone, unless it is mounted otherwise";
  return std::unexpected(std::move(error));
}

// The number of a dynamic PMU.
Result<uint32_t> PmuType(Kernel& kernel, const char* name) {
  const std::string path = std::string("/sys/bus/event_source/devices/") + name + "/type";
  const auto file = kernel.ReadFile(path, 64);
  if (!file) {
    Error error = SystemError(file.error(), "read", path);
    if (file.error() == Errno{ENOENT}) {
      error.code = Code::kUnsupported;
      error.hint =
          std::string("this kernel is older than Linux 4.17, or was built without ") +
          (std::string_view(name) == "kprobe" ? "CONFIG_KPROBE_EVENTS" : "CONFIG_UPROBE_EVENTS");
    }
    return std::unexpected(std::move(error));
  }
  const auto type = NumberIn(*file);
  if (!type) return NoNumber(path);
  return *type;
}

// Of a probe's function or file, whose address goes into config1.
Result<Fd> OpenNamed(Kernel& kernel, PerfEventAttr attr, const std::string& name,
                     const PerfTarget& target, const std::string& object) {
  const Bytes bytes = std::as_bytes(std::span(name.c_str(), name.size() + 1));
  const Region region = {.attr_offset = offsetof(PerfEventAttr, config1),
                         .direction = Direction::kIn,
                         .bytes = {const_cast<std::byte*>(bytes.data()), bytes.size()}};
  const bool named = !name.empty();
  if (named) attr.config1 = reinterpret_cast<uintptr_t>(bytes.data());
  const auto fd = kernel.PerfEventOpen(MutableBytesOf(attr),
                                       std::span(&region, 1).first(named ? 1 : 0), target);
  if (fd) return Fd(kernel, *fd);
  Error error = SystemError(fd.error(), "open perf event", object);
  switch (fd.error().value) {
    case EPERM:
    case EACCES:
      error.hint =
          "needs CAP_PERFMON (CAP_SYS_ADMIN before Linux 5.8), or a lower "
          "kernel.perf_event_paranoid";
      NameMissingCapabilities(kernel, error);
      break;
    case ENOENT:
      error.hint = named ? "no such function or file" : "this machine has no such event";
      break;
    case EADDRNOTAVAIL:  // kernel/trace/trace_kprobe.c: create_local_trace_kprobe, Linux 6.7
      error.hint =
          "several functions have this name: attach by address, or to all by KprobeMultiTarget";
      break;
    case ENODEV:
      if (target.cpu >= 0)
        error.hint = "is CPU " + std::to_string(target.cpu) +
                     " online? /sys/devices/system/cpu/online lists those that are";
      break;
    case EOPNOTSUPP:
      error.hint = "this machine cannot count it so";
      break;
    case EMFILE:
      error.hint = "raise the number of open files (ulimit -n)";
      break;
    default:
      break;
  }
  return std::unexpected(std::move(error));
}

// Bound to CPU 0, or to the first that is online where that is not.
Result<Fd> OpenEverywhere(Kernel& kernel, const PerfEventAttr& attr, const std::string& name,
                          const std::string& object) {
  auto event = OpenNamed(kernel, attr, name, kEverywhere, object);
  if (event || event.error().sys_errno != ENODEV) return event;
  const auto file = kernel.ReadFile("/sys/devices/system/cpu/online", 4096);
  const auto online = file ? NumberIn(*file) : std::nullopt;
  if (!online) return event;
  return OpenNamed(kernel, attr, name, {.pid = -1, .cpu = static_cast<int>(*online)}, object);
}

std::string Hex(uint64_t value) {
  std::array<char, 17> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return "0x" + std::string(digits.data(), end);
}

}  // namespace

Result<Fd> OpenPerfEvent(Kernel& kernel, PerfEventAttr attr, const PerfTarget& target,
                         const std::string& object) {
  return OpenNamed(kernel, attr, {}, target, object);
}

Result<Link> AttachToEvent(const Program& program, Fd event, uint64_t cookie,
                           const std::string& where) {
  auto link = Attach(program, PerfEventTarget{.perf_fd = event.get(), .cookie = cookie});
  // The link keeps the event: kernel/bpf/syscall.c: bpf_perf_link_attach.
  if (link) return link;
  link.error().detail = "to " + where;
  if (link.error().sys_errno != EINVAL || cookie != 0) return link;
  Kernel& kernel = program.kernel();
  const auto set = kernel.Ioctl(event.get(), kIocSetBpf, static_cast<uint64_t>(program.fd()));
  const auto enabled = set ? kernel.Ioctl(event.get(), kIocEnable, 0) : set;
  if (enabled) return Link(std::move(event), program.name(), /*is_kernel_link=*/false);
  // EINVAL from both: the program is wrong, and the kernel may be new.
  if (enabled.error() == Errno{EINVAL}) return link;
  return internal::Attached(kernel, program.name(), Command::kProgAttach, LinkType::kPerfEvent,
                            std::unexpected(enabled.error()), "to " + where);
}

Result<Link> Attach(const Program& program, const TracepointTarget& target) {
  Kernel& kernel = program.kernel();
  const std::string object = target.group + "/" + target.name;
  const uint32_t id = PUREBPF_TRY(TracepointId(kernel, target.group, target.name));
  Fd event = PUREBPF_TRY(OpenEverywhere(kernel, {.type = kPerfTypeTracepoint, .config = id}, "",
                                        "tracepoint " + object));
  return AttachToEvent(program, std::move(event), target.cookie, "tracepoint " + object);
}

Result<Link> Attach(const Program& program, const KprobeTarget& target) {
  Kernel& kernel = program.kernel();
  std::string object = target.on_return ? "return of " : "function ";
  object += target.function.empty() ? "address" : target.function;
  if (target.offset != 0 || target.function.empty())
    object += (target.function.empty() ? " " : "+") + Hex(target.offset);
  const uint32_t type = PUREBPF_TRY(PmuType(kernel, "kprobe"));
  // kernel/events/core.c: the bit of PROBE_FORMAT retprobe is the first of config.
  const PerfEventAttr attr = {
      .type = type, .config = target.on_return ? 1U : 0U, .config2 = target.offset};
  Fd event = PUREBPF_TRY(OpenEverywhere(kernel, attr, target.function, object));
  return AttachToEvent(program, std::move(event), target.cookie, object);
}

Result<Link> Attach(const Program& program, const UprobeTarget& target) {
  constexpr uint64_t kRefCtrShift = 32;  // kernel/events/core.c: PERF_UPROBE_REF_CTR_OFFSET_SHIFT
  const std::string object = target.path + "+" + Hex(target.offset);
  if (target.path.empty() || target.path.find('\0') != std::string::npos)
    return internal::CannotAttach(program, "the path of a uprobe is empty, or has a NUL in it");
  if (target.ref_ctr_offset > UINT32_MAX)
    return internal::CannotAttach(
        program, "the offset of a semaphore is 32 bits wide; it is " + Hex(target.ref_ctr_offset));
  Kernel& kernel = program.kernel();
  const uint32_t type = PUREBPF_TRY(PmuType(kernel, "uprobe"));
  const PerfEventAttr attr = {
      .type = type,
      .config = (target.on_return ? 1U : 0U) | target.ref_ctr_offset << kRefCtrShift,
      .config2 = target.offset};
  Fd event = PUREBPF_TRY(target.pid < 0 ? OpenEverywhere(kernel, attr, target.path, object)
                                        : OpenNamed(kernel, attr, target.path,
                                                    {.pid = target.pid, .cpu = -1}, object));
  return AttachToEvent(program, std::move(event), target.cookie, object);
}

Result<Link> Attach(const Program& program, const CounterTarget& target) {
  const std::string object = "counter " + std::to_string(target.type) + ":" + Hex(target.config);
  const PerfEventAttr attr = {.type = target.type,
                              .config = target.config,
                              .sample_period = target.period,
                              .flags = target.is_frequency ? kPerfFrequency : 0};
  Fd event = PUREBPF_TRY(
      OpenPerfEvent(program.kernel(), attr, {.pid = target.pid, .cpu = target.cpu}, object));
  return AttachToEvent(program, std::move(event), target.cookie, object);
}

}  // namespace purebpf
