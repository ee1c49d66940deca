// Perf events: tracepoints, kprobes, uprobes and counters that run a program (Linux 4.1, 4.7, 4.9;
// kprobes and uprobes through their PMU, 4.17). Attached by link where the kernel has links of perf
// events (5.15), else by ioctl: Link::is_kernel_link tells.
//
// Source: include/uapi/linux/perf_event.h, kernel/events/core.c, kernel/trace/trace_event_perf.c.
#ifndef PUREBPF_BPF_PERF_EVENT_H_
#define PUREBPF_BPF_PERF_EVENT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "purebpf/bpf/attach.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/fd.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/bpf/link.h"
#include "purebpf/bpf/program.h"

namespace purebpf {

// struct perf_event_attr as of Linux 2.6.38 (PERF_ATTR_SIZE_VER1): all that is needed here.
struct PerfEventAttr {
  uint32_t type = 0;  // PERF_TYPE_*, or a PMU's
  uint32_t size = 72;
  uint64_t config = 0;
  uint64_t sample_period = 0;  // or frequency
  uint64_t sample_type = 0;    // PERF_SAMPLE_*
  uint64_t read_format = 0;
  uint64_t flags = 0;  // the bit field that starts with `disabled`; see kPerf...
  uint32_t wakeup_events = 0;
  uint32_t bp_type = 0;
  uint64_t config1 = 0;  // of kprobes and uprobes: the name of the function or file
  uint64_t config2 = 0;  // and the offset in it
};
static_assert(sizeof(PerfEventAttr) == 72 && offsetof(PerfEventAttr, config1) == 56);

inline constexpr uint32_t kPerfTypeHardware = 0;    // PERF_TYPE_HARDWARE
inline constexpr uint32_t kPerfTypeSoftware = 1;    // PERF_TYPE_SOFTWARE
inline constexpr uint32_t kPerfTypeTracepoint = 2;  // PERF_TYPE_TRACEPOINT

inline constexpr uint64_t kPerfDisabled = uint64_t{1} << 0;
inline constexpr uint64_t kPerfInherit = uint64_t{1} << 1;
inline constexpr uint64_t kPerfFrequency = uint64_t{1} << 10;
inline constexpr uint64_t kPerfWriteBackward = uint64_t{1} << 27;

// A tracepoint: "sched", "sched_switch". Linux 4.7.
struct TracepointTarget {
  std::string group;
  std::string name;
  uint64_t cookie = 0;  // Linux 5.15, as the others'
};

// A function of the kernel or a module. Linux 4.17.
struct KprobeTarget {
  std::string function;
  uint64_t offset = 0;  // in the function; without a function, an address
  bool on_return = false;
  uint64_t cookie = 0;
};

// A place in a file that is executed. Linux 4.17.
struct UprobeTarget {
  std::string path;
  uint64_t offset = 0;          // in the file
  uint64_t ref_ctr_offset = 0;  // of a semaphore in the file, below 4 GiB; Linux 4.20
  bool on_return = false;
  int pid = -1;  // -1: every process, 0: this one
  uint64_t cookie = 0;
};

// A counter that runs the program each `period` counts (or `period` times a second), on one CPU or
// for one process. Linux 4.9.
struct CounterTarget {
  uint32_t type = kPerfTypeSoftware;
  uint64_t config = 0;  // PERF_COUNT_SW_CPU_CLOCK is 0
  uint64_t period = 0;
  bool is_frequency = false;
  int pid = -1;  // -1: every process; then `cpu` must be one
  int cpu = -1;
  uint64_t cookie = 0;
};

// perf_event_open(2) alone. `object` is how messages name the event.
[[nodiscard]] Result<Fd> OpenPerfEvent(Kernel& kernel, PerfEventAttr attr, const PerfTarget& target,
                                       const std::string& object);

// Errors: kNotFound (no such tracepoint, function, file), kPermission (CAP_PERFMON, or tracefs that
// may not be read), kUnsupported (no such PMU), kConflict.
// A tracepoint reads its id, a probe the number of its PMU; then two calls by link, or three by
// ioctl after the link is refused.
[[nodiscard]] Result<Link> Attach(const Program& program, const TracepointTarget& target);
[[nodiscard]] Result<Link> Attach(const Program& program, const KprobeTarget& target);
[[nodiscard]] Result<Link> Attach(const Program& program, const UprobeTarget& target);
[[nodiscard]] Result<Link> Attach(const Program& program, const CounterTarget& target);

// To an event that is there already and counts already: by link, or else by ioctl (not with a
// cookie). The event is taken over.
[[nodiscard]] Result<Link> AttachToEvent(const Program& program, Fd event, uint64_t cookie,
                                         const std::string& where);

}  // namespace purebpf

#endif  // PUREBPF_BPF_PERF_EVENT_H_
