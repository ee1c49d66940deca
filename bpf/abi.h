// The numbers of bpf(2), defined by us so that an old distribution's headers never limit what can
// be loaded. Names are the kernel's, in this library's spelling; the tables behind them
// (KernelSpelling) have the kernel's, and a test holds both against the running kernel's own BTF.
// Source: include/uapi/linux/bpf.h.
#ifndef PUREBPF_BPF_ABI_H_
#define PUREBPF_BPF_ABI_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace purebpf {

// enum bpf_cmd: bpf(2) commands.
enum class Command : uint32_t {
  kMapCreate = 0,
  kMapLookupElem = 1,
  kMapUpdateElem = 2,
  kMapDeleteElem = 3,
  kMapGetNextKey = 4,
  kProgLoad = 5,
  kObjPin = 6,
  kObjGet = 7,
  kProgAttach = 8,
  kProgDetach = 9,
  kProgTestRun = 10,
  kProgGetNextId = 11,
  kMapGetNextId = 12,
  kProgGetFdById = 13,
  kMapGetFdById = 14,
  kObjGetInfoByFd = 15,
  kProgQuery = 16,
  kRawTracepointOpen = 17,
  kBtfLoad = 18,
  kBtfGetFdById = 19,
  kTaskFdQuery = 20,
  kMapLookupAndDeleteElem = 21,
  kMapFreeze = 22,
  kBtfGetNextId = 23,
  kMapLookupBatch = 24,
  kMapLookupAndDeleteBatch = 25,
  kMapUpdateBatch = 26,
  kMapDeleteBatch = 27,
  kLinkCreate = 28,
  kLinkUpdate = 29,
  kLinkGetFdById = 30,
  kLinkGetNextId = 31,
  kEnableStats = 32,
  kIterCreate = 33,
  kLinkDetach = 34,
  kProgBindMap = 35,
  kTokenCreate = 36,
  kProgStreamReadByFd = 37,
};

// enum bpf_map_type: map types.
enum class MapType : uint32_t {
  kUnspec = 0,
  kHash = 1,
  kArray = 2,
  kProgArray = 3,
  kPerfEventArray = 4,
  kPercpuHash = 5,
  kPercpuArray = 6,
  kStackTrace = 7,
  kCgroupArray = 8,
  kLruHash = 9,
  kLruPercpuHash = 10,
  kLpmTrie = 11,
  kArrayOfMaps = 12,
  kHashOfMaps = 13,
  kDevmap = 14,
  kSockmap = 15,
  kCpumap = 16,
  kXskmap = 17,
  kSockhash = 18,
  kCgroupStorage = 19,
  kReuseportSockarray = 20,
  kPercpuCgroupStorage = 21,
  kQueue = 22,
  kStack = 23,
  kSkStorage = 24,
  kDevmapHash = 25,
  kStructOps = 26,
  kRingbuf = 27,
  kInodeStorage = 28,
  kTaskStorage = 29,
  kBloomFilter = 30,
  kUserRingbuf = 31,
  kCgrpStorage = 32,
  kArena = 33,
};

// enum bpf_prog_type: program types.
enum class ProgType : uint32_t {
  kUnspec = 0,
  kSocketFilter = 1,
  kKprobe = 2,
  kSchedCls = 3,
  kSchedAct = 4,
  kTracepoint = 5,
  kXdp = 6,
  kPerfEvent = 7,
  kCgroupSkb = 8,
  kCgroupSock = 9,
  kLwtIn = 10,
  kLwtOut = 11,
  kLwtXmit = 12,
  kSockOps = 13,
  kSkSkb = 14,
  kCgroupDevice = 15,
  kSkMsg = 16,
  kRawTracepoint = 17,
  kCgroupSockAddr = 18,
  kLwtSeg6local = 19,
  kLircMode2 = 20,
  kSkReuseport = 21,
  kFlowDissector = 22,
  kCgroupSysctl = 23,
  kRawTracepointWritable = 24,
  kCgroupSockopt = 25,
  kTracing = 26,
  kStructOps = 27,
  kExt = 28,
  kLsm = 29,
  kSkLookup = 30,
  kSyscall = 31,
  kNetfilter = 32,
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
  kTraceRawTp = 23,
  kTraceFentry = 24,
  kTraceFexit = 25,
  kModifyReturn = 26,
  kLsmMac = 27,
  kTraceIter = 28,
  kCgroupInet4Getpeername = 29,
  kCgroupInet6Getpeername = 30,
  kCgroupInet4Getsockname = 31,
  kCgroupInet6Getsockname = 32,
  kXdpDevmap = 33,
  kCgroupInetSockRelease = 34,
  kXdpCpumap = 35,
  kSkLookup = 36,
  kXdp = 37,
  kSkSkbVerdict = 38,
  kSkReuseportSelect = 39,
  kSkReuseportSelectOrMigrate = 40,
  kPerfEvent = 41,
  kTraceKprobeMulti = 42,
  kLsmCgroup = 43,
  kStructOps = 44,
  kNetfilter = 45,
  kTcxIngress = 46,
  kTcxEgress = 47,
  kTraceUprobeMulti = 48,
  kCgroupUnixConnect = 49,
  kCgroupUnixSendmsg = 50,
  kCgroupUnixRecvmsg = 51,
  kCgroupUnixGetpeername = 52,
  kCgroupUnixGetsockname = 53,
  kNetkitPrimary = 54,
  kNetkitPeer = 55,
  kTraceKprobeSession = 56,
  kTraceUprobeSession = 57,
};

// enum bpf_link_type: link types.
enum class LinkType : uint32_t {
  kUnspec = 0,
  kRawTracepoint = 1,
  kTracing = 2,
  kCgroup = 3,
  kIter = 4,
  kNetns = 5,
  kXdp = 6,
  kPerfEvent = 7,
  kKprobeMulti = 8,
  kStructOps = 9,
  kNetfilter = 10,
  kTcx = 11,
  kUprobeMulti = 12,
  kNetkit = 13,
  kSockmap = 14,
};

// One enumerator as the kernel spells it.
struct EnumRow {
  uint32_t value;
  std::string_view name;  // "BPF_MAP_TYPE_HASH"
};

// The enumerators of each enum, by value.
std::span<const EnumRow> CommandRows();
std::span<const EnumRow> MapTypeRows();
std::span<const EnumRow> ProgTypeRows();
std::span<const EnumRow> AttachTypeRows();
std::span<const EnumRow> LinkTypeRows();

// The kernel's spelling ("BPF_MAP_TYPE_HASH"); empty where the value is unknown here.
std::string_view KernelSpelling(Command value);
std::string_view KernelSpelling(MapType value);
std::string_view KernelSpelling(ProgType value);
std::string_view KernelSpelling(AttachType value);
std::string_view KernelSpelling(LinkType value);

// BPF_F_*: flags of BPF_MAP_CREATE.
enum MapFlag : uint32_t {
  kNoPrealloc = 1U << 0,     // BPF_F_NO_PREALLOC, Linux 4.6
  kNumaNode = 1U << 2,       // BPF_F_NUMA_NODE, Linux 4.14
  kReadOnly = 1U << 3,       // BPF_F_RDONLY, Linux 4.15
  kWriteOnly = 1U << 4,      // BPF_F_WRONLY, Linux 4.15
  kReadOnlyProg = 1U << 7,   // BPF_F_RDONLY_PROG, Linux 5.2
  kWriteOnlyProg = 1U << 8,  // BPF_F_WRONLY_PROG, Linux 5.2
  kMmapable = 1U << 10,      // BPF_F_MMAPABLE, Linux 5.5
};

// BPF_F_*: flags of BPF_PROG_LOAD.
enum ProgFlag : uint32_t {
  kSleepable = 1U << 4,    // BPF_F_SLEEPABLE, Linux 5.10
  kXdpHasFrags = 1U << 5,  // BPF_F_XDP_HAS_FRAGS, Linux 5.18
};

}  // namespace purebpf

#endif  // PUREBPF_BPF_ABI_H_
