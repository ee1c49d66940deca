// The attributes of the bpf(2) commands that attach, as bpf/attr.h has those of the others.
// BPF_LINK_CREATE takes another structure for each kind of link: the same head, and one member of
// the union behind it. Source: include/uapi/linux/bpf.h.
#ifndef PUREBPF_BPF_ATTR_LINK_H_
#define PUREBPF_BPF_ATTR_LINK_H_

#include <cstddef>
#include <cstdint>

#include "purebpf/bpf/call.h"

namespace purebpf {

// BPF_PROG_ATTACH and BPF_PROG_DETACH. Linux 4.10.
struct ProgAttachAttr {
  uint32_t target_fd = 0;  // or an interface's index
  uint32_t attach_bpf_fd = 0;
  uint32_t attach_type = 0;
  uint32_t attach_flags = 0;
  uint32_t replace_bpf_fd = 0;     // Linux 5.5
  uint32_t relative_fd = 0;        // Linux 6.6, with the next; or an id
  uint64_t expected_revision = 0;  //
};
static_assert(Attr<ProgAttachAttr> && sizeof(ProgAttachAttr) == 32);

// BPF_PROG_QUERY (the member `query` of the union). Linux 4.15.
struct ProgQueryAttr {
  uint32_t target_fd = 0;  // or an interface's index
  uint32_t attach_type = 0;
  uint32_t query_flags = 0;
  uint32_t attach_flags = 0;  // out
  uint64_t prog_ids = 0;
  uint32_t count = 0;  // in: the room at each array; out: how many there are
  uint32_t pad = 0;
  uint64_t prog_attach_flags = 0;  // Linux 6.0
  uint64_t link_ids = 0;           // Linux 6.6, with the next two
  uint64_t link_attach_flags = 0;
  uint64_t revision = 0;  // out
};
static_assert(Attr<ProgQueryAttr> && sizeof(ProgQueryAttr) == 64);

// BPF_RAW_TRACEPOINT_OPEN (the member `raw_tracepoint` of the union). Linux 4.17.
struct RawTracepointOpenAttr {
  uint64_t name = 0;  // with its NUL; 0 for a program that has its target already
  uint32_t prog_fd = 0;
  uint32_t pad = 0;
  uint64_t cookie = 0;  // Linux 6.10
};
static_assert(Attr<RawTracepointOpenAttr> && sizeof(RawTracepointOpenAttr) == 24);

// BPF_LINK_CREATE, with nothing behind it: XDP, network namespaces, sockmaps, struct_ops.
// Linux 5.7.
struct LinkCreateHead {
  uint32_t prog_fd = 0;    // or, of struct_ops, a map's
  uint32_t target_fd = 0;  // or an interface's index
  uint32_t attach_type = 0;
  uint32_t flags = 0;
};
static_assert(Attr<LinkCreateHead> && sizeof(LinkCreateHead) == 16);

// Of cgroups (whose anchors came with Linux 6.16), TCX (6.6) and netkit (6.7).
struct LinkCreateAnchorAttr {
  LinkCreateHead head;
  uint32_t relative_fd = 0;  // or an id
  uint32_t pad = 0;
  uint64_t expected_revision = 0;
};
static_assert(Attr<LinkCreateAnchorAttr> && sizeof(LinkCreateAnchorAttr) == 32);

// Of tracing programs and freplace. Linux 5.10.
struct LinkCreateTracingAttr {
  LinkCreateHead head;
  uint32_t target_btf_id = 0;
  uint32_t pad = 0;
  uint64_t cookie = 0;  // Linux 5.19
};
static_assert(Attr<LinkCreateTracingAttr> && sizeof(LinkCreateTracingAttr) == 32);

// Of iterators. Linux 5.8; with iter_info 5.9.
struct LinkCreateIterAttr {
  LinkCreateHead head;
  uint64_t iter_info = 0;  // union bpf_iter_link_info
  uint32_t iter_info_len = 0;
  uint32_t pad = 0;
};
static_assert(Attr<LinkCreateIterAttr> && sizeof(LinkCreateIterAttr) == 32);

// Of perf events: tracepoints, kprobes, uprobes. Linux 5.15.
struct LinkCreatePerfEventAttr {
  LinkCreateHead head;
  uint64_t bpf_cookie = 0;
};
static_assert(Attr<LinkCreatePerfEventAttr> && sizeof(LinkCreatePerfEventAttr) == 24);

// Linux 5.18.
struct LinkCreateKprobeMultiAttr {
  LinkCreateHead head;
  uint32_t flags = 0;  // BPF_F_KPROBE_MULTI_RETURN is 1
  uint32_t cnt = 0;
  uint64_t syms = 0;   // pointers to names; or
  uint64_t addrs = 0;  // addresses
  uint64_t cookies = 0;
};
static_assert(Attr<LinkCreateKprobeMultiAttr> && sizeof(LinkCreateKprobeMultiAttr) == 48);

// Linux 6.6.
struct LinkCreateUprobeMultiAttr {
  LinkCreateHead head;
  uint64_t path = 0;  // with its NUL
  uint64_t offsets = 0;
  uint64_t ref_ctr_offsets = 0;
  uint64_t cookies = 0;
  uint32_t cnt = 0;
  uint32_t flags = 0;  // BPF_F_UPROBE_MULTI_RETURN is 1
  uint32_t pid = 0;
  uint32_t path_fd = 0;  // Linux 7.2, with BPF_F_UPROBE_MULTI_PATH_FD
};
static_assert(Attr<LinkCreateUprobeMultiAttr> && sizeof(LinkCreateUprobeMultiAttr) == 64);

// Linux 7.2.
struct LinkCreateTracingMultiAttr {
  LinkCreateHead head;
  uint64_t ids = 0;  // of functions in the program's BTF object
  uint64_t cookies = 0;
  uint32_t cnt = 0;
  uint32_t pad = 0;
};
static_assert(Attr<LinkCreateTracingMultiAttr> && sizeof(LinkCreateTracingMultiAttr) == 40);

// Linux 6.4.
struct LinkCreateNetfilterAttr {
  LinkCreateHead head;
  uint32_t pf = 0;
  uint32_t hooknum = 0;
  int32_t priority = 0;
  uint32_t flags = 0;  // BPF_F_NETFILTER_IP_DEFRAG is 1
};
static_assert(Attr<LinkCreateNetfilterAttr> && sizeof(LinkCreateNetfilterAttr) == 32);

// BPF_LINK_UPDATE (the member `link_update` of the union). Linux 5.7.
struct LinkUpdateAttr {
  uint32_t link_fd = 0;
  uint32_t new_prog_fd = 0;  // or, of struct_ops, a map's (Linux 6.4), as old_prog_fd
  uint32_t flags = 0;        // BPF_F_REPLACE: only where old_prog_fd is attached
  uint32_t old_prog_fd = 0;
};
static_assert(Attr<LinkUpdateAttr> && sizeof(LinkUpdateAttr) == 16);

// BPF_LINK_DETACH. Linux 5.9.
struct LinkDetachAttr {
  uint32_t link_fd = 0;
};
static_assert(Attr<LinkDetachAttr> && sizeof(LinkDetachAttr) == 4);

// BPF_ITER_CREATE. Linux 5.8.
struct IterCreateAttr {
  uint32_t link_fd = 0;
  uint32_t flags = 0;
};
static_assert(Attr<IterCreateAttr> && sizeof(IterCreateAttr) == 8);

}  // namespace purebpf

#endif  // PUREBPF_BPF_ATTR_LINK_H_
