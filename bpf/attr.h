// The attribute of each bpf(2) command but those that attach (bpf/attr_link.h): one structure a
// command, laid out as its part of union bpf_attr, fields spelled as there. A kernel takes a longer
// attribute than it knows as long as the rest is zero (kernel/bpf/syscall.c:
// bpf_check_uarg_tail_zero), so one structure serves all kernels. A test holds names, offsets and
// sizes against the running kernel's BTF. Source: include/uapi/linux/bpf.h. Linux 3.19 unless said
// otherwise.
#ifndef PUREBPF_BPF_ATTR_H_
#define PUREBPF_BPF_ATTR_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "purebpf/bpf/call.h"
#include "purebpf/bpf/info.h"

namespace purebpf {

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
  uint64_t excl_prog_hash = 0;             // Linux 6.18, with the next
  uint32_t excl_prog_hash_size = 0;
  uint32_t pad = 0;  // the kernel's tail
};
static_assert(Attr<MapCreateAttr> && sizeof(MapCreateAttr) == 96);
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

// BPF_MAP_FREEZE. Linux 5.2.
struct MapFreezeAttr {
  uint32_t map_fd = 0;
};
static_assert(Attr<MapFreezeAttr> && sizeof(MapFreezeAttr) == 4);

// BPF_MAP_LOOKUP_BATCH, _LOOKUP_AND_DELETE_BATCH, _UPDATE_BATCH, _DELETE_BATCH (the member `batch`
// of the union). Linux 5.6.
struct MapBatchAttr {
  uint64_t in_batch = 0;
  uint64_t out_batch = 0;
  uint64_t keys = 0;
  uint64_t values = 0;
  uint32_t count = 0;  // in: the room or what is given; out: how many were done
  uint32_t map_fd = 0;
  uint64_t elem_flags = 0;
  uint64_t flags = 0;
};
static_assert(Attr<MapBatchAttr> && sizeof(MapBatchAttr) == 56);

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
  uint64_t signature = 0;           // Linux 6.18, with the next two
  uint32_t signature_size = 0;
  int32_t keyring_id = 0;
};
static_assert(Attr<ProgLoadAttr> && sizeof(ProgLoadAttr) == 168);
static_assert(offsetof(ProgLoadAttr, log_buf) == 32 && offsetof(ProgLoadAttr, prog_name) == 48);
static_assert(offsetof(ProgLoadAttr, log_true_size) == 140);

// BPF_BTF_LOAD. Linux 4.18.
struct BtfLoadAttr {
  uint64_t btf = 0;
  uint64_t btf_log_buf = 0;
  uint32_t btf_size = 0;
  uint32_t btf_log_size = 0;
  uint32_t btf_log_level = 0;
  uint32_t btf_log_true_size = 0;  // Linux 6.4; the kernel writes it
  uint32_t btf_flags = 0;          // Linux 6.9
  int32_t btf_token_fd = 0;        // Linux 6.9
};
static_assert(Attr<BtfLoadAttr> && sizeof(BtfLoadAttr) == 40);

// BPF_OBJ_PIN and BPF_OBJ_GET. Linux 4.4.
struct ObjAttr {
  uint64_t pathname = 0;  // with its NUL
  uint32_t bpf_fd = 0;
  uint32_t file_flags = 0;  // Linux 4.15: BPF_F_RDONLY, _WRONLY of a map
  int32_t path_fd = 0;      // Linux 6.5, with BPF_F_PATH_FD
  uint32_t pad = 0;
};
static_assert(Attr<ObjAttr> && sizeof(ObjAttr) == 24);

// BPF_PROG_GET_FD_BY_ID, BPF_PROG_GET_NEXT_ID and the like of maps, BTF (both Linux 4.13, 4.18) and
// links (5.8).
struct GetFdByIdAttr {
  uint32_t id = 0;  // start_id, prog_id, map_id, btf_id, link_id
  uint32_t next_id = 0;
  uint32_t open_flags = 0;        // Linux 4.15
  int32_t fd_by_id_token_fd = 0;  // Linux 6.17
};
static_assert(Attr<GetFdByIdAttr> && sizeof(GetFdByIdAttr) == 16);

// BPF_OBJ_GET_INFO_BY_FD (the member `info` of the union); what it writes is in bpf/info.h.
// Linux 4.13.
struct GetInfoByFdAttr {
  uint32_t bpf_fd = 0;
  uint32_t info_len = 0;  // in: the room at `info`; out: what the kernel wrote
  uint64_t info = 0;
};
static_assert(Attr<GetInfoByFdAttr> && sizeof(GetInfoByFdAttr) == 16);

// BPF_PROG_TEST_RUN (the member `test` of the union). Linux 4.12.
struct TestRunAttr {
  uint32_t prog_fd = 0;
  uint32_t retval = 0;  // out
  uint32_t data_size_in = 0;
  uint32_t data_size_out = 0;  // in: the room, 0 for none; out: the size
  uint64_t data_in = 0;
  uint64_t data_out = 0;
  uint32_t repeat = 0;
  uint32_t duration = 0;     // out: ns of one run, on average
  uint32_t ctx_size_in = 0;  // Linux 5.2, with the next three
  uint32_t ctx_size_out = 0;
  uint64_t ctx_in = 0;
  uint64_t ctx_out = 0;
  uint32_t flags = 0;       // Linux 5.10, with the next
  uint32_t cpu = 0;         //
  uint32_t batch_size = 0;  // Linux 5.18
  uint32_t pad = 0;
};
static_assert(Attr<TestRunAttr> && sizeof(TestRunAttr) == 80);

// BPF_PROG_BIND_MAP. Linux 5.10.
struct ProgBindMapAttr {
  uint32_t prog_fd = 0;
  uint32_t map_fd = 0;
  uint32_t flags = 0;
};
static_assert(Attr<ProgBindMapAttr> && sizeof(ProgBindMapAttr) == 12);

// BPF_PROG_ASSOC_STRUCT_OPS. Linux 7.0.
struct ProgAssocStructOpsAttr {
  uint32_t map_fd = 0;
  uint32_t prog_fd = 0;
  uint32_t flags = 0;
};
static_assert(Attr<ProgAssocStructOpsAttr> && sizeof(ProgAssocStructOpsAttr) == 12);

// BPF_PROG_STREAM_READ_BY_FD. Linux 6.17.
struct ProgStreamReadAttr {
  uint64_t stream_buf = 0;
  uint32_t stream_buf_len = 0;
  uint32_t stream_id = 0;
  uint32_t prog_fd = 0;
  uint32_t pad = 0;
};
static_assert(Attr<ProgStreamReadAttr> && sizeof(ProgStreamReadAttr) == 24);

// BPF_ENABLE_STATS. Linux 5.8.
struct EnableStatsAttr {
  uint32_t type = 0;  // BPF_STATS_RUN_TIME, the only one, is 0
};
static_assert(Attr<EnableStatsAttr> && sizeof(EnableStatsAttr) == 4);

// BPF_TOKEN_CREATE. Linux 6.9.
struct TokenCreateAttr {
  uint32_t flags = 0;
  uint32_t bpffs_fd = 0;
};
static_assert(Attr<TokenCreateAttr> && sizeof(TokenCreateAttr) == 8);

// BPF_TASK_FD_QUERY. Linux 4.18.
struct TaskFdQueryAttr {
  uint32_t pid = 0;
  uint32_t fd = 0;
  uint32_t flags = 0;
  uint32_t buf_len = 0;  // in: the room; out: the length of the name
  uint64_t buf = 0;
  uint32_t prog_id = 0;  // out, as the next three
  uint32_t fd_type = 0;
  uint64_t probe_offset = 0;
  uint64_t probe_addr = 0;
};
static_assert(Attr<TaskFdQueryAttr> && sizeof(TaskFdQueryAttr) == 48);

}  // namespace purebpf

#endif  // PUREBPF_BPF_ATTR_H_
