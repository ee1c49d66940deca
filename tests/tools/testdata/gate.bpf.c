// What a gate must not let through, and what it must: a field that not every kernel has, read where
// it is not at once seen whether it is.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char license_text[] SEC("license") = "GPL";

struct thing {
  int always;
  int sometimes;
} __attribute__((preserve_access_index));

static inline __attribute__((always_inline)) int read_field(struct xdp_md* ctx) {
  const struct thing* thing = (void*)(long)ctx->data;
  return thing->sometimes;
}

#define field_exists() __builtin_preserve_field_info(((struct thing*)0)->sometimes, 2)

// Functions that are verified although nothing that is reached calls them.

extern void bpf_throw(__u64 cookie) __ksym;

__attribute__((noinline)) int caught(__u64 cookie) {
  const struct thing* thing = (void*)(long)cookie;
  return thing->sometimes;
}

SEC("tc")
__attribute__((btf_decl_tag("exception_callback:caught"))) int throws(struct __sk_buff* ctx) {
  if (ctx->len > 100) bpf_throw(1);
  return 0;
}

__attribute__((noinline)) int global_reads(struct xdp_md* ctx) { return read_field(ctx); }

SEC("xdp")
int calls_global(struct xdp_md* ctx) { return field_exists() ? global_reads(ctx) : XDP_PASS; }

static __attribute__((noinline)) int static_reads(struct xdp_md* ctx) { return read_field(ctx); }

SEC("xdp")
int calls_static(struct xdp_md* ctx) { return field_exists() ? static_reads(ctx) : XDP_PASS; }

// Constants that user space gives their values.

const volatile int enable = 0;
const volatile signed char level = 0;
const volatile unsigned int modes[2] = {0, 0x01020304};
const volatile struct {
  int unused;
  int on;
} settings = {0, 0};
const volatile int other = 0;

SEC("xdp")
int switched(struct xdp_md* ctx) { return enable ? read_field(ctx) : XDP_PASS; }

SEC("xdp")
int switched_twice(struct xdp_md* ctx) {
  if (settings.on && level == -2) return read_field(ctx);
  return other ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int switched_off(struct xdp_md* ctx) { return modes[1] == 0x01020304 ? XDP_PASS : read_field(ctx); }

SEC("xdp")
int switched_on(struct xdp_md* ctx) { return enable ? XDP_PASS : read_field(ctx); }

SEC("xdp")
int switched_and_guarded(struct xdp_md* ctx) {
  return enable && field_exists() ? read_field(ctx) : XDP_PASS;
}

// Nobody is asked for the value of this one.
const int fixed = 0;

SEC("xdp")
int fixed_off(struct xdp_md* ctx) {
  const int* at = &fixed;
  asm volatile("" : "+r"(at));  // it is read, and not known to the compiler
  return *at ? read_field(ctx) : XDP_PASS;
}

// The kernel's version and options.

extern unsigned int LINUX_KERNEL_VERSION __kconfig;
extern _Bool LINUX_HAS_BPF_COOKIE __kconfig;
extern int CONFIG_GATE __kconfig __weak;

SEC("xdp")
int by_version(struct xdp_md* ctx) {
  return LINUX_KERNEL_VERSION >= 0x060800 ? read_field(ctx) : XDP_PASS;
}

SEC("xdp")
int by_feature(struct xdp_md* ctx) { return LINUX_HAS_BPF_COOKIE ? read_field(ctx) : XDP_PASS; }

SEC("xdp")
int by_option(struct xdp_md* ctx) { return CONFIG_GATE == 7 ? read_field(ctx) : XDP_PASS; }

// A module's.

extern int module_function(int) __ksym;

SEC("xdp")
int calls_module(struct xdp_md* ctx) { return module_function(1); }
