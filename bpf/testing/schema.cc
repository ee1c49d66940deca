// The attributes of bpf(2): the part of union bpf_attr that each command has.
// Source: include/uapi/linux/bpf.h.
#include "purebpf/bpf/testing/schema.h"

#include "purebpf/bpf/rtnetlink_names.h"
#include "purebpf/bpf/testing/schema_rows.h"
#include "purebpf/bpf/testing/values.h"

namespace purebpf::testing::internal {
namespace {

// --- Flags
// ----------------------------------------------------------------------------------------

constexpr EnumRow kProgFlags[] = {
    {1U << 0, "BPF_F_STRICT_ALIGNMENT", {}},   {1U << 1, "BPF_F_ANY_ALIGNMENT", {}},
    {1U << 2, "BPF_F_TEST_RND_HI32", {}},      {1U << 3, "BPF_F_TEST_STATE_FREQ", {}},
    {1U << 4, "BPF_F_SLEEPABLE", {}},          {1U << 5, "BPF_F_XDP_HAS_FRAGS", {}},
    {1U << 6, "BPF_F_XDP_DEV_BOUND_ONLY", {}}, {1U << 7, "BPF_F_TEST_REG_INVARIANTS", {}},
    {1U << 16, "BPF_F_TOKEN_FD", {}},
};
constexpr EnumRow kElemFlags[] = {
    {1, "BPF_NOEXIST", {}},
    {2, "BPF_EXIST", {}},
    {4, "BPF_F_LOCK", {}},
};
constexpr EnumRow kAttachFlags[] = {
    {1U << 0, "BPF_F_ALLOW_OVERRIDE", {}}, {1U << 1, "BPF_F_ALLOW_MULTI", {}},
    {1U << 2, "BPF_F_REPLACE", {}},        {1U << 3, "BPF_F_BEFORE", {}},
    {1U << 4, "BPF_F_AFTER", {}},          {1U << 5, "BPF_F_ID", {}},
    {1U << 6, "BPF_F_PREORDER", {}},       {1U << 13, "BPF_F_LINK", {}},
};
constexpr EnumRow kQueryFlags[] = {{1, "BPF_F_QUERY_EFFECTIVE", {}}};
constexpr EnumRow kTestRunFlags[] = {
    {1, "BPF_F_TEST_RUN_ON_CPU", {}},
    {2, "BPF_F_TEST_XDP_LIVE_FRAMES", {}},
    {4, "BPF_F_TEST_SKB_CHECKSUM_COMPLETE", {}},
};
constexpr EnumRow kKprobeMultiFlags[] = {{1, "BPF_F_KPROBE_MULTI_RETURN", {}}};
constexpr EnumRow kUprobeMultiFlags[] = {{1, "BPF_F_UPROBE_MULTI_RETURN", {}}};
constexpr EnumRow kNetfilterFlags[] = {{1, "BPF_F_NETFILTER_IP_DEFRAG", {}}};
constexpr EnumRow kStatsTypes[] = {{0, "BPF_STATS_RUN_TIME", {}}};

std::span<const EnumRow> ProgFlagRows() { return kProgFlags; }
std::span<const EnumRow> ElemFlagRows() { return kElemFlags; }
std::span<const EnumRow> AttachFlagRows() { return kAttachFlags; }
std::span<const EnumRow> QueryFlagRows() { return kQueryFlags; }
std::span<const EnumRow> TestRunFlagRows() { return kTestRunFlags; }
std::span<const EnumRow> KprobeMultiFlagRows() { return kKprobeMultiFlags; }
std::span<const EnumRow> UprobeMultiFlagRows() { return kUprobeMultiFlags; }
std::span<const EnumRow> NetfilterFlagRows() { return kNetfilterFlags; }
std::span<const EnumRow> StatsTypeRows() { return kStatsTypes; }

// --- Attach types that decide what a union is
// -----------------------------------------------------

constexpr uint64_t kTcx = Bits(AttachType::kTcxIngress, AttachType::kTcxEgress);
constexpr uint64_t kNetkit = Bits(AttachType::kNetkitPrimary, AttachType::kNetkitPeer);
// Attached to an interface, by its index.
constexpr uint64_t kToInterface = Bits(AttachType::kXdp) | kTcx | kNetkit;
constexpr uint64_t kToStructOps = Bits(AttachType::kStructOps);
constexpr uint64_t kIter = Bits(AttachType::kTraceIter);
constexpr uint64_t kPerfEvent = Bits(AttachType::kPerfEvent);
constexpr uint64_t kKprobeMulti =
    Bits(AttachType::kTraceKprobeMulti, AttachType::kTraceKprobeSession);
constexpr uint64_t kUprobeMulti =
    Bits(AttachType::kTraceUprobeMulti, AttachType::kTraceUprobeSession);
constexpr uint64_t kTracing =
    Bits(AttachType::kTraceRawTp, AttachType::kTraceFentry, AttachType::kTraceFexit,
         AttachType::kModifyReturn, AttachType::kLsmMac, AttachType::kLsmCgroup);
constexpr uint64_t kNetfilter = Bits(AttachType::kNetfilter);
// What may stand relative to another: the rest are cgroups' (Linux 6.17).
constexpr uint64_t kRelative = ~(Bits(AttachType::kXdp) | kToStructOps | kIter | kPerfEvent |
                                 kKprobeMulti | kUprobeMulti | kTracing | kNetfilter);

// --- Attributes
// -----------------------------------------------------------------------------------

constexpr FieldSpec kMapCreate[] = {
    Enum("map_type", 0, MapTypeRows),
    U32("key_size", 4),
    U32("value_size", 8),
    U32("max_entries", 12),
    Flags("map_flags", 16, MapFlagRows),
    Fd("inner_map_fd", 20),
    U32("numa_node", 24),
    Name("map_name", 28),
    U32("map_ifindex", 44),
    Fd("btf_fd", 48),
    U32("btf_key_type_id", 52),
    U32("btf_value_type_id", 56),
    U32("btf_vmlinux_value_type_id", 60),
    Hex("map_extra", 64, 8),
    Fd("value_type_btf_obj_fd", 72),
    Fd("map_token_fd", 76),
    Pointer("excl_prog_hash", 80),
    U32("excl_prog_hash_size", 88),
};
constexpr FieldSpec kMapElem[] = {
    Fd("map_fd", 0),
    Pointer("key", 8),
    Pointer("value", 16, Content::kValue),
    Flags("flags", 24, ElemFlagRows, 8),
};
constexpr FieldSpec kNextKey[] = {
    Fd("map_fd", 0),
    Pointer("key", 8),
    Pointer("next_key", 16),
    Hex("flags", 24, 8),
};
constexpr FieldSpec kMapBatch[] = {
    Pointer("in_batch", 0),
    Pointer("out_batch", 8),
    Pointer("keys", 16),
    Pointer("values", 24),
    U32("count", 32),
    Fd("map_fd", 36),
    Flags("elem_flags", 40, ElemFlagRows, 8),
    Hex("flags", 48, 8),
};
constexpr FieldSpec kMapFd[] = {Fd("map_fd", 0)};
constexpr FieldSpec kProgLoad[] = {
    Enum("prog_type", 0, ProgTypeRows),
    U32("insn_cnt", 4),
    Pointer("insns", 8, Content::kCode),
    Pointer("license", 16, Content::kText),
    U32("log_level", 24),
    U32("log_size", 28),
    Pointer("log_buf", 32, Content::kLog),
    Hex("kern_version", 40, 4),
    Flags("prog_flags", 44, ProgFlagRows),
    Name("prog_name", 48),
    U32("prog_ifindex", 64),
    Enum("expected_attach_type", 68, AttachTypeRows),
    Fd("prog_btf_fd", 72),
    U32("func_info_rec_size", 76),
    Pointer("func_info", 80),
    U32("func_info_cnt", 88),
    U32("line_info_rec_size", 92),
    Pointer("line_info", 96),
    U32("line_info_cnt", 104),
    U32("attach_btf_id", 108),
    Fd("attach_prog_fd", 112),
    U32("core_relo_cnt", 116),
    Pointer("fd_array", 120, Content::kFds),
    Pointer("core_relos", 128),
    U32("core_relo_rec_size", 136),
    U32("log_true_size", 140),
    Fd("prog_token_fd", 144),
    U32("fd_array_cnt", 148),
    Pointer("signature", 152),
    U32("signature_size", 160),
    S32("keyring_id", 164),
};
constexpr FieldSpec kObj[] = {
    Pointer("pathname", 0, Content::kText),
    Fd("bpf_fd", 8),
    Flags("file_flags", 12, MapFlagRows),
    Fd("path_fd", 16),
};
constexpr FieldSpec kProgAttach[] = {
    When(8, kToInterface, U32("target_ifindex", 0)),
    When(8, ~kToInterface, Fd("target_fd", 0)),
    Fd("attach_bpf_fd", 4),
    Enum("attach_type", 8, AttachTypeRows),
    Flags("attach_flags", 12, AttachFlagRows),
    Fd("replace_bpf_fd", 16),
    FdOrId("relative_fd", 20, 12),
    U64("expected_revision", 24),
};
constexpr FieldSpec kTestRun[] = {
    Fd("prog_fd", 0),
    U32("retval", 4),
    U32("data_size_in", 8),
    U32("data_size_out", 12),
    Pointer("data_in", 16),
    Pointer("data_out", 24),
    U32("repeat", 32),
    Time("duration", 36, 4),
    U32("ctx_size_in", 40),
    U32("ctx_size_out", 44),
    Pointer("ctx_in", 48),
    Pointer("ctx_out", 56),
    Flags("flags", 64, TestRunFlagRows),
    U32("cpu", 68),
    U32("batch_size", 72),
};
#define ID_ROWS(kind) \
  Id("start_id", 0, kind), Id("next_id", 4, kind), Flags("open_flags", 8, MapFlagRows)
constexpr FieldSpec kNextProg[] = {ID_ROWS(kProgKind)};
constexpr FieldSpec kNextMap[] = {ID_ROWS(kMapKind)};
constexpr FieldSpec kNextBtf[] = {ID_ROWS(kBtfKind)};
constexpr FieldSpec kNextLink[] = {ID_ROWS(kLinkKind)};
#undef ID_ROWS
#define BY_ID_ROWS(name, kind)                                               \
  Id(name, 0, kind), U32("next_id", 4), Flags("open_flags", 8, MapFlagRows), \
      Fd("fd_by_id_token_fd", 12)
constexpr FieldSpec kProgById[] = {BY_ID_ROWS("prog_id", kProgKind)};
constexpr FieldSpec kMapById[] = {BY_ID_ROWS("map_id", kMapKind)};
constexpr FieldSpec kBtfById[] = {BY_ID_ROWS("btf_id", kBtfKind)};
constexpr FieldSpec kLinkById[] = {BY_ID_ROWS("link_id", kLinkKind)};
#undef BY_ID_ROWS
constexpr FieldSpec kInfoByFd[] = {
    Fd("bpf_fd", 0),
    U32("info_len", 4),
    Pointer("info", 8, Content::kInfo),
};
constexpr FieldSpec kProgQuery[] = {
    When(4, kToInterface, U32("target_ifindex", 0)),
    When(4, ~kToInterface, Fd("target_fd", 0)),
    Enum("attach_type", 4, AttachTypeRows),
    Flags("query_flags", 8, QueryFlagRows),
    Flags("attach_flags", 12, AttachFlagRows),
    IdsAt("prog_ids", 16, kProgKind),
    U32("prog_cnt", 24),
    Pointer("prog_attach_flags", 32, Content::kIntegers),
    IdsAt("link_ids", 40, kLinkKind),
    Pointer("link_attach_flags", 48, Content::kIntegers),
    U64("revision", 56),
};
constexpr FieldSpec kRawTracepoint[] = {
    Pointer("name", 0, Content::kText),
    Fd("prog_fd", 8),
    Hex("cookie", 16, 8),
};
constexpr FieldSpec kBtfLoad[] = {
    Pointer("btf", 0),
    Pointer("btf_log_buf", 8, Content::kLog),
    U32("btf_size", 16),
    U32("btf_log_size", 20),
    U32("btf_log_level", 24),
    U32("btf_log_true_size", 28),
    Flags("btf_flags", 32, MapFlagRows),
    Fd("btf_token_fd", 36),
};
constexpr FieldSpec kTaskFdQuery[] = {
    Free(U32("pid", 0)),
    Fd("fd", 4),
    U32("flags", 8),
    U32("buf_len", 12),
    Pointer("buf", 16, Content::kLog),
    Id("prog_id", 24, kProgKind),
    U32("fd_type", 28),
    Hex("probe_offset", 32, 8),
    Hex("probe_addr", 40, 8),
};
constexpr FieldSpec kLinkCreate[] = {
    When(8, ~kToStructOps, Fd("prog_fd", 0)),
    When(8, kToStructOps, Fd("map_fd", 0)),
    When(8, kToInterface, U32("target_ifindex", 4)),
    When(8, ~kToInterface, Fd("target_fd", 4)),
    Enum("attach_type", 8, AttachTypeRows),
    When(8, Bits(AttachType::kXdp), Flags("flags", 12, rtnetlink::XdpFlagNames)),
    When(8, ~Bits(AttachType::kXdp), Flags("flags", 12, AttachFlagRows)),
    When(8, kIter, Pointer("iter_info", 16, Content::kIterInfo)),
    When(8, kIter, U32("iter_info_len", 24)),
    When(8, kPerfEvent, Hex("perf_event.bpf_cookie", 16, 8)),
    When(8, kKprobeMulti, Flags("kprobe_multi.flags", 16, KprobeMultiFlagRows)),
    When(8, kKprobeMulti, U32("kprobe_multi.cnt", 20)),
    When(8, kKprobeMulti, Pointer("kprobe_multi.syms", 24, Content::kWords)),
    When(8, kKprobeMulti, Pointer("kprobe_multi.addrs", 32, Content::kWords)),
    When(8, kKprobeMulti, Pointer("kprobe_multi.cookies", 40, Content::kWords)),
    When(8, kTracing, U32("tracing.target_btf_id", 16)),
    When(8, kTracing, Hex("tracing.cookie", 24, 8)),
    When(8, kNetfilter, U32("netfilter.pf", 16)),
    When(8, kNetfilter, U32("netfilter.hooknum", 20)),
    When(8, kNetfilter, S32("netfilter.priority", 24)),
    When(8, kNetfilter, Flags("netfilter.flags", 28, NetfilterFlagRows)),
    When(8, kUprobeMulti, Pointer("uprobe_multi.path", 16, Content::kText)),
    When(8, kUprobeMulti, Pointer("uprobe_multi.offsets", 24, Content::kWords)),
    When(8, kUprobeMulti, Pointer("uprobe_multi.ref_ctr_offsets", 32, Content::kWords)),
    When(8, kUprobeMulti, Pointer("uprobe_multi.cookies", 40, Content::kWords)),
    When(8, kUprobeMulti, U32("uprobe_multi.cnt", 48)),
    When(8, kUprobeMulti, Flags("uprobe_multi.flags", 52, UprobeMultiFlagRows)),
    When(8, kUprobeMulti, Free(U32("uprobe_multi.pid", 56))),
    When(8, kRelative, Fd("relative_fd", 16)),
    When(8, kRelative, U64("expected_revision", 24)),
};
constexpr FieldSpec kLinkUpdate[] = {
    Fd("link_fd", 0),
    Fd("new_prog_fd", 4),  // a struct_ops link's: new_map_fd
    Flags("flags", 8, AttachFlagRows),
    Fd("old_prog_fd", 12),
};
constexpr FieldSpec kLinkFd[] = {Fd("link_fd", 0)};
constexpr FieldSpec kEnableStats[] = {Enum("type", 0, StatsTypeRows)};
constexpr FieldSpec kIterCreate[] = {Fd("link_fd", 0), U32("flags", 4)};
constexpr FieldSpec kProgBindMap[] = {Fd("prog_fd", 0), Fd("map_fd", 4), U32("flags", 8)};
constexpr FieldSpec kTokenCreate[] = {U32("flags", 0), Fd("bpffs_fd", 4)};
constexpr FieldSpec kStreamRead[] = {
    Pointer("stream_buf", 0, Content::kLog),
    U32("stream_buf_len", 8),
    U32("stream_id", 12),
    Fd("prog_fd", 16),
};

constexpr CommandSpec kCommands[] = {
    {Command::kMapCreate, kMapCreate, kMapKind},
    {Command::kMapLookupElem, kMapElem},
    {Command::kMapUpdateElem, kMapElem},
    {Command::kMapDeleteElem, kMapElem},
    {Command::kMapGetNextKey, kNextKey},
    {Command::kProgLoad, kProgLoad, kProgKind},
    {Command::kObjPin, kObj},
    {Command::kObjGet, kObj, kObjectKind},
    {Command::kProgAttach, kProgAttach},
    {Command::kProgDetach, kProgAttach},
    {Command::kProgTestRun, kTestRun},
    {Command::kProgGetNextId, kNextProg},
    {Command::kMapGetNextId, kNextMap},
    {Command::kProgGetFdById, kProgById, kProgKind},
    {Command::kMapGetFdById, kMapById, kMapKind},
    {Command::kObjGetInfoByFd, kInfoByFd},
    {Command::kProgQuery, kProgQuery},
    {Command::kRawTracepointOpen, kRawTracepoint, kLinkKind},
    {Command::kBtfLoad, kBtfLoad, kBtfKind},
    {Command::kBtfGetFdById, kBtfById, kBtfKind},
    {Command::kTaskFdQuery, kTaskFdQuery},
    {Command::kMapLookupAndDeleteElem, kMapElem},
    {Command::kMapFreeze, kMapFd},
    {Command::kBtfGetNextId, kNextBtf},
    {Command::kMapLookupBatch, kMapBatch},
    {Command::kMapLookupAndDeleteBatch, kMapBatch},
    {Command::kMapUpdateBatch, kMapBatch},
    {Command::kMapDeleteBatch, kMapBatch},
    {Command::kLinkCreate, kLinkCreate, kLinkKind},
    {Command::kLinkUpdate, kLinkUpdate},
    {Command::kLinkGetFdById, kLinkById, kLinkKind},
    {Command::kLinkGetNextId, kNextLink},
    {Command::kEnableStats, kEnableStats, kStatsKind},
    {Command::kIterCreate, kIterCreate, kIterKind},
    {Command::kLinkDetach, kLinkFd},
    {Command::kProgBindMap, kProgBindMap},
    {Command::kTokenCreate, kTokenCreate, kTokenKind},
    {Command::kProgStreamReadByFd, kStreamRead},
};

bool TagIs(Bytes bytes, size_t offset, uint64_t tags) {
  // A number beyond the bits, as a newer kernel's, is none of those that are told apart.
  const uint64_t tag = offset + 4 <= bytes.size() ? LoadInteger(bytes, offset, 4) : 0;
  return tag < 64 ? (tags >> tag & 1) != 0 : (tags >> 63) != 0;
}

}  // namespace

bool Applies(const FieldSpec& spec, Bytes bytes) {
  return (spec.tags == 0 || TagIs(bytes, spec.tag_offset, spec.tags)) &&
         (spec.first_tags == 0 || TagIs(bytes, 0, spec.first_tags));
}

CommandSpec SpecOf(Command command) {
  for (const CommandSpec& spec : kCommands)
    if (spec.command == command) return spec;
  return {.command = command, .attr = {}};
}

}  // namespace purebpf::testing::internal
