// Programs whose right working only a kernel can tell: functions that replace others, callbacks for
// exceptions, a congestion control, contexts that are parameters.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char license_text[] SEC("license") = "GPL";

// Replaced by what section freplace has, in a copy of this object that is loaded before.

__noinline int replaced(struct __sk_buff* skb) {
  volatile int result = 1;
  return result;
}

SEC("tc")
int calls_replaced(struct __sk_buff* skb) { return replaced(skb); }

SEC("?freplace/replaced")
int replaces(struct __sk_buff* skb) { return 42; }

// An exception: what is thrown is what the callback is given.

extern void bpf_throw(__u64 cookie) __ksym;

__noinline int catches(__u64 cookie) { return (int)cookie + 1; }

SEC("?tc")
__attribute__((btf_decl_tag("exception_callback:catches"))) int throws(struct __sk_buff* skb) {
  if (skb->len != 0) bpf_throw(41);
  return 7;
}

// A global function is verified by itself: without a word it is not known what `context` is.

__noinline int length_of(void* context __arg_ctx) {
  struct __sk_buff* skb = context;
  return (int)skb->len;
}

SEC("?tc")
int asks_length(struct __sk_buff* skb) { return length_of(skb); }

// A congestion control that does nothing, twice: registered when its map is filled, and by a link.

struct sock;

struct tcp_congestion_ops___small {
  __u32 (*ssthresh)(struct sock* sk);
  void (*cong_avoid)(struct sock* sk, __u32 ack, __u32 acked);
  __u32 (*undo_cwnd)(struct sock* sk);
  char name[16];
};

SEC("?struct_ops")
int ssthresh(__u64* context) { return 2; }

SEC("?struct_ops")
int cong_avoid(__u64* context) { return 0; }

SEC("?struct_ops")
int undo_cwnd(__u64* context) { return 2; }

SEC("?.struct_ops")
struct tcp_congestion_ops___small by_map = {
    .ssthresh = (void*)ssthresh,
    .cong_avoid = (void*)cong_avoid,
    .undo_cwnd = (void*)undo_cwnd,
    .name = "purebpf_map",
};

SEC("?.struct_ops.link")
struct tcp_congestion_ops___small by_link = {
    .ssthresh = (void*)ssthresh,
    .cong_avoid = (void*)cong_avoid,
    .undo_cwnd = (void*)undo_cwnd,
    .name = "purebpf_link",
};
