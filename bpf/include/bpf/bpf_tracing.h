/* SPDX-License-Identifier: MIT */
/*
 * Named, typed arguments for programs that trace. The function that the kernel calls takes `ctx`, takes
 * it apart, and calls a second one, which is inlined; `ctx` stays visible in the body.
 *
 *   SEC("fentry/tcp_connect") int BPF_PROG(on_connect, struct sock* sk) { ... }
 *
 * Registers by name are in purebpf_regs.h.
 *
 * Source: Documentation/bpf/llvm_reloc.rst; kernel/trace/bpf_trace.c and kernel/bpf/btf.c: what a
 * program of each type gets.
 */
#ifndef PUREBPF_BPF_BPF_TRACING_H_
#define PUREBPF_BPF_BPF_TRACING_H_
#define __BPF_TRACING_H__ /* libbpf's own bpf_tracing.h, should one of its headers include it, is then empty */

#include "bpf_helpers.h"
#include "purebpf_regs.h"

/* Declares `name`, says what it does with its context, and begins the second function. What returns
 * `result` stands before the macro; so only a declaration of `name` tells its type. A word becomes an
 * argument of any type, a pointer too. */
#define PUREBPF_INNER(name, context, params...) \
  static __always_inline typeof(name(0)) ____##name(context ctx, ##params)
#define PUREBPF_WRAP(name, context, body, params...)                                 \
  name(context ctx);                                                                 \
  PUREBPF_INNER(name, context, ##params);                                            \
  typeof(name(0)) name(context ctx) { PUREBPF_WITHOUT("-Wint-conversion", body) }    \
  PUREBPF_INNER(name, context, ##params)
/* The second function called with ctx and as many words as there are parameters. */
#define PUREBPF_WITH(name, get, params...) \
  ____##name(ctx ___bpf_apply(PUREBPF_FIRST, ___bpf_narg(params))(get))

/* fentry, fexit, fmod_ret, tp_btf, lsm, struct_ops, iter: ctx is an array of words. */
#define PUREBPF_WORD(n) (void*)ctx[n - 1]
#define BPF_PROG(name, args...) \
  PUREBPF_WRAP(name, unsigned long long*, return PUREBPF_WITH(name, PUREBPF_WORD, args);, ##args)

/* kprobe, uprobe: up to 8, as many as the machine passes in registers. */
#define PUREBPF_PARM(n) (void*)PT_REGS_PARM##n(ctx)
#define BPF_KPROBE(name, args...) \
  PUREBPF_WRAP(name, struct pt_regs*, return PUREBPF_WITH(name, PUREBPF_PARM, args);, ##args)
#define BPF_UPROBE(name, args...) BPF_KPROBE(name, ##args)

/* kretprobe, uretprobe: the result, or nothing. */
#define PUREBPF_RESULT(n) (void*)PT_REGS_RC(ctx)
#define BPF_KRETPROBE(name, args...)                                                            \
  PUREBPF_WRAP(name, struct pt_regs*,                                                           \
               _Static_assert(___bpf_narg(args) <= 1, "a function returns one value");          \
               return PUREBPF_WITH(name, PUREBPF_RESULT, args);, ##args)
#define BPF_URETPROBE(name, args...) BPF_KRETPROBE(name, ##args)

/* ksyscall: the arguments of a system call, wherever this kernel keeps them: in the registers, or, with
 * a wrapper, in those that the first argument points to. The loader knows which. */
#define PUREBPF_SYSCALL_PARM(n) (void*)PT_REGS_PARM##n##_SYSCALL(ctx)
#define PUREBPF_SYSCALL_PARM_CORE(n) (void*)PT_REGS_PARM##n##_CORE_SYSCALL(___regs)
#define BPF_KSYSCALL(name, args...)                                       \
  PUREBPF_WRAP(name, struct pt_regs*,                                     \
    extern _Bool LINUX_HAS_SYSCALL_WRAPPER __kconfig;                     \
    if (LINUX_HAS_SYSCALL_WRAPPER) {                                      \
      struct pt_regs* ___regs = (struct pt_regs*)PT_REGS_PARM1(ctx);      \
      (void)___regs;                                                      \
      return PUREBPF_WITH(name, PUREBPF_SYSCALL_PARM_CORE, args);         \
    }                                                                     \
    return PUREBPF_WITH(name, PUREBPF_SYSCALL_PARM, args);, ##args)
#define BPF_KPROBE_SYSCALL BPF_KSYSCALL

/* BPF_PROG for functions that take structures of up to 16 bytes by value (Linux 6.1): each argument
 * is a type and a name, `BPF_PROG2(test, struct pair, p, int, a)`, and takes one word, or two. */
#define PUREBPF_WORDS(type) ((sizeof(type) + 7) / 8)
/* By which a smaller value is moved to where it begins, in a word of a big-endian machine. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PUREBPF_GAP(type) 0
#else
#define PUREBPF_GAP(type) (sizeof(type) < 8 ? 64 - 8 * sizeof(type) : 0)
#endif
#define PUREBPF_TAKE(at, type)                                                                   \
  , ({                                                                                           \
    union {                                                                                      \
      unsigned long long words[PUREBPF_WORDS(type)];                                             \
      type value;                                                                                \
    } ___taken;                                                                                  \
    _Static_assert(sizeof(type) <= 16, #type " is not passed in registers");                     \
    ___taken.words[0] = ctx[at] << PUREBPF_GAP(type);                                            \
    if (PUREBPF_WORDS(type) > 1)                                                                 \
      ___taken.words[PUREBPF_WORDS(type) - 1] = ctx[(at) + PUREBPF_WORDS(type) - 1];             \
    ___taken.value;                                                                              \
  })
/* Each value in turn, the next one after the words of this; and the parameters, `, type name`. */
#define PUREBPF_TAKE0(at)
#define PUREBPF_TAKE1(at, type, name) PUREBPF_TAKE(at, type)
#define PUREBPF_TAKE2(at, type, name, rest...) \
  PUREBPF_TAKE(at, type) PUREBPF_TAKE1((at) + PUREBPF_WORDS(type), rest)
#define PUREBPF_TAKE3(at, type, name, rest...) \
  PUREBPF_TAKE(at, type) PUREBPF_TAKE2((at) + PUREBPF_WORDS(type), rest)
#define PUREBPF_TAKE4(at, type, name, rest...) \
  PUREBPF_TAKE(at, type) PUREBPF_TAKE3((at) + PUREBPF_WORDS(type), rest)
#define PUREBPF_TAKE5(at, type, name, rest...) \
  PUREBPF_TAKE(at, type) PUREBPF_TAKE4((at) + PUREBPF_WORDS(type), rest)
#define PUREBPF_TAKE6(at, type, name, rest...) \
  PUREBPF_TAKE(at, type) PUREBPF_TAKE5((at) + PUREBPF_WORDS(type), rest)
#define PUREBPF_TAKE7(at, type, name, rest...) \
  PUREBPF_TAKE(at, type) PUREBPF_TAKE6((at) + PUREBPF_WORDS(type), rest)
#define PUREBPF_TAKE8(at, type, name, rest...) \
  PUREBPF_TAKE(at, type) PUREBPF_TAKE7((at) + PUREBPF_WORDS(type), rest)
#define PUREBPF_TAKE9(at, type, name, rest...) \
  PUREBPF_TAKE(at, type) PUREBPF_TAKE8((at) + PUREBPF_WORDS(type), rest)
#define PUREBPF_TAKE10(at, type, name, rest...) \
  PUREBPF_TAKE(at, type) PUREBPF_TAKE9((at) + PUREBPF_WORDS(type), rest)
#define PUREBPF_TAKE11(at, type, name, rest...) \
  PUREBPF_TAKE(at, type) PUREBPF_TAKE10((at) + PUREBPF_WORDS(type), rest)
#define PUREBPF_TAKE12(at, type, name, rest...) \
  PUREBPF_TAKE(at, type) PUREBPF_TAKE11((at) + PUREBPF_WORDS(type), rest)
#define PUREBPF_PARAMS0()
#define PUREBPF_PARAMS1(type, name) , type name
#define PUREBPF_PARAMS2(type, name, rest...) , type name PUREBPF_PARAMS1(rest)
#define PUREBPF_PARAMS3(type, name, rest...) , type name PUREBPF_PARAMS2(rest)
#define PUREBPF_PARAMS4(type, name, rest...) , type name PUREBPF_PARAMS3(rest)
#define PUREBPF_PARAMS5(type, name, rest...) , type name PUREBPF_PARAMS4(rest)
#define PUREBPF_PARAMS6(type, name, rest...) , type name PUREBPF_PARAMS5(rest)
#define PUREBPF_PARAMS7(type, name, rest...) , type name PUREBPF_PARAMS6(rest)
#define PUREBPF_PARAMS8(type, name, rest...) , type name PUREBPF_PARAMS7(rest)
#define PUREBPF_PARAMS9(type, name, rest...) , type name PUREBPF_PARAMS8(rest)
#define PUREBPF_PARAMS10(type, name, rest...) , type name PUREBPF_PARAMS9(rest)
#define PUREBPF_PARAMS11(type, name, rest...) , type name PUREBPF_PARAMS10(rest)
#define PUREBPF_PARAMS12(type, name, rest...) , type name PUREBPF_PARAMS11(rest)
#define PUREBPF_TYPED(name, args...)                    \
  static __always_inline typeof(name(0)) ____##name(    \
      unsigned long long* ctx ___bpf_apply(PUREBPF_PARAMS, PUREBPF_PAIRS(args))(args))
#define BPF_PROG2(name, args...)                                                     \
  name(unsigned long long* ctx);                                                     \
  PUREBPF_TYPED(name, ##args);                                                       \
  typeof(name(0)) name(unsigned long long* ctx) {                                    \
    return ____##name(ctx ___bpf_apply(PUREBPF_TAKE, PUREBPF_PAIRS(args))(0, ##args)); \
  }                                                                                  \
  PUREBPF_TYPED(name, ##args)

#endif /* PUREBPF_BPF_BPF_TRACING_H_ */
