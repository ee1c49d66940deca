// Attaching without a link: by BPF_PROG_ATTACH (cgroups, sockmaps, TCX, ...) and by socket option.
// Such an attachment belongs to its target: it stays when this process ends, until it is detached
// or the target is gone. bpf/attach.h has links.
//
// Source: include/uapi/linux/bpf.h, kernel/bpf/syscall.c. Linux 4.10 unless said otherwise.
#ifndef PUREBPF_BPF_PROG_ATTACH_H_
#define PUREBPF_BPF_PROG_ATTACH_H_

#include <cstdint>
#include <vector>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/attach.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/bpf/program.h"

namespace purebpf {

// Where: a descriptor (cgroup, sockmap, network namespace), or of TCX and netkit an interface.
struct AttachPoint {
  uint32_t target = 0;
  AttachType attach_type = AttachType{0};
};

struct ProgAttachOptions {
  // kAllowOverride or kAllowMulti of a cgroup, kAttachReplace with replace_fd.
  uint32_t flags = 0;
  int replace_fd = -1;  // the program in whose place this one goes; Linux 5.5
  Anchor anchor;        // Linux 6.6 (cgroups 6.16)
};

// One call. kConflict where the program is there already; kPermission also where a cgroup's other
// program does not allow it.
Result<void> ProgAttach(const Program& program, const AttachPoint& point,
                        const ProgAttachOptions& options = {});
// One call. kNotFound where it is not attached there.
Result<void> ProgDetach(const Program& program, const AttachPoint& point,
                        const ProgAttachOptions& options = {});

// What is attached at a point. Linux 4.15.
struct AttachedPrograms {
  struct Entry {
    uint32_t program_id = 0;
    uint32_t link_id = 0;       // 0: attached without a link; TCX, netkit, cgroups since 6.16
    uint32_t attach_flags = 0;  // of a cgroup's; Linux 6.0
    bool operator==(const Entry&) const = default;
  };
  std::vector<Entry> entries;  // in the order in which they run
  uint32_t attach_flags = 0;   // of all of a cgroup's
  uint64_t revision = 0;       // changes with what is attached; Linux 6.6
};
// `effective`: of a cgroup, those that run for it, whichever cgroup above they are attached to.
// Two calls; one where nothing is attached.
[[nodiscard]] Result<AttachedPrograms> QueryAttached(Kernel& kernel, const AttachPoint& point,
                                                     bool effective = false);

// SO_ATTACH_BPF (Linux 3.19), SO_ATTACH_REUSEPORT_EBPF (4.5; kSkReuseport 4.19).
Result<void> AttachToSocket(const Program& program, int socket_fd);
Result<void> AttachToReuseport(const Program& program, int socket_fd);
Result<void> DetachFromSocket(Kernel& kernel, int socket_fd);

}  // namespace purebpf

#endif  // PUREBPF_BPF_PROG_ATTACH_H_
