/* What a larger program has of everything: a ring buffer, global data of all kinds, a map that is
 * pinned by its name, and fields of the kernel's structures. */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
  int pid, tgid;
  struct task_struct* real_parent;
} __attribute__((preserve_access_index));

struct record {
  __u32 length;
  __u32 number;
};

const volatile __u32 first_number = 1;
__u32 limit = 1000;
__u64 seen;

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} events SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, __u64);
  __uint(pinning, LIBBPF_PIN_BY_NAME);
} purebpf_kept SEC(".maps");

SEC("xdp")
int on_packet(struct xdp_md* context) {
  struct record record = {
      .length = context->data_end - context->data,
      .number = first_number + (__u32)seen,
  };
  if (seen >= limit) return XDP_PASS;
  __sync_fetch_and_add(&seen, 1);
  bpf_ringbuf_output(&events, &record, sizeof record, 0);
  return XDP_DROP;
}

SEC("raw_tp/sched_process_fork")
int on_fork(void** context) {
  struct task_struct* child = context[1];
  __u32 parent = BPF_CORE_READ(child, real_parent, tgid);
  __u64 one = BPF_CORE_READ(child, pid);
  bpf_map_update_elem(&purebpf_kept, &parent, &one, BPF_ANY);
  return 0;
}

char _license[] SEC("license") = "GPL";
