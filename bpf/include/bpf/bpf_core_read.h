/* SPDX-License-Identifier: MIT */
/*
 * Reads of kernel structures that survive changes of their layout (CO-RE), and questions about the
 * running kernel's types. The compiler records what is accessed; the loader puts the running
 * kernel's offsets, sizes and answers into the instructions.
 *
 * Source: Documentation/bpf/llvm_reloc.rst (CO-RE relocations), include/uapi/linux/bpf.h: enum
 * bpf_core_relo_kind; clang's and GCC's builtins for the BPF target.
 */
#ifndef PUREBPF_BPF_BPF_CORE_READ_H_
#define PUREBPF_BPF_BPF_CORE_READ_H_
#define __BPF_CORE_READ_H__ /* libbpf's own bpf_core_read.h, should one of its headers include it, is then empty */

#include "bpf_helpers.h"

/* The last argument of the builtins. Values are the compilers'. */
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

/* A field is asked for as an expression (p->field), or as a type and its field (struct task_struct, pid).
 * Whether the running kernel has it; its size; its offset in the outermost structure. */
#define PUREBPF_FIELD1(expression) (expression)
#define PUREBPF_FIELD2(type, field) (((typeof(type)*)0)->field)
#define PUREBPF_FIELD_INFO(kind, field...) \
  __builtin_preserve_field_info(PUREBPF_JOIN(PUREBPF_FIELD, ___bpf_narg(field))(field), kind)
#define bpf_core_field_exists(field...) PUREBPF_FIELD_INFO(BPF_FIELD_EXISTS, field)
#define bpf_core_field_size(field...) PUREBPF_FIELD_INFO(BPF_FIELD_BYTE_SIZE, field)
#define bpf_core_field_offset(field...) PUREBPF_FIELD_INFO(BPF_FIELD_BYTE_OFFSET, field)

/* A type's id in the object's own BTF, and in the kernel's (0: not there). Whether the kernel has a type
 * of that name and kind; one that looks the same (Linux 6.0, clang 15); its size (0: none). */
#ifdef __clang__
#define PUREBPF_A(type) (*(typeof(type)*)0)
#else
/* GCC wants to see an object. */
#define PUREBPF_A(type) (*PUREBPF_NAMED(type, PUREBPF_JOIN(___purebpf_type, __COUNTER__)))
#define PUREBPF_NAMED(type, name) \
  ({                              \
    extern typeof(type)* name;    \
    name;                         \
  })
#endif
#define bpf_core_type_id_local(type) __builtin_btf_type_id(PUREBPF_A(type), BPF_TYPE_ID_LOCAL)
#define bpf_core_type_id_kernel(type) __builtin_btf_type_id(PUREBPF_A(type), BPF_TYPE_ID_TARGET)
#define bpf_core_type_exists(type) __builtin_preserve_type_info(PUREBPF_A(type), BPF_TYPE_EXISTS)
#define bpf_core_type_matches(type) __builtin_preserve_type_info(PUREBPF_A(type), BPF_TYPE_MATCHES)
#define bpf_core_type_size(type) __builtin_preserve_type_info(PUREBPF_A(type), BPF_TYPE_SIZE)

/* Whether the kernel's enum has that enumerator; its value there. */
#ifdef __clang__
#define PUREBPF_ENUMERATOR(type, value, kind) \
  __builtin_preserve_enum_value(*(typeof(type)*)value, kind)
#else
#define PUREBPF_ENUMERATOR(type, value, kind) \
  __builtin_preserve_enum_value(&PUREBPF_A(type), value, kind)
#endif
#define bpf_core_enum_value_exists(enum_type, enum_value) \
  PUREBPF_ENUMERATOR(enum_type, enum_value, BPF_ENUMVAL_EXISTS)
#define bpf_core_enum_value(enum_type, enum_value) \
  PUREBPF_ENUMERATOR(enum_type, enum_value, BPF_ENUMVAL_VALUE)

/* A pointer of that type to which the verifier allows reads (Linux 6.3). */
extern void* bpf_rdonly_cast(const void* obj, __u32 btf_id) __ksym __weak;
#define bpf_core_cast(pointer, type) \
  ((typeof(type)*)bpf_rdonly_cast((pointer), bpf_core_type_id_kernel(type)))

/* One read through a helper: `size` bytes at the relocated address `from`. */
#define PUREBPF_RELOCATED(from) ((const void*)__builtin_preserve_access_index(from))
#define bpf_core_read(to, size, from) bpf_probe_read_kernel(to, size, PUREBPF_RELOCATED(from))
#define bpf_core_read_user(to, size, from) bpf_probe_read_user(to, size, PUREBPF_RELOCATED(from))
#define bpf_core_read_str(to, size, from) \
  bpf_probe_read_kernel_str(to, size, PUREBPF_RELOCATED(from))
#define bpf_core_read_user_str(to, size, from) \
  bpf_probe_read_user_str(to, size, PUREBPF_RELOCATED(from))

/* Chains: (src, a, b, c) is src->a->b->c, each arrow one read. `hop` reads the pointers on the way, all
 * into ___next; `last` reads the value. `typed` is never evaluated: it has the type that `from`, the
 * address so far, has lost. */
#define PUREBPF_WALK1(hop, last, dst, typed, from, field) \
  last((void*)(dst), sizeof(*(dst)), &((typeof(typed))(from))->field);
#define PUREBPF_WALK2(hop, last, dst, typed, from, field, rest...)            \
  hop((void*)&___next, sizeof(___next), &((typeof(typed))(from))->field);     \
  PUREBPF_WALK1(hop, last, dst, (typed)->field, ___next, rest)
#define PUREBPF_WALK3(hop, last, dst, typed, from, field, rest...)            \
  hop((void*)&___next, sizeof(___next), &((typeof(typed))(from))->field);     \
  PUREBPF_WALK2(hop, last, dst, (typed)->field, ___next, rest)
#define PUREBPF_WALK4(hop, last, dst, typed, from, field, rest...)            \
  hop((void*)&___next, sizeof(___next), &((typeof(typed))(from))->field);     \
  PUREBPF_WALK3(hop, last, dst, (typed)->field, ___next, rest)
#define PUREBPF_WALK5(hop, last, dst, typed, from, field, rest...)            \
  hop((void*)&___next, sizeof(___next), &((typeof(typed))(from))->field);     \
  PUREBPF_WALK4(hop, last, dst, (typed)->field, ___next, rest)
#define PUREBPF_WALK6(hop, last, dst, typed, from, field, rest...)            \
  hop((void*)&___next, sizeof(___next), &((typeof(typed))(from))->field);     \
  PUREBPF_WALK5(hop, last, dst, (typed)->field, ___next, rest)
#define PUREBPF_WALK7(hop, last, dst, typed, from, field, rest...)            \
  hop((void*)&___next, sizeof(___next), &((typeof(typed))(from))->field);     \
  PUREBPF_WALK6(hop, last, dst, (typed)->field, ___next, rest)
#define PUREBPF_WALK8(hop, last, dst, typed, from, field, rest...)            \
  hop((void*)&___next, sizeof(___next), &((typeof(typed))(from))->field);     \
  PUREBPF_WALK7(hop, last, dst, (typed)->field, ___next, rest)
#define PUREBPF_WALK9(hop, last, dst, typed, from, field, rest...)            \
  hop((void*)&___next, sizeof(___next), &((typeof(typed))(from))->field);     \
  PUREBPF_WALK8(hop, last, dst, (typed)->field, ___next, rest)
#define PUREBPF_WALK10(hop, last, dst, typed, from, field, rest...)           \
  hop((void*)&___next, sizeof(___next), &((typeof(typed))(from))->field);     \
  PUREBPF_WALK9(hop, last, dst, (typed)->field, ___next, rest)
#define PUREBPF_READ_INTO(hop, last, dst, src, fields...)                                      \
  ({                                                                                           \
    const void* ___next __attribute__((unused));                                               \
    PUREBPF_JOIN(PUREBPF_WALK, ___bpf_narg(fields))(hop, last, dst, (src), (src), fields)      \
  })

/* Into *dst; the result is that of the last read, 0 or -EFAULT. CORE: relocated. PROBE: the layout as
 * compiled. USER: user memory, whose layouts no kernel knows: types of the user API alone. */
#define BPF_CORE_READ_INTO(dst, src, fields...) \
  PUREBPF_READ_INTO(bpf_core_read, bpf_core_read, dst, src, fields)
#define BPF_CORE_READ_USER_INTO(dst, src, fields...) \
  PUREBPF_READ_INTO(bpf_core_read_user, bpf_core_read_user, dst, src, fields)
#define BPF_PROBE_READ_INTO(dst, src, fields...) \
  PUREBPF_READ_INTO(bpf_probe_read_kernel, bpf_probe_read_kernel, dst, src, fields)
#define BPF_PROBE_READ_USER_INTO(dst, src, fields...) \
  PUREBPF_READ_INTO(bpf_probe_read_user, bpf_probe_read_user, dst, src, fields)
/* The last read is of a string: its length with the zero, or -EFAULT. */
#define BPF_CORE_READ_STR_INTO(dst, src, fields...) \
  PUREBPF_READ_INTO(bpf_core_read, bpf_core_read_str, dst, src, fields)
#define BPF_CORE_READ_USER_STR_INTO(dst, src, fields...) \
  PUREBPF_READ_INTO(bpf_core_read_user, bpf_core_read_user_str, dst, src, fields)
#define BPF_PROBE_READ_STR_INTO(dst, src, fields...) \
  PUREBPF_READ_INTO(bpf_probe_read_kernel, bpf_probe_read_kernel_str, dst, src, fields)
#define BPF_PROBE_READ_USER_STR_INTO(dst, src, fields...) \
  PUREBPF_READ_INTO(bpf_probe_read_user, bpf_probe_read_user_str, dst, src, fields)

/* The value itself: BPF_CORE_READ(task, real_parent, tgid); 0 where it cannot be read. */
#if (defined(__clang__) && __clang_major__ >= 19) || (!defined(__clang__) && __GNUC__ >= 14)
/* Without the field's const: a constant that a helper fills in would be none. */
#define PUREBPF_VARIABLE(expression) __typeof_unqual__(expression)
#else
#define PUREBPF_VARIABLE(expression) typeof(expression)
#endif
#define PUREBPF_ARROWS1(typed, field) (typed)->field
#define PUREBPF_ARROWS2(typed, field, rest...) PUREBPF_ARROWS1((typed)->field, rest)
#define PUREBPF_ARROWS3(typed, field, rest...) PUREBPF_ARROWS2((typed)->field, rest)
#define PUREBPF_ARROWS4(typed, field, rest...) PUREBPF_ARROWS3((typed)->field, rest)
#define PUREBPF_ARROWS5(typed, field, rest...) PUREBPF_ARROWS4((typed)->field, rest)
#define PUREBPF_ARROWS6(typed, field, rest...) PUREBPF_ARROWS5((typed)->field, rest)
#define PUREBPF_ARROWS7(typed, field, rest...) PUREBPF_ARROWS6((typed)->field, rest)
#define PUREBPF_ARROWS8(typed, field, rest...) PUREBPF_ARROWS7((typed)->field, rest)
#define PUREBPF_ARROWS9(typed, field, rest...) PUREBPF_ARROWS8((typed)->field, rest)
#define PUREBPF_ARROWS10(typed, field, rest...) PUREBPF_ARROWS9((typed)->field, rest)
#define PUREBPF_VALUE(hop, src, fields...)                                                        \
  ({                                                                                              \
    PUREBPF_VARIABLE(PUREBPF_JOIN(PUREBPF_ARROWS, ___bpf_narg(fields))((src), fields)) ___value;  \
    PUREBPF_READ_INTO(hop, hop, &___value, src, fields);                                          \
    ___value;                                                                                     \
  })
#define BPF_CORE_READ(src, fields...) PUREBPF_VALUE(bpf_core_read, src, fields)
#define BPF_CORE_READ_USER(src, fields...) PUREBPF_VALUE(bpf_core_read_user, src, fields)
#define BPF_PROBE_READ(src, fields...) PUREBPF_VALUE(bpf_probe_read_kernel, src, fields)
#define BPF_PROBE_READ_USER(src, fields...) PUREBPF_VALUE(bpf_probe_read_user, src, fields)

/* Bit fields: the compiler says in which 1, 2, 4 or 8 bytes one lies, and by how much to shift these, as
 * 64 bits, so that it ends at the upper end (LSHIFT_U64) and then at the lower (RSHIFT_U64). */
#define __CORE_RELO(src, field, info) __builtin_preserve_field_info((src)->field, BPF_FIELD_##info)
#define PUREBPF_SHIFTED(word, s, field)                                             \
  ({                                                                                \
    const unsigned long long ___top = (word) << __CORE_RELO(s, field, LSHIFT_U64);  \
    __CORE_RELO(s, field, SIGNED)                                                   \
    ? (unsigned long long)((long long)___top >> __CORE_RELO(s, field, RSHIFT_U64))  \
    : ___top >> __CORE_RELO(s, field, RSHIFT_U64);                                  \
  })

/* By a helper: 0 where it cannot be read. On big-endian machines the bytes end the word of 64 bits. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PUREBPF_LOW_BYTES(word, size) ((void*)(word))
#else
#define PUREBPF_LOW_BYTES(word, size) ((void*)(word) + (8 - (size)))
#endif
#define __CORE_BITFIELD_PROBE_READ(word, src, field)                              \
  bpf_probe_read_kernel(PUREBPF_LOW_BYTES(word, __CORE_RELO(src, field, BYTE_SIZE)), \
                        __CORE_RELO(src, field, BYTE_SIZE),                       \
                        (const void*)(src) + __CORE_RELO(src, field, BYTE_OFFSET))
#define BPF_CORE_READ_BITFIELD_PROBED(s, field)        \
  ({                                                   \
    unsigned long long ___word = 0;                    \
    __CORE_BITFIELD_PROBE_READ(&___word, s, field);    \
    PUREBPF_SHIFTED(___word, s, field);                \
  })

/* By a load, for pointers that the verifier knows. The address is computed once, before the choice
 * between the loads: the compiler would fold it into each, where it is relocated as something else. */
#define PUREBPF_HOLDER(s, field)                                            \
  ({                                                                        \
    void* ___at = (void*)(s) + __CORE_RELO(s, field, BYTE_OFFSET);          \
    barrier_var(___at);                                                     \
    ___at;                                                                  \
  })
#define BPF_CORE_READ_BITFIELD(s, field)                                    \
  ({                                                                        \
    const void* ___holder = PUREBPF_HOLDER(s, field);                       \
    unsigned long long ___word = 0;                                         \
    switch (__CORE_RELO(s, field, BYTE_SIZE)) {                             \
      case 1: ___word = *(const __u8*)___holder; break;                     \
      case 2: ___word = *(const __u16*)___holder; break;                    \
      case 4: ___word = *(const __u32*)___holder; break;                    \
      case 8: ___word = *(const __u64*)___holder; break;                    \
    }                                                                       \
    PUREBPF_SHIFTED(___word, s, field);                                     \
  })

/* Writes one, its neighbours untouched. */
#define PUREBPF_MERGE(type, holder, mask, bits) \
  *(type*)(holder) = (*(type*)(holder) & ~(mask)) | ((bits) & (mask))
#define BPF_CORE_WRITE_BITFIELD(s, field, new_val)                                            \
  ({                                                                                          \
    void* ___holder = PUREBPF_HOLDER(s, field);                                               \
    const unsigned int ___left = __CORE_RELO(s, field, LSHIFT_U64);                           \
    const unsigned int ___right = __CORE_RELO(s, field, RSHIFT_U64);                          \
    const unsigned long long ___mask = (~0ULL << ___right) >> ___left;                        \
    const unsigned long long ___bits = (unsigned long long)(new_val) << (___right - ___left); \
    switch (__CORE_RELO(s, field, BYTE_SIZE)) {                                               \
      case 1: PUREBPF_MERGE(__u8, ___holder, ___mask, ___bits); break;                        \
      case 2: PUREBPF_MERGE(__u16, ___holder, ___mask, ___bits); break;                       \
      case 4: PUREBPF_MERGE(__u32, ___holder, ___mask, ___bits); break;                       \
      case 8: PUREBPF_MERGE(__u64, ___holder, ___mask, ___bits); break;                       \
    }                                                                                         \
  })

#endif /* PUREBPF_BPF_BPF_CORE_READ_H_ */
