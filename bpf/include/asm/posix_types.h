/* SPDX-License-Identifier: MIT */
/* Debian keeps asm/ in a folder per machine, which clang -target bpf does not search. */
#include <asm-generic/posix_types.h>
