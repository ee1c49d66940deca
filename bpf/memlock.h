// Internal. Before Linux 5.11 the memory of maps and programs was charged to RLIMIT_MEMLOCK, which
// is 64 KiB by default, and BPF_MAP_CREATE and BPF_PROG_LOAD answer EPERM beyond it; for device
// maps EINVAL, from Linux 5.4 on (kernel/bpf/devmap.c: dev_map_init_map). Since then the memory
// cgroup pays and the limit is left alone.
#ifndef PUREBPF_BPF_MEMLOCK_H_
#define PUREBPF_BPF_MEMLOCK_H_

#include "purebpf/bpf/kernel.h"

namespace purebpf {

enum class Memlock : uint8_t {
  kNotCharged,  // this kernel charges the memory elsewhere, or the limit is infinite already
  kRaised,      // as far as it may be: try again
  kRefused,     // the limit stays as it was
};

// To be called after such an answer, never before. Raises both limits to infinity, or else, without
// CAP_SYS_RESOURCE, the soft one to the hard one.
Memlock RaiseMemlock(Kernel& kernel);

// Issues a command, and once again where it was refused for the limit, be it by `other` in place of
// EPERM, and that could be raised. `memlock` tells what was found; the happy path makes no call but
// `issue`'s.
template <typename F>
SysResult<int> IssueWithMemlock(Kernel& kernel, Memlock& memlock, F issue, Errno other = Errno{}) {
  constexpr Errno kEperm{1};
  memlock = Memlock::kNotCharged;
  SysResult<int> answer = issue();
  if (answer || (answer.error() != kEperm && answer.error() != other)) return answer;
  memlock = RaiseMemlock(kernel);
  return memlock == Memlock::kRaised ? issue() : answer;
}

}  // namespace purebpf

#endif  // PUREBPF_BPF_MEMLOCK_H_
