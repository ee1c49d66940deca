/* SPDX-License-Identifier: MIT */
/* Debian keeps asm/ in a folder per machine, which clang -target bpf does not search. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <linux/byteorder/little_endian.h>
#else
#include <linux/byteorder/big_endian.h>
#endif
