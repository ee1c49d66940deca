// A program of each kind that <bpf/...> has macros for, on each machine: it must compile, and give
// the same instructions as with libbpf's headers, whose names these are.
#ifdef VM
#define __VMLINUX_H__
#endif
#include <linux/bpf.h>
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
  __u64 regs[31], sp, pc, pstate;
};
struct pt_regs {
  struct user_pt_regs user_regs;
  __u64 orig_x0;
};
#elif defined(__TARGET_ARCH_riscv)
struct user_regs_struct {
  ul pc, ra, sp, gp, tp, t0, t1, t2, s0, s1, a0, a1, a2, a3, a4, a5, a6, a7;
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
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
struct bpf_iter_num {
  __u64 opaque[1];
} __attribute__((aligned(8)));
struct mm {
  unsigned long total_vm;
} __attribute__((preserve_access_index));
struct task_struct {
  int pid;
  int tgid;
  struct task_struct* real_parent;
  struct mm* mm;
  unsigned x : 3;
  int y : 5;
  char comm[16];
} __attribute__((preserve_access_index));
struct task_struct___old {
  int gone;
} __attribute__((preserve_access_index));
enum e { A = 1, B = 2 };
struct pair {
  long a, b;
};
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 4);
  __uint(key_size, 4);
  __uint(value_size, 4);
} jmp SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 4);
  __type(key, int);
  __type(value, long);
  __ulong(map_extra, 0);
  __uint(pinning, LIBBPF_PIN_BY_NAME);
} h SEC(".maps");
extern int CONFIG_HZ __kconfig;
extern void bpf_rcu_read_lock(void) __weak __ksym;
SEC("kprobe/x") int BPF_KPROBE(kp, struct task_struct* t, int n) {
  return BPF_CORE_READ(t, real_parent, mm, total_vm) + n + CONFIG_HZ + PT_REGS_IP(ctx);
}
SEC("kretprobe/x") int BPF_KRETPROBE(krp, long ret) {
  bpf_printk("ret %d %d %d", ret, 1, 2);
  bpf_printk("x");
  bpf_printk("a %d %d %d %d", 1, 2, 3, 4);
  return 0;
}
SEC("fentry/x") int BPF_PROG(fe, struct task_struct* t, int a, long b) {
  char c[16];
  BPF_CORE_READ_STR_INTO(&c, t, real_parent, comm);
  return t->pid + a + b + c[1];
}
SEC("fexit/x") int BPF_PROG2(fx, struct pair, p, int, a, int, ret) { return p.a + p.b + a + ret; }
SEC("ksyscall/openat") int BPF_KSYSCALL(sc, int dfd, const char* name, int flags, int mode) {
  return dfd + flags + mode + (name != 0);
}
SEC("tp_btf/x") int BPF_PROG(tb, struct task_struct* t) {
  if (bpf_core_field_exists(t->x))
    return BPF_CORE_READ_BITFIELD(t, x) + BPF_CORE_READ_BITFIELD_PROBED(t, y);
  if (bpf_core_type_exists(struct task_struct___old))
    return bpf_core_type_size(struct task_struct___old) + bpf_core_type_id_kernel(struct mm);
  if (bpf_core_enum_value_exists(enum e, B)) return bpf_core_enum_value(enum e, B);
  return bpf_core_field_offset(struct task_struct, mm) + bpf_core_field_size(t->comm)
#if __clang_major__ > 14
         + bpf_core_type_matches(struct mm)
#endif
         + bpf_core_type_id_local(struct mm);
}
SEC("tc") int tcp(struct __sk_buff* skb) {
  int i, s = 0;
  bpf_for(i, 0, 10) { s += i; }
  bpf_repeat(3) { s++; }
  if (bpf_ksym_exists(bpf_rcu_read_lock)) bpf_rcu_read_lock();
  bpf_tail_call_static(skb, &jmp, 1);
  return s + bpf_htons(skb->protocol) + bpf_ntohl(5) + bpf_cpu_to_be64(skb->len);
}
SEC("iter/task") int it(void* ctx) {
  struct seq_file* m = *(void**)ctx;
  BPF_SEQ_PRINTF(m, "%d %s\n", 5, "x");
  char b[20];
  BPF_SNPRINTF(b, 20, "%d", 3);
  return 0;
}
