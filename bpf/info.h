// What BPF_OBJ_GET_INFO_BY_FD writes, spelled and laid out as in the kernel, which cuts what it
// writes to the room given and leaves what it does not know. Fields that are pointers point to the
// caller's memory, or are 0. A test holds them against the running kernel's BTF.
// Source: include/uapi/linux/bpf.h. Linux 4.13 unless said otherwise.
#ifndef PUREBPF_BPF_INFO_H_
#define PUREBPF_BPF_INFO_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "purebpf/bpf/call.h"

namespace purebpf {

// BPF_OBJ_NAME_LEN, with the terminating NUL.
inline constexpr size_t kObjNameLen = 16;

// struct bpf_prog_info.
struct BpfProgInfo {
  uint32_t type = 0;
  uint32_t id = 0;
  std::array<uint8_t, 8> tag{};
  uint32_t jited_prog_len = 0;
  uint32_t xlated_prog_len = 0;
  uint64_t jited_prog_insns = 0;
  uint64_t xlated_prog_insns = 0;
  uint64_t load_time = 0;  // Linux 4.15, as all down to `name`; ns since boot
  uint32_t created_by_uid = 0;
  uint32_t nr_map_ids = 0;  // in: the room at map_ids, in ids; out: how many there are
  uint64_t map_ids = 0;
  std::array<char, kObjNameLen> name{};
  uint32_t ifindex = 0;         // Linux 4.16, with the next three
  uint32_t gpl_compatible = 0;  // bit 0; the rest is not used
  uint64_t netns_dev = 0;
  uint64_t netns_ino = 0;
  uint32_t nr_jited_ksyms = 0;  // Linux 4.18, with the next three
  uint32_t nr_jited_func_lens = 0;
  uint64_t jited_ksyms = 0;
  uint64_t jited_func_lens = 0;
  uint32_t btf_id = 0;  // Linux 5.0, as all down to prog_tags
  uint32_t func_info_rec_size = 0;
  uint64_t func_info = 0;
  uint32_t nr_func_info = 0;
  uint32_t nr_line_info = 0;
  uint64_t line_info = 0;
  uint64_t jited_line_info = 0;
  uint32_t nr_jited_line_info = 0;
  uint32_t line_info_rec_size = 0;
  uint32_t jited_line_info_rec_size = 0;
  uint32_t nr_prog_tags = 0;
  uint64_t prog_tags = 0;
  uint64_t run_time_ns = 0;  // Linux 5.1, with the next
  uint64_t run_cnt = 0;
  uint64_t recursion_misses = 0;   // Linux 5.12
  uint32_t verified_insns = 0;     // Linux 5.16
  uint32_t attach_btf_obj_id = 0;  // Linux 6.0, with the next
  uint32_t attach_btf_id = 0;
  uint32_t pad = 0;
};
static_assert(Attr<BpfProgInfo> && sizeof(BpfProgInfo) == 232);

// struct bpf_map_info.
struct BpfMapInfo {
  uint32_t type = 0;
  uint32_t id = 0;
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  uint32_t max_entries = 0;
  uint32_t map_flags = 0;
  std::array<char, kObjNameLen> name{};    // Linux 4.15
  uint32_t ifindex = 0;                    // Linux 4.16, with the netns_ fields
  uint32_t btf_vmlinux_value_type_id = 0;  // Linux 5.6
  uint64_t netns_dev = 0;
  uint64_t netns_ino = 0;
  uint32_t btf_id = 0;  // Linux 4.18, with the next two
  uint32_t btf_key_type_id = 0;
  uint32_t btf_value_type_id = 0;
  uint32_t btf_vmlinux_id = 0;  // Linux 6.9
  uint64_t map_extra = 0;       // Linux 5.16
  uint64_t hash = 0;            // Linux 6.18, with the next
  uint32_t hash_size = 0;
  uint32_t pad = 0;
};
static_assert(Attr<BpfMapInfo> && sizeof(BpfMapInfo) == 104);

// struct bpf_btf_info. Linux 4.18.
struct BpfBtfInfo {
  uint64_t btf = 0;       // the BTF itself goes there
  uint32_t btf_size = 0;  // in: the room at btf; out: the size of the BTF
  uint32_t id = 0;
  uint64_t name = 0;        // Linux 5.11, as what follows: "vmlinux", a module's, or empty
  uint32_t name_len = 0;    // in: the room at `name`; out: the length without the NUL
  uint32_t kernel_btf = 0;  // 1 of the kernel and its modules
};
static_assert(Attr<BpfBtfInfo> && sizeof(BpfBtfInfo) == 32);

// struct bpf_link_info: its head, and the union behind it as what each type of link has there.
// Linux 5.8.
struct BpfLinkInfo {
  uint32_t type = 0;
  uint32_t id = 0;
  uint32_t prog_id = 0;
  uint32_t pad = 0;
  std::array<uint64_t, 6> rest{};
};
static_assert(Attr<BpfLinkInfo> && sizeof(BpfLinkInfo) == 64);
static_assert(offsetof(BpfLinkInfo, rest) == 16);

struct BpfRawTracepointLinkInfo {
  uint64_t tp_name = 0;
  uint32_t tp_name_len = 0;
  uint32_t pad = 0;
  uint64_t cookie = 0;  // Linux 6.18
};
static_assert(Attr<BpfRawTracepointLinkInfo> && sizeof(BpfRawTracepointLinkInfo) == 24);

struct BpfTracingLinkInfo {
  uint32_t attach_type = 0;
  uint32_t target_obj_id = 0;  // a program's of BPF_PROG_TYPE_EXT, else a BTF's
  uint32_t target_btf_id = 0;
  uint32_t pad = 0;
  uint64_t cookie = 0;  // Linux 6.18
};
static_assert(Attr<BpfTracingLinkInfo> && sizeof(BpfTracingLinkInfo) == 24);

struct BpfCgroupLinkInfo {
  uint64_t cgroup_id = 0;
  uint32_t attach_type = 0;
  uint32_t pad = 0;
};
static_assert(Attr<BpfCgroupLinkInfo> && sizeof(BpfCgroupLinkInfo) == 16);

struct BpfIterLinkInfo {
  uint64_t target_name = 0;
  uint32_t target_name_len = 0;
  uint32_t map_id = 0;
  uint64_t cgroup_id = 0;  // of a task iterator: tid, and pid in the upper half
  uint32_t order = 0;
  uint32_t pad = 0;
};
static_assert(Attr<BpfIterLinkInfo> && sizeof(BpfIterLinkInfo) == 32);

struct BpfNetnsLinkInfo {
  uint32_t netns_ino = 0;
  uint32_t attach_type = 0;
};
static_assert(Attr<BpfNetnsLinkInfo> && sizeof(BpfNetnsLinkInfo) == 8);

// Of XDP (whose attach_type is 0 here), TCX and netkit.
struct BpfDeviceLinkInfo {
  uint32_t ifindex = 0;
  uint32_t attach_type = 0;
};
static_assert(Attr<BpfDeviceLinkInfo> && sizeof(BpfDeviceLinkInfo) == 8);

// Of struct_ops (whose attach_type is 0 here) and sockmap.
struct BpfMapLinkInfo {
  uint32_t map_id = 0;
  uint32_t attach_type = 0;
};
static_assert(Attr<BpfMapLinkInfo> && sizeof(BpfMapLinkInfo) == 8);

struct BpfNetfilterLinkInfo {
  uint32_t pf = 0;
  uint32_t hooknum = 0;
  int32_t priority = 0;
  uint32_t flags = 0;
};
static_assert(Attr<BpfNetfilterLinkInfo> && sizeof(BpfNetfilterLinkInfo) == 16);

struct BpfKprobeMultiLinkInfo {
  uint64_t addrs = 0;
  uint32_t count = 0;  // in: the room at addrs; out: how many there are
  uint32_t flags = 0;
  uint64_t missed = 0;
  uint64_t cookies = 0;
};
static_assert(Attr<BpfKprobeMultiLinkInfo> && sizeof(BpfKprobeMultiLinkInfo) == 32);

struct BpfUprobeMultiLinkInfo {
  uint64_t path = 0;
  uint64_t offsets = 0;
  uint64_t ref_ctr_offsets = 0;
  uint64_t cookies = 0;
  uint32_t path_size = 0;  // in: the room; out: the path's length with its NUL
  uint32_t count = 0;
  uint32_t flags = 0;
  uint32_t pid = 0;
};
static_assert(Attr<BpfUprobeMultiLinkInfo> && sizeof(BpfUprobeMultiLinkInfo) == 48);

// Linux 6.6. Which of these a link has is its PerfEventType.
struct BpfPerfEventLinkInfo {
  uint32_t type = 0;
  uint32_t pad = 0;
  uint64_t name =
      0;  // in: where the file's, function's or tracepoint's name goes; an event's config
  uint32_t name_len = 0;  // an event's type
  uint32_t offset = 0;
  uint64_t addr_or_cookie = 0;  // a kprobe's address; the cookie of the others
  uint64_t missed = 0;          // a kprobe's; a uprobe's ref_ctr_offset
};
static_assert(Attr<BpfPerfEventLinkInfo> && sizeof(BpfPerfEventLinkInfo) == 40);

// struct bpf_token_info: the bit of each command, map type, program type and attach type that the
// token lets through. Linux 6.17.
struct BpfTokenInfo {
  uint64_t allowed_cmds = 0;
  uint64_t allowed_maps = 0;
  uint64_t allowed_progs = 0;
  uint64_t allowed_attachs = 0;
};
static_assert(Attr<BpfTokenInfo> && sizeof(BpfTokenInfo) == 32);

}  // namespace purebpf

#endif  // PUREBPF_BPF_INFO_H_
