// SPDX-License-Identifier: MIT
// Counts packets by flow, CPU and verdict, and tells of each: something of all that a skeleton has.
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

enum verdict {
  VERDICT_PASS,
  VERDICT_DROP = 7,
};

// Two bytes of padding in the middle, and three at the end.
struct flow_key {
  __u16 port;
  __u32 address;
  __u8 protocol;
};

struct flow {
  __u64 packets;
  __u64 bytes;
  struct {
    __u32 first;
    __u32 last;
  } seen;
};

struct event {
  __u64 time;
  struct flow_key key;
  enum verdict verdict;
  __u32 length;
  char name[16];
};

struct limits {
  __u32 length;
  bool strict;
  union {
    __u32 word;
    __u8 bytes[4];
  };
  unsigned int low : 3;
  unsigned int high : 6;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, struct flow_key);
  __type(value, struct flow);
} flows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 8);
  __type(key, __u32);
  __type(value, __u64);
} verdicts SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
  __type(value, struct event);
} events SEC(".maps");

const volatile __u32 step = 1;
const volatile struct limits limits = {.length = 1000, .strict = true, .word = 5, .high = 33};
volatile __u64 packets;
volatile char name[16] = "traffic";
volatile __u32 by_verdict[8];
static volatile __u32 hidden;

static __attribute__((noinline)) enum verdict judge(__u32 length) {
  hidden++;
  return length > limits.length ? VERDICT_DROP : VERDICT_PASS;
}

SEC("xdp")
int count(struct xdp_md* ctx) {
  const __u32 length = ctx->data_end - ctx->data;
  const enum verdict verdict = judge(length);
  const __u32 slot = verdict & 7;
  struct flow_key key = {};
  struct flow* flow;
  struct event* event;
  __u64* count;

  packets += step;
  by_verdict[slot]++;
  key.address = length;
  key.port = 80;
  flow = bpf_map_lookup_elem(&flows, &key);
  if (flow) {
    flow->packets++;
    flow->bytes += length;
    flow->seen.last = packets;
  }
  count = bpf_map_lookup_elem(&verdicts, &slot);
  if (count) *count += step;
  event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  if (event) {
    event->time = packets;
    event->key = key;
    event->verdict = verdict;
    event->length = length;
    for (int i = 0; i < 16; i++) event->name[i] = name[i];
    bpf_ringbuf_submit(event, 0);
  }
  return verdict == VERDICT_DROP ? XDP_DROP : XDP_PASS;
}

SEC("?xdp")
int drop(struct xdp_md* ctx) { return XDP_DROP; }

char _license[] SEC("license") = "GPL";
