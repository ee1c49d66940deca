// Attaching by link (BPF_LINK_CREATE, Linux 5.7): one structure for each kind of target, one
// function for all.
//
//   auto link = Attach(program, XdpTarget{.ifindex = 3});      // attached for as long as link
//   lives
//
// Each is one call. Errors: kConflict (EBUSY, EEXIST: something else is there), kPermission,
// kNotFound (no such interface, function, file), kUnsupported (what this kernel is too old for),
// kInvalidArgument. bpf/perf_event.h attaches to tracepoints, kprobes and uprobes one by one,
// bpf/prog_attach.h without a link.
#ifndef PUREBPF_BPF_ATTACH_H_
#define PUREBPF_BPF_ATTACH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/link.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/program.h"

namespace purebpf {

// A place among the programs at one target: the last unless said otherwise.
struct Anchor {
  uint32_t flags = 0;              // kAttachBefore or kAttachAfter, with kAttachLink, kAttachId
  uint32_t relative = 0;           // the descriptor of a program or link, or its id; 0: all others
  uint64_t expected_revision = 0;  // only where the target's programs are those of that query

  static Anchor First() { return {.flags = kAttachBefore}; }
  static Anchor Last() { return {.flags = kAttachAfter}; }
  static Anchor Before(const Program& program) { return Beside(kAttachBefore, program.fd()); }
  static Anchor After(const Program& program) { return Beside(kAttachAfter, program.fd()); }
  static Anchor Before(const Link& link) { return Beside(kAttachBefore | kAttachLink, link.fd()); }
  static Anchor After(const Link& link) { return Beside(kAttachAfter | kAttachLink, link.fd()); }

 private:
  static Anchor Beside(uint32_t flags, int fd) {
    return {.flags = flags, .relative = static_cast<uint32_t>(fd)};
  }
};

// An interface's XDP hook. Linux 5.9.
struct XdpTarget {
  uint32_t ifindex = 0;
  uint32_t flags = 0;  // XDP_FLAGS_SKB_MODE is 2, _DRV_MODE 4, _HW_MODE 8; 0: the best there is
};

// An interface's traffic control (kTcxIngress, kTcxEgress, Linux 6.6), or a netkit device
// (kNetkitPrimary, kNetkitPeer, Linux 6.7).
struct DeviceTarget {
  uint32_t ifindex = 0;
  AttachType attach_type = AttachType::kTcxIngress;
  Anchor anchor;
};

// A cgroup: the descriptor of its folder (Kernel::Open). Anchors: Linux 6.16.
struct CgroupTarget {
  int cgroup_fd = -1;
  AttachType attach_type = AttachType{0};
  Anchor anchor;
};

// A network namespace: kFlowDissector (Linux 5.8), kSkLookup (5.9).
struct NetnsTarget {
  int netns_fd = -1;
  AttachType attach_type = AttachType::kSkLookup;
};

// The sockets in a sockmap or sockhash: kSkMsgVerdict, kSkSkbStreamParser, kSkSkbStreamVerdict,
// kSkSkbVerdict. Linux 6.10.
struct SockmapTarget {
  int map_fd = -1;
  AttachType attach_type = AttachType::kSkMsgVerdict;
};

// Linux 6.4.
struct NetfilterTarget {
  uint32_t pf = 0;          // NFPROTO_IPV4 is 2, _IPV6 10
  uint32_t hook = 0;        // NF_INET_PRE_ROUTING is 0, ... _POST_ROUTING 4
  int32_t priority = 0;     // those below run earlier; neither the least nor the greatest number
  bool defragment = false;  // Linux 6.6
};

// Where the program was loaded for: fentry, fexit, fmod_ret, LSM, BTF tracepoints. Linux 5.5; with
// a cookie 5.19 (tracepoints 6.10).
struct TracingTarget {
  uint64_t cookie = 0;
  // Said with a cookie, where the program was opened and not loaded: the kernel tells it to nobody.
  AttachType attach_type = AttachType{0};
};

// What the program replaces: the function that it was loaded for (Linux 5.6), or one of another
// program with the same signature (5.10).
struct FreplaceTarget {
  int program_fd = -1;  // -1: that which it was loaded for
  uint32_t function_btf_id = 0;
};

// What the program iterates over; a kind that needs no more has none of these set. Linux 5.8.
struct IterTarget {
  int map_fd = -1;     // bpf_map_elem, bpf_sk_storage_map; Linux 5.9
  int cgroup_fd = -1;  // cgroup; Linux 6.1
  uint32_t order = 0;  // of cgroups: BPF_CGROUP_ITER_SELF_ONLY is 1, ... _ANCESTORS_UP 4
  uint32_t tid = 0;    // task, task_file, task_vma: of one thread; Linux 6.1
  uint32_t pid = 0;    // of one process
  int pid_fd = -1;     // of the process behind this descriptor
};

// A raw tracepoint by name. Linux 4.17; with a cookie 6.10.
struct RawTracepointTarget {
  std::string name;
  uint64_t cookie = 0;
};

// Many kernel functions, by name or by address (one of the two). Linux 5.18.
struct KprobeMultiTarget {
  std::vector<std::string> symbols;
  std::vector<uint64_t> addresses;
  std::vector<uint64_t> cookies;  // none, or one each
  bool on_return = false;
  bool session = false;  // on entry and, if the program says so, on return; Linux 6.10
};

// Many places in a file. Linux 6.6.
struct UprobeMultiTarget {
  std::string path;
  std::vector<uint64_t> offsets;          // in the file
  std::vector<uint64_t> ref_ctr_offsets;  // of semaphores: none, or one each
  std::vector<uint64_t> cookies;          // none, or one each
  uint32_t pid = 0;                       // 0: every process
  bool on_return = false;
  bool session = false;  // Linux 6.13
};

// Many functions of the BTF object that the program was loaded for. Linux 7.2.
struct TracingMultiTarget {
  std::vector<uint32_t> btf_ids;
  std::vector<uint64_t> cookies;  // none, or one each
};

// A perf event that is there already (bpf/perf_event.h opens them). Linux 5.15.
struct PerfEventTarget {
  int perf_fd = -1;
  uint64_t cookie = 0;
};

[[nodiscard]] Result<Link> Attach(const Program& program, const XdpTarget& target);
[[nodiscard]] Result<Link> Attach(const Program& program, const DeviceTarget& target);
[[nodiscard]] Result<Link> Attach(const Program& program, const CgroupTarget& target);
[[nodiscard]] Result<Link> Attach(const Program& program, const NetnsTarget& target);
[[nodiscard]] Result<Link> Attach(const Program& program, const SockmapTarget& target);
[[nodiscard]] Result<Link> Attach(const Program& program, const NetfilterTarget& target);
[[nodiscard]] Result<Link> Attach(const Program& program, const TracingTarget& target);
[[nodiscard]] Result<Link> Attach(const Program& program, const FreplaceTarget& target);
[[nodiscard]] Result<Link> Attach(const Program& program, const IterTarget& target);
[[nodiscard]] Result<Link> Attach(const Program& program, const RawTracepointTarget& target);
[[nodiscard]] Result<Link> Attach(const Program& program, const KprobeMultiTarget& target);
[[nodiscard]] Result<Link> Attach(const Program& program, const UprobeMultiTarget& target);
[[nodiscard]] Result<Link> Attach(const Program& program, const TracingMultiTarget& target);
[[nodiscard]] Result<Link> Attach(const Program& program, const PerfEventTarget& target);

// The functions of a struct_ops map that was created with BPF_F_LINK. Linux 6.4.
[[nodiscard]] Result<Link> AttachStructOps(const Map& map);

}  // namespace purebpf

#endif  // PUREBPF_BPF_ATTACH_H_
