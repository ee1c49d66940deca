// Programs that the verifier refuses, each for one of the reasons that people meet most.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char license_text[] SEC("license") = "GPL";

struct four {
  long numbers[4];
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, int);
  __type(value, struct four);
} values SEC(".maps");

// A look-up in an array by a constant always finds something; later kernels know that.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1);
  __type(key, int);
  __type(value, struct four);
} table SEC(".maps");

SEC("xdp")
int packet_bounds(struct xdp_md* ctx) {
  const unsigned char* data = (void*)(long)ctx->data;
  return data[13] == 8 ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int unchecked_value(struct xdp_md* ctx) {
  int key = 0;
  const struct four* value = bpf_map_lookup_elem(&table, &key);
  return value->numbers[0];
}

SEC("xdp")
int value_bounds(struct xdp_md* ctx) {
  int key = 0;
  const struct four* value = bpf_map_lookup_elem(&values, &key);
  if (!value) return XDP_PASS;
  return value->numbers[ctx->ingress_ifindex & 7];
}

SEC("xdp")
int value_without_bounds(struct xdp_md* ctx) {
  int key = 0;
  const struct four* value = bpf_map_lookup_elem(&values, &key);
  if (!value) return XDP_PASS;
  return value->numbers[ctx->ingress_ifindex];
}

// The compiler keeps all of `room`, from its first byte on.
#define USE(room) asm volatile("" : : "r"(&(room)) : "memory")

static __attribute__((noinline)) int callee(struct xdp_md* ctx) {
  char room[300];
  room[0] = (char)ctx->ingress_ifindex;
  USE(room);
  return room[0];
}

SEC("xdp")
int stack_limit(struct xdp_md* ctx) {
  char room[300];
  room[0] = (char)ctx->rx_queue_index;
  USE(room);
  int result = callee(ctx);
  USE(room);
  return result + room[0];
}

static long (*no_such_helper)(void) = (void*)9999;

SEC("xdp")
int unknown_helper(struct xdp_md* ctx) { return no_such_helper(); }

SEC("xdp")
int helper_of_others(struct xdp_md* ctx) {
  int number = 0;
  return bpf_skb_load_bytes(ctx, 0, &number, sizeof number);
}

extern int no_such_kernel_function(int) __attribute__((weak)) SEC(".ksyms");

SEC("xdp")
int missing_kfunc(struct xdp_md* ctx) { return no_such_kernel_function(1); }

struct task_struct {
  int no_such_field;
} __attribute__((preserve_access_index));

SEC("raw_tp/sys_enter")
int missing_field(void* ctx) {
  const struct task_struct* task = (void*)bpf_get_current_task();
  int value = 0;
  bpf_probe_read_kernel(&value, sizeof value, &task->no_such_field);
  return value;
}

SEC("xdp")
int endless(struct xdp_md* ctx) {
  while (1) asm volatile("");
}

// The tests load this one without its license.
SEC("xdp")
int gpl_only(struct xdp_md* ctx) {
  int value = 0;
  return bpf_probe_read_kernel(&value, sizeof value, ctx);
}

// Walked once for each of its turns, until the verifier has had enough.
SEC("xdp")
int too_complex(struct xdp_md* ctx) {
  unsigned sum = ctx->ingress_ifindex;
  for (unsigned i = 0; i < 10000000; ++i) {
    sum = sum * 31 + i;
    asm volatile("" : "+r"(sum));
  }
  return (int)sum;
}
