// SPDX-License-Identifier: MIT
// A program that shows how it was compiled.
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "tests/build/rules_more.bpf.c"
#include "tests/build/verdicts.h"

// The verdict is the machine's.
SEC("xdp")
int which(void* ctx) {
#if defined(__TARGET_ARCH_s390)
  return VERDICT_S390;
#elif defined(__TARGET_ARCH_arm64)
  return VERDICT_ARM64;
#else
  return VERDICT_OTHER;
#endif
}

// A comparison of 32 bits, which is one instruction from v3 on, and of a field of the kernel's.
SEC("socket")
int depth(struct process* process) {
  return BPF_CORE_READ(process, root, depth) == *(int*)process ? one_more() : 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
