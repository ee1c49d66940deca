// SPDX-License-Identifier: MIT
// Remembers how the last process ended.
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "app/exit_code.bpf.c"

int last_code = 0;

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct* task) {
  last_code = exit_code(task);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
