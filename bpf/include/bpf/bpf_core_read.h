/* SPDX-License-Identifier: MIT */
/*
 * Reads of kernel structures that survive changes of their layout (CO-RE), and questions about the
 * running kernel's types. The compiler records what is accessed; the loader puts the running
 * kernel's offsets, sizes and answers into the instructions.
 *
 * Source: Documentation/bpf/llvm_reloc.rst (CO-RE relocations), include/uapi/linux/bpf.h: enum
 * bpf_core_relo_kind; clang's builtins for the BPF target.
 */
#ifndef PUREBPF_BPF_BPF_CORE_READ_H_
#define PUREBPF_BPF_BPF_CORE_READ_H_

#include "bpf_helpers.h"

/* The second argument of the builtins. Values are the compiler's. */
enum bpf_field_info_kind {
  BPF_FIELD_BYTE_OFFSET = 0,
  BPF_FIELD_BYTE_SIZE = 1,
  BPF_FIELD_EXISTS = 2,
  BPF_FIELD_SIGNED = 3,
  BPF_FIELD_LSHIFT_U64 = 4,
  BPF_FIELD_RSHIFT_U64 = 5,
};
enum bpf_type_id_kind {
  BPF_TYPE_ID_LOCAL = 0,
  BPF_TYPE_ID_TARGET = 1,
};
enum bpf_type_info_kind {
  BPF_TYPE_EXISTS = 0,
  BPF_TYPE_SIZE = 1,
  BPF_TYPE_MATCHES = 2,
};
enum bpf_enum_value_kind {
  BPF_ENUMVAL_EXISTS = 0,
  BPF_ENUMVAL_VALUE = 1,
};

#define __CORE_RELO(src, field, info) __builtin_preserve_field_info((src)->field, BPF_FIELD_##info)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define __CORE_BITFIELD_PROBE_READ(dst, src, field)                         \
  bpf_probe_read_kernel((void*)dst, __CORE_RELO(src, field, BYTE_SIZE),     \
                        (const void*)src + __CORE_RELO(src, field, BYTE_OFFSET))
#else
/* The bytes that hold the field end the 64-bit word. */
#define __CORE_BITFIELD_PROBE_READ(dst, src, field)                                             \
  bpf_probe_read_kernel((void*)dst + (8 - __CORE_RELO(src, field, BYTE_SIZE)),                  \
                        __CORE_RELO(src, field, BYTE_SIZE),                                     \
                        (const void*)src + __CORE_RELO(src, field, BYTE_OFFSET))
#endif

/* A bit field by a helper: 0 where it cannot be read. */
#define BPF_CORE_READ_BITFIELD_PROBED(s, field)                             \
  ({                                                                        \
    unsigned long long val = 0;                                             \
    __CORE_BITFIELD_PROBE_READ(&val, s, field);                             \
    val <<= __CORE_RELO(s, field, LSHIFT_U64);                              \
    if (__CORE_RELO(s, field, SIGNED))                                      \
      val = ((long long)val) >> __CORE_RELO(s, field, RSHIFT_U64);          \
    else                                                                    \
      val = val >> __CORE_RELO(s, field, RSHIFT_U64);                       \
    val;                                                                    \
  })

/* A bit field by a load: for pointers that the verifier knows. */
#define BPF_CORE_READ_BITFIELD(s, field)                                                    \
  ({                                                                                        \
    const void* p = (const void*)s + __CORE_RELO(s, field, BYTE_OFFSET);                    \
    unsigned long long val;                                                                 \
    /* The compiler must not move the load behind the switch: its size is relocated. */     \
    barrier_var(p);                                                                         \
    switch (__CORE_RELO(s, field, BYTE_SIZE)) {                                             \
      case 1: val = *(const unsigned char*)p; break;                                        \
      case 2: val = *(const unsigned short*)p; break;                                       \
      case 4: val = *(const unsigned int*)p; break;                                         \
      case 8: val = *(const unsigned long long*)p; break;                                   \
      default: val = 0; break;                                                              \
    }                                                                                       \
    val <<= __CORE_RELO(s, field, LSHIFT_U64);                                              \
    if (__CORE_RELO(s, field, SIGNED))                                                      \
      val = ((long long)val) >> __CORE_RELO(s, field, RSHIFT_U64);                          \
    else                                                                                    \
      val = val >> __CORE_RELO(s, field, RSHIFT_U64);                                       \
    val;                                                                                    \
  })

/* Writes a bit field, its neighbours untouched. */
#define BPF_CORE_WRITE_BITFIELD(s, field, new_val)                                          \
  ({                                                                                        \
    void* p = (void*)s + __CORE_RELO(s, field, BYTE_OFFSET);                                \
    unsigned int byte_size = __CORE_RELO(s, field, BYTE_SIZE);                              \
    unsigned int lshift = __CORE_RELO(s, field, LSHIFT_U64);                                \
    unsigned int rshift = __CORE_RELO(s, field, RSHIFT_U64);                                \
    unsigned long long mask, val, nval = new_val;                                           \
    unsigned int rpad = rshift - lshift;                                                    \
    asm volatile("" : "+r"(p));                                                             \
    switch (byte_size) {                                                                    \
      case 1: val = *(unsigned char*)p; break;                                              \
      case 2: val = *(unsigned short*)p; break;                                             \
      case 4: val = *(unsigned int*)p; break;                                               \
      case 8: val = *(unsigned long long*)p; break;                                         \
    }                                                                                       \
    mask = (~0ULL << rshift) >> lshift;                                                     \
    val = (val & ~mask) | ((nval << rpad) & mask);                                          \
    switch (byte_size) {                                                                    \
      case 1: *(unsigned char*)p = val; break;                                              \
      case 2: *(unsigned short*)p = val; break;                                             \
      case 4: *(unsigned int*)p = val; break;                                               \
      case 8: *(unsigned long long*)p = val; break;                                         \
    }                                                                                       \
  })

/* A field: an expression (p->field), or a type and its field (struct task_struct, pid). */
#define ___bpf_field_ref1(field) (field)
#define ___bpf_field_ref2(type, field) (((typeof(type)*)0)->field)
#define ___bpf_field_ref(args...) ___bpf_apply(___bpf_field_ref, ___bpf_narg(args))(args)

/* Whether the running kernel has it; its size; its offset in the outermost structure. */
#define bpf_core_field_exists(field...) \
  __builtin_preserve_field_info(___bpf_field_ref(field), BPF_FIELD_EXISTS)
#define bpf_core_field_size(field...) \
  __builtin_preserve_field_info(___bpf_field_ref(field), BPF_FIELD_BYTE_SIZE)
#define bpf_core_field_offset(field...) \
  __builtin_preserve_field_info(___bpf_field_ref(field), BPF_FIELD_BYTE_OFFSET)

/* A type's id in the object's own BTF, and in the kernel's (0: not there). */
#ifdef __clang__
#define ___bpf_typeof(type) ((typeof(type)*)0)
#else
#define ___bpf_typeof1(type, NR)                      \
  ({                                                  \
    extern typeof(type)* ___bpf_concat(bpf_type_tmp_, NR); \
    ___bpf_concat(bpf_type_tmp_, NR);                 \
  })
#define ___bpf_typeof(type) ___bpf_typeof1(type, __COUNTER__)
#endif
#define bpf_core_type_id_local(type) \
  __builtin_btf_type_id(*___bpf_typeof(type), BPF_TYPE_ID_LOCAL)
#define bpf_core_type_id_kernel(type) \
  __builtin_btf_type_id(*___bpf_typeof(type), BPF_TYPE_ID_TARGET)
/* Whether the kernel has a type of that name and kind; one that looks the same; its size (0: none). */
#define bpf_core_type_exists(type) \
  __builtin_preserve_type_info(*___bpf_typeof(type), BPF_TYPE_EXISTS)
#define bpf_core_type_matches(type) \
  __builtin_preserve_type_info(*___bpf_typeof(type), BPF_TYPE_MATCHES)
#define bpf_core_type_size(type) __builtin_preserve_type_info(*___bpf_typeof(type), BPF_TYPE_SIZE)

#ifdef __clang__
#define ___bpf_enumerator(enum_type, value) *(typeof(enum_type)*)value
#else
#define ___bpf_enumerator(enum_type, value) ___bpf_typeof(enum_type), value
#endif
#define bpf_core_enum_value_exists(enum_type, enum_value) \
  __builtin_preserve_enum_value(___bpf_enumerator(enum_type, enum_value), BPF_ENUMVAL_EXISTS)
#define bpf_core_enum_value(enum_type, enum_value) \
  __builtin_preserve_enum_value(___bpf_enumerator(enum_type, enum_value), BPF_ENUMVAL_VALUE)

/* One read through a helper: `sz` bytes at the relocated address of `src`. */
#define bpf_core_read(dst, sz, src) \
  bpf_probe_read_kernel(dst, sz, (const void*)__builtin_preserve_access_index(src))
#define bpf_core_read_user(dst, sz, src) \
  bpf_probe_read_user(dst, sz, (const void*)__builtin_preserve_access_index(src))
#define bpf_core_read_str(dst, sz, src) \
  bpf_probe_read_kernel_str(dst, sz, (const void*)__builtin_preserve_access_index(src))
#define bpf_core_read_user_str(dst, sz, src) \
  bpf_probe_read_user_str(dst, sz, (const void*)__builtin_preserve_access_index(src))

/* A pointer of that type to which the verifier allows reads (Linux 6.3). */
extern void* bpf_rdonly_cast(const void* obj, __u32 btf_id) __ksym __weak;
#define bpf_core_cast(ptr, type) \
  ((typeof(type)*)bpf_rdonly_cast((ptr), bpf_core_type_id_kernel(type)))

/* Chains: (src, a, b, c) is src->a->b->c, each arrow one read. */
#define ___bpf_arrow1(a) a
#define ___bpf_arrow2(a, b) a->b
#define ___bpf_arrow3(a, b, c) a->b->c
#define ___bpf_arrow4(a, b, c, d) a->b->c->d
#define ___bpf_arrow5(a, b, c, d, e) a->b->c->d->e
#define ___bpf_arrow6(a, b, c, d, e, f) a->b->c->d->e->f
#define ___bpf_arrow7(a, b, c, d, e, f, g) a->b->c->d->e->f->g
#define ___bpf_arrow8(a, b, c, d, e, f, g, h) a->b->c->d->e->f->g->h
#define ___bpf_arrow9(a, b, c, d, e, f, g, h, i) a->b->c->d->e->f->g->h->i
#define ___bpf_arrow10(a, b, c, d, e, f, g, h, i, j) a->b->c->d->e->f->g->h->i->j
#define ___arrow(...) ___bpf_apply(___bpf_arrow, ___bpf_narg(__VA_ARGS__))(__VA_ARGS__)

#define ___bpf_type_of(...) typeof(___arrow(__VA_ARGS__))
#define ___bpf_step(read_fn, dst, src_type, src, accessor) \
  read_fn((void*)(dst), sizeof(*(dst)), &((src_type)(src))->accessor)

/* Every pointer but the last is read into __t. */
#define ___bpf_first(read_fn, src, a) ___bpf_step(read_fn, &__t, ___bpf_type_of(src), src, a);
#define ___bpf_hop1(read_fn, src, a) ___bpf_first(read_fn, src, a)
#define ___bpf_hop2(read_fn, src, a, b) \
  ___bpf_hop1(read_fn, src, a) ___bpf_step(read_fn, &__t, ___bpf_type_of(src, a), __t, b);
#define ___bpf_hop3(read_fn, src, a, b, c) \
  ___bpf_hop2(read_fn, src, a, b) ___bpf_step(read_fn, &__t, ___bpf_type_of(src, a, b), __t, c);
#define ___bpf_hop4(read_fn, src, a, b, c, d) \
  ___bpf_hop3(read_fn, src, a, b, c)          \
  ___bpf_step(read_fn, &__t, ___bpf_type_of(src, a, b, c), __t, d);
#define ___bpf_hop5(read_fn, src, a, b, c, d, e) \
  ___bpf_hop4(read_fn, src, a, b, c, d)          \
  ___bpf_step(read_fn, &__t, ___bpf_type_of(src, a, b, c, d), __t, e);
#define ___bpf_hop6(read_fn, src, a, b, c, d, e, f) \
  ___bpf_hop5(read_fn, src, a, b, c, d, e)          \
  ___bpf_step(read_fn, &__t, ___bpf_type_of(src, a, b, c, d, e), __t, f);
#define ___bpf_hop7(read_fn, src, a, b, c, d, e, f, g) \
  ___bpf_hop6(read_fn, src, a, b, c, d, e, f)          \
  ___bpf_step(read_fn, &__t, ___bpf_type_of(src, a, b, c, d, e, f), __t, g);
#define ___bpf_hop8(read_fn, src, a, b, c, d, e, f, g, h) \
  ___bpf_hop7(read_fn, src, a, b, c, d, e, f, g)          \
  ___bpf_step(read_fn, &__t, ___bpf_type_of(src, a, b, c, d, e, f, g), __t, h);

/* read_fn for the pointers on the way, last_fn for the value. */
#define ___bpf_chain1(read_fn, last_fn, dst, src, a) \
  ___bpf_step(last_fn, dst, ___bpf_type_of(src), src, a);
#define ___bpf_chain2(read_fn, last_fn, dst, src, a, b) \
  const void* __t;                                      \
  ___bpf_hop1(read_fn, src, a) ___bpf_step(last_fn, dst, ___bpf_type_of(src, a), __t, b);
#define ___bpf_chain3(read_fn, last_fn, dst, src, a, b, c) \
  const void* __t;                                         \
  ___bpf_hop2(read_fn, src, a, b) ___bpf_step(last_fn, dst, ___bpf_type_of(src, a, b), __t, c);
#define ___bpf_chain4(read_fn, last_fn, dst, src, a, b, c, d) \
  const void* __t;                                            \
  ___bpf_hop3(read_fn, src, a, b, c)                          \
  ___bpf_step(last_fn, dst, ___bpf_type_of(src, a, b, c), __t, d);
#define ___bpf_chain5(read_fn, last_fn, dst, src, a, b, c, d, e) \
  const void* __t;                                               \
  ___bpf_hop4(read_fn, src, a, b, c, d)                          \
  ___bpf_step(last_fn, dst, ___bpf_type_of(src, a, b, c, d), __t, e);
#define ___bpf_chain6(read_fn, last_fn, dst, src, a, b, c, d, e, f) \
  const void* __t;                                                  \
  ___bpf_hop5(read_fn, src, a, b, c, d, e)                          \
  ___bpf_step(last_fn, dst, ___bpf_type_of(src, a, b, c, d, e), __t, f);
#define ___bpf_chain7(read_fn, last_fn, dst, src, a, b, c, d, e, f, g) \
  const void* __t;                                                     \
  ___bpf_hop6(read_fn, src, a, b, c, d, e, f)                          \
  ___bpf_step(last_fn, dst, ___bpf_type_of(src, a, b, c, d, e, f), __t, g);
#define ___bpf_chain8(read_fn, last_fn, dst, src, a, b, c, d, e, f, g, h) \
  const void* __t;                                                        \
  ___bpf_hop7(read_fn, src, a, b, c, d, e, f, g)                          \
  ___bpf_step(last_fn, dst, ___bpf_type_of(src, a, b, c, d, e, f, g), __t, h);
#define ___bpf_chain9(read_fn, last_fn, dst, src, a, b, c, d, e, f, g, h, i) \
  const void* __t;                                                           \
  ___bpf_hop8(read_fn, src, a, b, c, d, e, f, g, h)                          \
  ___bpf_step(last_fn, dst, ___bpf_type_of(src, a, b, c, d, e, f, g, h), __t, i);
#define ___bpf_chain(read_fn, last_fn, dst, src, args...)                                \
  ___bpf_apply(___bpf_chain, ___bpf_narg(args))(read_fn, last_fn, dst, (src), args)

/* Into *dst; the result is 0. CORE: relocated. PROBE: the layout as compiled. USER: user memory. */
#define BPF_CORE_READ_INTO(dst, src, a, ...) \
  ({ ___bpf_chain(bpf_core_read, bpf_core_read, dst, src, a, ##__VA_ARGS__) 0; })
#define BPF_CORE_READ_USER_INTO(dst, src, a, ...) \
  ({ ___bpf_chain(bpf_core_read_user, bpf_core_read_user, dst, src, a, ##__VA_ARGS__) 0; })
#define BPF_PROBE_READ_INTO(dst, src, a, ...) \
  ({ ___bpf_chain(bpf_probe_read_kernel, bpf_probe_read_kernel, dst, src, a, ##__VA_ARGS__) 0; })
#define BPF_PROBE_READ_USER_INTO(dst, src, a, ...) \
  ({ ___bpf_chain(bpf_probe_read_user, bpf_probe_read_user, dst, src, a, ##__VA_ARGS__) 0; })
/* The last read is of a string. */
#define BPF_CORE_READ_STR_INTO(dst, src, a, ...) \
  ({ ___bpf_chain(bpf_core_read, bpf_core_read_str, dst, src, a, ##__VA_ARGS__) 0; })
#define BPF_CORE_READ_USER_STR_INTO(dst, src, a, ...) \
  ({ ___bpf_chain(bpf_core_read_user, bpf_core_read_user_str, dst, src, a, ##__VA_ARGS__) 0; })
#define BPF_PROBE_READ_STR_INTO(dst, src, a, ...) \
  ({ ___bpf_chain(bpf_probe_read_kernel, bpf_probe_read_kernel_str, dst, src, a, ##__VA_ARGS__) 0; })
#define BPF_PROBE_READ_USER_STR_INTO(dst, src, a, ...) \
  ({ ___bpf_chain(bpf_probe_read_user, bpf_probe_read_user_str, dst, src, a, ##__VA_ARGS__) 0; })

/* The value itself: BPF_CORE_READ(task, real_parent, tgid). */
#define ___bpf_value(into, src, a, ...)                          \
  ({                                                             \
    ___bpf_type_of((src), a, ##__VA_ARGS__) __r;                 \
    into(&__r, (src), a, ##__VA_ARGS__);                         \
    __r;                                                         \
  })
#define BPF_CORE_READ(src, a, ...) ___bpf_value(BPF_CORE_READ_INTO, src, a, ##__VA_ARGS__)
#define BPF_CORE_READ_USER(src, a, ...) ___bpf_value(BPF_CORE_READ_USER_INTO, src, a, ##__VA_ARGS__)
#define BPF_PROBE_READ(src, a, ...) ___bpf_value(BPF_PROBE_READ_INTO, src, a, ##__VA_ARGS__)
#define BPF_PROBE_READ_USER(src, a, ...) \
  ___bpf_value(BPF_PROBE_READ_USER_INTO, src, a, ##__VA_ARGS__)

#endif /* PUREBPF_BPF_BPF_CORE_READ_H_ */
