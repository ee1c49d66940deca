// Internal. The hints of bpf/explain.h, one a row: command, errno, circumstance.
#ifndef PUREBPF_BPF_EXPLAIN_HINTS_H_
#define PUREBPF_BPF_EXPLAIN_HINTS_H_

#include <cerrno>
#include <cstdint>
#include <string_view>

#include "purebpf/bpf/abi.h"

namespace purebpf::internal {

inline constexpr int kEnotsupp = 524;  // include/linux/errno.h

// What must hold for a row besides command and errno.
enum class When : uint8_t {
  kAlways,
  kMemlockRefused,
  kTooNew,            // Refusal::newcomer for this kernel, as its release says
  kTypeUnknown,       // to this library
  kToken,             // a BPF token was given
  kNetworkMap,        // kernel/bpf/syscall.c: map_create
  kNetworkProgram,    // kernel/bpf/syscall.c: is_net_admin_prog_type
  kTracingProgram,    // kernel/bpf/syscall.c: is_perfmon_prog_type
  kLocalStorage,      // kernel/bpf/bpf_local_storage.c: bpf_local_storage_map_alloc_check
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
  kXdpLink,
  kNetworkLink,
  kTracingLink,  // trampolines and probes
  kProbeLink,    // many probes at once
};

struct HintRow {
  Command command;
  int error;
  When when;
  std::string_view hint;  // kTooNew has its own words, kToken words around it
};

// In each table the first row that fits is taken. Whoever issues a command brings the table it
// needs: a program that attaches by no link has no words about links in it.

// Maps and their elements.
inline constexpr HintRow kMapHints[] = {
    {Command::kMapCreate, EPERM, When::kToken, "delegate_maps"},
    {Command::kMapCreate, EPERM, When::kMemlockRefused,
     "raise RLIMIT_MEMLOCK (ulimit -l), which Linux before 5.11 charges BPF memory to"},
    {Command::kMapCreate, EPERM, When::kNetworkMap,
     "needs CAP_BPF and CAP_NET_ADMIN (CAP_SYS_ADMIN before Linux 5.8)"},
    {Command::kMapCreate, EPERM, When::kAlways, "needs CAP_BPF (CAP_SYS_ADMIN before Linux 5.8)"},
    {Command::kMapCreate, EINVAL, When::kTooNew, {}},
    {Command::kMapCreate, EINVAL, When::kTypeUnknown, "no such map type is known here"},
    {Command::kMapCreate, EINVAL, When::kPreallocatedTrie,
     "an LPM trie needs BPF_F_NO_PREALLOC in its flags"},
    {Command::kMapCreate, EINVAL, When::kLocalStorage,
     "a storage needs BPF_F_NO_PREALLOC, max_entries 0, a key of 4 bytes, and BTF of both types"},
    {Command::kMapCreate, EINVAL, When::kNoEntries, "max_entries must not be 0"},
    {Command::kMapCreate, EINVAL, When::kRingSize,
     "max_entries of a ring is its size in bytes: a power of two, and a multiple of the page size"},
    {Command::kMapCreate, EINVAL, When::kKeyless, "this type has no keys: key_size must be 0"},
    {Command::kMapCreate, EINVAL, When::kKeyNotIndex, "key_size must be 4 for this type"},
    {Command::kMapCreate, EINVAL, When::kMemlockRefused,
     "raise RLIMIT_MEMLOCK (ulimit -l), beyond which Linux before 5.11 calls a device map invalid"},
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
    {Command::kMapFreeze, EBUSY, When::kAlways,
     "something may still write: a writable mapping, or an operation under way"},
    {Command::kMapFreeze, EPERM, When::kAlways, "needs CAP_BPF, or a descriptor that may write"},
    {Command::kMapFreeze, kEnotsupp, When::kAlways, "maps of this type cannot be frozen"},
};

// Loading programs.
inline constexpr HintRow kProgramHints[] = {
    {Command::kProgLoad, EPERM, When::kToken, "delegate_progs, delegate_attachs"},
    {Command::kProgLoad, EPERM, When::kMemlockRefused,
     "raise RLIMIT_MEMLOCK (ulimit -l), which Linux before 5.11 charges BPF memory to"},
    {Command::kProgLoad, EPERM, When::kNetworkProgram,
     "needs CAP_BPF and CAP_NET_ADMIN (CAP_SYS_ADMIN before Linux 5.8)"},
    {Command::kProgLoad, EPERM, When::kTracingProgram,
     "needs CAP_BPF and CAP_PERFMON (CAP_SYS_ADMIN before Linux 5.8)"},
    {Command::kProgLoad, EPERM, When::kAlways, "needs CAP_BPF (CAP_SYS_ADMIN before Linux 5.8)"},
    {Command::kProgLoad, EINVAL, When::kTooNew, {}},
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
};

// Ids, pins and descriptors of what is there already.
inline constexpr HintRow kHandleHints[] = {
    {Command::kProgGetFdById, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
    {Command::kProgGetFdById, EINVAL, When::kAlways, "needs Linux 4.13"},
    {Command::kObjGetInfoByFd, EINVAL, When::kAlways, "needs Linux 4.13"},
    {Command::kMapGetFdById, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
    {Command::kBtfGetFdById, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
    {Command::kLinkGetFdById, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
    {Command::kMapGetFdById, EINVAL, When::kAlways, "needs Linux 4.13"},
    {Command::kBtfGetFdById, EINVAL, When::kAlways, "needs Linux 4.18"},
    {Command::kLinkGetFdById, EINVAL, When::kAlways, "needs Linux 5.8"},
};

// BTF, programs that are loaded, lists of ids, and the rest.
inline constexpr HintRow kObjectHints[] = {
    {Command::kProgGetNextId, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
    {Command::kMapGetNextId, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
    {Command::kBtfGetNextId, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
    {Command::kLinkGetNextId, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
    {Command::kEnableStats, EPERM, When::kAlways, "needs CAP_SYS_ADMIN"},
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

// Attaching.
inline constexpr HintRow kLinkHints[] = {
    {Command::kLinkCreate, EINVAL, When::kTooNew, {}},
    {Command::kLinkCreate, E2BIG, When::kTooNew, {}},
    {Command::kLinkCreate, E2BIG, When::kAlways, "a field (cookie, anchor) newer than this kernel"},
    {Command::kLinkCreate, EINVAL, When::kXdpLink,
     "no such interface, or a program whose expected attach type is not BPF_XDP"},
    {Command::kLinkCreate, EINVAL, When::kAlways,
     "check the program's type and expected attach type, and the target"},
    {Command::kLinkCreate, EPERM, When::kNetworkLink, "needs CAP_NET_ADMIN"},
    {Command::kLinkCreate, EPERM, When::kTracingLink,
     "needs CAP_PERFMON (CAP_SYS_ADMIN before Linux 5.8)"},
    {Command::kLinkCreate, EBUSY, When::kXdpLink,
     "XDP takes one program an interface and mode: another link or program is there"},
    {Command::kLinkCreate, EEXIST, When::kXdpLink,
     "an interface has either generic or native XDP, not both"},
    {Command::kLinkCreate, EBUSY, When::kAlways, "another program is attached there"},
    {Command::kLinkCreate, EOPNOTSUPP, When::kXdpLink,
     "the driver has no native XDP: XDP_FLAGS_SKB_MODE works everywhere"},
    {Command::kLinkCreate, EOPNOTSUPP, When::kProbeLink,
     "this kernel was built without CONFIG_FPROBE or CONFIG_UPROBE_EVENTS"},
    {Command::kLinkCreate, kEnotsupp, When::kTracingLink,
     "this kernel cannot call programs from functions: CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS"},
    {Command::kLinkCreate, ENODEV, When::kNetworkLink,
     "no such interface in this network namespace"},
    {Command::kLinkCreate, ESRCH, When::kProbeLink,
     "a function is not there, or may not be probed: see available_filter_functions in tracefs"},
    {Command::kLinkCreate, ENOENT, When::kProbeLink,
     "a function is not there, or may not be probed: see available_filter_functions in tracefs"},
    {Command::kLinkCreate, ESTALE, When::kAlways,
     "the programs there changed since the revision that was expected"},
    {Command::kLinkCreate, ERANGE, When::kNetworkLink, "no more than 64 programs fit there"},
    {Command::kRawTracepointOpen, EPERM, When::kAlways,
     "needs CAP_PERFMON (CAP_SYS_ADMIN before Linux 5.8)"},
    {Command::kRawTracepointOpen, ENOENT, When::kAlways,
     "no such tracepoint: see events in tracefs, without the group"},
    {Command::kRawTracepointOpen, E2BIG, When::kAlways, "cookies of tracepoints need Linux 6.10"},
    {Command::kRawTracepointOpen, EBUSY, When::kAlways,
     "the program is attached already, or another replaces what it calls"},
    {Command::kRawTracepointOpen, kEnotsupp, When::kAlways,
     "this kernel cannot call programs from functions: CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS"},
    {Command::kLinkUpdate, EINVAL, When::kTooNew, {}},
    {Command::kLinkUpdate, EINVAL, When::kAlways,
     "links of this type keep their program, or the new one is of another type"},
    {Command::kLinkUpdate, EOPNOTSUPP, When::kAlways, "links of this type keep their program"},
    {Command::kLinkUpdate, ENOLINK, When::kAlways, "the link is to nothing any more"},
    {Command::kLinkDetach, EOPNOTSUPP, When::kAlways,
     "links of this type are only detached with their last descriptor and pin"},
    {Command::kLinkDetach, EINVAL, When::kTooNew, {}},
    {Command::kIterCreate, EINVAL, When::kTooNew, {}},
    {Command::kIterCreate, EINVAL, When::kAlways, "the link is not an iterator's"},
    {Command::kProgAttach, EPERM, When::kAlways,
     "needs CAP_NET_ADMIN, or another program is there"},
    {Command::kProgAttach, EEXIST, When::kAlways, "the program is attached there already"},
    {Command::kProgAttach, EINVAL, When::kAlways,
     "check the program's type and expected attach type, the target and the flags"},
    {Command::kProgAttach, E2BIG, When::kAlways, "no more than 64 programs fit there"},
    {Command::kProgDetach, ENOENT, When::kAlways, "the program is not attached there"},
    {Command::kProgDetach, EPERM, When::kAlways, "needs CAP_NET_ADMIN"},
    {Command::kProgQuery, EPERM, When::kAlways, "needs CAP_NET_ADMIN"},
};

}  // namespace purebpf::internal

#endif  // PUREBPF_BPF_EXPLAIN_HINTS_H_
