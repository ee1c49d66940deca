// What <bpf/bpf_helpers.h> has: sections, maps, externs, tags, loops, printing, calls.
#include <linux/bpf.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";
__u64 seen[32];
const volatile int setting = 3;
static const char name[] = "name";
int counted SEC(".data.counters") = 7;
struct item {
  int key;
  struct bpf_spin_lock lock;
  struct item __kptr* owned;
#ifndef OLD
  struct item __kptr_untrusted* borrowed;
  struct item __percpu_kptr* each;
  struct item __uptr* user;
#endif
};
struct big {
  int first;
  struct item item;
};

struct inner {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, int);
  __type(value, __u64);
} inner_1 SEC(".maps"), inner_2 SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
  __uint(max_entries, 8);
  __uint(key_size, sizeof(int));
  __array(values, struct inner);
} outer SEC(".maps") = {.values = {[2] = &inner_1, [5] = &inner_2}};
int called(struct __sk_buff* skb);
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 4);
  __uint(key_size, sizeof(__u32));
  __array(values, int(void*));
} jumps SEC(".maps") = {.values = {[1] = (void*)&called}};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1 << 10);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(pinning, LIBBPF_PIN_BY_NAME);
  __type(key, struct big);
  __type(value, struct item);
#ifndef OLD
  __ulong(map_extra, 0x23456789);
#endif
} items SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} records SEC(".maps");

extern unsigned int CONFIG_HZ __kconfig;
extern enum libbpf_tristate CONFIG_BPF_JIT __kconfig __weak;
extern int LINUX_KERNEL_VERSION __kconfig;
extern const int bpf_prog_active __ksym __weak;
extern void bpf_rcu_read_lock(void) __ksym __weak;

static __always_inline int folded(int a) { return a * setting; }
__noinline int apart(int a) { return a + counted; }
__weak int replaced(int a) { return a; }
__hidden int of_the_object(int a) { return a - CONFIG_HZ; }
#ifndef OLD
__weak int checked(struct __sk_buff* skb __arg_ctx, int* a __arg_nonnull, int* b __arg_nullable) {
  return *a + (b ? *b : 0) + skb->len;
}
__weak int trusted(struct item* a __arg_trusted __arg_nullable, struct item* b __arg_untrusted,
                   void* arena __arg_arena) {
  return (a != 0) + (b != 0) + (arena != 0);
}
#endif

SEC("tc/functions") int functions(struct __sk_buff* skb) {
  int a = skb->len;
  seen[0] = folded(a) + apart(a) + replaced(a) + of_the_object(a);
  if (LINUX_KERNEL_VERSION >= KERNEL_VERSION(5, 15, 300) || CONFIG_BPF_JIT == TRI_MODULE)
    seen[1] = KERNEL_VERSION(6, 1, 20);
  barrier();
  barrier_var(a);
  seen[2] = a;
#ifndef OLD
  if (likely(a > 3)) seen[3] = unlikely(a == 9);
  seen[4] = checked(skb, &a, NULL);
#endif
#ifndef OLD
  if (bpf_ksym_exists(bpf_rcu_read_lock)) bpf_rcu_read_lock();
  seen[5] = bpf_ksym_exists(bpf_prog_active);
#endif
  switch (skb->mark & 1) {
    case 0:
      seen[6] = 10;
      break;
    case 1:
      seen[6] = 11;
      break;
    default:
      __bpf_unreachable();
  }
  return name[a & 3];
}

SEC("tc/maps") int maps(struct __sk_buff* skb) {
  struct big key = {.first = 1};
  struct item* item = bpf_map_lookup_elem(&items, &key);
  if (item) {
    bpf_spin_lock(&item->lock);
    item->key++;
    bpf_spin_unlock(&item->lock);
    struct big* around = container_of(item, struct big, item);
    seen[0] = (long)around + offsetof(struct big, item);
  }
  int two = 2;
  void* map = bpf_map_lookup_elem(&outer, &two);
  if (map) bpf_map_delete_elem(map, &two);
  bpf_tail_call_static(skb, &jumps, 1);
  bpf_tail_call_static(skb, &jumps, 3);
  bpf_tail_call(skb, &jumps, skb->mark);
  return 0;
}
SEC("tc/called") int called(struct __sk_buff* skb) { return bpf_get_smp_processor_id(); }

SEC("tc/printing") int printing(struct __sk_buff* skb) {
  const long a = skb->len;
  const char* text = name;
  bpf_printk("none");
  bpf_printk("one %d", a);
  bpf_printk("two %d %s", (int)a, text);
  bpf_printk("three %d %d %llx", a, 2, 0x123456789abcULL);
  bpf_printk("four %d %d %s %p", a, (char)a, text, skb);
  bpf_printk("five %d %d %d %d %d", 1, 2, 3, 4, 5);
  bpf_printk("six %d %d %d %d %d %d", a, -2, 3, (short)-4, 5u, 6ul);
  bpf_printk("seven %d %d %d %d %d %d %d", a, 2, 3, 4, 5, 6, 7);
  bpf_printk("eight %d %d %d %d %d %d %d %d", 1, 2, 3, 4, 5, 6, 7, a);
  bpf_printk("nine %d %d %d %d %d %d %d %d %d", 1, 2, 3, 4, 5, 6, 7, 8, a);
  bpf_printk("ten %d %d %d %d %d %d %d %d %d %d", 1, 2, 3, 4, 5, 6, 7, 8, 9, a);
  bpf_printk("eleven %d %d %d %d %d %d %d %d %d %d %d", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, a);
  return bpf_printk("twelve %d %d %d %d %d %d %d %d %d %d %d %d", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
                    a);
}

SEC("iter/task") int iterating(void* ctx) {
  struct seq_file* file = *(struct seq_file**)ctx;
  static char out[32];
  BPF_SEQ_PRINTF(file, "nothing\n");
  BPF_SEQ_PRINTF(file, "%d %s\n", 5, name);
  seen[0] = BPF_SEQ_PRINTF(file, "%d %d %d %s %llu\n", 1, (unsigned char)2, 3, "four", seen[1]);
  BPF_SNPRINTF(out, sizeof(out), "nothing");
  seen[1] = BPF_SNPRINTF(out, sizeof(out), "%s %d %pK", name, -1, file);
  return 0;
}
#ifndef OLD
extern int bpf_stream_vprintk(int id, const char* format, const void* words,
                              __u32 size) __ksym __weak;
SEC("tc/stream") int stream(struct __sk_buff* skb) {
  seen[0] = bpf_stream_printk(1, "nothing\n");
  return bpf_stream_printk(2, "%d %d %s\n", skb->len, 2, "three");
}

struct bpf_iter_num {
  __u64 opaque[1];
} __attribute__((aligned(8)));
struct bpf_iter_bits {
  __u64 opaque[2];
} __attribute__((aligned(8)));
extern int bpf_iter_bits_new(struct bpf_iter_bits* it, const __u64* at, __u32 words) __ksym __weak;
extern int* bpf_iter_bits_next(struct bpf_iter_bits* it) __ksym __weak;
extern void bpf_iter_bits_destroy(struct bpf_iter_bits* it) __ksym __weak;

SEC("tc/loops") int loops(struct __sk_buff* skb) {
  int i = 0, *at = 0;
  __u64 word = skb->mark, sum = 0;
  bpf_for(i, 0, 10) sum += i;
  bpf_for(i, skb->len & 7, skb->len) {
    if (i == 5) continue;
    if (i > 20) break;
    seen[i & 31] += 2;
  }
  bpf_repeat(3) { sum++; }
  bpf_repeat(skb->len) {
    if (sum & 1) break;
    int j;
    bpf_for(j, 0, 3) {
      if (j + sum > 100) return j;
      sum += j;
    }
  }
  bpf_for_each(bits, at, &word, 1) sum += *at;
  bpf_for_each(num, at, 0, 5) {
    if (*at == 3) return 1;
  }
  return sum;
}
#endif
