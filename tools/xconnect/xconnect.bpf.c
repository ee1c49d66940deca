// SPDX-License-Identifier: MIT
// Cross-connects interfaces: a frame that arrives on one leaves by the one that the map names.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

// From the interface a frame arrives on (ifindex) to the one it leaves by. The hash form of a
// DEVMAP: an array would end at its size, and interface indices on a busy machine grow without end.
// Defined in the old style, as bytes: these need no BTF, so that an object compiled without -g
// loads. Room for 2048 pairs to be replaced by 2048 others: new entries are put before old ones go.
struct {
  __u32 type, key_size, value_size, max_entries, map_flags;
} xconnect_map SEC("maps") = {
    .type = BPF_MAP_TYPE_DEVMAP_HASH,
    .key_size = sizeof(__u32),
    .value_size = sizeof(__u32),
    .max_entries = 8192,
};

// A frame whose interface is not in the map is dropped (XDP_ABORTED): it has nowhere to go.
SEC("xdp")
int xdp_xconnect(struct xdp_md* ctx) {
  return (int)bpf_redirect_map(&xconnect_map, ctx->ingress_ifindex, 0);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
