// SPDX-License-Identifier: MIT
// Programs whose sections say where they go, one whose does not, and functions for the kernel.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct made_up_ops {
  int (*start)(void);
  unsigned int limit;
};

SEC("raw_tp/sys_enter")
int on_enter(void* ctx) { return 0; }

SEC("raw_tp/sys_exit")
int on_exit(void* ctx) { return 0; }

SEC("xdp")
int pass(struct xdp_md* ctx) { return XDP_PASS; }

SEC("struct_ops/start")
int start(void) { return 0; }

SEC(".struct_ops.link")
struct made_up_ops linked = {.start = (void*)start, .limit = 7};

SEC(".struct_ops")
struct made_up_ops registered = {.start = (void*)start};

char _license[] SEC("license") = "GPL";
