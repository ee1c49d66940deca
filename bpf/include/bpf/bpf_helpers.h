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

#include "bpf_helper_defs.h"

/* Places a function or variable into the section that the loader looks for. `used` has no meaning for
 * a declaration (an extern), which is no reason for a warning. */
#define SEC(name)                                                      \
  _Pragma("GCC diagnostic push")                                       \
      _Pragma("GCC diagnostic ignored \"-Wignored-attributes\"")       \
          __attribute__((section(name), used)) _Pragma("GCC diagnostic pop")

/* The fields of a map definition in section .maps: a number is the length of an array type, a type
 * is what a pointer points to, and a number of 64 bits is an enumerator. */
#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value)* name
#define __array(name, value) typeof(value)* name[]
#define __ulong(name, value) \
  enum { ___bpf_concat(__unique_value, __COUNTER__) = value } name

#ifndef ___bpf_concat
#define ___bpf_concat(a, b) a##b
#endif
#ifndef ___bpf_apply
#define ___bpf_apply(function, count) ___bpf_concat(function, count)
#endif
/* How many arguments there are, 0 to 12. */
#ifndef ___bpf_nth
#define ___bpf_nth(_, _1, _2, _3, _4, _5, _6, _7, _8, _9, _a, _b, _c, N, ...) N
#endif
#ifndef ___bpf_narg
#define ___bpf_narg(...) ___bpf_nth(_, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#endif

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
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#endif
#ifndef offsetof
#define offsetof(type, member) ((unsigned long)&((type*)0)->member)
#endif
/* An expression of its own, also where a kernel header has another container_of. */
#undef container_of
#define container_of(pointer, type, member)                 \
  ({                                                        \
    void* __mptr = (void*)(pointer);                        \
    ((type*)(__mptr - offsetof(type, member)));             \
  })

/* The compiler forgets what it knows of memory, or of one variable. */
#ifndef barrier
#define barrier() asm volatile("" ::: "memory")
#endif
#ifndef barrier_var
#define barrier_var(var) asm volatile("" : "+r"(var))
#endif
/* Fails to link if it is not optimised away. */
#ifndef __bpf_unreachable
#define __bpf_unreachable() __builtin_trap()
#endif

#ifndef likely
#define likely(x) (__builtin_expect(!!(x), 1))
#endif
#ifndef unlikely
#define unlikely(x) (__builtin_expect(!!(x), 0))
#endif

/* A tail call whose slot is a constant, which the kernel turns into a jump: the slot must reach the
 * call in its register as a constant on every path. */
#if (!defined(__clang__) || __clang_major__ >= 8) && defined(__bpf__)
static __always_inline void bpf_tail_call_static(void* ctx, const void* map, const __u32 slot) {
  if (!__builtin_constant_p(slot)) __bpf_unreachable();
  asm volatile(
      "r1 = %[ctx]\n\t"
      "r2 = %[map]\n\t"
      "r3 = %[slot]\n\t"
      "call 12"
      :
      : [ctx] "r"(ctx), [map] "r"(map), [slot] "i"(slot)
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
#if __has_attribute(btf_type_tag)
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#define __kptr __attribute__((btf_type_tag("kptr")))
#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
#define __uptr __attribute__((btf_type_tag("uptr")))
#else
#define __kptr_untrusted
#define __kptr
#define __percpu_kptr
#define __uptr
#endif
/* Whether a weak __ksym is there. The argument is a symbol, not a pointer. */
#if defined(__clang__) && __clang_major__ >= 14
#define bpf_ksym_exists(sym)                                                                   \
  ({                                                                                           \
    _Static_assert(!__builtin_constant_p(!!sym), #sym " should be marked as __weak");          \
    !!sym;                                                                                     \
  })
#else
#define bpf_ksym_exists(sym) (!!sym)
#endif

/* What the verifier may assume of a global function's parameter. */
#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#define __arg_nonnull __attribute((btf_decl_tag("arg:nonnull")))
#define __arg_nullable __attribute((btf_decl_tag("arg:nullable")))
#define __arg_trusted __attribute((btf_decl_tag("arg:trusted")))
#define __arg_untrusted __attribute((btf_decl_tag("arg:untrusted")))
#define __arg_arena __attribute((btf_decl_tag("arg:arena")))

/* Arguments as the array of 64-bit words that the printing helpers take. */
#define ___bpf_fill0(arr, p, x) do {} while (0)
#define ___bpf_fill1(arr, p, x) arr[p] = x
#define ___bpf_fill2(arr, p, x, args...) arr[p] = x; ___bpf_fill1(arr, p + 1, args)
#define ___bpf_fill3(arr, p, x, args...) arr[p] = x; ___bpf_fill2(arr, p + 1, args)
#define ___bpf_fill4(arr, p, x, args...) arr[p] = x; ___bpf_fill3(arr, p + 1, args)
#define ___bpf_fill5(arr, p, x, args...) arr[p] = x; ___bpf_fill4(arr, p + 1, args)
#define ___bpf_fill6(arr, p, x, args...) arr[p] = x; ___bpf_fill5(arr, p + 1, args)
#define ___bpf_fill7(arr, p, x, args...) arr[p] = x; ___bpf_fill6(arr, p + 1, args)
#define ___bpf_fill8(arr, p, x, args...) arr[p] = x; ___bpf_fill7(arr, p + 1, args)
#define ___bpf_fill9(arr, p, x, args...) arr[p] = x; ___bpf_fill8(arr, p + 1, args)
#define ___bpf_fill10(arr, p, x, args...) arr[p] = x; ___bpf_fill9(arr, p + 1, args)
#define ___bpf_fill11(arr, p, x, args...) arr[p] = x; ___bpf_fill10(arr, p + 1, args)
#define ___bpf_fill12(arr, p, x, args...) arr[p] = x; ___bpf_fill11(arr, p + 1, args)
#define ___bpf_fill(arr, args...) ___bpf_apply(___bpf_fill, ___bpf_narg(args))(arr, 0, args)

#define ___bpf_words(name, args...)                                       \
  unsigned long long name[___bpf_narg(args)];                             \
  _Pragma("GCC diagnostic push")                                          \
      _Pragma("GCC diagnostic ignored \"-Wint-conversion\"") ___bpf_fill( \
          name, args);                                                    \
  _Pragma("GCC diagnostic pop")

/* Print into an iterator's file, or into `out`; the result is the helper's. */
#define BPF_SEQ_PRINTF(seq, fmt, args...)                                     \
  ({                                                                          \
    static const char ___fmt[] = fmt;                                         \
    ___bpf_words(___param, args)                                              \
    bpf_seq_printf(seq, ___fmt, sizeof(___fmt), ___param, sizeof(___param));  \
  })
#define BPF_SNPRINTF(out, out_size, fmt, args...)                             \
  ({                                                                          \
    static const char ___fmt[] = fmt;                                         \
    ___bpf_words(___param, args)                                              \
    bpf_snprintf(out, out_size, ___fmt, ___param, sizeof(___param));          \
  })

/* To /sys/kernel/tracing/trace_pipe: up to 3 arguments on any kernel, up to 12 since Linux 5.16.
 * BPF_NO_GLOBAL_DATA keeps the format on the stack, for kernels before 5.2. */
#ifdef BPF_NO_GLOBAL_DATA
#define BPF_PRINTK_FMT_MOD
#else
#define BPF_PRINTK_FMT_MOD static const
#endif
#define __bpf_printk(fmt, ...)                                     \
  ({                                                               \
    BPF_PRINTK_FMT_MOD char ____fmt[] = fmt;                       \
    bpf_trace_printk(____fmt, sizeof(____fmt), ##__VA_ARGS__);     \
  })
#define __bpf_vprintk(fmt, args...)                                        \
  ({                                                                       \
    static const char ___fmt[] = fmt;                                      \
    ___bpf_words(___param, args)                                           \
    bpf_trace_vprintk(___fmt, sizeof(___fmt), ___param, sizeof(___param)); \
  })
#define ___bpf_pick_printk(...)                                                                   \
  ___bpf_nth(_, ##__VA_ARGS__, __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, __bpf_vprintk,        \
             __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, __bpf_vprintk, __bpf_vprintk,           \
             __bpf_printk /*3*/, __bpf_printk /*2*/, __bpf_printk /*1*/, __bpf_printk /*0*/)
#define bpf_printk(fmt, args...) ___bpf_pick_printk(args)(fmt, ##args)

/* To the program's own output, 1 or 2 (Linux 6.17). */
extern int bpf_stream_vprintk(int stream_id, const char* fmt, const void* args, __u32 len__sz) __weak
    __ksym;
#define bpf_stream_printk(stream_id, fmt, args...)                              \
  ({                                                                            \
    static const char ___fmt[] = fmt;                                           \
    ___bpf_words(___param, args)                                                \
    bpf_stream_vprintk(stream_id, ___fmt, ___param, sizeof(___param));          \
  })

/* Loops over an open-coded iterator of the kernel (Linux 6.4): bpf_iter_TYPE_new, _next, _destroy.
 * Leaving the loop by any way destroys the iterator. */
struct bpf_iter_num;
extern int bpf_iter_num_new(struct bpf_iter_num* it, int start, int end) __weak __ksym;
extern int* bpf_iter_num_next(struct bpf_iter_num* it) __weak __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num* it) __weak __ksym;

#ifndef bpf_for_each
#define bpf_for_each(type, cur, args...)                                                        \
  for (struct bpf_iter_##type ___it __attribute__((aligned(8),                                  \
                                                   cleanup(bpf_iter_##type##_destroy))),        \
       *___p __attribute__((unused)) = (bpf_iter_##type##_new(&___it, ##args),                  \
                                        (void)bpf_iter_##type##_destroy, (void*)0);             \
       (((cur) = bpf_iter_##type##_next(&___it)));)
#endif
/* for (i = start; i < end; i++) */
#ifndef bpf_for
#define bpf_for(i, start, end)                                                                   \
  for (struct bpf_iter_num ___it __attribute__((aligned(8), cleanup(bpf_iter_num_destroy))),     \
       *___p __attribute__((unused)) = (bpf_iter_num_new(&___it, (start), (end)),                \
                                        (void)bpf_iter_num_destroy, (void*)0);                   \
       ({                                                                                        \
         int* ___t = bpf_iter_num_next(&___it);                                                  \
         (___t && ((i) = *___t, (i) >= (start) && (i) < (end)));                                 \
       });)
#endif
#ifndef bpf_repeat
#define bpf_repeat(N)                                                                            \
  for (struct bpf_iter_num ___it __attribute__((aligned(8), cleanup(bpf_iter_num_destroy))),     \
       *___p __attribute__((unused)) = (bpf_iter_num_new(&___it, 0, (N)),                        \
                                        (void)bpf_iter_num_destroy, (void*)0);                   \
       bpf_iter_num_next(&___it);)
#endif

#endif /* PUREBPF_BPF_BPF_HELPERS_H_ */
