// SPDX-License-Identifier: MIT
// Writes a record into a ring buffer for each program that a process begins to run.
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

// Of the kernel's structures, what is read here: where the fields lie, is found out when this is
// loaded.
struct task_struct {
  int tgid;
  struct task_struct* real_parent;
} __attribute__((preserve_access_index));

struct linux_binprm {
  const char* filename;
} __attribute__((preserve_access_index));

struct execution {
  __u32 pid;
  __u32 parent;
  __u32 uid;
  char name[16];   // the thread's, of which the kernel keeps 15 letters
  char file[128];  // what was executed
};

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 256 * 1024);
  __type(value, struct execution);
} executions SEC(".maps");

const volatile __u32 only_parent = 0;  // children of this process; 0: all
__u64 lost = 0;                        // records for which the buffer had no room

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct* task, int old_pid, struct linux_binprm* program) {
  __u32 parent = BPF_CORE_READ(task, real_parent, tgid);
  if (only_parent && parent != only_parent) return 0;

  struct execution* execution = bpf_ringbuf_reserve(&executions, sizeof *execution, 0);
  if (!execution) {
    __sync_fetch_and_add(&lost, 1);
    return 0;
  }
  execution->pid = task->tgid;
  execution->parent = parent;
  execution->uid = bpf_get_current_uid_gid();
  bpf_get_current_comm(execution->name, sizeof execution->name);
  bpf_probe_read_kernel_str(execution->file, sizeof execution->file, program->filename);
  bpf_ringbuf_submit(execution, 0);
  return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
