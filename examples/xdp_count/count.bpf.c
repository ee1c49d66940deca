// SPDX-License-Identifier: MIT
// Counts packets and their bytes by IP protocol. Each CPU has counters of its own, so that none
// waits for another.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct traffic {
  __u64 packets;
  __u64 bytes;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 256);
  __type(key, __u32);
  __type(value, struct traffic);
} by_protocol SEC(".maps");

SEC("xdp")
int count(struct xdp_md* ctx) {
  const void* data = (void*)(long)ctx->data;
  const void* end = (void*)(long)ctx->data_end;
  const struct ethhdr* ethernet = data;
  const struct iphdr* ipv4 = (const void*)(ethernet + 1);
  const struct ipv6hdr* ipv6 = (const void*)(ethernet + 1);
  __u32 protocol = 0;

  if ((const void*)(ethernet + 1) > end) return XDP_PASS;
  if (ethernet->h_proto == bpf_htons(ETH_P_IP) && (const void*)(ipv4 + 1) <= end)
    protocol = ipv4->protocol;
  else if (ethernet->h_proto == bpf_htons(ETH_P_IPV6) && (const void*)(ipv6 + 1) <= end)
    protocol = ipv6->nexthdr;
  else
    return XDP_PASS;

  struct traffic* traffic = bpf_map_lookup_elem(&by_protocol, &protocol);
  if (!traffic) return XDP_PASS;
  traffic->packets++;
  traffic->bytes += end - data;
  return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
