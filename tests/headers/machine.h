// What <bpf/bpf_tracing.h> needs to know of each machine: the structure with its registers, as the
// machine's asm/ptrace.h has it for programs, or, with __VMLINUX_H__, a vmlinux.h.
#ifndef TESTS_HEADERS_MACHINE_H_
#define TESTS_HEADERS_MACHINE_H_
typedef unsigned long ul;
#if defined(__TARGET_ARCH_x86)
struct pt_regs {
  ul r15, r14, r13, r12,
#ifdef VM
      bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
#else
      rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip, cs, eflags, rsp, ss;
};
#endif
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
  ul regs[31], sp, pc, pstate;
};
struct pt_regs {
  struct user_pt_regs user_regs;
  ul orig_x0;
};
#elif defined(__TARGET_ARCH_riscv)
struct user_regs_struct {
  ul pc, ra, sp, gp, tp, t0, t1, t2, s0, s1, a0, a1, a2, a3, a4, a5, a6, a7;
};
#elif defined(__TARGET_ARCH_sparc)
enum { UREG_I0 = 8, UREG_I1, UREG_I2, UREG_I3, UREG_I4, UREG_I5, UREG_FP, UREG_I7 };
struct pt_regs {
  ul u_regs[16], tstate, pc, npc;
};
#elif defined(__TARGET_ARCH_arc)
struct user_regs_struct {
  ul pad;
  struct {
    ul bta, lp_start, lp_end, lp_count, status32, ret, blink, fp, gp;
    ul r12, r11, r10, r9, r8, r7, r6, r5, r4, r3, r2, r1, r0, sp;
  } scratch;
};
#elif defined(__TARGET_ARCH_s390)
typedef struct {
  ul args[1];
  struct {
    ul mask, addr;
  } psw;
  ul gprs[16];
} user_pt_regs;
#elif defined(__TARGET_ARCH_powerpc)
struct pt_regs {
  ul gpr[32], nip, msr, orig_gpr3, ctr, link;
};
#elif defined(__TARGET_ARCH_loongarch)
struct user_pt_regs {
  ul regs[32], orig_a0, csr_era;
};
#elif defined(__TARGET_ARCH_arm)
struct pt_regs {
  ul uregs[18];
};
#elif defined(__TARGET_ARCH_mips)
struct pt_regs {
  ul regs[32], cp0_epc;
};
#endif

#if !defined(__TARGET_ARCH_x86) && !defined(__TARGET_ARCH_s390) && !defined(__TARGET_ARCH_arm) && \
    !defined(__TARGET_ARCH_sparc)
#define MANY  // it passes 8 arguments in registers
#endif
#if !defined(__TARGET_ARCH_powerpc) && !defined(__TARGET_ARCH_sparc)
#define FRAME  // it has a frame pointer
#endif
#if defined(COMPARED) && defined(__TARGET_ARCH_powerpc)
#define WRONG_IN_LIBBPF
#endif

#endif  // TESTS_HEADERS_MACHINE_H_
