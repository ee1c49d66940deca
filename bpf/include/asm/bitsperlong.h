/* SPDX-License-Identifier: MIT */
/* Debian keeps asm/ in a folder per machine, which clang -target bpf does not search. */
#ifndef __BITS_PER_LONG
#define __BITS_PER_LONG 64
#endif
#include <asm-generic/bitsperlong.h>
