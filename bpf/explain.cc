#include "purebpf/bpf/explain.h"

#include <bit>
#include <cerrno>
#include <string>
#include <string_view>

#include "purebpf/bpf/capabilities.h"

namespace purebpf {

using internal::HintRow;
using internal::When;

namespace {

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

bool IsLocalStorage(MapType type) {
  return type == MapType::kSkStorage || type == MapType::kInodeStorage ||
         type == MapType::kTaskStorage || type == MapType::kCgrpStorage;
}

// Storages have an entry for each of what they belong to.
bool HasNoEntries(MapType type) {
  return IsLocalStorage(type) || type == MapType::kCgroupStorage ||
         type == MapType::kPercpuCgroupStorage;
}

bool IsDevmap(MapType type) { return type == MapType::kDevmap || type == MapType::kDevmapHash; }

bool IsNetworkLink(LinkType type) {
  switch (type) {
    case LinkType::kXdp:
    case LinkType::kTcx:
    case LinkType::kNetkit:
    case LinkType::kNetns:
    case LinkType::kCgroup:
    case LinkType::kNetfilter:
    case LinkType::kSockmap:
      return true;
    default:
      return false;
  }
}

bool IsProbes(LinkType type) {
  return type == LinkType::kKprobeMulti || type == LinkType::kUprobeMulti;
}

// Whether what the kernel said may be for want of the newcomer: then its release is read.
bool MayBeTooNew(const Refusal& refusal) {
  if (refusal.newcomer.since == KernelVersion()) return false;
  // A link's fields may be larger than the kernel's.
  return refusal.error == Errno{EINVAL} ||
         (refusal.error == Errno{E2BIG} && refusal.command == Command::kLinkCreate);
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
    case When::kTooNew:
      return TooNew(refusal.newcomer, release);
    case When::kTypeUnknown:
      return refusal.newcomer.spelling.empty();
    case When::kNetworkMap:
      return IsNetworkMap(map);
    case When::kNetworkProgram:
      return IsNetworkProgram(refusal.prog_type);
    case When::kTracingProgram:
      return IsTracingProgram(refusal.prog_type);
    case When::kToken:
      return refusal.with_token;
    case When::kLocalStorage:
      return IsLocalStorage(map);
    case When::kNoEntries:
      return refusal.max_entries == 0 && !HasNoEntries(map);
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
    case When::kXdpLink:
      return refusal.link_type == LinkType::kXdp;
    case When::kNetworkLink:
      return IsNetworkLink(refusal.link_type);
    case When::kTracingLink:
      return refusal.link_type == LinkType::kTracing || refusal.link_type == LinkType::kPerfEvent ||
             refusal.link_type == LinkType::kTracingMulti || IsProbes(refusal.link_type);
    case When::kProbeLink:
      return IsProbes(refusal.link_type);
  }
  return false;
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

// A token that does not allow what is asked counts as none (kernel/bpf/token.c, Linux 6.9); one
// that does gives only what its user namespace has.
std::string TokenHint(const Newcomer& type, std::string_view options) {
  return std::string("the token does not allow ")
      .append(type.spelling.empty() ? "this type" : type.spelling)
      .append(" (mount its BPF file system with that in ")
      .append(options)
      .append(
          "), or not this command (delegate_cmds); or the process lacks CAP_BPF, or what else "
          "the type needs, in the user namespace of the token");
}

// Of what may be for the limit: whether it is for a capability that the rows after it name.
bool LacksCapability(Kernel& kernel, std::span<const HintRow> rows, const Refusal& refusal,
                     std::string_view release) {
  for (const HintRow& row : rows) {
    if (row.command != refusal.command || row.error != EPERM || row.when == When::kMemlockRefused ||
        !Holds(row.when, refusal, release))
      continue;
    return LacksCapabilityIn(kernel, row.hint);
  }
  return false;
}

}  // namespace

void Explain(Kernel& kernel, std::span<const HintRow> hints, const Refusal& refusal, Error& error) {
  std::string release;
  if (MayBeTooNew(refusal)) release = kernel.Release().value_or(std::string());
  for (const HintRow& row : hints) {
    if (row.command != refusal.command || row.error != refusal.error.value) continue;
    if (!Holds(row.when, refusal, release)) continue;
    if (row.when == When::kMemlockRefused && row.error == EPERM &&
        LacksCapability(kernel, hints, refusal, release))
      continue;
    error.hint = row.hint;
    if (row.when == When::kToken) error.hint = TokenHint(refusal.newcomer, row.hint);
    if (row.when == When::kTooNew) SayTooNew(refusal.newcomer, release, error);
    if (row.error == EPERM) NameMissingCapabilities(kernel, error);
    return;
  }
  // Without a row: the kernel answers EINVAL to a command that it does not know.
  if (TooNew(refusal.newcomer, release)) SayTooNew(refusal.newcomer, release, error);
}

}  // namespace purebpf
