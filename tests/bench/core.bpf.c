/* 150 CO-RE relocations over 32 of the kernel's structs, as a tracing agent has them: what core_bench
 * measures. Only the members that are read are declared; their order here means nothing. */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define KERNEL __attribute__((preserve_access_index))
typedef unsigned long word;

struct list_head { void *next, *prev; } KERNEL;
struct qstr { const unsigned char *name; } KERNEL;
struct path { void *mnt, *dentry; } KERNEL;
struct pid { unsigned level; } KERNEL;
struct task_struct {
  int pid, tgid, prio, static_prio, exit_code;
  unsigned flags;
  word nvcsw, nivcsw, min_flt, maj_flt;
  char comm[16];
  void *mm, *cred, *real_cred, *real_parent, *group_leader, *nsproxy, *signal, *files, *fs;
  unsigned long long start_time, utime, stime;
} KERNEL;
struct mm_struct { void *pgd, *owner, *exe_file; word total_vm, locked_vm, arg_start, arg_end; } KERNEL;
struct vm_area_struct { word vm_start, vm_end, vm_pgoff; void *vm_mm, *vm_file; } KERNEL;
struct cred { void *user_ns, *group_info; unsigned securebits; struct { unsigned val; } uid, euid, gid; } KERNEL;
struct nsproxy { void *uts_ns, *ipc_ns, *mnt_ns, *net_ns; } KERNEL;
struct signal_struct { int nr_threads, group_exit_code; void *tty; } KERNEL;
struct file { void *f_op, *f_inode, *private_data; unsigned f_flags; long long f_pos; struct path f_path; } KERNEL;
struct inode { word i_ino; unsigned short i_mode; unsigned i_nlink; long long i_size; void *i_sb, *i_op; } KERNEL;
struct dentry { void *d_parent, *d_inode, *d_sb; struct qstr d_name; unsigned d_flags; } KERNEL;
struct super_block { unsigned s_dev; word s_magic, s_blocksize; void *s_type, *s_root; } KERNEL;
struct file_system_type { const char *name; void *owner; } KERNEL;
struct vfsmount { void *mnt_root, *mnt_sb; int mnt_flags; } KERNEL;
struct sk_buff { unsigned len, data_len, mark, hash, priority; unsigned short transport_header, network_header; void *head, *data, *dev, *sk; } KERNEL;
struct sock_common { unsigned short skc_family, skc_dport, skc_num; unsigned skc_daddr, skc_rcv_saddr; void *skc_prot; unsigned char skc_state; } KERNEL;
struct sock { struct sock_common __sk_common; int sk_rcvbuf, sk_sndbuf; unsigned sk_mark, sk_priority; unsigned short sk_protocol; void *sk_socket; } KERNEL;
struct inet_sock { unsigned short inet_sport; unsigned inet_saddr; } KERNEL;
struct tcp_sock { unsigned snd_cwnd, rcv_nxt, snd_nxt, srtt_us, packets_out, total_retrans; unsigned long long bytes_acked, bytes_received; } KERNEL;
struct socket { short type; word flags; void *file, *sk, *ops; } KERNEL;
struct net_device { int ifindex; unsigned mtu, flags; char name[16]; unsigned char addr_len; void *netdev_ops; } KERNEL;
struct request { unsigned cmd_flags; void *q, *bio; unsigned __data_len; unsigned long long __sector, start_time_ns; } KERNEL;
struct bio { unsigned bi_opf; void *bi_bdev, *bi_private, *bi_next; unsigned short bi_vcnt; } KERNEL;
struct gendisk { int major, first_minor, minors; char disk_name[32]; void *queue; } KERNEL;
struct cgroup { int level; void *kn, *root; } KERNEL;
struct kernfs_node { const char *name; word flags; void *priv; } KERNEL;
struct css_set { void *dfl_cgrp; int nr_tasks; } KERNEL;
struct bpf_map { enum bpf_map_type map_type; unsigned key_size, value_size, max_entries, id; char name[16]; } KERNEL;
struct bpf_prog { unsigned short pages; unsigned len; enum bpf_prog_type type; void *aux; } KERNEL;
struct bpf_prog_aux { unsigned id, used_map_cnt, stack_depth; char name[16]; } KERNEL;
struct linux_binprm { void *mm, *file, *cred; int argc, envc; const char *filename; } KERNEL;

/* The address of the field goes to a helper, as BPF_CORE_READ does it. */
#define FIELD(type, field) bpf_probe_read_kernel(&value, sizeof value, &((struct type *)at)->field)

#define PROGRAM(name)                                       \
  static int name##_fields(const void *at);                 \
  SEC("raw_tp/sys_enter") int name(void **context) {        \
    return name##_fields(context[0]);                       \
  }                                                         \
  static __attribute__((always_inline)) int name##_fields(const void *at)

PROGRAM(tasks) {
  word value = 0;
  FIELD(task_struct, pid); FIELD(task_struct, tgid); FIELD(task_struct, prio);
  FIELD(task_struct, static_prio); FIELD(task_struct, exit_code); FIELD(task_struct, flags);
  FIELD(task_struct, nvcsw); FIELD(task_struct, nivcsw); FIELD(task_struct, min_flt);
  FIELD(task_struct, maj_flt); FIELD(task_struct, comm); FIELD(task_struct, mm);
  FIELD(task_struct, cred); FIELD(task_struct, real_cred); FIELD(task_struct, real_parent);
  FIELD(task_struct, group_leader); FIELD(task_struct, nsproxy); FIELD(task_struct, signal);
  FIELD(task_struct, files); FIELD(task_struct, fs); FIELD(task_struct, start_time);
  FIELD(task_struct, utime); FIELD(task_struct, stime);
  FIELD(mm_struct, pgd); FIELD(mm_struct, owner); FIELD(mm_struct, exe_file);
  FIELD(mm_struct, total_vm); FIELD(mm_struct, locked_vm); FIELD(mm_struct, arg_start);
  FIELD(mm_struct, arg_end);
  FIELD(vm_area_struct, vm_start); FIELD(vm_area_struct, vm_end); FIELD(vm_area_struct, vm_pgoff);
  FIELD(vm_area_struct, vm_mm); FIELD(vm_area_struct, vm_file);
  FIELD(cred, user_ns); FIELD(cred, group_info); FIELD(cred, securebits); FIELD(cred, uid.val);
  FIELD(cred, euid.val); FIELD(cred, gid.val);
  FIELD(nsproxy, uts_ns); FIELD(nsproxy, ipc_ns); FIELD(nsproxy, mnt_ns); FIELD(nsproxy, net_ns);
  FIELD(signal_struct, nr_threads); FIELD(signal_struct, group_exit_code);
  FIELD(signal_struct, tty); FIELD(pid, level);
  return (int)value;
}

PROGRAM(files) {
  word value = 0;
  FIELD(file, f_op); FIELD(file, f_inode); FIELD(file, private_data); FIELD(file, f_flags);
  FIELD(file, f_pos); FIELD(file, f_path.mnt); FIELD(file, f_path.dentry);
  FIELD(path, mnt); FIELD(path, dentry);
  FIELD(inode, i_ino); FIELD(inode, i_mode); FIELD(inode, i_nlink); FIELD(inode, i_size);
  FIELD(inode, i_sb); FIELD(inode, i_op);
  FIELD(dentry, d_parent); FIELD(dentry, d_inode); FIELD(dentry, d_sb); FIELD(dentry, d_name.name);
  FIELD(dentry, d_flags); FIELD(qstr, name);
  FIELD(super_block, s_dev); FIELD(super_block, s_magic); FIELD(super_block, s_blocksize);
  FIELD(super_block, s_type); FIELD(super_block, s_root);
  FIELD(file_system_type, name); FIELD(file_system_type, owner);
  FIELD(vfsmount, mnt_root); FIELD(vfsmount, mnt_sb); FIELD(vfsmount, mnt_flags);
  FIELD(linux_binprm, mm); FIELD(linux_binprm, file); FIELD(linux_binprm, cred);
  FIELD(linux_binprm, argc); FIELD(linux_binprm, envc); FIELD(linux_binprm, filename);
  return (int)value;
}

PROGRAM(sockets) {
  word value = 0;
  FIELD(sk_buff, len); FIELD(sk_buff, data_len); FIELD(sk_buff, mark); FIELD(sk_buff, hash);
  FIELD(sk_buff, priority); FIELD(sk_buff, transport_header); FIELD(sk_buff, network_header);
  FIELD(sk_buff, head); FIELD(sk_buff, data); FIELD(sk_buff, dev); FIELD(sk_buff, sk);
  FIELD(sock_common, skc_family); FIELD(sock_common, skc_prot); FIELD(sock_common, skc_state);
  FIELD(sock, __sk_common.skc_dport); FIELD(sock, __sk_common.skc_num);
  FIELD(sock, __sk_common.skc_daddr); FIELD(sock, __sk_common.skc_rcv_saddr);
  FIELD(sock, sk_rcvbuf); FIELD(sock, sk_sndbuf); FIELD(sock, sk_mark); FIELD(sock, sk_priority);
  FIELD(sock, sk_protocol); FIELD(sock, sk_socket);
  FIELD(inet_sock, inet_sport); FIELD(inet_sock, inet_saddr);
  FIELD(tcp_sock, snd_cwnd); FIELD(tcp_sock, rcv_nxt); FIELD(tcp_sock, snd_nxt);
  FIELD(tcp_sock, srtt_us); FIELD(tcp_sock, packets_out); FIELD(tcp_sock, total_retrans);
  FIELD(tcp_sock, bytes_acked); FIELD(tcp_sock, bytes_received);
  FIELD(socket, type); FIELD(socket, flags); FIELD(socket, file); FIELD(socket, sk);
  FIELD(socket, ops);
  return (int)value;
}

PROGRAM(devices) {
  word value = 0;
  FIELD(net_device, ifindex); FIELD(net_device, mtu); FIELD(net_device, flags);
  FIELD(net_device, name); FIELD(net_device, addr_len); FIELD(net_device, netdev_ops);
  FIELD(request, cmd_flags); FIELD(request, q); FIELD(request, bio); FIELD(request, __data_len);
  FIELD(request, __sector); FIELD(request, start_time_ns);
  FIELD(bio, bi_opf); FIELD(bio, bi_bdev); FIELD(bio, bi_private); FIELD(bio, bi_next);
  FIELD(bio, bi_vcnt);
  FIELD(gendisk, major); FIELD(gendisk, first_minor); FIELD(gendisk, minors);
  FIELD(gendisk, disk_name); FIELD(gendisk, queue);
  return (int)value;
}

PROGRAM(objects) {
  word value = 0;
  FIELD(cgroup, level); FIELD(cgroup, kn); FIELD(cgroup, root);
  FIELD(kernfs_node, name); FIELD(kernfs_node, flags); FIELD(kernfs_node, priv);
  FIELD(css_set, dfl_cgrp); FIELD(css_set, nr_tasks);
  FIELD(bpf_map, map_type); FIELD(bpf_map, key_size); FIELD(bpf_map, value_size);
  FIELD(bpf_map, max_entries); FIELD(bpf_map, id); FIELD(bpf_map, name);
  FIELD(bpf_prog, pages); FIELD(bpf_prog, len); FIELD(bpf_prog, type); FIELD(bpf_prog, aux);
  FIELD(bpf_prog_aux, id); FIELD(bpf_prog_aux, used_map_cnt); FIELD(bpf_prog_aux, stack_depth);
  FIELD(bpf_prog_aux, name); FIELD(list_head, next); FIELD(list_head, prev);
  return (int)value;
}

char LICENSE[] SEC("license") = "GPL";
