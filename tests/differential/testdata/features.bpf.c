// What a loader writes into instructions, in every form that libbpf takes too.
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

char license_text[] SEC("license") = "GPL";

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, __u64);
} counts SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 8192);
} ring SEC(".maps");

// Data: maps whose place the instruction has, and the offset into them.

int written = 1;
static __u64 zeroed[3];
const volatile int fixed = 7;
SEC(".data.more") int more = 2;
SEC(".rodata.more") const volatile int fixed_more = 9;
SEC(".bss.more") __u64 zeroed_more[2];

SEC("xdp")
int reads_data(struct xdp_md* ctx) {
  bpf_printk("%d of %d", written, fixed);
  zeroed[2] += fixed_more;
  zeroed_more[1] += more;
  return written++ + (int)zeroed[1];
}

// Functions: appended in the order of their first call.

static __noinline int last(int value) {
  volatile int x = value;
  return x + fixed;
}

__noinline int middle(int value) {
  volatile int x = value;
  return last(x) * 2;
}

static __noinline int first(int value) {
  volatile int x = value;
  __u32 key = 1;
  return bpf_map_lookup_elem(&counts, &key) ? last(x) : middle(x);
}

SEC("xdp")
int calls_functions(struct xdp_md* ctx) { return middle(1) + first(2) + middle(3); }

SEC("tc")
int calls_them_otherwise(struct __sk_buff* skb) { return first(1) + last(2); }

struct bpf_map;

static long each(struct bpf_map* map, const __u32* key, __u64* value, __u64* sum) {
  *sum += *value;
  return 0;
}

SEC("tc")
int walks(struct __sk_buff* skb) {
  __u64 sum = 0;
  bpf_for_each_map_elem(&counts, each, &sum, 0);
  return (int)sum;
}

// Options and symbols of the kernel.

enum tristate { kNo, kYes, kModule };

extern int LINUX_KERNEL_VERSION __kconfig;
extern _Bool CONFIG_BPF_SYSCALL __kconfig;
extern unsigned long CONFIG_NO_SUCH_OPTION __kconfig __weak;
extern char CONFIG_NO_SUCH_TEXT[12] __kconfig __weak;
extern const void no_such_symbol __ksym __weak;
extern int no_such_function(int argument) __ksym __weak;

SEC("tc")
int reads_options(struct __sk_buff* skb) {
  return (LINUX_KERNEL_VERSION > 0) + CONFIG_BPF_SYSCALL + (int)CONFIG_NO_SUCH_OPTION +
         CONFIG_NO_SUCH_TEXT[5];
}

SEC("tc")
int asks_for_symbols(struct __sk_buff* skb) {
  return &no_such_symbol != NULL && no_such_function ? no_such_function(3) : 0;
}

// Fields, types and values of the kernel, there and not.

struct task_struct {
  int pid;
  int no_such_field;
} __attribute__((preserve_access_index));

struct no_such_type {
  long field;
} __attribute__((preserve_access_index));

struct sk_buff___ours {
  unsigned int len;
  unsigned char cloned : 1;
} __attribute__((preserve_access_index));

SEC("raw_tp/sched_switch")
int reads_fields(struct bpf_raw_tracepoint_args* ctx) {
  struct task_struct* task = (void*)ctx->args[1];
  int sum = BPF_CORE_READ(task, pid);
  if (bpf_core_field_exists(task->no_such_field)) sum += BPF_CORE_READ(task, no_such_field);
  if (bpf_core_type_exists(struct no_such_type)) sum += bpf_core_type_size(struct no_such_type);
  return sum + bpf_core_field_offset(struct sk_buff___ours, len) +
         bpf_core_field_size(struct task_struct, pid) +
         BPF_CORE_READ_BITFIELD_PROBED((struct sk_buff___ours*)ctx->args[0], cloned);
}
