// SPDX-License-Identifier: MIT
// A source that others include.
static int exit_code(struct task_struct* task) { return BPF_CORE_READ(task, exit_code) >> 8; }
