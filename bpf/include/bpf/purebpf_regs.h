/* SPDX-License-Identifier: MIT */
/*
 * Registers by what they hold: PT_REGS_PARM1(ctx) and so on. The machine is the one that
 * __TARGET_ARCH_x says (x86, arm64, riscv, s390, powerpc, loongarch, arm, mips, sparc, arc), or the one
 * that the compiler runs for. Programs get it through <bpf/bpf_tracing.h>.
 *
 * Source: the calling conventions in arch/ARCH/include/asm/ptrace.h and syscall.h, and
 * arch/ARCH/include/uapi/asm/ptrace.h.
 */
#ifndef PUREBPF_BPF_PUREBPF_REGS_H_
#define PUREBPF_BPF_PUREBPF_REGS_H_

#if defined(__TARGET_ARCH_x86)
#define bpf_target_x86
#elif defined(__TARGET_ARCH_s390)
#define bpf_target_s390
#elif defined(__TARGET_ARCH_arm)
#define bpf_target_arm
#elif defined(__TARGET_ARCH_arm64)
#define bpf_target_arm64
#elif defined(__TARGET_ARCH_mips)
#define bpf_target_mips
#elif defined(__TARGET_ARCH_powerpc)
#define bpf_target_powerpc
#elif defined(__TARGET_ARCH_sparc)
#define bpf_target_sparc
#elif defined(__TARGET_ARCH_riscv)
#define bpf_target_riscv
#elif defined(__TARGET_ARCH_arc)
#define bpf_target_arc
#elif defined(__TARGET_ARCH_loongarch)
#define bpf_target_loongarch
#elif defined(__x86_64__) || defined(__i386__)
#define bpf_target_x86
#elif defined(__s390__)
#define bpf_target_s390
#elif defined(__arm__)
#define bpf_target_arm
#elif defined(__aarch64__)
#define bpf_target_arm64
#elif defined(__mips__)
#define bpf_target_mips
#elif defined(__powerpc__)
#define bpf_target_powerpc
#elif defined(__sparc__)
#define bpf_target_sparc
#elif defined(__riscv) && __riscv_xlen == 64
#define bpf_target_riscv
#elif defined(__arc__)
#define bpf_target_arc
#elif defined(__loongarch__)
#define bpf_target_loongarch
#else
#define PUREBPF_NO_MACHINE
#endif
#ifndef PUREBPF_NO_MACHINE
#define bpf_target_defined
#endif

/* Where each machine keeps what, one row a machine and a name. PARMn: a function's arguments, the
 * others from __unsupported__ at the end; PARMn_SYSCALL: a system call's, where not the same; RET: the
 * return address or, on x86, where it lies; FP, SP, IP: frame, stack, instruction; RC: the result.
 * PUREBPF_ORIGINAL: the member of struct pt_regs that keeps a system call's first argument, whose own
 * register has the result later; of a structure that is no part of the user API, so by CO-RE. */
#if defined(bpf_target_x86)

#if defined(__KERNEL__) || defined(__VMLINUX_H__)
#define __PT_PARM1_REG di
#define __PT_PARM2_REG si
#define __PT_PARM3_REG dx
#define __PT_PARM4_REG cx
#define __PT_PARM5_REG r8
#define __PT_PARM6_REG r9
#define __PT_PARM4_SYSCALL_REG r10
#define __PT_RET_REG sp
#define __PT_FP_REG bp
#define __PT_RC_REG ax
#define __PT_SP_REG sp
#define __PT_IP_REG ip
#elif defined(__i386__)
/* The kernel is compiled with -mregparm=3. */
#define __PT_PARM1_REG eax
#define __PT_PARM2_REG edx
#define __PT_PARM3_REG ecx
#define __PT_PARM1_SYSCALL_REG ebx
#define __PT_PARM2_SYSCALL_REG ecx
#define __PT_PARM3_SYSCALL_REG edx
#define __PT_PARM4_SYSCALL_REG esi
#define __PT_PARM5_SYSCALL_REG edi
#define __PT_PARM6_SYSCALL_REG ebp
#define __PT_RET_REG esp
#define __PT_FP_REG ebp
#define __PT_RC_REG eax
#define __PT_SP_REG esp
#define __PT_IP_REG eip
#else
#define __PT_PARM1_REG rdi
#define __PT_PARM2_REG rsi
#define __PT_PARM3_REG rdx
#define __PT_PARM4_REG rcx
#define __PT_PARM5_REG r8
#define __PT_PARM6_REG r9
#define __PT_PARM4_SYSCALL_REG r10
#define __PT_RET_REG rsp
#define __PT_FP_REG rbp
#define __PT_RC_REG rax
#define __PT_SP_REG rsp
#define __PT_IP_REG rip
#endif

#elif defined(bpf_target_s390)

struct pt_regs___s390 {
  unsigned long orig_gpr2;
} __attribute__((preserve_access_index));
#define PUREBPF_ORIGINAL(x) ((const struct pt_regs___s390*)(x)), orig_gpr2
#define __PT_REGS_CAST(x) ((const user_pt_regs*)(x))
#define __PT_PARM1_REG gprs[2]
#define __PT_PARM2_REG gprs[3]
#define __PT_PARM3_REG gprs[4]
#define __PT_PARM4_REG gprs[5]
#define __PT_PARM5_REG gprs[6]
#define __PT_PARM1_SYSCALL_REG orig_gpr2
#define __PT_PARM6_SYSCALL_REG gprs[7]
#define __PT_RET_REG gprs[14]
#define __PT_FP_REG gprs[11]
#define __PT_RC_REG gprs[2]
#define __PT_SP_REG gprs[15]
#define __PT_IP_REG psw.addr

#elif defined(bpf_target_arm)

#define __PT_PARM1_REG uregs[0]
#define __PT_PARM2_REG uregs[1]
#define __PT_PARM3_REG uregs[2]
#define __PT_PARM4_REG uregs[3]
#define __PT_PARM5_SYSCALL_REG uregs[4]
#define __PT_PARM6_SYSCALL_REG uregs[5]
#define __PT_PARM7_SYSCALL_REG uregs[6]
#define __PT_RET_REG uregs[14]
#define __PT_FP_REG uregs[11]
#define __PT_RC_REG uregs[0]
#define __PT_SP_REG uregs[13]
#define __PT_IP_REG uregs[12]

#elif defined(bpf_target_arm64)

struct pt_regs___arm64 {
  unsigned long orig_x0;
} __attribute__((preserve_access_index));
#define PUREBPF_ORIGINAL(x) ((const struct pt_regs___arm64*)(x)), orig_x0
#define __PT_REGS_CAST(x) ((const struct user_pt_regs*)(x))
#define __PT_PARM1_REG regs[0]
#define __PT_PARM2_REG regs[1]
#define __PT_PARM3_REG regs[2]
#define __PT_PARM4_REG regs[3]
#define __PT_PARM5_REG regs[4]
#define __PT_PARM6_REG regs[5]
#define __PT_PARM7_REG regs[6]
#define __PT_PARM8_REG regs[7]
#define __PT_PARM1_SYSCALL_REG orig_x0
#define __PT_RET_REG regs[30]
#define __PT_FP_REG regs[29]
#define __PT_RC_REG regs[0]
#define __PT_SP_REG sp
#define __PT_IP_REG pc

#elif defined(bpf_target_mips)

#define __PT_PARM1_REG regs[4]
#define __PT_PARM2_REG regs[5]
#define __PT_PARM3_REG regs[6]
#define __PT_PARM4_REG regs[7]
#define __PT_PARM5_REG regs[8]
#define __PT_PARM6_REG regs[9]
#define __PT_PARM7_REG regs[10]
#define __PT_PARM8_REG regs[11]
#define __PT_RET_REG regs[31]
#define __PT_FP_REG regs[30]
#define __PT_RC_REG regs[2]
#define __PT_SP_REG regs[29]
#define __PT_IP_REG cp0_epc

#elif defined(bpf_target_powerpc)

#define __PT_PARM1_REG gpr[3]
#define __PT_PARM2_REG gpr[4]
#define __PT_PARM3_REG gpr[5]
#define __PT_PARM4_REG gpr[6]
#define __PT_PARM5_REG gpr[7]
#define __PT_PARM6_REG gpr[8]
#define __PT_PARM7_REG gpr[9]
#define __PT_PARM8_REG gpr[10]
#define __PT_PARM1_SYSCALL_REG orig_gpr3
#define __PT_PARM7_SYSCALL_REG gpr[9]
#define __PT_RET_REG link
#define __PT_FP_REG __unsupported__
#define __PT_RC_REG gpr[3]
#define __PT_SP_REG gpr[1]
#define __PT_IP_REG nip
/* System calls have no wrapper. */
#define PT_REGS_SYSCALL_REGS(ctx) (ctx)

#elif defined(bpf_target_sparc)

#define __PT_PARM1_REG u_regs[UREG_I0]
#define __PT_PARM2_REG u_regs[UREG_I1]
#define __PT_PARM3_REG u_regs[UREG_I2]
#define __PT_PARM4_REG u_regs[UREG_I3]
#define __PT_PARM5_REG u_regs[UREG_I4]
#define __PT_PARM6_REG u_regs[UREG_I5]
#define __PT_RET_REG u_regs[UREG_I7]
#define __PT_FP_REG __unsupported__
#define __PT_RC_REG u_regs[UREG_I0]
#define __PT_SP_REG u_regs[UREG_FP]
#if defined(__arch64__)
#define __PT_IP_REG tpc
#else
#define __PT_IP_REG pc
#endif

#elif defined(bpf_target_riscv)

struct pt_regs___riscv {
  unsigned long orig_a0;
} __attribute__((preserve_access_index));
#define PUREBPF_ORIGINAL(x) ((const struct pt_regs___riscv*)(x)), orig_a0
#define __PT_REGS_CAST(x) ((const struct user_regs_struct*)(x))
#define __PT_PARM1_REG a0
#define __PT_PARM2_REG a1
#define __PT_PARM3_REG a2
#define __PT_PARM4_REG a3
#define __PT_PARM5_REG a4
#define __PT_PARM6_REG a5
#define __PT_PARM7_REG a6
#define __PT_PARM8_REG a7
#define __PT_PARM1_SYSCALL_REG orig_a0
#define __PT_RET_REG ra
#define __PT_FP_REG s0
#define __PT_RC_REG a0
#define __PT_SP_REG sp
#define __PT_IP_REG pc

#elif defined(bpf_target_arc)

#define __PT_REGS_CAST(x) ((const struct user_regs_struct*)(x))
#define __PT_PARM1_REG scratch.r0
#define __PT_PARM2_REG scratch.r1
#define __PT_PARM3_REG scratch.r2
#define __PT_PARM4_REG scratch.r3
#define __PT_PARM5_REG scratch.r4
#define __PT_PARM6_REG scratch.r5
#define __PT_PARM7_REG scratch.r6
#define __PT_PARM8_REG scratch.r7
#define __PT_RET_REG scratch.blink
#define __PT_FP_REG scratch.fp
#define __PT_RC_REG scratch.r0
#define __PT_SP_REG scratch.sp
#define __PT_IP_REG scratch.ret
/* System calls have no wrapper. */
#define PT_REGS_SYSCALL_REGS(ctx) (ctx)

#elif defined(bpf_target_loongarch)

#define __PT_REGS_CAST(x) ((const struct user_pt_regs*)(x))
#define __PT_PARM1_REG regs[4]
#define __PT_PARM2_REG regs[5]
#define __PT_PARM3_REG regs[6]
#define __PT_PARM4_REG regs[7]
#define __PT_PARM5_REG regs[8]
#define __PT_PARM6_REG regs[9]
#define __PT_PARM7_REG regs[10]
#define __PT_PARM8_REG regs[11]
#define __PT_RET_REG regs[1]
#define __PT_FP_REG regs[22]
#define __PT_RC_REG regs[4]
#define __PT_SP_REG regs[3]
#define __PT_IP_REG csr_era
/* System calls have no wrapper. */
#define PT_REGS_SYSCALL_REGS(ctx) (ctx)

#else

/* What asks for a register does not compile; the rest of a program does. */
struct purebpf_no_machine {
  unsigned long none;
};
#define __PT_REGS_CAST(x)                                                               \
  ({                                                                                    \
    PUREBPF_PRAGMA(GCC error "say for which machine: -D__TARGET_ARCH_x86, _arm64, ...") \
    (const struct purebpf_no_machine*)(x);                                              \
  })
#define __PT_PARM1_REG none
#define __PT_PARM2_REG none
#define __PT_PARM3_REG none
#define __PT_PARM4_REG none
#define __PT_PARM5_REG none
#define __PT_PARM6_REG none
#define __PT_PARM7_REG none
#define __PT_PARM8_REG none
#define __PT_PARM7_SYSCALL_REG none
#define __PT_RET_REG none
#define __PT_FP_REG none
#define __PT_RC_REG none
#define __PT_SP_REG none
#define __PT_IP_REG none

#endif

struct pt_regs;

#ifndef __PT_REGS_CAST
#define __PT_REGS_CAST(x) (x)
#endif
/* What a machine does not pass in a register does not compile where it is used. */
#ifndef __PT_PARM4_REG
#define __PT_PARM4_REG __unsupported__
#endif
#ifndef __PT_PARM5_REG
#define __PT_PARM5_REG __unsupported__
#endif
#ifndef __PT_PARM6_REG
#define __PT_PARM6_REG __unsupported__
#endif
#ifndef __PT_PARM7_REG
#define __PT_PARM7_REG __unsupported__
#endif
#ifndef __PT_PARM8_REG
#define __PT_PARM8_REG __unsupported__
#endif
/* System calls take theirs as functions do, where nothing else was said. */
#ifndef __PT_PARM1_SYSCALL_REG
#define __PT_PARM1_SYSCALL_REG __PT_PARM1_REG
#endif
#ifndef __PT_PARM2_SYSCALL_REG
#define __PT_PARM2_SYSCALL_REG __PT_PARM2_REG
#endif
#ifndef __PT_PARM3_SYSCALL_REG
#define __PT_PARM3_SYSCALL_REG __PT_PARM3_REG
#endif
#ifndef __PT_PARM4_SYSCALL_REG
#define __PT_PARM4_SYSCALL_REG __PT_PARM4_REG
#endif
#ifndef __PT_PARM5_SYSCALL_REG
#define __PT_PARM5_SYSCALL_REG __PT_PARM5_REG
#endif
#ifndef __PT_PARM6_SYSCALL_REG
#define __PT_PARM6_SYSCALL_REG __PT_PARM6_REG
#endif
#ifndef __PT_PARM7_SYSCALL_REG
#define __PT_PARM7_SYSCALL_REG __unsupported__
#endif

/* By a load, from a context that the verifier knows; with _CORE, by a relocated read of a helper, from
 * any pointer. */
#define PUREBPF_LOAD(pointer, member) ((pointer)->member)
#define PUREBPF_REG(x, reg) PUREBPF_LOAD(__PT_REGS_CAST(x), reg)
#define PUREBPF_REG_CORE(x, reg) BPF_CORE_READ(__PT_REGS_CAST(x), reg)

#define PT_REGS_PARM1(x) PUREBPF_REG(x, __PT_PARM1_REG)
#define PT_REGS_PARM2(x) PUREBPF_REG(x, __PT_PARM2_REG)
#define PT_REGS_PARM3(x) PUREBPF_REG(x, __PT_PARM3_REG)
#define PT_REGS_PARM4(x) PUREBPF_REG(x, __PT_PARM4_REG)
#define PT_REGS_PARM5(x) PUREBPF_REG(x, __PT_PARM5_REG)
#define PT_REGS_PARM6(x) PUREBPF_REG(x, __PT_PARM6_REG)
#define PT_REGS_PARM7(x) PUREBPF_REG(x, __PT_PARM7_REG)
#define PT_REGS_PARM8(x) PUREBPF_REG(x, __PT_PARM8_REG)
#define PT_REGS_RET(x) PUREBPF_REG(x, __PT_RET_REG)
#define PT_REGS_FP(x) PUREBPF_REG(x, __PT_FP_REG)
#define PT_REGS_RC(x) PUREBPF_REG(x, __PT_RC_REG)
#define PT_REGS_SP(x) PUREBPF_REG(x, __PT_SP_REG)
#define PT_REGS_IP(x) PUREBPF_REG(x, __PT_IP_REG)

#define PT_REGS_PARM1_CORE(x) PUREBPF_REG_CORE(x, __PT_PARM1_REG)
#define PT_REGS_PARM2_CORE(x) PUREBPF_REG_CORE(x, __PT_PARM2_REG)
#define PT_REGS_PARM3_CORE(x) PUREBPF_REG_CORE(x, __PT_PARM3_REG)
#define PT_REGS_PARM4_CORE(x) PUREBPF_REG_CORE(x, __PT_PARM4_REG)
#define PT_REGS_PARM5_CORE(x) PUREBPF_REG_CORE(x, __PT_PARM5_REG)
#define PT_REGS_PARM6_CORE(x) PUREBPF_REG_CORE(x, __PT_PARM6_REG)
#define PT_REGS_PARM7_CORE(x) PUREBPF_REG_CORE(x, __PT_PARM7_REG)
#define PT_REGS_PARM8_CORE(x) PUREBPF_REG_CORE(x, __PT_PARM8_REG)
#define PT_REGS_RET_CORE(x) PUREBPF_REG_CORE(x, __PT_RET_REG)
#define PT_REGS_FP_CORE(x) PUREBPF_REG_CORE(x, __PT_FP_REG)
#define PT_REGS_RC_CORE(x) PUREBPF_REG_CORE(x, __PT_RC_REG)
#define PT_REGS_SP_CORE(x) PUREBPF_REG_CORE(x, __PT_SP_REG)
#define PT_REGS_IP_CORE(x) PUREBPF_REG_CORE(x, __PT_IP_REG)

#ifdef PUREBPF_ORIGINAL
#define PUREBPF_CALL(macro, args...) macro(args)
#define PT_REGS_PARM1_SYSCALL(x) PUREBPF_CALL(PUREBPF_LOAD, PUREBPF_ORIGINAL(x))
#define PT_REGS_PARM1_CORE_SYSCALL(x) PUREBPF_CALL(BPF_CORE_READ, PUREBPF_ORIGINAL(x))
#else
#define PT_REGS_PARM1_SYSCALL(x) PUREBPF_REG(x, __PT_PARM1_SYSCALL_REG)
#define PT_REGS_PARM1_CORE_SYSCALL(x) PUREBPF_REG_CORE(x, __PT_PARM1_SYSCALL_REG)
#endif
#define PT_REGS_PARM2_SYSCALL(x) PUREBPF_REG(x, __PT_PARM2_SYSCALL_REG)
#define PT_REGS_PARM3_SYSCALL(x) PUREBPF_REG(x, __PT_PARM3_SYSCALL_REG)
#define PT_REGS_PARM4_SYSCALL(x) PUREBPF_REG(x, __PT_PARM4_SYSCALL_REG)
#define PT_REGS_PARM5_SYSCALL(x) PUREBPF_REG(x, __PT_PARM5_SYSCALL_REG)
#define PT_REGS_PARM6_SYSCALL(x) PUREBPF_REG(x, __PT_PARM6_SYSCALL_REG)
#define PT_REGS_PARM7_SYSCALL(x) PUREBPF_REG(x, __PT_PARM7_SYSCALL_REG)
#define PT_REGS_PARM2_CORE_SYSCALL(x) PUREBPF_REG_CORE(x, __PT_PARM2_SYSCALL_REG)
#define PT_REGS_PARM3_CORE_SYSCALL(x) PUREBPF_REG_CORE(x, __PT_PARM3_SYSCALL_REG)
#define PT_REGS_PARM4_CORE_SYSCALL(x) PUREBPF_REG_CORE(x, __PT_PARM4_SYSCALL_REG)
#define PT_REGS_PARM5_CORE_SYSCALL(x) PUREBPF_REG_CORE(x, __PT_PARM5_SYSCALL_REG)
#define PT_REGS_PARM6_CORE_SYSCALL(x) PUREBPF_REG_CORE(x, __PT_PARM6_SYSCALL_REG)
#define PT_REGS_PARM7_CORE_SYSCALL(x) PUREBPF_REG_CORE(x, __PT_PARM7_SYSCALL_REG)

/* The registers with a system call's arguments, in a kprobe of its kernel function: behind its first
 * argument, where a wrapper calls it with them (CONFIG_ARCH_HAS_SYSCALL_WRAPPER). */
#ifndef PT_REGS_SYSCALL_REGS
#define PT_REGS_SYSCALL_REGS(ctx) ((struct pt_regs*)PT_REGS_PARM1(ctx))
#endif

/* The caller's address into ip: of a kprobe at a function's first instruction, and of a kretprobe. */
#if defined(bpf_target_powerpc) || defined(bpf_target_sparc) || defined(bpf_target_arm64)
#define BPF_KPROBE_READ_RET_IP(ip, ctx) ({ (ip) = PT_REGS_RET(ctx); })
#define BPF_KRETPROBE_READ_RET_IP(ip, ctx) BPF_KPROBE_READ_RET_IP(ip, ctx)
#else
#define PUREBPF_READ_IP(ip, address) bpf_probe_read_kernel(&(ip), sizeof(ip), (void*)(address))
#define BPF_KPROBE_READ_RET_IP(ip, ctx) ({ PUREBPF_READ_IP(ip, PT_REGS_RET(ctx)); })
#define BPF_KRETPROBE_READ_RET_IP(ip, ctx) ({ PUREBPF_READ_IP(ip, PT_REGS_FP(ctx) + sizeof(ip)); })
#endif

#endif /* PUREBPF_BPF_PUREBPF_REGS_H_ */
