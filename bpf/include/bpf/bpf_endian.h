/* SPDX-License-Identifier: MIT */
/*
 * Byte orders: network (big-endian) and little-endian, to and from that of the machine. Of a
 * constant the compiler makes a constant. Source: include/uapi/linux/byteorder.
 */
#ifndef PUREBPF_BPF_BPF_ENDIAN_H_
#define PUREBPF_BPF_BPF_ENDIAN_H_

#define ___bpf_mvb(x, b, n, m) ((__u##b)(x) << (b - (n + 1) * 8) >> (b - 8) << (m * 8))

#define ___bpf_swab16(x) ((__u16)(___bpf_mvb(x, 16, 0, 1) | ___bpf_mvb(x, 16, 1, 0)))
#define ___bpf_swab32(x)                                                                     \
  ((__u32)(___bpf_mvb(x, 32, 0, 3) | ___bpf_mvb(x, 32, 1, 2) | ___bpf_mvb(x, 32, 2, 1) |     \
           ___bpf_mvb(x, 32, 3, 0)))
#define ___bpf_swab64(x)                                                                     \
  ((__u64)(___bpf_mvb(x, 64, 0, 7) | ___bpf_mvb(x, 64, 1, 6) | ___bpf_mvb(x, 64, 2, 5) |     \
           ___bpf_mvb(x, 64, 3, 4) | ___bpf_mvb(x, 64, 4, 3) | ___bpf_mvb(x, 64, 5, 2) |     \
           ___bpf_mvb(x, 64, 6, 1) | ___bpf_mvb(x, 64, 7, 0)))

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define __bpf_ntohs(x) __builtin_bswap16(x)
#define __bpf_htons(x) __builtin_bswap16(x)
#define __bpf_constant_ntohs(x) ___bpf_swab16(x)
#define __bpf_constant_htons(x) ___bpf_swab16(x)
#define __bpf_ntohl(x) __builtin_bswap32(x)
#define __bpf_htonl(x) __builtin_bswap32(x)
#define __bpf_constant_ntohl(x) ___bpf_swab32(x)
#define __bpf_constant_htonl(x) ___bpf_swab32(x)
#define __bpf_be64_to_cpu(x) __builtin_bswap64(x)
#define __bpf_cpu_to_be64(x) __builtin_bswap64(x)
#define __bpf_constant_be64_to_cpu(x) ___bpf_swab64(x)
#define __bpf_constant_cpu_to_be64(x) ___bpf_swab64(x)
#elif __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define __bpf_ntohs(x) (x)
#define __bpf_htons(x) (x)
#define __bpf_constant_ntohs(x) (x)
#define __bpf_constant_htons(x) (x)
#define __bpf_ntohl(x) (x)
#define __bpf_htonl(x) (x)
#define __bpf_constant_ntohl(x) (x)
#define __bpf_constant_htonl(x) (x)
#define __bpf_be64_to_cpu(x) (x)
#define __bpf_cpu_to_be64(x) (x)
#define __bpf_constant_be64_to_cpu(x) (x)
#define __bpf_constant_cpu_to_be64(x) (x)
#else
#error "the compiler does not say the byte order (__BYTE_ORDER__)"
#endif

#define ___bpf_order(x, constant, variable) (__builtin_constant_p(x) ? constant(x) : variable(x))

#define bpf_htons(x) ___bpf_order(x, __bpf_constant_htons, __bpf_htons)
#define bpf_ntohs(x) ___bpf_order(x, __bpf_constant_ntohs, __bpf_ntohs)
#define bpf_htonl(x) ___bpf_order(x, __bpf_constant_htonl, __bpf_htonl)
#define bpf_ntohl(x) ___bpf_order(x, __bpf_constant_ntohl, __bpf_ntohl)
#define bpf_cpu_to_be64(x) ___bpf_order(x, __bpf_constant_cpu_to_be64, __bpf_cpu_to_be64)
#define bpf_be64_to_cpu(x) ___bpf_order(x, __bpf_constant_be64_to_cpu, __bpf_be64_to_cpu)

#endif /* PUREBPF_BPF_BPF_ENDIAN_H_ */
