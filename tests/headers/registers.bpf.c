// Each register of each machine by each of its names: plain, by CO-RE, and of a system call.
#ifdef VM
#define __VMLINUX_H__
#endif
#include <linux/bpf.h>

#include "machine.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";
unsigned long seen[64];

SEC("kprobe/plain") int plain(struct pt_regs* ctx) {
  seen[0] = PT_REGS_PARM1(ctx);
  seen[1] = PT_REGS_PARM2(ctx);
  seen[2] = PT_REGS_PARM3(ctx);
  seen[3] = PT_REGS_PARM4(ctx);
#if !defined(__TARGET_ARCH_arm)
  seen[4] = PT_REGS_PARM5(ctx);
#endif
#if defined(MANY) && !defined(OLD)
  seen[5] = PT_REGS_PARM6(ctx);
  seen[6] = PT_REGS_PARM7(ctx);
  seen[7] = PT_REGS_PARM8(ctx);
#endif
#ifndef WRONG_IN_LIBBPF  // it says regs[31] for powerpc, whose structure has no such member
  seen[8] = PT_REGS_RET(ctx);
#endif
  seen[9] = PT_REGS_RC(ctx);
  seen[10] = PT_REGS_SP(ctx);
  seen[11] = PT_REGS_IP(ctx);
#ifdef FRAME
  seen[12] = PT_REGS_FP(ctx);
#endif
  return 0;
}

SEC("kprobe/core") int core(struct pt_regs* ctx) {
  seen[16] = PT_REGS_PARM1_CORE(ctx);
  seen[17] = PT_REGS_PARM2_CORE(ctx);
  seen[18] = PT_REGS_PARM3_CORE(ctx);
  seen[19] = PT_REGS_PARM4_CORE(ctx);
#if !defined(__TARGET_ARCH_arm)
  seen[20] = PT_REGS_PARM5_CORE(ctx);
#endif
#if defined(MANY) && !defined(OLD)
  seen[21] = PT_REGS_PARM6_CORE(ctx);
  seen[22] = PT_REGS_PARM7_CORE(ctx);
  seen[23] = PT_REGS_PARM8_CORE(ctx);
#endif
#ifndef WRONG_IN_LIBBPF
  seen[24] = PT_REGS_RET_CORE(ctx);
#endif
  seen[25] = PT_REGS_RC_CORE(ctx);
  seen[26] = PT_REGS_SP_CORE(ctx);
  seen[27] = PT_REGS_IP_CORE(ctx);
#ifdef FRAME
  seen[28] = PT_REGS_FP_CORE(ctx);
#endif
  return 0;
}

SEC("kprobe/syscall") int syscalls(struct pt_regs* ctx) {
  struct pt_regs* regs = PT_REGS_SYSCALL_REGS(ctx);
  seen[32] = PT_REGS_PARM1_CORE_SYSCALL(regs);
  seen[33] = PT_REGS_PARM2_CORE_SYSCALL(regs);
  seen[34] = PT_REGS_PARM3_CORE_SYSCALL(regs);
  seen[35] = PT_REGS_PARM4_CORE_SYSCALL(regs);
  seen[36] = PT_REGS_PARM5_CORE_SYSCALL(regs);
  seen[40] = PT_REGS_PARM1_SYSCALL(ctx);
  seen[41] = PT_REGS_PARM2_SYSCALL(ctx);
  seen[42] = PT_REGS_PARM3_SYSCALL(ctx);
  seen[43] = PT_REGS_PARM4_SYSCALL(ctx);
  seen[44] = PT_REGS_PARM5_SYSCALL(ctx);
#ifndef OLD
  seen[37] = PT_REGS_PARM6_CORE_SYSCALL(regs);
  seen[45] = PT_REGS_PARM6_SYSCALL(ctx);
#endif
#if defined(__TARGET_ARCH_arm) && !defined(OLD)
  seen[38] = PT_REGS_PARM7_CORE_SYSCALL(regs);
  seen[46] = PT_REGS_PARM7_SYSCALL(ctx);
#endif
  return 0;
}

// The caller's address: of a context that the verifier knows.
SEC("kprobe/caller") int caller(struct pt_regs* ctx) {
  unsigned long ip = 0;
  BPF_KPROBE_READ_RET_IP(ip, ctx);
  seen[48] = ip;
#ifdef FRAME
  BPF_KRETPROBE_READ_RET_IP(ip, ctx);
  seen[49] = ip;
#endif
  return 0;
}
