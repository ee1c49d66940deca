// What loaders stumble over: slots that relocations initialise, symbols that a kernel may lack,
// functions that several programs share, a kernel structure's functions.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char license_text[] SEC("license") = "GPL";

// Slots.

struct room {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} room_a SEC(".maps"), room_b SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 3);
  __uint(key_size, 4);
  __array(values, struct room);
} house SEC(".maps") = {.values = {[0] = &room_b, [2] = &room_a}};

int tail(struct xdp_md* ctx);

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 4);
  __uint(key_size, 4);
  __array(values, int(void*));
} table SEC(".maps") = {.values = {[3] = (void*)&tail}};

SEC("xdp")
int tail(struct xdp_md* ctx) { return XDP_DROP; }

SEC("xdp")
int calls_tail(struct xdp_md* ctx) {
  bpf_tail_call(ctx, &table, 3);
  __u32 key = 0;
  return bpf_map_lookup_elem(&house, &key) != NULL;
}

// Symbols that may be absent.

extern int CONFIG_HZ __kconfig;
extern unsigned long CONFIG_NOT_SET __kconfig __weak;
extern const void no_such_symbol __ksym __weak;
extern const int number __ksym;
extern int no_such_function(int argument) __ksym __weak;
extern int needed_function(int argument) __ksym;

SEC("xdp")
int reads_options(struct xdp_md* ctx) { return CONFIG_HZ + (int)CONFIG_NOT_SET; }

SEC("xdp")
int asks_for_symbol(struct xdp_md* ctx) { return &no_such_symbol != NULL; }

SEC("xdp")
int reads_number(struct xdp_md* ctx) { return number; }

SEC("xdp")
int asks_for_function(struct xdp_md* ctx) {
  return no_such_function ? no_such_function(1) : XDP_PASS;
}

SEC("xdp")
int needs_function(struct xdp_md* ctx) { return needed_function(1); }

// Functions that several programs share.

static __noinline int shared(int value) {
  volatile int x = value;
  return x * 3;
}

__noinline int calls_shared(int value) {
  volatile int x = value;
  return shared(x) + shared(x + 1);
}

SEC("tc")
int user_one(struct __sk_buff* skb) { return calls_shared((int)skb->len) + shared(1); }

SEC("tc")
int user_two(struct __sk_buff* skb) { return shared((int)skb->len); }

__noinline int again(int depth) {
  volatile int x = depth;
  return x > 0 ? again(x - 1) * 5 + x : 1;
}

SEC("tc")
int recurses(struct __sk_buff* skb) { return again((int)skb->len); }

// A kernel structure's functions.

struct made_up_ops {
  int (*start)(void);
  int (*not_yet)(void);
  unsigned int limit;
  unsigned int not_yet_limit;
};

SEC("struct_ops/start")
int start(void* ctx) { return 0; }

SEC("struct_ops/later")
int later(void* ctx) { return 0; }

SEC(".struct_ops.link")
struct made_up_ops without = {.start = (void*)start, .limit = 7};

SEC("?.struct_ops.link")
struct made_up_ops with = {.start = (void*)start, .not_yet = (void*)later};

SEC("?.struct_ops.link")
struct made_up_ops with_number = {.not_yet_limit = 1};
