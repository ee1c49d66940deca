// Something of everything that the command-line tool tells of.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char license_text[] SEC("license") = "GPL";

// Its size is left to user space.
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __type(key, unsigned int);
  __type(value, unsigned long long);
} sized_by_user SEC(".maps");

struct thing {
  int always;
  int sometimes;
} __attribute__((preserve_access_index));

unsigned int threshold = 7;
extern int CONFIG_HZ __attribute__((weak)) SEC(".kconfig");
extern int kernel_function(int) __attribute__((weak)) SEC(".ksyms");

SEC("xdp")
int passes(struct xdp_md* ctx) { return XDP_PASS; }

SEC("xdp")
int sized(struct xdp_md* ctx) {
  unsigned int key = threshold;
  return bpf_map_lookup_elem(&sized_by_user, &key) ? XDP_DROP : XDP_PASS;
}

SEC("?xdp")
int optional(struct xdp_md* ctx) { return XDP_DROP; }

SEC("xdp")
int guarded(struct xdp_md* ctx) {
  const struct thing* thing = (void*)(long)ctx->data;
  if (__builtin_preserve_field_info(thing->sometimes, 2)) return thing->sometimes;
  return XDP_PASS;
}

SEC("xdp")
int unguarded(struct xdp_md* ctx) {
  const struct thing* thing = (void*)(long)ctx->data;
  return thing->always + thing->sometimes;
}

SEC("xdp")
int guarded_call(struct xdp_md* ctx) {
  if (!kernel_function) return XDP_PASS;
  return kernel_function(1);
}

SEC("xdp")
int option(struct xdp_md* ctx) { return CONFIG_HZ; }

// Nobody knows such a section.
SEC("mystery")
int unknown_kind(void* ctx) { return 0; }
