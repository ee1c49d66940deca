/* SPDX-License-Identifier: MIT */
/*
 * What a BPF program written in C needs from its loader's side: section and map definition macros,
 * and the helpers of the kernel by their numbers. Include <linux/bpf.h> (or a vmlinux.h) first.
 * The names are those that existing programs use.
 *
 * Source: include/uapi/linux/bpf.h (helper numbers and signatures), Documentation/bpf/btf.rst (map
 * definitions).
 */
#ifndef PUREBPF_BPF_BPF_HELPERS_H_
#define PUREBPF_BPF_BPF_HELPERS_H_

/* Places a function or variable into the section that the loader looks for. */
#define SEC(name) __attribute__((section(name), used))

/* The fields of a map definition in section .maps: a number is the length of an array type, a type
 * is what a pointer points to. */
#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value)* name
#define __array(name, value) typeof(value)* name[]

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif

/* A program calls a helper by its number. */

/* 1, Linux 3.19: the value of `key`, or null. */
static void* (*const bpf_map_lookup_elem)(void* map, const void* key) = (void*)1;
/* 2, Linux 3.19. */
static long (*const bpf_map_update_elem)(void* map, const void* key, const void* value,
                                         __u64 flags) = (void*)2;
/* 3, Linux 3.19. */
static long (*const bpf_map_delete_elem)(void* map, const void* key) = (void*)3;
/* 51, Linux 4.14: XDP_REDIRECT to what `map` holds at `key`, or else the lower two bits of flags.
 */
static long (*const bpf_redirect_map)(void* map, __u64 key, __u64 flags) = (void*)51;

#endif /* PUREBPF_BPF_BPF_HELPERS_H_ */
