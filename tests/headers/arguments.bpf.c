// Programs with named arguments: each kind of wrapper, with each number of arguments that it takes.
#ifdef VM
#define __VMLINUX_H__
#endif
#include <linux/bpf.h>

#include "machine.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";
unsigned long total;

struct task {
  int pid;
} __attribute__((preserve_access_index));
typedef struct {
  unsigned long bits;
} word;
struct pair {
  long a, b;
};
struct mixed {
  int a;
  char b;
  long c;
};
struct small {
  char c;
};
struct three {
  short s;
  int i;
};
enum color { RED, GREEN = 7 };

SEC("fentry/f0") int BPF_PROG(f0) { return 0; }
SEC("fentry/f1") int BPF_PROG(f1, struct task* t) { return t->pid; }
SEC("fentry/f2") int BPF_PROG(f2, int a, unsigned char b) { return a + b; }
SEC("fentry/f3") int BPF_PROG(f3, _Bool a, enum color b, const char* c) { return a + b + (c != 0); }
SEC("fentry/f4") int BPF_PROG(f4, long a, long b, long c, short d) { return a + b * c + d; }
SEC("fentry/f5") int BPF_PROG(f5, long a, long b, long c, int d, int e) {
  return a - b - c - d - e;
}
SEC("fentry/f6") int BPF_PROG(f6, int a, int b, int c, int d, int e, int f) {
  return a ^ b ^ c ^ d ^ e ^ f;
}
SEC("fentry/f7") int BPF_PROG(f7, int a, int b, int c, int d, int e, int f, long g) {
  return a ^ b ^ c ^ d ^ e ^ f ^ g;
}
SEC("fentry/f8") int BPF_PROG(f8, int a, int b, int c, int d, int e, int f, int g, int h) {
  return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
}
SEC("fentry/f9") int BPF_PROG(f9, int a, int b, int c, int d, int e, int f, int g, int h, int i) {
  return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i;
}
SEC("fentry/f10")
int BPF_PROG(f10, int a, int b, int c, int d, int e, int f, int g, int h, int i, int j) {
  return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j;
}
SEC("fentry/f11")
int BPF_PROG(f11, int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k) {
  return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k;
}
SEC("fexit/f12")
int BPF_PROG(f12, int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k,
             long l) {
  return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k ^ l;
}
// The context stays visible; a program may be void, or return another type.
SEC("fmod_ret/m") long BPF_PROG(modify, int fd, int ret) { return ret ? ret : (long)ctx[3] + fd; }
SEC("struct_ops/s") void BPF_PROG(operation, struct task* t, int n) { total += n + t->pid; }
SEC("lsm/file_open") int BPF_PROG(file_open, struct task* file, int ret) {
  return ret ?: -(file->pid == 1);
}

SEC("kprobe/k0") int BPF_KPROBE(k0) { return ctx != 0; }
SEC("kprobe/k1") int BPF_KPROBE(k1, struct task* t) { return BPF_CORE_READ(t, pid); }
SEC("kprobe/k2") int BPF_KPROBE(k2, int a, unsigned short b) { return a + b; }
SEC("kprobe/k3") int BPF_KPROBE(k3, _Bool a, enum color b, long c) { return a + b + c; }
SEC("kprobe/k4") int BPF_KPROBE(k4, int a, int b, int c, long d) { return a + b + c + d; }
#ifndef __TARGET_ARCH_arm
SEC("kprobe/k5") int BPF_KPROBE(k5, int a, int b, int c, int d, long e) {
  return a + b + c - d * e;
}
#ifndef OLD
#ifndef __TARGET_ARCH_s390
SEC("kprobe/k6") int BPF_KPROBE(k6, int a, int b, int c, int d, int e, long f) {
  return a + b + c + d - e - f;
}
#endif
#ifdef MANY
SEC("kprobe/k7") int BPF_KPROBE(k7, int a, int b, int c, int d, int e, int f, int g) {
  return a + b + c + d - e - f - g;
}
SEC("kprobe/k8") int BPF_KPROBE(k8, int a, int b, int c, int d, int e, int f, int g, long h) {
  return a + b + c + d - e - f - g - h;
}
#endif
#endif
#endif
SEC("kretprobe/r0") int BPF_KRETPROBE(r0) { return ctx != 0; }
SEC("kretprobe/r1") int BPF_KRETPROBE(r1, struct task* t) { return BPF_CORE_READ(t, pid); }
SEC("kretprobe/r2") int BPF_KRETPROBE(r2, long ret) { return ret < 0; }
#ifndef OLD
SEC("uprobe/u") int BPF_UPROBE(u, const char* text, int n) {
  char c = 0;
  bpf_probe_read_user(&c, 1, text + n);
  return c;
}
SEC("uretprobe/u") int BPF_URETPROBE(ur, int ret) { return ret; }
#endif

SEC("ksyscall/s0") int BPF_KSYSCALL(s0) { return ctx != 0; }
SEC("ksyscall/s1") int BPF_KSYSCALL(s1, int fd) { return fd; }
SEC("ksyscall/s2") int BPF_KSYSCALL(s2, int fd, const char* name) { return fd + (name != 0); }
SEC("ksyscall/s3") int BPF_KSYSCALL(s3, int a, long b, unsigned char c) { return a + b + c; }
SEC("ksyscall/s4") int BPF_KSYSCALL(s4, int a, int b, int c, long d) { return a + b + c + d; }
SEC("ksyscall/s5") int BPF_KPROBE_SYSCALL(s5, int a, int b, int c, int d, long e) {
  return a + b + c + d - e;
}
#ifndef OLD
SEC("ksyscall/s6") int BPF_KSYSCALL(s6, int a, int b, int c, int d, int e, long f) {
  return a + b + c + d - e - f;
}
#endif

SEC("fentry/p0") int BPF_PROG2(p0) { return 0; }
SEC("fentry/p1") int BPF_PROG2(p1, struct pair, p) { return p.a - p.b; }
SEC("fentry/p2") int BPF_PROG2(p2, int, a, struct pair, p) { return a + p.a - p.b; }
SEC("fentry/p3") int BPF_PROG2(p3, struct pair, p, char, a, struct mixed, m) {
  return p.a - p.b + a + m.a - m.b + m.c;
}
SEC("fentry/p4") int BPF_PROG2(p4, struct small, s, word, w, struct three, t, short, n) {
  return s.c + w.bits + t.s - t.i + n;
}
SEC("fexit/p5") int BPF_PROG2(p5, struct task*, t, enum color, c, _Bool, b, void*, v, long, ret) {
  return t->pid + c + b + (v != 0) + ret;
}
SEC("fexit/p6")
int BPF_PROG2(p6, int, a, struct pair, b, int, c, struct pair, d, int, e, struct pair, f) {
  return a + b.a + c + d.b + e + f.a;
}
SEC("fexit/p7")
int BPF_PROG2(p7, int, a, int, b, int, c, int, d, int, e, struct pair, f, unsigned char, ret) {
  return a + b + c + d + e + f.b + ret;
}
SEC("fexit/p12")
int BPF_PROG2(p12, int, a, int, b, int, c, int, d, int, e, int, f, int, g, int, h, int, i, int, j,
              struct small, k, long, ret) {
  return a + b + c + d + e + f + g + h + i + j + k.c + ret;
}
