// SPDX-License-Identifier: MIT
// Counts IPv4 packets and their bytes by protocol.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include <bpf/bpf_helpers.h>

#include "app/packet_stats.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, COUNTED_PROTOCOLS);
  __type(key, __u32);
  __type(value, struct packet_stats);
} packet_counts SEC(".maps");

SEC("xdp")
int count_packets(struct xdp_md* ctx) {
  const void* data = (void*)(long)ctx->data;
  const void* data_end = (void*)(long)ctx->data_end;
  const struct iphdr* ip = data + sizeof(struct ethhdr);
  if ((const void*)(ip + 1) > data_end) return XDP_PASS;

  __u32 protocol = ip->protocol;
  struct packet_stats* stats = bpf_map_lookup_elem(&packet_counts, &protocol);
  if (!stats) return XDP_PASS;
  __sync_fetch_and_add(&stats->packets, 1);
  __sync_fetch_and_add(&stats->bytes, data_end - data);
  return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
