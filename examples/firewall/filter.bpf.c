// SPDX-License-Identifier: MIT
// Drops what comes from blocked networks. IPv4 addresses are looked up as IPv6 has them,
// ::ffff:a.b.c.d, so that one trie serves both.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct network {
  __u32 length;  // of the prefix, in bits
  __u8 address[16];
};

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(max_entries, 65536);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct network);
  __type(value, __u64);  // packets dropped
} blocked SEC(".maps");

SEC("xdp")
int filter(struct xdp_md* ctx) {
  const void* data = (void*)(long)ctx->data;
  const void* end = (void*)(long)ctx->data_end;
  const struct ethhdr* ethernet = data;
  const struct iphdr* ipv4 = (const void*)(ethernet + 1);
  const struct ipv6hdr* ipv6 = (const void*)(ethernet + 1);
  struct network from = {.length = 128};

  if ((const void*)(ethernet + 1) > end) return XDP_PASS;
  if (ethernet->h_proto == bpf_htons(ETH_P_IP) && (const void*)(ipv4 + 1) <= end) {
    from.address[10] = from.address[11] = 0xff;
    __builtin_memcpy(&from.address[12], &ipv4->saddr, 4);
  } else if (ethernet->h_proto == bpf_htons(ETH_P_IPV6) && (const void*)(ipv6 + 1) <= end) {
    __builtin_memcpy(from.address, &ipv6->saddr, 16);
  } else {
    return XDP_PASS;
  }

  __u64* dropped = bpf_map_lookup_elem(&blocked, &from);
  if (!dropped) return XDP_PASS;
  __sync_fetch_and_add(dropped, 1);
  return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
