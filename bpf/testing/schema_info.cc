// The other structures: what BPF_OBJ_GET_INFO_BY_FD writes, perf_event_attr, and the flags of calls
// that have no structure.
// Source: include/uapi/linux/bpf.h, include/uapi/linux/perf_event.h.
#include "purebpf/bpf/testing/schema.h"
#include "purebpf/bpf/testing/schema_rows.h"

namespace purebpf::testing::internal {
namespace {

constexpr FieldSpec kProgInfo[] = {
    Enum("type", 0, ProgTypeRows),
    Id("id", 4, kProgKind),
    Raw("tag", 8, 8),
    U32("jited_prog_len", 16),
    U32("xlated_prog_len", 20),
    Pointer("jited_prog_insns", 24),
    Pointer("xlated_prog_insns", 32),
    Time("load_time", 40, 8),
    U32("created_by_uid", 48),
    U32("nr_map_ids", 52),
    IdsAt("map_ids", 56, kMapKind),
    Name("name", 64),
    U32("ifindex", 80),
    U32("gpl_compatible", 84),
    Hex("netns_dev", 88, 8),
    U64("netns_ino", 96),
    U32("nr_jited_ksyms", 104),
    U32("nr_jited_func_lens", 108),
    Pointer("jited_ksyms", 112, Content::kWords),
    Pointer("jited_func_lens", 120, Content::kIntegers),
    Id("btf_id", 128, kBtfKind),
    U32("func_info_rec_size", 132),
    Pointer("func_info", 136),
    U32("nr_func_info", 144),
    U32("nr_line_info", 148),
    Pointer("line_info", 152),
    Pointer("jited_line_info", 160, Content::kWords),
    U32("nr_jited_line_info", 168),
    U32("line_info_rec_size", 172),
    U32("jited_line_info_rec_size", 176),
    U32("nr_prog_tags", 180),
    Pointer("prog_tags", 184),
    Time("run_time_ns", 192, 8),
    U64("run_cnt", 200),
    U64("recursion_misses", 208),
    U32("verified_insns", 216),
    Id("attach_btf_obj_id", 220, kBtfKind),
    U32("attach_btf_id", 224),
};
constexpr FieldSpec kMapInfo[] = {
    Enum("type", 0, MapTypeRows),
    Id("id", 4, kMapKind),
    U32("key_size", 8),
    U32("value_size", 12),
    U32("max_entries", 16),
    Flags("map_flags", 20, MapFlagRows),
    Name("name", 24),
    U32("ifindex", 40),
    U32("btf_vmlinux_value_type_id", 44),
    Hex("netns_dev", 48, 8),
    U64("netns_ino", 56),
    Id("btf_id", 64, kBtfKind),
    U32("btf_key_type_id", 68),
    U32("btf_value_type_id", 72),
    Id("btf_vmlinux_id", 76, kBtfKind),
    Hex("map_extra", 80, 8),
    Pointer("hash", 88),
    U32("hash_size", 96),
};
constexpr FieldSpec kBtfInfo[] = {
    Pointer("btf", 0),      U32("btf_size", 8),
    Id("id", 12, kBtfKind), Pointer("name", 16, Content::kLog),
    U32("name_len", 24),    U32("kernel_btf", 28),
};

constexpr EnumRow kPerfEventTypes[] = {
    {0, "BPF_PERF_EVENT_UNSPEC", {}},    {1, "BPF_PERF_EVENT_UPROBE", {}},
    {2, "BPF_PERF_EVENT_URETPROBE", {}}, {3, "BPF_PERF_EVENT_KPROBE", {}},
    {4, "BPF_PERF_EVENT_KRETPROBE", {}}, {5, "BPF_PERF_EVENT_TRACEPOINT", {}},
    {6, "BPF_PERF_EVENT_EVENT", {}},
};
std::span<const EnumRow> PerfEventTypeRows() { return kPerfEventTypes; }

// Of union bpf_link_info's part: the link's type is the first field, a perf event's is at 16.
constexpr uint64_t kOfPerf = Bits(LinkType::kPerfEvent);
constexpr FieldSpec Of(LinkType type, FieldSpec spec) { return WhenFirst(Bits(type), spec); }
constexpr FieldSpec OfPerf(uint64_t types, FieldSpec spec) {
  return WhenFirst(kOfPerf, When(16, types, spec));
}
constexpr FieldSpec kLinkInfo[] = {
    Enum("type", 0, LinkTypeRows),
    Id("id", 4, kLinkKind),
    Id("prog_id", 8, kProgKind),
    Of(LinkType::kRawTracepoint, Pointer("tp_name", 16, Content::kLog)),
    Of(LinkType::kRawTracepoint, U32("tp_name_len", 24)),
    Of(LinkType::kRawTracepoint, Hex("cookie", 32, 8)),
    Of(LinkType::kTracing, Enum("attach_type", 16, AttachTypeRows)),
    Of(LinkType::kTracing, U32("target_obj_id", 20)),
    Of(LinkType::kTracing, U32("target_btf_id", 24)),
    Of(LinkType::kTracing, Hex("cookie", 32, 8)),
    Of(LinkType::kCgroup, Chance("cgroup_id", 16, 8)),
    Of(LinkType::kCgroup, Enum("attach_type", 24, AttachTypeRows)),
    Of(LinkType::kIter, Pointer("target_name", 16, Content::kLog)),
    Of(LinkType::kIter, U32("target_name_len", 24)),
    Of(LinkType::kIter, Id("map_id", 28, kMapKind)),
    Of(LinkType::kNetns, U32("netns_ino", 16)),
    Of(LinkType::kNetns, Enum("attach_type", 20, AttachTypeRows)),
    Of(LinkType::kXdp, U32("ifindex", 16)),
    Of(LinkType::kStructOps, Id("map_id", 16, kMapKind)),
    Of(LinkType::kNetfilter, U32("pf", 16)),
    Of(LinkType::kNetfilter, U32("hooknum", 20)),
    Of(LinkType::kNetfilter, S32("priority", 24)),
    Of(LinkType::kNetfilter, U32("flags", 28)),
    Of(LinkType::kKprobeMulti, Pointer("addrs", 16, Content::kWords)),
    Of(LinkType::kKprobeMulti, U32("count", 24)),
    Of(LinkType::kKprobeMulti, U32("flags", 28)),
    Of(LinkType::kKprobeMulti, U64("missed", 32)),
    Of(LinkType::kKprobeMulti, Pointer("cookies", 40, Content::kWords)),
    Of(LinkType::kUprobeMulti, Pointer("path", 16, Content::kLog)),
    Of(LinkType::kUprobeMulti, Pointer("offsets", 24, Content::kWords)),
    Of(LinkType::kUprobeMulti, Pointer("ref_ctr_offsets", 32, Content::kWords)),
    Of(LinkType::kUprobeMulti, Pointer("cookies", 40, Content::kWords)),
    Of(LinkType::kUprobeMulti, U32("path_size", 48)),
    Of(LinkType::kUprobeMulti, U32("count", 52)),
    Of(LinkType::kUprobeMulti, U32("flags", 56)),
    Of(LinkType::kUprobeMulti, U32("pid", 60)),
    Of(LinkType::kPerfEvent, Enum("perf_event.type", 16, PerfEventTypeRows)),
    OfPerf(Bits(1, 2), Pointer("uprobe.file_name", 24, Content::kLog)),
    OfPerf(Bits(1, 2), U32("uprobe.name_len", 32)),
    OfPerf(Bits(1, 2), Hex("uprobe.offset", 36, 4)),
    OfPerf(Bits(1, 2), Hex("uprobe.cookie", 40, 8)),
    OfPerf(Bits(1, 2), Hex("uprobe.ref_ctr_offset", 48, 8)),
    OfPerf(Bits(3, 4), Pointer("kprobe.func_name", 24, Content::kLog)),
    OfPerf(Bits(3, 4), U32("kprobe.name_len", 32)),
    OfPerf(Bits(3, 4), Hex("kprobe.offset", 36, 4)),
    OfPerf(Bits(3, 4), Chance("kprobe.addr", 40, 8)),
    OfPerf(Bits(3, 4), U64("kprobe.missed", 48)),
    OfPerf(Bits(3, 4), Hex("kprobe.cookie", 56, 8)),
    OfPerf(Bits(5), Pointer("tracepoint.tp_name", 24, Content::kLog)),
    OfPerf(Bits(5), U32("tracepoint.name_len", 32)),
    OfPerf(Bits(5), Hex("tracepoint.cookie", 40, 8)),
    OfPerf(Bits(6), Hex("event.config", 24, 8)),
    OfPerf(Bits(6), U32("event.type", 32)),
    OfPerf(Bits(6), Hex("event.cookie", 40, 8)),
    WhenFirst(Bits(LinkType::kTcx, LinkType::kNetkit), U32("ifindex", 16)),
    WhenFirst(Bits(LinkType::kTcx, LinkType::kNetkit), Enum("attach_type", 20, AttachTypeRows)),
    Of(LinkType::kSockmap, Id("map_id", 16, kMapKind)),
    Of(LinkType::kSockmap, Enum("attach_type", 20, AttachTypeRows)),
};

constexpr FieldSpec kMapIterInfo[] = {Fd("map_fd", 0)};
constexpr FieldSpec kCgroupIterInfo[] = {
    U32("cgroup.order", 0),
    Fd("cgroup.cgroup_fd", 4),
    U64("cgroup.cgroup_id", 8),
};

constexpr EnumRow kPerfTypes[] = {
    {0, "PERF_TYPE_HARDWARE", {}}, {1, "PERF_TYPE_SOFTWARE", {}}, {2, "PERF_TYPE_TRACEPOINT", {}},
    {3, "PERF_TYPE_HW_CACHE", {}}, {4, "PERF_TYPE_RAW", {}},      {5, "PERF_TYPE_BREAKPOINT", {}},
};
constexpr EnumRow kSampleTypes[] = {
    {1U << 0, "PERF_SAMPLE_IP", {}},   {1U << 1, "PERF_SAMPLE_TID", {}},
    {1U << 2, "PERF_SAMPLE_TIME", {}}, {1U << 3, "PERF_SAMPLE_ADDR", {}},
    {1U << 6, "PERF_SAMPLE_ID", {}},   {1U << 7, "PERF_SAMPLE_CPU", {}},
    {1U << 10, "PERF_SAMPLE_RAW", {}},
};
constexpr EnumRow kPerfBits[] = {
    {1U << 0, "disabled", {}},
    {1U << 1, "inherit", {}},
    {1U << 2, "pinned", {}},
    {1U << 3, "exclusive", {}},
    {1U << 4, "exclude_user", {}},
    {1U << 5, "exclude_kernel", {}},
    {1U << 6, "exclude_hv", {}},
    {1U << 7, "exclude_idle", {}},
    {1U << 8, "mmap", {}},
    {1U << 9, "comm", {}},
    {1U << 10, "freq", {}},
    {1U << 11, "inherit_stat", {}},
    {1U << 12, "enable_on_exec", {}},
    {1U << 13, "task", {}},
    {1U << 14, "watermark", {}},
    {1U << 17, "mmap_data", {}},
    {1U << 18, "sample_id_all", {}},
    {1U << 19, "exclude_host", {}},
    {1U << 20, "exclude_guest", {}},
    {1U << 25, "use_clockid", {}},
    {1U << 27, "write_backward", {}},
};
std::span<const EnumRow> PerfTypeRows() { return kPerfTypes; }
std::span<const EnumRow> SampleTypeRows() { return kSampleTypes; }
std::span<const EnumRow> PerfBitRows() { return kPerfBits; }

constexpr FieldSpec kPerfAttr[] = {
    Enum("type", 0, PerfTypeRows),
    U32("size", 4),
    Hex("config", 8, 8),
    U64("sample_period", 16),
    Flags("sample_type", 24, SampleTypeRows, 8),
    Hex("read_format", 32, 8),
    Flags("bits", 40, PerfBitRows, 8),
    U32("wakeup_events", 48),
    U32("bp_type", 52),
    // kprobe_func and uprobe_path where the type is that PMU's; else a number.
    Pointer("config1", 56, Content::kText),
    Hex("config2", 64, 8),
    Hex("branch_sample_type", 72, 8),
    Hex("sample_regs_user", 80, 8),
    U32("sample_stack_user", 88),
    S32("clockid", 92),
    Hex("sample_regs_intr", 96, 8),
    U32("aux_watermark", 104),
    Hex("sample_max_stack", 108, 2),
    U32("aux_sample_size", 112),
    Hex("sig_data", 120, 8),
    Hex("config3", 128, 8),
};

constexpr EnumRow kIoctls[] = {
    {0x2400, "PERF_EVENT_IOC_ENABLE", {}},
    {0x2401, "PERF_EVENT_IOC_DISABLE", {}},
    {0x2402, "PERF_EVENT_IOC_REFRESH", {}},
    {0x2403, "PERF_EVENT_IOC_RESET", {}},
    {0x40082404, "PERF_EVENT_IOC_PERIOD", {}},
    {0x2405, "PERF_EVENT_IOC_SET_OUTPUT", {}},
    {0x40082406, "PERF_EVENT_IOC_SET_FILTER", {}},
    {0x80082407, "PERF_EVENT_IOC_ID", {}},
    {0x40042408, "PERF_EVENT_IOC_SET_BPF", {}},
    {0x40042409, "PERF_EVENT_IOC_PAUSE_OUTPUT", {}},
    {0xc008240a, "PERF_EVENT_IOC_QUERY_BPF", {}},
    {0x4008240b, "PERF_EVENT_IOC_MODIFY_ATTRIBUTES", {}},
};
constexpr EnumRow kPerfOpenFlags[] = {
    {1, "PERF_FLAG_FD_NO_GROUP", {}},
    {2, "PERF_FLAG_FD_OUTPUT", {}},
    {4, "PERF_FLAG_PID_CGROUP", {}},
    {8, "PERF_FLAG_FD_CLOEXEC", {}},
};
constexpr EnumRow kResources[] = {{7, "RLIMIT_NOFILE", {}}, {8, "RLIMIT_MEMLOCK", {}}};
constexpr EnumRow kNetlinkProtocols[] = {{0, "NETLINK_ROUTE", {}}, {16, "NETLINK_GENERIC", {}}};
constexpr EnumRow kLinkGroups[] = {{1, "RTMGRP_LINK", {}}, {8, "RTMGRP_TC", {}}};

}  // namespace

Schema InfoSchema(std::string_view kind) {
  if (kind == kProgKind) return kProgInfo;
  if (kind == kMapKind) return kMapInfo;
  if (kind == kBtfKind) return kBtfInfo;
  if (kind == kLinkKind) return kLinkInfo;
  return {};
}

Schema IterInfoSchema(bool of_cgroup) {
  return of_cgroup ? Schema(kCgroupIterInfo) : Schema(kMapIterInfo);
}
Schema PerfAttrSchema() { return kPerfAttr; }
std::span<const EnumRow> IoctlRows() { return kIoctls; }
std::span<const EnumRow> PerfOpenFlagRows() { return kPerfOpenFlags; }
std::span<const EnumRow> ResourceRows() { return kResources; }
std::span<const EnumRow> NetlinkProtocolRows() { return kNetlinkProtocols; }
std::span<const EnumRow> LinkGroupRows() { return kLinkGroups; }

}  // namespace purebpf::testing::internal
