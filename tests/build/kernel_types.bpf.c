// SPDX-License-Identifier: MIT
// A kernel of few types: its BTF is what bpf_vmlinux is given.
#include <linux/types.h>

struct mount_point {
  int depth;
};

struct process {
  char name[16];
  struct mount_point* root;
};

// What <bpf/bpf_helpers.h> asks of a vmlinux.h.
struct numbers {
  __u8 u8;
  __u16 u16;
  __u32 u32;
  __u64 u64;
  __s32 s32;
  __s64 s64;
  __be16 be16;
  __be32 be32;
  __wsum wsum;
};

struct process init;
struct mount_point root;
struct numbers numbers;
