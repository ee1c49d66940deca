/* 50 programs with 50 maps, variables of each kind, and static and global functions: what a suite of
 * network functions has. load_bench measures it, calls_test counts its system calls. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

__u64 packets = 1;
__u64 errors;
const volatile __u32 verdict = XDP_PASS;

__attribute__((noinline)) int global_sum(__u32 a, __u32 b) { return (int)(a + 3 * b); }
static __attribute__((noinline)) __u64 twice(__u64 *value) {
  return value ? 2 * *value : 0;
}

#define FUNCTION(n)                                    \
  struct {                                             \
    __uint(type, BPF_MAP_TYPE_ARRAY);                  \
    __uint(max_entries, 16);                           \
    __type(key, __u32);                                \
    __type(value, __u64);                              \
  } map_##n SEC(".maps");                              \
                                                       \
  SEC("xdp") int program_##n(struct xdp_md *context) { \
    __u32 key = context->rx_queue_index & 15;          \
    __u64 *value = bpf_map_lookup_elem(&map_##n, &key); \
    if (value) __sync_fetch_and_add(value, 1);         \
    if (global_sum(key, n) == 99) ++errors;            \
    packets += twice(value);                           \
    return (int)verdict;                               \
  }

#define TEN(n) \
  FUNCTION(n##0) FUNCTION(n##1) FUNCTION(n##2) FUNCTION(n##3) FUNCTION(n##4) \
  FUNCTION(n##5) FUNCTION(n##6) FUNCTION(n##7) FUNCTION(n##8) FUNCTION(n##9)

TEN(1) TEN(2) TEN(3) TEN(4) TEN(5)

char LICENSE[] SEC("license") = "GPL";
