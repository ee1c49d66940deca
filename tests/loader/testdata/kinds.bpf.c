// One of each thing that a spec tells apart: both styles of map definition, several programs in a
// section, a section that is not loaded by itself, a section without a type.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct value {
  __u64 packets;
  __u32 bytes[3];
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 128);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, __u32);
  __type(value, struct value);
} by_type SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 4);
  __uint(key_size, 4);
  __uint(value_size, 8);
  __uint(numa_node, 0);
  __uint(pinning, 0);
} by_size SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 5000);
  __type(value, struct value);
} ring SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
} events SEC(".maps");

// As iproute2's programs define theirs: more fields than the kernel knows.
struct {
  __u32 type, key_size, value_size, max_entries, map_flags, id, pinning;
} old_style SEC("maps") = {
    .type = BPF_MAP_TYPE_ARRAY,
    .key_size = 4,
    .value_size = 16,
    .max_entries = 2,
};

struct {
  __u32 type, key_size, value_size, max_entries, map_flags;
} older_style SEC("maps") = {
    .type = BPF_MAP_TYPE_HASH,
    .key_size = 8,
    .value_size = 4,
    .max_entries = 7,
};

SEC("xdp")
int first(struct xdp_md* ctx) {
  __u32 key = ctx->ingress_ifindex;
  struct value* value = bpf_map_lookup_elem(&by_type, &key);
  return value ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int second(struct xdp_md* ctx) {
  __u32 key = 1;
  void* a = bpf_map_lookup_elem(&old_style, &key);
  void* b = bpf_map_lookup_elem(&by_size, &key);
  return a && b ? XDP_PASS : XDP_DROP;
}

SEC("?tc")
int optional(struct __sk_buff* skb) { return 0; }

SEC("kprobe/do_something")
int probe(void* ctx) { return 0; }

SEC("nothing_known")
int untyped(void* ctx) { return 0; }

char _license[] SEC("license") = "Dual MIT/GPL";
__u32 _version SEC("version") = 0x050a01;
