/* SPDX-License-Identifier: MIT */
/*
 * What a BPF program written in C needs from its loader's side: sections, map definitions, externs,
 * tags, loops, printing, and the kernel's helpers. Include <linux/bpf.h>, or a vmlinux.h, first.
 * The names are those that existing programs use.
 *
 * Source: Documentation/bpf (btf.rst: map definitions; kfuncs.rst; bpf_iterators.rst),
 * include/uapi/linux/bpf.h.
 */
#ifndef PUREBPF_BPF_BPF_HELPERS_H_
#define PUREBPF_BPF_BPF_HELPERS_H_
#define __BPF_HELPERS__ /* libbpf's own bpf_helpers.h, should one of its headers include it, is then empty */

#include "bpf_helper_defs.h"
#include "purebpf_args.h"

/* Places a function or variable into the section that the loader looks for. `used` has no meaning for
 * a declaration (an extern), which is no reason for a warning; GCC has none, and takes no pragma here. */
#ifdef __clang__
#define SEC(name) PUREBPF_WITHOUT("-Wignored-attributes", __attribute__((section(name), used)))
#else
#define SEC(name) __attribute__((section(name), used))
#endif

/* The fields of a map definition in section .maps: a number is the length of an array type, a type
 * is what a pointer points to, and a number of 64 bits is an enumerator. */
#define __uint(field, number) int(*field)[number]
#define __type(field, type) typeof(type)* field
#define __array(field, type) typeof(type)* field[]
#define __ulong(field, number) \
  enum { ___bpf_concat(__unique_value, __COUNTER__) = number } field

#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif
/* A global function that the loader is to treat as static: it is verified with each caller. */
#define __hidden __attribute__((visibility("hidden")))

#ifndef NULL
#define NULL ((void*)0)
#endif
#ifndef KERNEL_VERSION
#define KERNEL_VERSION(major, minor, patch) \
  (((major) << 16) + ((minor) << 8) + ((patch) < 255 ? (patch) : 255))
#endif
/* The address of a field of a structure at 0, which CO-RE relocates, as it does not the compiler's own
 * offsetof; container_of subtracts the same, also where a kernel header has another. */
#undef offsetof
#define offsetof(type, member) ((unsigned long)&((type*)0)->member)
#undef container_of
#define container_of(pointer, type, member) \
  ((type*)((void*)(pointer) - offsetof(type, member)))

/* The compiler forgets what it knows of memory, or of one variable. */
#ifndef barrier
#define barrier() asm volatile("" : : : "memory")
#endif
#ifndef barrier_var
#define barrier_var(variable) asm volatile("" : "+r"(variable))
#endif
/* For code that must be optimised away: where it is not, there is no code for it. */
#ifndef __bpf_unreachable
#define __bpf_unreachable() __builtin_trap()
#endif

#ifndef likely
#define likely(condition) __builtin_expect(!!(condition), 1)
#endif
#ifndef unlikely
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#endif

/* A tail call whose slot is a constant, which the kernel turns into a jump (Linux 5.5): map and slot
 * must reach the call in their registers alike on every path, so the compiler may not share the call
 * between two. GCC knows this assembly since 13. */
#if defined(__bpf__) && (defined(__clang__) || __GNUC__ >= 13)
static __always_inline void bpf_tail_call_static(void* ctx, const void* map, const __u32 slot) {
  if (!__builtin_constant_p(slot)) __bpf_unreachable();
  asm volatile("r1 = %0\n\tr2 = %1\n\tr3 = %2\n\tcall %3"
               : /* nothing */
               : "r"(ctx), "r"(map), "i"(slot), "i"(12) /* BPF_FUNC_tail_call */
               : "r0", "r1", "r2", "r3", "r4", "r5");
}
#endif

/* Values of a map definition's `pinning`. */
enum libbpf_pin_type {
  LIBBPF_PIN_NONE,
  LIBBPF_PIN_BY_NAME,
};
/* A kernel option that may be a module. */
enum libbpf_tristate {
  TRI_NO = 0,
  TRI_YES = 1,
  TRI_MODULE = 2,
};

/* extern values that the loader fills in: kernel options; kernel symbols and functions. */
#define __kconfig __attribute__((section(".kconfig")))
#define __ksym __attribute__((section(".ksyms")))

/* Whether a weak __ksym is there. The argument is a symbol, not a pointer. Of one that is not weak the
 * compiler knows that it is there, and would leave out the other case. */
#if defined(__clang__)
#define bpf_ksym_exists(symbol)                                                              \
  ({                                                                                         \
    _Static_assert(!__builtin_constant_p(!!symbol), #symbol " is asked for but not __weak"); \
    !!symbol;                                                                                \
  })
#elif __GNUC__ > 8
#define bpf_ksym_exists(symbol)                                        \
  ({                                                                   \
    _Static_assert(__builtin_has_attribute(*symbol, __weak__),         \
                   #symbol " is asked for but not __weak");            \
    !!symbol;                                                          \
  })
#else
#define bpf_ksym_exists(symbol) (!!symbol)
#endif

/* What a pointer in a map's value is to the verifier. */
#if __has_attribute(btf_type_tag)
#define PUREBPF_TYPE_TAG(tag) __attribute__((btf_type_tag(tag)))
#else
#define PUREBPF_TYPE_TAG(tag)
#endif
#define __kptr_untrusted PUREBPF_TYPE_TAG("kptr_untrusted")
#define __kptr PUREBPF_TYPE_TAG("kptr")
#define __percpu_kptr PUREBPF_TYPE_TAG("percpu_kptr")
#define __uptr PUREBPF_TYPE_TAG("uptr")

/* What the verifier may assume of a global function's parameter. */
#if __has_attribute(btf_decl_tag)
#define PUREBPF_DECL_TAG(tag) __attribute__((btf_decl_tag(tag)))
#else
#define PUREBPF_DECL_TAG(tag)
#endif
#define __arg_ctx PUREBPF_DECL_TAG("arg:ctx")
#define __arg_nonnull PUREBPF_DECL_TAG("arg:nonnull")
#define __arg_nullable PUREBPF_DECL_TAG("arg:nullable")
#define __arg_trusted PUREBPF_DECL_TAG("arg:trusted")
#define __arg_untrusted PUREBPF_DECL_TAG("arg:untrusted")
#define __arg_arena PUREBPF_DECL_TAG("arg:arena")

/* A format, in .rodata, which these helpers ask for, and the arguments as the words of 64 bits that the
 * kernel's printing takes. */
#define PUREBPF_FORMAT(fmt, args...)              \
  static const char ___fmt[] = fmt;               \
  unsigned long long ___words[___bpf_narg(args)]; \
  ___bpf_fill(___words, args);

/* Print into an iterator's file (Linux 5.8), or into `out` (5.13); the result is the helper's. */
#define BPF_SEQ_PRINTF(seq, fmt, args...)                                       \
  ({                                                                            \
    PUREBPF_FORMAT(fmt, args)                                                   \
    bpf_seq_printf(seq, ___fmt, sizeof(___fmt), ___words, sizeof(___words));    \
  })
#define BPF_SNPRINTF(out, out_size, fmt, args...)                               \
  ({                                                                            \
    PUREBPF_FORMAT(fmt, args)                                                   \
    bpf_snprintf(out, out_size, ___fmt, ___words, sizeof(___words));            \
  })

/* To /sys/kernel/tracing/trace_pipe: up to 3 arguments on any kernel, up to 12 since Linux 5.16.
 * BPF_NO_GLOBAL_DATA keeps the format on the stack, for kernels before 5.2. */
#ifdef BPF_NO_GLOBAL_DATA
#define BPF_PRINTK_FMT_MOD
#else
#define BPF_PRINTK_FMT_MOD static const
#endif
#define __bpf_printk(fmt, args...)                         \
  ({                                                       \
    BPF_PRINTK_FMT_MOD char ___fmt[] = fmt;                \
    bpf_trace_printk(___fmt, sizeof(___fmt), ##args);      \
  })
#define __bpf_vprintk(fmt, args...)                                             \
  ({                                                                            \
    PUREBPF_FORMAT(fmt, args)                                                   \
    bpf_trace_vprintk(___fmt, sizeof(___fmt), ___words, sizeof(___words));      \
  })
#define PUREBPF_PRINTK0 __bpf_printk
#define PUREBPF_PRINTK1 __bpf_printk
#define PUREBPF_PRINTK2 __bpf_printk
#define PUREBPF_PRINTK3 __bpf_printk
#define PUREBPF_PRINTK4 __bpf_vprintk
#define PUREBPF_PRINTK5 __bpf_vprintk
#define PUREBPF_PRINTK6 __bpf_vprintk
#define PUREBPF_PRINTK7 __bpf_vprintk
#define PUREBPF_PRINTK8 __bpf_vprintk
#define PUREBPF_PRINTK9 __bpf_vprintk
#define PUREBPF_PRINTK10 __bpf_vprintk
#define PUREBPF_PRINTK11 __bpf_vprintk
#define PUREBPF_PRINTK12 __bpf_vprintk
#define bpf_printk(fmt, args...) ___bpf_apply(PUREBPF_PRINTK, ___bpf_narg(args))(fmt, ##args)

/* To the program's own output, 1 or 2 (Linux 6.17). The kernel function is declared by a vmlinux.h: its
 * parameters differ between kernels. */
#define bpf_stream_printk(stream_id, fmt, args...)                              \
  ({                                                                            \
    PUREBPF_FORMAT(fmt, args)                                                   \
    bpf_stream_vprintk(stream_id, ___fmt, ___words, sizeof(___words));          \
  })

/* Loops over an open-coded iterator of the kernel (Linux 6.4): bpf_iter_TYPE_new, _next, _destroy.
 * Leaving the loop by any way destroys the iterator. */
struct bpf_iter_num;
extern int bpf_iter_num_new(struct bpf_iter_num* it, int start, int end) __weak __ksym;
extern int* bpf_iter_num_next(struct bpf_iter_num* it) __weak __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num* it) __weak __ksym;

/* A loop's own variables: the iterator, and one only so that `begin` happens once. Clang writes no BTF
 * of a function that nothing but `cleanup` names, and the loader needs it: begin ends by naming it. */
#define PUREBPF_LOOP(type, begin, condition)                                                        \
  for (struct bpf_iter_##type ___it                                                                 \
           __attribute__((aligned(8), cleanup(bpf_iter_##type##_destroy))),                         \
       *___begun __attribute__((unused)) =                                                          \
           ((void)(begin), (void)bpf_iter_##type##_destroy, (struct bpf_iter_##type*)0);            \
       (condition);)
#ifndef bpf_for_each
#define bpf_for_each(type, cur, args...) \
  PUREBPF_LOOP(type, bpf_iter_##type##_new(&___it, ##args), (cur) = bpf_iter_##type##_next(&___it))
#endif
/* for (i = start; i < end; i++). The verifier learns the bounds from the comparisons. */
#ifndef bpf_for
#define bpf_for(i, start, end)                                            \
  PUREBPF_LOOP(num, bpf_iter_num_new(&___it, (start), (end)), ({          \
    const int* ___now = bpf_iter_num_next(&___it);                        \
    ___now && ((i) = *___now, (i) >= (start) && (i) < (end));             \
  }))
#endif
#ifndef bpf_repeat
#define bpf_repeat(times) \
  PUREBPF_LOOP(num, bpf_iter_num_new(&___it, 0, (times)), bpf_iter_num_next(&___it))
#endif

#endif /* PUREBPF_BPF_BPF_HELPERS_H_ */
