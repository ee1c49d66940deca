// SPDX-License-Identifier: MIT
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "tests/build/limits.h"

SEC("xdp")
int drop(struct xdp_md* ctx) { return ctx->ingress_ifindex == LIMIT_FROM_DEP ? XDP_PASS : VERDICT; }

char LICENSE[] SEC("license") = "Dual MIT/GPL";
