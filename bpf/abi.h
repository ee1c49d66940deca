// The numbers of bpf(2), defined by us so that an old distribution's headers never limit what can
// be loaded. Names are the kernel's, in this library's spelling; the tables behind them
// (KernelSpelling) have the kernel's, and a test holds both against the running kernel's own BTF.
// Source: include/uapi/linux/bpf.h.
#ifndef PUREBPF_BPF_ABI_H_
#define PUREBPF_BPF_ABI_H_

#include <compare>
#include <cstdint>
#include <span>
#include <string_view>

namespace purebpf {

// enum bpf_cmd: bpf(2) commands.
enum class Command : uint32_t {
  kMapCreate = 0,                 // Linux 3.19
  kMapLookupElem = 1,             // Linux 3.19
  kMapUpdateElem = 2,             // Linux 3.19
  kMapDeleteElem = 3,             // Linux 3.19
  kMapGetNextKey = 4,             // Linux 3.19
  kProgLoad = 5,                  // Linux 3.19
  kObjPin = 6,                    // Linux 4.4
  kObjGet = 7,                    // Linux 4.4
  kProgAttach = 8,                // Linux 4.10
  kProgDetach = 9,                // Linux 4.10
  kProgTestRun = 10,              // Linux 4.12
  kProgGetNextId = 11,            // Linux 4.13
  kMapGetNextId = 12,             // Linux 4.13
  kProgGetFdById = 13,            // Linux 4.13
  kMapGetFdById = 14,             // Linux 4.13
  kObjGetInfoByFd = 15,           // Linux 4.13
  kProgQuery = 16,                // Linux 4.15
  kRawTracepointOpen = 17,        // Linux 4.17
  kBtfLoad = 18,                  // Linux 4.18
  kBtfGetFdById = 19,             // Linux 4.18
  kTaskFdQuery = 20,              // Linux 4.18
  kMapLookupAndDeleteElem = 21,   // Linux 4.20
  kMapFreeze = 22,                // Linux 5.2
  kBtfGetNextId = 23,             // Linux 5.4
  kMapLookupBatch = 24,           // Linux 5.6
  kMapLookupAndDeleteBatch = 25,  // Linux 5.6
  kMapUpdateBatch = 26,           // Linux 5.6
  kMapDeleteBatch = 27,           // Linux 5.6
  kLinkCreate = 28,               // Linux 5.7
  kLinkUpdate = 29,               // Linux 5.7
  kLinkGetFdById = 30,            // Linux 5.8
  kLinkGetNextId = 31,            // Linux 5.8
  kEnableStats = 32,              // Linux 5.8
  kIterCreate = 33,               // Linux 5.8
  kLinkDetach = 34,               // Linux 5.9
  kProgBindMap = 35,              // Linux 5.10
  kTokenCreate = 36,              // Linux 6.9
  kProgStreamReadByFd = 37,       // Linux 6.17
  kProgAssocStructOps = 38,       // Linux 7.0
};

// enum bpf_map_type: map types.
enum class MapType : uint32_t {
  kUnspec = 0,
  kHash = 1,                  // Linux 3.19
  kArray = 2,                 // Linux 3.19
  kProgArray = 3,             // Linux 4.2
  kPerfEventArray = 4,        // Linux 4.3
  kPercpuHash = 5,            // Linux 4.6
  kPercpuArray = 6,           // Linux 4.6
  kStackTrace = 7,            // Linux 4.6
  kCgroupArray = 8,           // Linux 4.8
  kLruHash = 9,               // Linux 4.10
  kLruPercpuHash = 10,        // Linux 4.10
  kLpmTrie = 11,              // Linux 4.11
  kArrayOfMaps = 12,          // Linux 4.12
  kHashOfMaps = 13,           // Linux 4.12
  kDevmap = 14,               // Linux 4.14
  kSockmap = 15,              // Linux 4.14
  kCpumap = 16,               // Linux 4.15
  kXskmap = 17,               // Linux 4.18
  kSockhash = 18,             // Linux 4.18
  kCgroupStorage = 19,        // Linux 4.19
  kReuseportSockarray = 20,   // Linux 4.19
  kPercpuCgroupStorage = 21,  // Linux 4.20
  kQueue = 22,                // Linux 4.20
  kStack = 23,                // Linux 4.20
  kSkStorage = 24,            // Linux 5.2
  kDevmapHash = 25,           // Linux 5.4
  kStructOps = 26,            // Linux 5.6
  kRingbuf = 27,              // Linux 5.8
  kInodeStorage = 28,         // Linux 5.10
  kTaskStorage = 29,          // Linux 5.11
  kBloomFilter = 30,          // Linux 5.16
  kUserRingbuf = 31,          // Linux 6.1
  kCgrpStorage = 32,          // Linux 6.2
  kArena = 33,                // Linux 6.9
  kInsnArray = 34,            // Linux 6.19
  kRhash = 35,                // Linux 7.2
};

// enum bpf_prog_type: program types.
enum class ProgType : uint32_t {
  kUnspec = 0,
  kSocketFilter = 1,            // Linux 3.19
  kKprobe = 2,                  // Linux 4.1
  kSchedCls = 3,                // Linux 4.1
  kSchedAct = 4,                // Linux 4.1
  kTracepoint = 5,              // Linux 4.7
  kXdp = 6,                     // Linux 4.8
  kPerfEvent = 7,               // Linux 4.9
  kCgroupSkb = 8,               // Linux 4.10
  kCgroupSock = 9,              // Linux 4.10
  kLwtIn = 10,                  // Linux 4.10
  kLwtOut = 11,                 // Linux 4.10
  kLwtXmit = 12,                // Linux 4.10
  kSockOps = 13,                // Linux 4.13
  kSkSkb = 14,                  // Linux 4.14
  kCgroupDevice = 15,           // Linux 4.15
  kSkMsg = 16,                  // Linux 4.17
  kRawTracepoint = 17,          // Linux 4.17
  kCgroupSockAddr = 18,         // Linux 4.17
  kLwtSeg6local = 19,           // Linux 4.18
  kLircMode2 = 20,              // Linux 4.18
  kSkReuseport = 21,            // Linux 4.19
  kFlowDissector = 22,          // Linux 4.20
  kCgroupSysctl = 23,           // Linux 5.2
  kRawTracepointWritable = 24,  // Linux 5.2
  kCgroupSockopt = 25,          // Linux 5.3
  kTracing = 26,                // Linux 5.5
  kStructOps = 27,              // Linux 5.6
  kExt = 28,                    // Linux 5.6
  kLsm = 29,                    // Linux 5.7
  kSkLookup = 30,               // Linux 5.9
  kSyscall = 31,                // Linux 5.14
  kNetfilter = 32,              // Linux 6.4
};

// enum bpf_attach_type: attach types.
enum class AttachType : uint32_t {
  kCgroupInetIngress = 0,
  kCgroupInetEgress = 1,
  kCgroupInetSockCreate = 2,
  kCgroupSockOps = 3,
  kSkSkbStreamParser = 4,
  kSkSkbStreamVerdict = 5,
  kCgroupDevice = 6,
  kSkMsgVerdict = 7,
  kCgroupInet4Bind = 8,
  kCgroupInet6Bind = 9,
  kCgroupInet4Connect = 10,
  kCgroupInet6Connect = 11,
  kCgroupInet4PostBind = 12,
  kCgroupInet6PostBind = 13,
  kCgroupUdp4Sendmsg = 14,
  kCgroupUdp6Sendmsg = 15,
  kLircMode2 = 16,
  kFlowDissector = 17,
  kCgroupSysctl = 18,
  kCgroupUdp4Recvmsg = 19,
  kCgroupUdp6Recvmsg = 20,
  kCgroupGetsockopt = 21,
  kCgroupSetsockopt = 22,
  kTraceRawTp = 23,    // Linux 5.5
  kTraceFentry = 24,   // Linux 5.5
  kTraceFexit = 25,    // Linux 5.5
  kModifyReturn = 26,  // Linux 5.7
  kLsmMac = 27,        // Linux 5.7
  kTraceIter = 28,     // Linux 5.8
  kCgroupInet4Getpeername = 29,
  kCgroupInet6Getpeername = 30,
  kCgroupInet4Getsockname = 31,
  kCgroupInet6Getsockname = 32,
  kXdpDevmap = 33,  // Linux 5.8
  kCgroupInetSockRelease = 34,
  kXdpCpumap = 35,  // Linux 5.9
  kSkLookup = 36,   // Linux 5.9
  kXdp = 37,        // Linux 5.9
  kSkSkbVerdict = 38,
  kSkReuseportSelect = 39,
  kSkReuseportSelectOrMigrate = 40,
  kPerfEvent = 41,
  kTraceKprobeMulti = 42,  // Linux 5.18
  kLsmCgroup = 43,         // Linux 6.0
  kStructOps = 44,
  kNetfilter = 45,         // Linux 6.4
  kTcxIngress = 46,        // Linux 6.6
  kTcxEgress = 47,         // Linux 6.6
  kTraceUprobeMulti = 48,  // Linux 6.6
  kCgroupUnixConnect = 49,
  kCgroupUnixSendmsg = 50,
  kCgroupUnixRecvmsg = 51,
  kCgroupUnixGetpeername = 52,
  kCgroupUnixGetsockname = 53,
  kNetkitPrimary = 54,       // Linux 6.7
  kNetkitPeer = 55,          // Linux 6.7
  kTraceKprobeSession = 56,  // Linux 6.10
  kTraceUprobeSession = 57,  // Linux 6.13
  kTraceFsession = 58,       // Linux 7.0
  kTraceFentryMulti = 59,    // Linux 7.2
  kTraceFexitMulti = 60,     // Linux 7.2
  kTraceFsessionMulti = 61,  // Linux 7.2
};

// enum bpf_link_type: link types.
enum class LinkType : uint32_t {
  kUnspec = 0,
  kRawTracepoint = 1,  // Linux 4.17
  kTracing = 2,        // Linux 5.5
  kCgroup = 3,         // Linux 5.7
  kIter = 4,           // Linux 5.8
  kNetns = 5,          // Linux 5.8
  kXdp = 6,            // Linux 5.9
  kPerfEvent = 7,      // Linux 5.15
  kKprobeMulti = 8,    // Linux 5.18
  kStructOps = 9,      // Linux 6.4
  kNetfilter = 10,     // Linux 6.4
  kTcx = 11,           // Linux 6.6
  kUprobeMulti = 12,   // Linux 6.6
  kNetkit = 13,        // Linux 6.7
  kSockmap = 14,       // Linux 6.10
  kTracingMulti = 15,  // Linux 7.2
};

// enum bpf_perf_event_type: what a link of LinkType::kPerfEvent is attached to. Linux 6.6.
enum class PerfEventType : uint32_t {
  kUnspec = 0,
  kUprobe = 1,
  kUretprobe = 2,
  kKprobe = 3,
  kKretprobe = 4,
  kTracepoint = 5,
  kEvent = 6,
};

// Linux 5.10 is {5, 10}; {0, 0} stands for unknown.
struct KernelVersion {
  uint16_t version = 0;
  uint16_t patchlevel = 0;

  auto operator<=>(const KernelVersion&) const = default;
};

// One enumerator as the kernel spells it.
struct EnumRow {
  uint32_t value;
  std::string_view name;  // "BPF_MAP_TYPE_HASH"
  KernelVersion since;    // the first kernel that has it, where known
};

// The enumerators of each enum, by value; of flags, by bit.
std::span<const EnumRow> CommandRows();
std::span<const EnumRow> MapTypeRows();
std::span<const EnumRow> ProgTypeRows();
std::span<const EnumRow> AttachTypeRows();
std::span<const EnumRow> LinkTypeRows();
std::span<const EnumRow> PerfEventTypeRows();
std::span<const EnumRow> MapFlagRows();
std::span<const EnumRow> ProgFlagRows();
std::span<const EnumRow> ElemFlagRows();
std::span<const EnumRow> AttachFlagRows();
std::span<const EnumRow> TestRunFlagRows();

// The kernel's spelling ("BPF_MAP_TYPE_HASH"); empty where the value is unknown here.
std::string_view KernelSpelling(Command value);
std::string_view KernelSpelling(MapType value);
std::string_view KernelSpelling(ProgType value);
std::string_view KernelSpelling(AttachType value);
std::string_view KernelSpelling(LinkType value);
std::string_view KernelSpelling(PerfEventType value);

// The first kernel that has it; {0, 0} where that is unknown here.
KernelVersion Since(Command value);
KernelVersion Since(MapType value);
KernelVersion Since(ProgType value);
KernelVersion Since(AttachType value);
// The first kernel that attaches so: the number itself may be younger.
KernelVersion Since(LinkType value);

// Whether a value of this type is one for each possible CPU.
bool IsPerCpu(MapType type);

// What uname(2) says of itself: "6.12.0-rc1" is {6, 12}; {0, 0} where it does not start so.
KernelVersion ParseRelease(std::string_view release);

// BPF_F_*: flags of BPF_MAP_CREATE.
enum MapFlag : uint32_t {
  kNoPrealloc = 1U << 0,      // BPF_F_NO_PREALLOC, Linux 4.6
  kNoCommonLru = 1U << 1,     // BPF_F_NO_COMMON_LRU, Linux 4.10
  kNumaNode = 1U << 2,        // BPF_F_NUMA_NODE, Linux 4.14
  kReadOnly = 1U << 3,        // BPF_F_RDONLY, Linux 4.15
  kWriteOnly = 1U << 4,       // BPF_F_WRONLY, Linux 4.15
  kStackBuildId = 1U << 5,    // BPF_F_STACK_BUILD_ID, Linux 4.17
  kZeroSeed = 1U << 6,        // BPF_F_ZERO_SEED, Linux 5.0
  kReadOnlyProg = 1U << 7,    // BPF_F_RDONLY_PROG, Linux 5.2
  kWriteOnlyProg = 1U << 8,   // BPF_F_WRONLY_PROG, Linux 5.2
  kClone = 1U << 9,           // BPF_F_CLONE, Linux 5.4
  kMmapable = 1U << 10,       // BPF_F_MMAPABLE, Linux 5.5
  kPreserveElems = 1U << 11,  // BPF_F_PRESERVE_ELEMS, Linux 5.10
  kInnerMap = 1U << 12,       // BPF_F_INNER_MAP, Linux 5.10
  kLink = 1U << 13,           // BPF_F_LINK, Linux 6.4
  kPathFd = 1U << 14,         // BPF_F_PATH_FD, Linux 6.5
  kVtypeBtfObjFd = 1U << 15,  // BPF_F_VTYPE_BTF_OBJ_FD, Linux 6.9
  kTokenFd = 1U << 16,        // BPF_F_TOKEN_FD, Linux 6.9
  kSegvOnFault = 1U << 17,    // BPF_F_SEGV_ON_FAULT, Linux 6.9
  kNoUserConv = 1U << 18,     // BPF_F_NO_USER_CONV, Linux 6.9
  kRbOverwrite = 1U << 19,    // BPF_F_RB_OVERWRITE, Linux 6.19
};

// BPF_F_*: flags of BPF_PROG_LOAD. Macros in the kernel, so that its BTF does not tell them.
enum ProgFlag : uint32_t {
  kStrictAlignment = 1U << 0,    // BPF_F_STRICT_ALIGNMENT, Linux 4.12
  kAnyAlignment = 1U << 1,       // BPF_F_ANY_ALIGNMENT, Linux 5.0
  kTestRndHi32 = 1U << 2,        // BPF_F_TEST_RND_HI32, Linux 5.3
  kTestStateFreq = 1U << 3,      // BPF_F_TEST_STATE_FREQ, Linux 5.4
  kSleepable = 1U << 4,          // BPF_F_SLEEPABLE, Linux 5.10
  kXdpHasFrags = 1U << 5,        // BPF_F_XDP_HAS_FRAGS, Linux 5.18
  kXdpDevBoundOnly = 1U << 6,    // BPF_F_XDP_DEV_BOUND_ONLY, Linux 6.3
  kTestRegInvariants = 1U << 7,  // BPF_F_TEST_REG_INVARIANTS, Linux 6.8
  // 1U << 16 is BPF_F_TOKEN_FD here too: MapFlag::kTokenFd.
};

// Flags of an element's look-up or update.
enum ElemFlag : uint64_t {
  kElemNoExist = 1,       // BPF_NOEXIST
  kElemExist = 2,         // BPF_EXIST
  kElemLock = 1U << 2,    // BPF_F_LOCK, Linux 5.1: under the value's bpf_spin_lock
  kElemCpu = 1U << 3,     // BPF_F_CPU, Linux 7.0: of the CPU in the upper 32 bits
  kElemAllCpus = 1U << 4  // BPF_F_ALL_CPUS, Linux 7.0: one value for every CPU
};

// Flags of BPF_PROG_ATTACH, and of BPF_LINK_CREATE where programs are in an order. Macros too.
enum AttachFlag : uint32_t {
  kAllowOverride = 1U << 0,   // BPF_F_ALLOW_OVERRIDE, Linux 4.10
  kAllowMulti = 1U << 1,      // BPF_F_ALLOW_MULTI, Linux 4.15
  kAttachReplace = 1U << 2,   // BPF_F_REPLACE, Linux 5.5; of BPF_LINK_UPDATE, 5.7
  kAttachBefore = 1U << 3,    // BPF_F_BEFORE, Linux 6.6
  kAttachAfter = 1U << 4,     // BPF_F_AFTER, Linux 6.6
  kAttachId = 1U << 5,        // BPF_F_ID, Linux 6.6
  kAttachPreorder = 1U << 6,  // BPF_F_PREORDER, Linux 6.15
  kAttachLink = 1U << 13,     // BPF_F_LINK, Linux 6.6: relative_fd or _id is a link's
};

// BPF_F_TEST_*: flags of BPF_PROG_TEST_RUN. Macros too.
enum TestRunFlag : uint32_t {
  kTestRunOnCpu = 1U << 0,            // BPF_F_TEST_RUN_ON_CPU, Linux 5.10: raw tracepoints
  kTestXdpLiveFrames = 1U << 1,       // BPF_F_TEST_XDP_LIVE_FRAMES, Linux 5.18
  kTestSkbChecksumComplete = 1U << 2  // BPF_F_TEST_SKB_CHECKSUM_COMPLETE, Linux 6.15
};

// BPF_F_QUERY_EFFECTIVE of BPF_PROG_QUERY: those of the cgroups above too. Linux 4.15.
inline constexpr uint32_t kQueryEffective = 1U << 0;

}  // namespace purebpf

#endif  // PUREBPF_BPF_ABI_H_
