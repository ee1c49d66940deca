#include "purebpf/bpf/abi.h"

#include <charconv>
#include <system_error>

namespace purebpf {
namespace {

// The value comes from the enumerator, so that the test which holds a row against the kernel's BTF
// holds the enumerator too.
template <typename E>
constexpr EnumRow Row(E value, std::string_view name, KernelVersion since = {}) {
  return {static_cast<uint32_t>(value), name, since};
}

constexpr EnumRow kCommandRows[] = {
    Row(Command::kMapCreate, "BPF_MAP_CREATE", {3, 19}),
    Row(Command::kMapLookupElem, "BPF_MAP_LOOKUP_ELEM", {3, 19}),
    Row(Command::kMapUpdateElem, "BPF_MAP_UPDATE_ELEM", {3, 19}),
    Row(Command::kMapDeleteElem, "BPF_MAP_DELETE_ELEM", {3, 19}),
    Row(Command::kMapGetNextKey, "BPF_MAP_GET_NEXT_KEY", {3, 19}),
    Row(Command::kProgLoad, "BPF_PROG_LOAD", {3, 19}),
    Row(Command::kObjPin, "BPF_OBJ_PIN", {4, 4}),
    Row(Command::kObjGet, "BPF_OBJ_GET", {4, 4}),
    Row(Command::kProgAttach, "BPF_PROG_ATTACH", {4, 10}),
    Row(Command::kProgDetach, "BPF_PROG_DETACH", {4, 10}),
    Row(Command::kProgTestRun, "BPF_PROG_TEST_RUN", {4, 12}),
    Row(Command::kProgGetNextId, "BPF_PROG_GET_NEXT_ID", {4, 13}),
    Row(Command::kMapGetNextId, "BPF_MAP_GET_NEXT_ID", {4, 13}),
    Row(Command::kProgGetFdById, "BPF_PROG_GET_FD_BY_ID", {4, 13}),
    Row(Command::kMapGetFdById, "BPF_MAP_GET_FD_BY_ID", {4, 13}),
    Row(Command::kObjGetInfoByFd, "BPF_OBJ_GET_INFO_BY_FD", {4, 13}),
    Row(Command::kProgQuery, "BPF_PROG_QUERY", {4, 15}),
    Row(Command::kRawTracepointOpen, "BPF_RAW_TRACEPOINT_OPEN", {4, 17}),
    Row(Command::kBtfLoad, "BPF_BTF_LOAD", {4, 18}),
    Row(Command::kBtfGetFdById, "BPF_BTF_GET_FD_BY_ID", {4, 18}),
    Row(Command::kTaskFdQuery, "BPF_TASK_FD_QUERY", {4, 18}),
    Row(Command::kMapLookupAndDeleteElem, "BPF_MAP_LOOKUP_AND_DELETE_ELEM", {4, 20}),
    Row(Command::kMapFreeze, "BPF_MAP_FREEZE", {5, 2}),
    Row(Command::kBtfGetNextId, "BPF_BTF_GET_NEXT_ID", {5, 4}),
    Row(Command::kMapLookupBatch, "BPF_MAP_LOOKUP_BATCH", {5, 6}),
    Row(Command::kMapLookupAndDeleteBatch, "BPF_MAP_LOOKUP_AND_DELETE_BATCH", {5, 6}),
    Row(Command::kMapUpdateBatch, "BPF_MAP_UPDATE_BATCH", {5, 6}),
    Row(Command::kMapDeleteBatch, "BPF_MAP_DELETE_BATCH", {5, 6}),
    Row(Command::kLinkCreate, "BPF_LINK_CREATE", {5, 7}),
    Row(Command::kLinkUpdate, "BPF_LINK_UPDATE", {5, 7}),
    Row(Command::kLinkGetFdById, "BPF_LINK_GET_FD_BY_ID", {5, 8}),
    Row(Command::kLinkGetNextId, "BPF_LINK_GET_NEXT_ID", {5, 8}),
    Row(Command::kEnableStats, "BPF_ENABLE_STATS", {5, 8}),
    Row(Command::kIterCreate, "BPF_ITER_CREATE", {5, 8}),
    Row(Command::kLinkDetach, "BPF_LINK_DETACH", {5, 9}),
    Row(Command::kProgBindMap, "BPF_PROG_BIND_MAP", {5, 10}),
    Row(Command::kTokenCreate, "BPF_TOKEN_CREATE", {6, 9}),
    Row(Command::kProgStreamReadByFd, "BPF_PROG_STREAM_READ_BY_FD", {6, 17}),
    Row(Command::kProgAssocStructOps, "BPF_PROG_ASSOC_STRUCT_OPS", {7, 0}),
};

constexpr EnumRow kMapTypeRows[] = {
    Row(MapType::kUnspec, "BPF_MAP_TYPE_UNSPEC"),
    Row(MapType::kHash, "BPF_MAP_TYPE_HASH", {3, 19}),
    Row(MapType::kArray, "BPF_MAP_TYPE_ARRAY", {3, 19}),
    Row(MapType::kProgArray, "BPF_MAP_TYPE_PROG_ARRAY", {4, 2}),
    Row(MapType::kPerfEventArray, "BPF_MAP_TYPE_PERF_EVENT_ARRAY", {4, 3}),
    Row(MapType::kPercpuHash, "BPF_MAP_TYPE_PERCPU_HASH", {4, 6}),
    Row(MapType::kPercpuArray, "BPF_MAP_TYPE_PERCPU_ARRAY", {4, 6}),
    Row(MapType::kStackTrace, "BPF_MAP_TYPE_STACK_TRACE", {4, 6}),
    Row(MapType::kCgroupArray, "BPF_MAP_TYPE_CGROUP_ARRAY", {4, 8}),
    Row(MapType::kLruHash, "BPF_MAP_TYPE_LRU_HASH", {4, 10}),
    Row(MapType::kLruPercpuHash, "BPF_MAP_TYPE_LRU_PERCPU_HASH", {4, 10}),
    Row(MapType::kLpmTrie, "BPF_MAP_TYPE_LPM_TRIE", {4, 11}),
    Row(MapType::kArrayOfMaps, "BPF_MAP_TYPE_ARRAY_OF_MAPS", {4, 12}),
    Row(MapType::kHashOfMaps, "BPF_MAP_TYPE_HASH_OF_MAPS", {4, 12}),
    Row(MapType::kDevmap, "BPF_MAP_TYPE_DEVMAP", {4, 14}),
    Row(MapType::kSockmap, "BPF_MAP_TYPE_SOCKMAP", {4, 14}),
    Row(MapType::kCpumap, "BPF_MAP_TYPE_CPUMAP", {4, 15}),
    Row(MapType::kXskmap, "BPF_MAP_TYPE_XSKMAP", {4, 18}),
    Row(MapType::kSockhash, "BPF_MAP_TYPE_SOCKHASH", {4, 18}),
    Row(MapType::kCgroupStorage, "BPF_MAP_TYPE_CGROUP_STORAGE", {4, 19}),
    Row(MapType::kReuseportSockarray, "BPF_MAP_TYPE_REUSEPORT_SOCKARRAY", {4, 19}),
    Row(MapType::kPercpuCgroupStorage, "BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE", {4, 20}),
    Row(MapType::kQueue, "BPF_MAP_TYPE_QUEUE", {4, 20}),
    Row(MapType::kStack, "BPF_MAP_TYPE_STACK", {4, 20}),
    Row(MapType::kSkStorage, "BPF_MAP_TYPE_SK_STORAGE", {5, 2}),
    Row(MapType::kDevmapHash, "BPF_MAP_TYPE_DEVMAP_HASH", {5, 4}),
    Row(MapType::kStructOps, "BPF_MAP_TYPE_STRUCT_OPS", {5, 6}),
    Row(MapType::kRingbuf, "BPF_MAP_TYPE_RINGBUF", {5, 8}),
    Row(MapType::kInodeStorage, "BPF_MAP_TYPE_INODE_STORAGE", {5, 10}),
    Row(MapType::kTaskStorage, "BPF_MAP_TYPE_TASK_STORAGE", {5, 11}),
    Row(MapType::kBloomFilter, "BPF_MAP_TYPE_BLOOM_FILTER", {5, 16}),
    Row(MapType::kUserRingbuf, "BPF_MAP_TYPE_USER_RINGBUF", {6, 1}),
    Row(MapType::kCgrpStorage, "BPF_MAP_TYPE_CGRP_STORAGE", {6, 2}),
    Row(MapType::kArena, "BPF_MAP_TYPE_ARENA", {6, 9}),
    Row(MapType::kInsnArray, "BPF_MAP_TYPE_INSN_ARRAY", {6, 19}),
    Row(MapType::kRhash, "BPF_MAP_TYPE_RHASH", {7, 2}),
};

constexpr EnumRow kProgTypeRows[] = {
    Row(ProgType::kUnspec, "BPF_PROG_TYPE_UNSPEC"),
    Row(ProgType::kSocketFilter, "BPF_PROG_TYPE_SOCKET_FILTER", {3, 19}),
    Row(ProgType::kKprobe, "BPF_PROG_TYPE_KPROBE", {4, 1}),
    Row(ProgType::kSchedCls, "BPF_PROG_TYPE_SCHED_CLS", {4, 1}),
    Row(ProgType::kSchedAct, "BPF_PROG_TYPE_SCHED_ACT", {4, 1}),
    Row(ProgType::kTracepoint, "BPF_PROG_TYPE_TRACEPOINT", {4, 7}),
    Row(ProgType::kXdp, "BPF_PROG_TYPE_XDP", {4, 8}),
    Row(ProgType::kPerfEvent, "BPF_PROG_TYPE_PERF_EVENT", {4, 9}),
    Row(ProgType::kCgroupSkb, "BPF_PROG_TYPE_CGROUP_SKB", {4, 10}),
    Row(ProgType::kCgroupSock, "BPF_PROG_TYPE_CGROUP_SOCK", {4, 10}),
    Row(ProgType::kLwtIn, "BPF_PROG_TYPE_LWT_IN", {4, 10}),
    Row(ProgType::kLwtOut, "BPF_PROG_TYPE_LWT_OUT", {4, 10}),
    Row(ProgType::kLwtXmit, "BPF_PROG_TYPE_LWT_XMIT", {4, 10}),
    Row(ProgType::kSockOps, "BPF_PROG_TYPE_SOCK_OPS", {4, 13}),
    Row(ProgType::kSkSkb, "BPF_PROG_TYPE_SK_SKB", {4, 14}),
    Row(ProgType::kCgroupDevice, "BPF_PROG_TYPE_CGROUP_DEVICE", {4, 15}),
    Row(ProgType::kSkMsg, "BPF_PROG_TYPE_SK_MSG", {4, 17}),
    Row(ProgType::kRawTracepoint, "BPF_PROG_TYPE_RAW_TRACEPOINT", {4, 17}),
    Row(ProgType::kCgroupSockAddr, "BPF_PROG_TYPE_CGROUP_SOCK_ADDR", {4, 17}),
    Row(ProgType::kLwtSeg6local, "BPF_PROG_TYPE_LWT_SEG6LOCAL", {4, 18}),
    Row(ProgType::kLircMode2, "BPF_PROG_TYPE_LIRC_MODE2", {4, 18}),
    Row(ProgType::kSkReuseport, "BPF_PROG_TYPE_SK_REUSEPORT", {4, 19}),
    Row(ProgType::kFlowDissector, "BPF_PROG_TYPE_FLOW_DISSECTOR", {4, 20}),
    Row(ProgType::kCgroupSysctl, "BPF_PROG_TYPE_CGROUP_SYSCTL", {5, 2}),
    Row(ProgType::kRawTracepointWritable, "BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE", {5, 2}),
    Row(ProgType::kCgroupSockopt, "BPF_PROG_TYPE_CGROUP_SOCKOPT", {5, 3}),
    Row(ProgType::kTracing, "BPF_PROG_TYPE_TRACING", {5, 5}),
    Row(ProgType::kStructOps, "BPF_PROG_TYPE_STRUCT_OPS", {5, 6}),
    Row(ProgType::kExt, "BPF_PROG_TYPE_EXT", {5, 6}),
    Row(ProgType::kLsm, "BPF_PROG_TYPE_LSM", {5, 7}),
    Row(ProgType::kSkLookup, "BPF_PROG_TYPE_SK_LOOKUP", {5, 9}),
    Row(ProgType::kSyscall, "BPF_PROG_TYPE_SYSCALL", {5, 14}),
    Row(ProgType::kNetfilter, "BPF_PROG_TYPE_NETFILTER", {6, 4}),
};

constexpr EnumRow kAttachTypeRows[] = {
    Row(AttachType::kCgroupInetIngress, "BPF_CGROUP_INET_INGRESS"),
    Row(AttachType::kCgroupInetEgress, "BPF_CGROUP_INET_EGRESS"),
    Row(AttachType::kCgroupInetSockCreate, "BPF_CGROUP_INET_SOCK_CREATE"),
    Row(AttachType::kCgroupSockOps, "BPF_CGROUP_SOCK_OPS"),
    Row(AttachType::kSkSkbStreamParser, "BPF_SK_SKB_STREAM_PARSER"),
    Row(AttachType::kSkSkbStreamVerdict, "BPF_SK_SKB_STREAM_VERDICT"),
    Row(AttachType::kCgroupDevice, "BPF_CGROUP_DEVICE"),
    Row(AttachType::kSkMsgVerdict, "BPF_SK_MSG_VERDICT"),
    Row(AttachType::kCgroupInet4Bind, "BPF_CGROUP_INET4_BIND"),
    Row(AttachType::kCgroupInet6Bind, "BPF_CGROUP_INET6_BIND"),
    Row(AttachType::kCgroupInet4Connect, "BPF_CGROUP_INET4_CONNECT"),
    Row(AttachType::kCgroupInet6Connect, "BPF_CGROUP_INET6_CONNECT"),
    Row(AttachType::kCgroupInet4PostBind, "BPF_CGROUP_INET4_POST_BIND"),
    Row(AttachType::kCgroupInet6PostBind, "BPF_CGROUP_INET6_POST_BIND"),
    Row(AttachType::kCgroupUdp4Sendmsg, "BPF_CGROUP_UDP4_SENDMSG"),
    Row(AttachType::kCgroupUdp6Sendmsg, "BPF_CGROUP_UDP6_SENDMSG"),
    Row(AttachType::kLircMode2, "BPF_LIRC_MODE2"),
    Row(AttachType::kFlowDissector, "BPF_FLOW_DISSECTOR"),
    Row(AttachType::kCgroupSysctl, "BPF_CGROUP_SYSCTL"),
    Row(AttachType::kCgroupUdp4Recvmsg, "BPF_CGROUP_UDP4_RECVMSG"),
    Row(AttachType::kCgroupUdp6Recvmsg, "BPF_CGROUP_UDP6_RECVMSG"),
    Row(AttachType::kCgroupGetsockopt, "BPF_CGROUP_GETSOCKOPT"),
    Row(AttachType::kCgroupSetsockopt, "BPF_CGROUP_SETSOCKOPT"),
    Row(AttachType::kTraceRawTp, "BPF_TRACE_RAW_TP", {5, 5}),
    Row(AttachType::kTraceFentry, "BPF_TRACE_FENTRY", {5, 5}),
    Row(AttachType::kTraceFexit, "BPF_TRACE_FEXIT", {5, 5}),
    Row(AttachType::kModifyReturn, "BPF_MODIFY_RETURN", {5, 7}),
    Row(AttachType::kLsmMac, "BPF_LSM_MAC", {5, 7}),
    Row(AttachType::kTraceIter, "BPF_TRACE_ITER", {5, 8}),
    Row(AttachType::kCgroupInet4Getpeername, "BPF_CGROUP_INET4_GETPEERNAME"),
    Row(AttachType::kCgroupInet6Getpeername, "BPF_CGROUP_INET6_GETPEERNAME"),
    Row(AttachType::kCgroupInet4Getsockname, "BPF_CGROUP_INET4_GETSOCKNAME"),
    Row(AttachType::kCgroupInet6Getsockname, "BPF_CGROUP_INET6_GETSOCKNAME"),
    Row(AttachType::kXdpDevmap, "BPF_XDP_DEVMAP", {5, 8}),
    Row(AttachType::kCgroupInetSockRelease, "BPF_CGROUP_INET_SOCK_RELEASE"),
    Row(AttachType::kXdpCpumap, "BPF_XDP_CPUMAP", {5, 9}),
    Row(AttachType::kSkLookup, "BPF_SK_LOOKUP", {5, 9}),
    Row(AttachType::kXdp, "BPF_XDP", {5, 9}),
    Row(AttachType::kSkSkbVerdict, "BPF_SK_SKB_VERDICT"),
    Row(AttachType::kSkReuseportSelect, "BPF_SK_REUSEPORT_SELECT"),
    Row(AttachType::kSkReuseportSelectOrMigrate, "BPF_SK_REUSEPORT_SELECT_OR_MIGRATE"),
    Row(AttachType::kPerfEvent, "BPF_PERF_EVENT"),
    Row(AttachType::kTraceKprobeMulti, "BPF_TRACE_KPROBE_MULTI", {5, 18}),
    Row(AttachType::kLsmCgroup, "BPF_LSM_CGROUP", {6, 0}),
    Row(AttachType::kStructOps, "BPF_STRUCT_OPS"),
    Row(AttachType::kNetfilter, "BPF_NETFILTER", {6, 4}),
    Row(AttachType::kTcxIngress, "BPF_TCX_INGRESS", {6, 6}),
    Row(AttachType::kTcxEgress, "BPF_TCX_EGRESS", {6, 6}),
    Row(AttachType::kTraceUprobeMulti, "BPF_TRACE_UPROBE_MULTI", {6, 6}),
    Row(AttachType::kCgroupUnixConnect, "BPF_CGROUP_UNIX_CONNECT"),
    Row(AttachType::kCgroupUnixSendmsg, "BPF_CGROUP_UNIX_SENDMSG"),
    Row(AttachType::kCgroupUnixRecvmsg, "BPF_CGROUP_UNIX_RECVMSG"),
    Row(AttachType::kCgroupUnixGetpeername, "BPF_CGROUP_UNIX_GETPEERNAME"),
    Row(AttachType::kCgroupUnixGetsockname, "BPF_CGROUP_UNIX_GETSOCKNAME"),
    Row(AttachType::kNetkitPrimary, "BPF_NETKIT_PRIMARY", {6, 7}),
    Row(AttachType::kNetkitPeer, "BPF_NETKIT_PEER", {6, 7}),
    Row(AttachType::kTraceKprobeSession, "BPF_TRACE_KPROBE_SESSION", {6, 10}),
    Row(AttachType::kTraceUprobeSession, "BPF_TRACE_UPROBE_SESSION", {6, 13}),
    Row(AttachType::kTraceFsession, "BPF_TRACE_FSESSION", {7, 0}),
    Row(AttachType::kTraceFentryMulti, "BPF_TRACE_FENTRY_MULTI", {7, 2}),
    Row(AttachType::kTraceFexitMulti, "BPF_TRACE_FEXIT_MULTI", {7, 2}),
    Row(AttachType::kTraceFsessionMulti, "BPF_TRACE_FSESSION_MULTI", {7, 2}),
};

constexpr EnumRow kLinkTypeRows[] = {
    Row(LinkType::kUnspec, "BPF_LINK_TYPE_UNSPEC"),
    Row(LinkType::kRawTracepoint, "BPF_LINK_TYPE_RAW_TRACEPOINT", {4, 17}),
    Row(LinkType::kTracing, "BPF_LINK_TYPE_TRACING", {5, 5}),
    Row(LinkType::kCgroup, "BPF_LINK_TYPE_CGROUP", {5, 7}),
    Row(LinkType::kIter, "BPF_LINK_TYPE_ITER", {5, 8}),
    Row(LinkType::kNetns, "BPF_LINK_TYPE_NETNS", {5, 8}),
    Row(LinkType::kXdp, "BPF_LINK_TYPE_XDP", {5, 9}),
    Row(LinkType::kPerfEvent, "BPF_LINK_TYPE_PERF_EVENT", {5, 15}),
    Row(LinkType::kKprobeMulti, "BPF_LINK_TYPE_KPROBE_MULTI", {5, 18}),
    Row(LinkType::kStructOps, "BPF_LINK_TYPE_STRUCT_OPS", {6, 4}),
    Row(LinkType::kNetfilter, "BPF_LINK_TYPE_NETFILTER", {6, 4}),
    Row(LinkType::kTcx, "BPF_LINK_TYPE_TCX", {6, 6}),
    Row(LinkType::kUprobeMulti, "BPF_LINK_TYPE_UPROBE_MULTI", {6, 6}),
    Row(LinkType::kNetkit, "BPF_LINK_TYPE_NETKIT", {6, 7}),
    Row(LinkType::kSockmap, "BPF_LINK_TYPE_SOCKMAP", {6, 10}),
    Row(LinkType::kTracingMulti, "BPF_LINK_TYPE_TRACING_MULTI", {7, 2}),
};

constexpr EnumRow kPerfEventTypeRows[] = {
    Row(PerfEventType::kUnspec, "BPF_PERF_EVENT_UNSPEC"),
    Row(PerfEventType::kUprobe, "BPF_PERF_EVENT_UPROBE"),
    Row(PerfEventType::kUretprobe, "BPF_PERF_EVENT_URETPROBE"),
    Row(PerfEventType::kKprobe, "BPF_PERF_EVENT_KPROBE"),
    Row(PerfEventType::kKretprobe, "BPF_PERF_EVENT_KRETPROBE"),
    Row(PerfEventType::kTracepoint, "BPF_PERF_EVENT_TRACEPOINT"),
    Row(PerfEventType::kEvent, "BPF_PERF_EVENT_EVENT"),
};

constexpr EnumRow kMapFlagRows[] = {
    Row(MapFlag::kNoPrealloc, "BPF_F_NO_PREALLOC", {4, 6}),
    Row(MapFlag::kNoCommonLru, "BPF_F_NO_COMMON_LRU", {4, 10}),
    Row(MapFlag::kNumaNode, "BPF_F_NUMA_NODE", {4, 14}),
    Row(MapFlag::kReadOnly, "BPF_F_RDONLY", {4, 15}),
    Row(MapFlag::kWriteOnly, "BPF_F_WRONLY", {4, 15}),
    Row(MapFlag::kStackBuildId, "BPF_F_STACK_BUILD_ID", {4, 17}),
    Row(MapFlag::kZeroSeed, "BPF_F_ZERO_SEED", {5, 0}),
    Row(MapFlag::kReadOnlyProg, "BPF_F_RDONLY_PROG", {5, 2}),
    Row(MapFlag::kWriteOnlyProg, "BPF_F_WRONLY_PROG", {5, 2}),
    Row(MapFlag::kClone, "BPF_F_CLONE", {5, 4}),
    Row(MapFlag::kMmapable, "BPF_F_MMAPABLE", {5, 5}),
    Row(MapFlag::kPreserveElems, "BPF_F_PRESERVE_ELEMS", {5, 10}),
    Row(MapFlag::kInnerMap, "BPF_F_INNER_MAP", {5, 10}),
    Row(MapFlag::kLink, "BPF_F_LINK", {6, 4}),
    Row(MapFlag::kPathFd, "BPF_F_PATH_FD", {6, 5}),
    Row(MapFlag::kVtypeBtfObjFd, "BPF_F_VTYPE_BTF_OBJ_FD", {6, 9}),
    Row(MapFlag::kTokenFd, "BPF_F_TOKEN_FD", {6, 9}),
    Row(MapFlag::kSegvOnFault, "BPF_F_SEGV_ON_FAULT", {6, 9}),
    Row(MapFlag::kNoUserConv, "BPF_F_NO_USER_CONV", {6, 9}),
    Row(MapFlag::kRbOverwrite, "BPF_F_RB_OVERWRITE", {6, 19}),
};

constexpr EnumRow kProgFlagRows[] = {
    Row(ProgFlag::kStrictAlignment, "BPF_F_STRICT_ALIGNMENT", {4, 12}),
    Row(ProgFlag::kAnyAlignment, "BPF_F_ANY_ALIGNMENT", {5, 0}),
    Row(ProgFlag::kTestRndHi32, "BPF_F_TEST_RND_HI32", {5, 3}),
    Row(ProgFlag::kTestStateFreq, "BPF_F_TEST_STATE_FREQ", {5, 4}),
    Row(ProgFlag::kSleepable, "BPF_F_SLEEPABLE", {5, 10}),
    Row(ProgFlag::kXdpHasFrags, "BPF_F_XDP_HAS_FRAGS", {5, 18}),
    Row(ProgFlag::kXdpDevBoundOnly, "BPF_F_XDP_DEV_BOUND_ONLY", {6, 3}),
    Row(ProgFlag::kTestRegInvariants, "BPF_F_TEST_REG_INVARIANTS", {6, 8}),
    Row(MapFlag::kTokenFd, "BPF_F_TOKEN_FD", {6, 9}),
};

constexpr EnumRow kElemFlagRows[] = {
    Row(ElemFlag::kElemNoExist, "BPF_NOEXIST", {3, 19}),
    Row(ElemFlag::kElemExist, "BPF_EXIST", {3, 19}),
    Row(ElemFlag::kElemLock, "BPF_F_LOCK", {5, 1}),
    Row(ElemFlag::kElemCpu, "BPF_F_CPU", {7, 0}),
    Row(ElemFlag::kElemAllCpus, "BPF_F_ALL_CPUS", {7, 0}),
};

constexpr EnumRow kAttachFlagRows[] = {
    Row(AttachFlag::kAllowOverride, "BPF_F_ALLOW_OVERRIDE", {4, 10}),
    Row(AttachFlag::kAllowMulti, "BPF_F_ALLOW_MULTI", {4, 15}),
    Row(AttachFlag::kAttachReplace, "BPF_F_REPLACE", {5, 5}),
    Row(AttachFlag::kAttachBefore, "BPF_F_BEFORE", {6, 6}),
    Row(AttachFlag::kAttachAfter, "BPF_F_AFTER", {6, 6}),
    Row(AttachFlag::kAttachId, "BPF_F_ID", {6, 6}),
    Row(AttachFlag::kAttachPreorder, "BPF_F_PREORDER", {6, 15}),
    Row(AttachFlag::kAttachLink, "BPF_F_LINK", {6, 6}),
};

constexpr EnumRow kTestRunFlagRows[] = {
    Row(TestRunFlag::kTestRunOnCpu, "BPF_F_TEST_RUN_ON_CPU", {5, 10}),
    Row(TestRunFlag::kTestXdpLiveFrames, "BPF_F_TEST_XDP_LIVE_FRAMES", {5, 18}),
    Row(TestRunFlag::kTestSkbChecksumComplete, "BPF_F_TEST_SKB_CHECKSUM_COMPLETE", {6, 15}),
};

const EnumRow* Find(std::span<const EnumRow> rows, uint32_t value) {
  // Each table is dense from 0, which a test holds.
  return value < rows.size() && rows[value].value == value ? &rows[value] : nullptr;
}

std::string_view NameOf(std::span<const EnumRow> rows, uint32_t value) {
  const EnumRow* row = Find(rows, value);
  return row == nullptr ? std::string_view() : row->name;
}

KernelVersion SinceOf(std::span<const EnumRow> rows, uint32_t value) {
  const EnumRow* row = Find(rows, value);
  return row == nullptr ? KernelVersion() : row->since;
}

}  // namespace

std::span<const EnumRow> CommandRows() { return kCommandRows; }
std::span<const EnumRow> MapTypeRows() { return kMapTypeRows; }
std::span<const EnumRow> ProgTypeRows() { return kProgTypeRows; }
std::span<const EnumRow> AttachTypeRows() { return kAttachTypeRows; }
std::span<const EnumRow> LinkTypeRows() { return kLinkTypeRows; }
std::span<const EnumRow> PerfEventTypeRows() { return kPerfEventTypeRows; }
std::span<const EnumRow> MapFlagRows() { return kMapFlagRows; }
std::span<const EnumRow> ProgFlagRows() { return kProgFlagRows; }
std::span<const EnumRow> ElemFlagRows() { return kElemFlagRows; }
std::span<const EnumRow> AttachFlagRows() { return kAttachFlagRows; }
std::span<const EnumRow> TestRunFlagRows() { return kTestRunFlagRows; }

std::string_view KernelSpelling(Command value) {
  return NameOf(kCommandRows, static_cast<uint32_t>(value));
}
std::string_view KernelSpelling(MapType value) {
  return NameOf(kMapTypeRows, static_cast<uint32_t>(value));
}
std::string_view KernelSpelling(ProgType value) {
  return NameOf(kProgTypeRows, static_cast<uint32_t>(value));
}
std::string_view KernelSpelling(AttachType value) {
  return NameOf(kAttachTypeRows, static_cast<uint32_t>(value));
}
std::string_view KernelSpelling(LinkType value) {
  return NameOf(kLinkTypeRows, static_cast<uint32_t>(value));
}
std::string_view KernelSpelling(PerfEventType value) {
  return NameOf(kPerfEventTypeRows, static_cast<uint32_t>(value));
}

KernelVersion Since(Command value) { return SinceOf(kCommandRows, static_cast<uint32_t>(value)); }
KernelVersion Since(MapType value) { return SinceOf(kMapTypeRows, static_cast<uint32_t>(value)); }
KernelVersion Since(ProgType value) { return SinceOf(kProgTypeRows, static_cast<uint32_t>(value)); }
KernelVersion Since(LinkType value) { return SinceOf(kLinkTypeRows, static_cast<uint32_t>(value)); }
KernelVersion Since(AttachType value) {
  return SinceOf(kAttachTypeRows, static_cast<uint32_t>(value));
}

bool IsPerCpu(MapType type) {
  return type == MapType::kPercpuHash || type == MapType::kPercpuArray ||
         type == MapType::kLruPercpuHash || type == MapType::kPercpuCgroupStorage;
}

KernelVersion ParseRelease(std::string_view release) {
  const char* const begin = release.data();
  const char* const end = begin + release.size();
  KernelVersion found;
  const auto [dot, version_error] = std::from_chars(begin, end, found.version);
  if (version_error != std::errc() || dot == end || *dot != '.') return {};
  const auto [rest, patchlevel_error] = std::from_chars(dot + 1, end, found.patchlevel);
  return patchlevel_error == std::errc() ? found : KernelVersion();
}

}  // namespace purebpf
