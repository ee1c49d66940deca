#include "purebpf/bpf/explain.h"

#include <bit>
#include <cerrno>
#include <string>
#include <string_view>

namespace purebpf {
namespace {

constexpr int kEnotsupp = 524;  // include/linux/errno.h

// What must hold for a row besides command and errno.
enum class When : uint8_t {
  kAlways,
  kMemlockRefused,
  kTypeTooNew,        // for this kernel, as its release says
  kTooNew,            // the command itself
  kTypeUnknown,       // to this library
  kNetworkMap,        // kernel/bpf/syscall.c: map_create
  kNetworkProgram,    // kernel/bpf/syscall.c: is_net_admin_prog_type
  kTracingProgram,    // kernel/bpf/syscall.c: is_perfmon_prog_type
  kNoEntries,         // max_entries is 0
  kPreallocatedTrie,  // an LPM trie without BPF_F_NO_PREALLOC
  kRingSize,          // max_entries of a ring is no power of two
  kKeyless,           // a type without keys
  kKeyNotIndex,       // a type whose key is a u32, with another key size
  kIndexed,           // a type whose key is an index below max_entries
  kDevmap,
  kCpumap,
  kProgArray,
  kPerCpu,
  kNoInstructions,
};

struct HintRow {
  Command command;
  int error;
  When when;
  std::string_view hint;  // kTypeTooNew and kTooNew have their own words
};

// The first row that fits is taken.
constexpr HintRow kHints[] = {
    {Command::kMapCreate, EPERM, When::kMemlockRefused,
     "raise RLIMIT_MEMLOCK (ulimit -l), which Linux before 5.11 charges BPF memory to"},
    {Command::kMapCreate, EPERM, When::kNetworkMap,
     "needs CAP_BPF and CAP_NET_ADMIN (CAP_SYS_ADMIN before Linux 5.8)"},
    {Command::kMapCreate, EPERM, When::kAlways, "needs CAP_BPF (CAP_SYS_ADMIN before Linux 5.8)"},
    {Command::kMapCreate, EINVAL, When::kTypeTooNew, {}},
    {Command::kMapCreate, EINVAL, When::kTypeUnknown, "no such map type is known here"},
    {Command::kMapCreate, EINVAL, When::kPreallocatedTrie,
     "an LPM trie needs BPF_F_NO_PREALLOC in its flags"},
    {Command::kMapCreate, EINVAL, When::kNoEntries, "max_entries must not be 0"},
    {Command::kMapCreate, EINVAL, When::kRingSize,
     "max_entries of a ring is its size in bytes: a power of two, and a multiple of the page size"},
    {Command::kMapCreate, EINVAL, When::kKeyless, "this type has no keys: key_size must be 0"},
    {Command::kMapCreate, EINVAL, When::kKeyNotIndex, "key_size must be 4 for this type"},
    {Command::kMapCreate, EINVAL, When::kDevmap,
     "value_size must be 4 (an interface index) or, since Linux 5.8, 8 (and a program)"},
    {Command::kMapCreate, EINVAL, When::kCpumap,
     "value_size must be 4 (a queue size) or, since Linux 5.9, 8 (and a program)"},
    {Command::kMapCreate, EINVAL, When::kAlways,
     "check sizes and flags; the kernel may also have been built without this type"},
    {Command::kMapCreate, E2BIG, When::kCpumap, "max_entries is above the number of CPUs"},
    {Command::kMapCreate, E2BIG, When::kPerCpu,
     "a per-CPU value may have 32 KiB, and the map's total must fit the kernel's memory"},
    {Command::kMapCreate, E2BIG, When::kAlways,
     "sizes above the kernel's limits, or a field (name, map_extra) newer than this kernel"},
    {Command::kMapCreate, ENOMEM, When::kAlways,
     "lower max_entries, or set BPF_F_NO_PREALLOC; the memory cgroup may be the limit"},
    {Command::kMapCreate, EOPNOTSUPP, When::kAlways, "this kernel was built without this type"},
    {Command::kMapCreate, ENOSYS, When::kAlways,
     "this kernel was built without CONFIG_BPF_SYSCALL"},

    {Command::kProgLoad, EPERM, When::kMemlockRefused,
     "raise RLIMIT_MEMLOCK (ulimit -l), which Linux before 5.11 charges BPF memory to"},
    {Command::kProgLoad, EPERM, When::kNetworkProgram,
     "needs CAP_BPF and CAP_NET_ADMIN (CAP_SYS_ADMIN before Linux 5.8)"},
    {Command::kProgLoad, EPERM, When::kTracingProgram,
     "needs CAP_BPF and CAP_PERFMON (CAP_SYS_ADMIN before Linux 5.8)"},
    {Command::kProgLoad, EPERM, When::kAlways, "needs CAP_BPF (CAP_SYS_ADMIN before Linux 5.8)"},
    {Command::kProgLoad, EINVAL, When::kTypeTooNew, {}},
    {Command::kProgLoad, EINVAL, When::kTypeUnknown, "no such program type is known here"},
    {Command::kProgLoad, EINVAL, When::kAlways,
     "not the verifier: check program type, expected attach type and flags; the kernel may also "
     "have been built without this type"},
    {Command::kProgLoad, E2BIG, When::kNoInstructions, "the program has no instructions"},
    {Command::kProgLoad, E2BIG, When::kAlways,
     "too many instructions (4096; a million with CAP_BPF since Linux 5.2), or a field newer than "
     "this kernel"},
    {Command::kProgLoad, EBADF, When::kAlways,
     "an instruction refers to a descriptor that is not a map's"},
    {Command::kProgLoad, EAGAIN, When::kAlways, "signals kept interrupting the verifier"},
    {Command::kProgLoad, ENOMEM, When::kAlways, "the memory cgroup may be the limit"},
    {Command::kProgLoad, kEnotsupp, When::kAlways,
     "the JIT compiler could not take it: see net.core.bpf_jit_enable"},
    {Command::kProgLoad, ENOSYS, When::kAlways, "this kernel was built without CONFIG_BPF_SYSCALL"},

    {Command::kMapLookupElem, EPERM, When::kAlways, "user space may not read it: BPF_F_WRONLY"},
    {Command::kMapLookupElem, kEnotsupp, When::kAlways,
     "values of this type cannot be read from user space"},
    {Command::kMapLookupElem, EOPNOTSUPP, When::kAlways,
     "values of this type cannot be read from user space"},
    {Command::kMapUpdateElem, EPERM, When::kAlways,
     "user space may not write it: BPF_F_RDONLY, or frozen"},
    {Command::kMapUpdateElem, E2BIG, When::kIndexed, "the index is not below max_entries"},
    {Command::kMapUpdateElem, E2BIG, When::kAlways, "the map is full: see max_entries"},
    {Command::kMapUpdateElem, EINVAL, When::kDevmap,
     "no interface has this index in the network namespace where the map was created"},
    {Command::kMapUpdateElem, EBADF, When::kProgArray,
     "the value must be the descriptor of a loaded program"},
    {Command::kMapUpdateElem, EINVAL, When::kProgArray,
     "the programs of an array must be of one type, and all be compiled or all interpreted"},
    {Command::kMapUpdateElem, ENODEV, When::kCpumap, "there is no such CPU"},
    {Command::kMapUpdateElem, EOVERFLOW, When::kCpumap, "the queue may have 16384 entries"},
    {Command::kMapDeleteElem, EPERM, When::kAlways,
     "user space may not write it: BPF_F_RDONLY, or frozen"},
    {Command::kMapDeleteElem, EINVAL, When::kIndexed,
     "elements of an array are always there: write zeroes"},
    {Command::kMapDeleteElem, EOPNOTSUPP, When::kAlways, "elements of this type stay"},
    {Command::kMapLookupAndDeleteElem, EINVAL, When::kAlways,
     "queues and stacks have it since Linux 4.20, hash kinds since 5.14"},
    {Command::kMapLookupAndDeleteElem, EOPNOTSUPP, When::kAlways,
     "queues and stacks have it since Linux 4.20, hash kinds since 5.14"},
    {Command::kMapLookupAndDeleteElem, kEnotsupp, When::kAlways,
     "queues and stacks have it since Linux 4.20, hash kinds since 5.14"},
    {Command::kMapGetNextKey, EFAULT, When::kAlways, "the first key is given since Linux 4.12"},
    {Command::kMapGetNextKey, EINVAL, When::kKeyless, "this type has no keys"},
    {Command::kMapGetNextKey, EOPNOTSUPP, When::kAlways, "this type has no keys to walk"},
    {Command::kMapGetNextKey, kEnotsupp, When::kAlways, "this type has no keys to walk"},

    {Command::kProgGetFdById, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
    {Command::kProgGetFdById, EINVAL, When::kAlways, "needs Linux 4.13"},
    {Command::kObjGetInfoByFd, EINVAL, When::kAlways, "needs Linux 4.13"},
    {Command::kMapGetFdById, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
    {Command::kBtfGetFdById, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
    {Command::kLinkGetFdById, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
    {Command::kProgGetNextId, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
    {Command::kMapGetNextId, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
    {Command::kBtfGetNextId, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
    {Command::kLinkGetNextId, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
    {Command::kEnableStats, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},

    {Command::kMapFreeze, EBUSY, When::kAlways,
     "something may still write: a writable mapping, or an operation under way"},
    {Command::kMapFreeze, EPERM, When::kAlways, "needs CAP_BPF, or a descriptor that may write"},
    {Command::kMapFreeze, kEnotsupp, When::kAlways, "maps of this type cannot be frozen"},

    {Command::kProgTestRun, kEnotsupp, When::kAlways,
     "programs of this type cannot be run on trial"},
    {Command::kProgTestRun, EINVAL, When::kTooNew, {}},
    {Command::kProgTestRun, EINVAL, When::kNetworkProgram,
     "XDP and packet programs need 14 bytes of data or more, and a context that fits"},
    {Command::kProgTestRun, EINVAL, When::kAlways,
     "what the program's type has no use for (data, context, repeat, flags) must be left out"},
    {Command::kProgTestRun, EPERM, When::kAlways, "needs CAP_BPF (CAP_SYS_ADMIN before Linux 5.8)"},

    {Command::kBtfLoad, EPERM, When::kMemlockRefused,
     "raise RLIMIT_MEMLOCK (ulimit -l), which Linux before 5.11 charges BPF memory to"},
    {Command::kBtfLoad, EPERM, When::kAlways, "needs CAP_BPF (CAP_SYS_ADMIN before Linux 5.8)"},
    {Command::kBtfLoad, E2BIG, When::kAlways, "the kernel takes 16 MiB of BTF"},

    {Command::kTokenCreate, EPERM, When::kAlways,
     "needs CAP_BPF in the user namespace that owns the BPF file system"},
    {Command::kTokenCreate, ENOENT, When::kAlways,
     "the BPF file system was mounted without delegate_ options"},
    {Command::kTokenCreate, EOPNOTSUPP, When::kAlways,
     "a token is made outside of the initial user namespace only"},
};

bool IsNetworkMap(MapType type) {
  return type == MapType::kSockmap || type == MapType::kSockhash || type == MapType::kDevmap ||
         type == MapType::kDevmapHash || type == MapType::kXskmap;
}

bool IsNetworkProgram(ProgType type) {
  switch (type) {
    case ProgType::kSchedCls:
    case ProgType::kSchedAct:
    case ProgType::kXdp:
    case ProgType::kLwtIn:
    case ProgType::kLwtOut:
    case ProgType::kLwtXmit:
    case ProgType::kLwtSeg6local:
    case ProgType::kSkSkb:
    case ProgType::kSkMsg:
    case ProgType::kFlowDissector:
    case ProgType::kCgroupDevice:
    case ProgType::kCgroupSock:
    case ProgType::kCgroupSockAddr:
    case ProgType::kCgroupSockopt:
    case ProgType::kCgroupSysctl:
    case ProgType::kSockOps:
    case ProgType::kNetfilter:
      return true;
    default:
      return false;
  }
}

bool IsTracingProgram(ProgType type) {
  switch (type) {
    case ProgType::kKprobe:
    case ProgType::kTracepoint:
    case ProgType::kPerfEvent:
    case ProgType::kRawTracepoint:
    case ProgType::kRawTracepointWritable:
    case ProgType::kTracing:
    case ProgType::kLsm:
      return true;
    default:
      return false;
  }
}

bool IsRing(MapType type) { return type == MapType::kRingbuf || type == MapType::kUserRingbuf; }

bool IsKeyless(MapType type) {
  return type == MapType::kQueue || type == MapType::kStack || type == MapType::kBloomFilter ||
         IsRing(type);
}

// The key is a u32 index below max_entries.
bool IsIndexed(MapType type) {
  switch (type) {
    case MapType::kArray:
    case MapType::kPercpuArray:
    case MapType::kProgArray:
    case MapType::kPerfEventArray:
    case MapType::kCgroupArray:
    case MapType::kArrayOfMaps:
    case MapType::kDevmap:
    case MapType::kCpumap:
    case MapType::kXskmap:
    case MapType::kSockmap:
    case MapType::kReuseportSockarray:
      return true;
    default:
      return false;
  }
}

bool IsDevmap(MapType type) { return type == MapType::kDevmap || type == MapType::kDevmapHash; }

// What may be too new for a kernel.
struct Newcomer {
  std::string_view spelling;
  KernelVersion since;
};

Newcomer TypeOf(const Refusal& refusal) {
  if (refusal.command == Command::kProgLoad)
    return {KernelSpelling(refusal.prog_type), Since(refusal.prog_type)};
  return {KernelSpelling(refusal.map_type), Since(refusal.map_type)};
}

Newcomer CommandOf(const Refusal& refusal) {
  return {KernelSpelling(refusal.command), Since(refusal.command)};
}

bool TooNew(const Newcomer& what, std::string_view release) {
  const KernelVersion running = ParseRelease(release);
  return running != KernelVersion() && what.since > running;
}

bool Holds(When when, const Refusal& refusal, std::string_view release) {
  const MapType map = refusal.map_type;
  switch (when) {
    case When::kAlways:
      return true;
    case When::kMemlockRefused:
      return refusal.memlock == Memlock::kRefused;
    case When::kTypeTooNew:
      return TooNew(TypeOf(refusal), release);
    case When::kTooNew:
      return TooNew(CommandOf(refusal), release);
    case When::kTypeUnknown:
      return TypeOf(refusal).spelling.empty();
    case When::kNetworkMap:
      return IsNetworkMap(map);
    case When::kNetworkProgram:
      return IsNetworkProgram(refusal.prog_type);
    case When::kTracingProgram:
      return IsTracingProgram(refusal.prog_type);
    case When::kNoEntries:
      return refusal.max_entries == 0;
    case When::kPreallocatedTrie:
      return map == MapType::kLpmTrie && (refusal.map_flags & kNoPrealloc) == 0;
    case When::kRingSize:
      // The page size is not known here; a power of two below 4096 is no multiple of any.
      return IsRing(map) &&
             (!std::has_single_bit(refusal.max_entries) || refusal.max_entries < 4096);
    case When::kKeyless:
      return IsKeyless(map) && (refusal.key_size != 0 || refusal.command != Command::kMapCreate);
    case When::kKeyNotIndex:
      return (IsIndexed(map) || map == MapType::kDevmapHash) && refusal.key_size != 4;
    case When::kIndexed:
      return IsIndexed(map);
    case When::kDevmap:
      return IsDevmap(map);
    case When::kCpumap:
      return map == MapType::kCpumap;
    case When::kProgArray:
      return map == MapType::kProgArray;
    case When::kPerCpu:
      return IsPerCpu(map);
    case When::kNoInstructions:
      return refusal.insn_count == 0;
  }
  return false;
}

// The commands on elements are as old as bpf(2), or have rows of their own.
bool MayBeTooNew(Command command) {
  return command == Command::kMapCreate || command >= Command::kProgLoad;
}

void SayTooNew(const Newcomer& what, std::string_view release, Error& error) {
  error.code = Code::kUnsupported;
  error.hint = std::string(what.spelling)
                   .append(" needs Linux ")
                   .append(std::to_string(what.since.version))
                   .append(".")
                   .append(std::to_string(what.since.patchlevel))
                   .append("; this is ")
                   .append(release);
}

}  // namespace

void Explain(Kernel& kernel, const Refusal& refusal, Error& error) {
  std::string release;
  const Command command = refusal.command;
  if (refusal.error == Errno{EINVAL} && MayBeTooNew(command))
    release = kernel.Release().value_or(std::string());
  for (const HintRow& row : kHints) {
    if (row.command != command || row.error != refusal.error.value) continue;
    if (!Holds(row.when, refusal, release)) continue;
    error.hint = row.hint;
    if (row.when == When::kTypeTooNew) SayTooNew(TypeOf(refusal), release, error);
    if (row.when == When::kTooNew) SayTooNew(CommandOf(refusal), release, error);
    return;
  }
  // Without a row: the kernel answers EINVAL to a command that it does not know.
  if (!release.empty() && TooNew(CommandOf(refusal), release))
    SayTooNew(CommandOf(refusal), release, error);
}

}  // namespace purebpf
