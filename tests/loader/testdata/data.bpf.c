// Global variables of every section, one of them an array that can grow.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char license_text[] SEC("license") = "GPL";

const volatile unsigned int limit = 5;
unsigned long long counter = 100;
unsigned int zero;
unsigned int last[1] SEC(".data.room");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, unsigned int);
  __type(value, unsigned int);
} open_size SEC(".maps");

SEC("xdp")
int counts(struct xdp_md* ctx) {
  counter += limit;
  zero = 7;
  last[0] = 9;
  return XDP_PASS;
}

SEC("xdp")
int looks_up(struct xdp_md* ctx) {
  unsigned int key = 1;
  return bpf_map_lookup_elem(&open_size, &key) ? XDP_DROP : XDP_PASS;
}
