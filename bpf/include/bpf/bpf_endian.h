/* SPDX-License-Identifier: MIT */
/*
 * Byte orders: network (big-endian) and little-endian, to and from that of the machine. Of a
 * constant the compiler makes a constant, which may be a case label or an initialiser.
 */
#ifndef PUREBPF_BPF_BPF_ENDIAN_H_
#define PUREBPF_BPF_BPF_ENDIAN_H_
#define __BPF_ENDIAN__ /* libbpf's own bpf_endian.h, should one of its headers include it, is then empty */

/* The bytes the other way round, by arithmetic, which folds for a constant. */
#define ___bpf_swab16(x) ((__u16)((__u16)(x) << 8 | (__u16)(x) >> 8))
#define ___bpf_swab32(x)                                         \
  ((__u32)((__u32)(x) << 24 | ((__u32)(x) & 0xff00) << 8 |       \
           ((__u32)(x) >> 8 & 0xff00) | (__u32)(x) >> 24))
#define ___bpf_swab64(x) \
  ((__u64)___bpf_swab32((__u64)(x)) << 32 | ___bpf_swab32((__u64)(x) >> 32))

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PUREBPF_TURN(turned, as_is) turned
#elif __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define PUREBPF_TURN(turned, as_is) as_is
#else
#error "the compiler does not say the byte order (__BYTE_ORDER__)"
#endif

/* Of any value: one instruction. */
#define __bpf_ntohs(x) PUREBPF_TURN(__builtin_bswap16(x), (x))
#define __bpf_ntohl(x) PUREBPF_TURN(__builtin_bswap32(x), (x))
#define __bpf_be64_to_cpu(x) PUREBPF_TURN(__builtin_bswap64(x), (x))
/* Of a constant. */
#define __bpf_constant_ntohs(x) PUREBPF_TURN(___bpf_swab16(x), (x))
#define __bpf_constant_ntohl(x) PUREBPF_TURN(___bpf_swab32(x), (x))
#define __bpf_constant_be64_to_cpu(x) PUREBPF_TURN(___bpf_swab64(x), (x))
/* There is the same as back. */
#define __bpf_htons(x) __bpf_ntohs(x)
#define __bpf_htonl(x) __bpf_ntohl(x)
#define __bpf_cpu_to_be64(x) __bpf_be64_to_cpu(x)
#define __bpf_constant_htons(x) __bpf_constant_ntohs(x)
#define __bpf_constant_htonl(x) __bpf_constant_ntohl(x)
#define __bpf_constant_cpu_to_be64(x) __bpf_constant_be64_to_cpu(x)

#define PUREBPF_ORDER(order, x) \
  (__builtin_constant_p(x) ? __bpf_constant_##order(x) : __bpf_##order(x))
#define bpf_ntohs(x) PUREBPF_ORDER(ntohs, x)
#define bpf_htons(x) PUREBPF_ORDER(htons, x)
#define bpf_ntohl(x) PUREBPF_ORDER(ntohl, x)
#define bpf_htonl(x) PUREBPF_ORDER(htonl, x)
#define bpf_be64_to_cpu(x) PUREBPF_ORDER(be64_to_cpu, x)
#define bpf_cpu_to_be64(x) PUREBPF_ORDER(cpu_to_be64, x)

#endif /* PUREBPF_BPF_BPF_ENDIAN_H_ */
