#include "purebpf/bpf/memlock.h"

#include "purebpf/bpf/abi.h"

namespace purebpf {
namespace {

constexpr int kRlimitMemlock = 8;  // include/uapi/asm-generic/resource.h: RLIMIT_MEMLOCK
// The change of kernel/bpf/syscall.c from bpf_charge_memlock to the memory cgroup.
constexpr KernelVersion kChargedToCgroup = {5, 11};

bool ChargesMemlock(Kernel& kernel) {
  const auto release = kernel.Release();
  if (!release) return false;
  const KernelVersion version = ParseRelease(*release);
  // Where the release says nothing, a limit that may not matter is better left alone.
  return version != KernelVersion() && version < kChargedToCgroup;
}

}  // namespace

Memlock RaiseMemlock(Kernel& kernel) {
  constexpr uint64_t kInfinity = ResourceLimit::kInfinity;
  if (!ChargesMemlock(kernel)) return Memlock::kNotCharged;
  const auto limit = kernel.GetResourceLimit(kRlimitMemlock);
  if (!limit) return Memlock::kRefused;
  if (limit->soft == kInfinity) return Memlock::kNotCharged;
  if (kernel.SetResourceLimit(kRlimitMemlock, {.soft = kInfinity, .hard = kInfinity}))
    return Memlock::kRaised;
  if (limit->soft >= limit->hard) return Memlock::kRefused;
  const bool raised =
      kernel.SetResourceLimit(kRlimitMemlock, {.soft = limit->hard, .hard = limit->hard})
          .has_value();
  return raised ? Memlock::kRaised : Memlock::kRefused;
}

}  // namespace purebpf
