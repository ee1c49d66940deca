// What depends on the byte order of the machine that it is compiled for.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char license_text[] SEC("license") = "GPL";

extern int CONFIG_HZ __kconfig;
extern unsigned int LINUX_KERNEL_VERSION __kconfig;

struct packed {
  unsigned int one : 5;
  unsigned int two : 3;
} __attribute__((preserve_access_index));

const volatile unsigned int limit = 0x01020304;
unsigned short port = 0x0102;

SEC("xdp")
int shift(struct xdp_md* ctx) {
  const struct packed* packed = (void*)(long)ctx->data;
  return __builtin_preserve_field_info(packed->two, 4);
}

SEC("xdp")
int options(struct xdp_md* ctx) { return CONFIG_HZ + LINUX_KERNEL_VERSION; }

SEC("xdp")
int data(struct xdp_md* ctx) { return limit + port; }

// What the constant says is dead code does not matter.
SEC("xdp")
int guarded(struct xdp_md* ctx) {
  const struct packed* packed = (void*)(long)ctx->data;
  if (limit == 0x01020304) return XDP_PASS;
  return __builtin_preserve_field_info(packed->one, 4);
}
