// References that are told apart but not resolved: global data, another function, an extern, the
// layout of a kernel type.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

int counter = 1;
extern int something_elsewhere(int) SEC(".ksyms");

__noinline int helper_function(struct xdp_md* ctx) { return ctx->ingress_ifindex == 1; }

SEC("xdp")
int uses_data(struct xdp_md* ctx) { return counter++; }

SEC("xdp")
int calls_function(struct xdp_md* ctx) { return helper_function(ctx) + 1; }

SEC("xdp")
int calls_extern(struct xdp_md* ctx) { return something_elsewhere(1); }

struct net_device {
  int ifindex;
} __attribute__((preserve_access_index));

SEC("xdp")
int reads_kernel_type(struct net_device* device) { return device->ifindex; }

SEC("xdp")
int needs_nothing(struct xdp_md* ctx) { return XDP_PASS; }

char _license[] SEC("license") = "GPL";
