// The attribute of each bpf(2) command used here: one structure a command, laid out as its part of
// union bpf_attr, fields spelled as there. A kernel takes a longer attribute than it knows as long
// as the rest is zero (kernel/bpf/syscall.c: bpf_check_uarg_tail_zero), so one structure serves all
// kernels. A test holds names, offsets and sizes against the running kernel's BTF.
// Source: include/uapi/linux/bpf.h. Linux 3.19 unless said otherwise.
#ifndef PUREBPF_BPF_ATTR_H_
#define PUREBPF_BPF_ATTR_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "purebpf/bpf/call.h"

namespace purebpf {

// BPF_OBJ_NAME_LEN, with the terminating NUL.
inline constexpr size_t kObjNameLen = 16;

// BPF_MAP_CREATE.
struct MapCreateAttr {
  uint32_t map_type = 0;
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  uint32_t max_entries = 0;
  uint32_t map_flags = 0;                    // Linux 4.6
  uint32_t inner_map_fd = 0;                 // Linux 4.12
  uint32_t numa_node = 0;                    // Linux 4.14
  std::array<char, kObjNameLen> map_name{};  // Linux 4.15
  uint32_t map_ifindex = 0;                  // Linux 4.16
  uint32_t btf_fd = 0;                       // Linux 4.18, with the next two
  uint32_t btf_key_type_id = 0;
  uint32_t btf_value_type_id = 0;
  uint32_t btf_vmlinux_value_type_id = 0;  // Linux 5.6
  uint64_t map_extra = 0;                  // Linux 5.16
  int32_t value_type_btf_obj_fd = 0;       // Linux 6.9
  int32_t map_token_fd = 0;                // Linux 6.9
};
static_assert(Attr<MapCreateAttr> && sizeof(MapCreateAttr) == 80);
static_assert(offsetof(MapCreateAttr, map_extra) == 64);

// BPF_MAP_LOOKUP_ELEM, _UPDATE_ELEM, _DELETE_ELEM, _LOOKUP_AND_DELETE_ELEM (Linux 4.20) and
// BPF_MAP_GET_NEXT_KEY, whose next_key stands where `value` does.
struct MapElemAttr {
  uint32_t map_fd = 0;
  uint32_t pad = 0;  // the kernel's hole
  uint64_t key = 0;
  uint64_t value = 0;
  uint64_t flags = 0;
};
static_assert(Attr<MapElemAttr> && sizeof(MapElemAttr) == 32);
static_assert(offsetof(MapElemAttr, key) == 8 && offsetof(MapElemAttr, value) == 16);

// BPF_PROG_LOAD.
struct ProgLoadAttr {
  uint32_t prog_type = 0;
  uint32_t insn_cnt = 0;
  uint64_t insns = 0;
  uint64_t license = 0;
  uint32_t log_level = 0;
  uint32_t log_size = 0;
  uint64_t log_buf = 0;
  uint32_t kern_version = 0;                  // Linux 4.1; checked for kprobes before 5.0
  uint32_t prog_flags = 0;                    // Linux 4.12
  std::array<char, kObjNameLen> prog_name{};  // Linux 4.15
  uint32_t prog_ifindex = 0;                  // Linux 4.15
  uint32_t expected_attach_type = 0;          // Linux 4.17
  uint32_t prog_btf_fd = 0;                   // Linux 5.0, down to line_info_cnt
  uint32_t func_info_rec_size = 0;
  uint64_t func_info = 0;
  uint32_t func_info_cnt = 0;
  uint32_t line_info_rec_size = 0;
  uint64_t line_info = 0;
  uint32_t line_info_cnt = 0;
  uint32_t attach_btf_id = 0;       // Linux 5.5
  uint32_t attach_prog_fd = 0;      // Linux 5.5; attach_btf_obj_fd since 5.11
  uint32_t core_relo_cnt = 0;       // Linux 5.17
  uint64_t fd_array = 0;            // Linux 5.14
  uint64_t core_relos = 0;          // Linux 5.17, with the next
  uint32_t core_relo_rec_size = 0;  //
  uint32_t log_true_size = 0;       // Linux 6.4; the kernel writes it: what the whole log takes
  int32_t prog_token_fd = 0;        // Linux 6.9
  uint32_t fd_array_cnt = 0;        // Linux 6.14
};
static_assert(Attr<ProgLoadAttr> && sizeof(ProgLoadAttr) == 152);
static_assert(offsetof(ProgLoadAttr, log_buf) == 32 && offsetof(ProgLoadAttr, prog_name) == 48);
static_assert(offsetof(ProgLoadAttr, log_true_size) == 140);

// BPF_PROG_GET_FD_BY_ID, BPF_MAP_GET_FD_BY_ID and the like. Linux 4.13.
struct GetFdByIdAttr {
  uint32_t id = 0;  // prog_id, map_id, btf_id, link_id
  uint32_t next_id = 0;
  uint32_t open_flags = 0;  // Linux 4.15
};
static_assert(Attr<GetFdByIdAttr> && sizeof(GetFdByIdAttr) == 12);

// BPF_OBJ_GET_INFO_BY_FD (the member `info` of the union). Linux 4.13.
struct GetInfoByFdAttr {
  uint32_t bpf_fd = 0;
  uint32_t info_len = 0;  // in: the room at `info`; out: what the kernel wrote
  uint64_t info = 0;
};
static_assert(Attr<GetInfoByFdAttr> && sizeof(GetInfoByFdAttr) == 16);

// What BPF_OBJ_GET_INFO_BY_FD writes for a program: struct bpf_prog_info, as far as it is read
// here. The kernel cuts what it writes to the room given. Pointers are of the caller and stay 0.
struct BpfProgInfo {
  uint32_t type = 0;
  uint32_t id = 0;
  std::array<uint8_t, 8> tag{};
  uint32_t jited_prog_len = 0;
  uint32_t xlated_prog_len = 0;
  uint64_t jited_prog_insns = 0;
  uint64_t xlated_prog_insns = 0;
  uint64_t load_time = 0;  // Linux 4.15, as all that follows; ns since boot
  uint32_t created_by_uid = 0;
  uint32_t nr_map_ids = 0;
  uint64_t map_ids = 0;
  std::array<char, kObjNameLen> name{};
};
static_assert(Attr<BpfProgInfo> && sizeof(BpfProgInfo) == 80);

// And for a map: struct bpf_map_info.
struct BpfMapInfo {
  uint32_t type = 0;
  uint32_t id = 0;
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  uint32_t max_entries = 0;
  uint32_t map_flags = 0;
  std::array<char, kObjNameLen> name{};  // Linux 4.15
};
static_assert(Attr<BpfMapInfo> && sizeof(BpfMapInfo) == 40);

}  // namespace purebpf

#endif  // PUREBPF_BPF_ATTR_H_
