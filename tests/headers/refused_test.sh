#!/bin/bash
# refused_test.sh INCLUDE/bpf/bpf_helpers.h
# What the headers refuse, they refuse at compile time, and in words: one row each.
set -euo pipefail
include=$(dirname "$(dirname "$1")")
clangs=()
for clang in clang-14 clang-19; do
  if command -v "$clang" >/dev/null; then clangs+=("$clang"); fi
done
if ((${#clangs[@]} == 0)) && command -v clang >/dev/null; then clangs=(clang); fi
((${#clangs[@]} > 0)) || { echo "skipped: no clang"; exit 0; }
failed=0 rows=0
cat >"$TEST_TMPDIR/head.h" <<'END'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
struct pt_regs { unsigned long r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip; };
#include <bpf/bpf_tracing.h>
END
# row WORDS OPTIONS CODE: with OPTIONS and BAD=1 CODE is refused with WORDS (the compiler's own, if none are
# given); for x86 and with BAD=0 it is fine.
row() {
  printf '#include "head.h"\n%s\n' "$3" >"$TEST_TMPDIR/row.c"
  local clang options common=(-target bpf -O2 -g -Wall -I"$include" -idirafter /usr/include -idirafter "/usr/include/$(uname -m)-linux-gnu")
  read -ra options <<<"$2"
  for clang in "${clangs[@]}"; do
    if "$clang" "${common[@]}" "${options[@]}" -DBAD=1 -c "$TEST_TMPDIR/row.c" -o "$TEST_TMPDIR/row.o" 2>"$TEST_TMPDIR/said"; then
      echo "FAILED: $clang takes: $3"
      failed=1
    elif ! grep -qF -- "$1" "$TEST_TMPDIR/said"; then
      echo "FAILED: $clang refuses $3 without the words \"$1\":"
      head -n 5 "$TEST_TMPDIR/said"
      failed=1
    fi
    if ! "$clang" "${common[@]}" -D__TARGET_ARCH_x86 -DBAD=0 -c "$TEST_TMPDIR/row.c" -o "$TEST_TMPDIR/row.o"; then
      echo "FAILED: $clang does not take the right form of: $3"
      failed=1
    fi
  done
  rows=$((rows + 1))
}
none="-U__x86_64__ -U__aarch64__ -U__riscv"
row "say for which machine: -D__TARGET_ARCH_x86" "$none" 'int BPF_KPROBE(p, int a) { return a; }'
row "say for which machine: -D__TARGET_ARCH_x86" "$none" 'long p(struct pt_regs* r) { return PT_REGS_IP_CORE(r); }'
row "__unsupported__" -D__TARGET_ARCH_x86 '
#if BAD
long p(struct pt_regs* r) { return PT_REGS_PARM7(r); }
#endif'
row "a function returns one value" -D__TARGET_ARCH_x86 '
#if BAD
int BPF_KRETPROBE(p, int a, int b) { return a; }
#else
int BPF_KRETPROBE(p, int a) { return a; }
#endif'
row "struct three is not passed in registers" -D__TARGET_ARCH_x86 '
struct three { long a, b[1 + BAD]; };
int BPF_PROG2(p, struct three, t) { return t.a; }'
row "symbol is asked for but not __weak" -D__TARGET_ARCH_x86 '
#if BAD
extern int symbol(void) __ksym;
#else
extern int symbol(void) __ksym __weak;
#endif
int p(void) { return bpf_ksym_exists(symbol); }'
row "" -D__TARGET_ARCH_x86 '
int p(void* c, int slot) { bpf_tail_call_static(c, c, BAD ? slot : 3); return 0; }'
row "" -D__TARGET_ARCH_x86 '
int p(int a) { switch (a & 1) { case 0: return 1; case 1: if (!BAD) return 3; } __bpf_unreachable(); }'
((failed)) || echo "$rows refusals, by ${clangs[*]}"
exit "$failed"
