// Links: what keeps a program attached. bpf/attach.h makes them.
//
// Lifetime: a Link owns its descriptor. The program is detached when the last descriptor and the
// last pin of its link are gone: at the latest when the process ends, unless it is pinned.
// Source: include/uapi/linux/bpf.h, kernel/bpf/syscall.c. Linux 5.7 unless said otherwise.
#ifndef PUREBPF_BPF_LINK_H_
#define PUREBPF_BPF_LINK_H_

#include <cstdint>
#include <string>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/fd.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/program.h"

namespace purebpf {

// BPF_OBJ_GET_INFO_BY_FD (Linux 5.8): the first three of every link, of the others those that its
// type has, else 0 and empty.
struct LinkInfo {
  uint32_t id = 0;
  LinkType type = LinkType::kUnspec;
  uint32_t program_id = 0;  // none for struct_ops

  AttachType attach_type = AttachType{0};  // tracing, cgroup, netns, TCX, netkit, sockmap
  uint32_t ifindex = 0;                    // XDP, TCX, netkit; 0 once the interface is gone
  uint32_t netns_inode = 0;                // netns
  uint64_t cgroup_id = 0;                  // cgroup, iterator of one
  uint32_t map_id = 0;                     // struct_ops, sockmap, iterator of one
  uint32_t target_id = 0;                  // tracing: the target program's, or BTF object's
  uint32_t target_btf_id = 0;              // tracing
  uint32_t pf = 0;                         // netfilter, with the next two
  uint32_t hook = 0;
  int32_t priority = 0;
  uint32_t flags = 0;                                 // netfilter, multi-probes
  PerfEventType event_type = PerfEventType::kUnspec;  // perf event; Linux 6.6
  // A tracepoint, the function of a kprobe, the file of a uprobe, what an iterator is over.
  std::string name;
  uint64_t address = 0;  // kprobe
  uint64_t offset = 0;   // in the function of a kprobe, the file of a uprobe
  uint64_t cookie = 0;   // where the kernel tells: Linux 6.9 for perf events, 6.18 for tracing
  uint64_t missed = 0;   // kprobe, kprobe multi: hits that did not run the program
  uint32_t count = 0;    // multi-probes: how many functions or offsets

  bool operator==(const LinkInfo&) const = default;
};

class Link {
 public:
  // The link behind a pin, of an id (Linux 5.8, CAP_SYS_ADMIN), or behind a descriptor, which is
  // taken over (and closed on failure). kNotFound where there is none; kInvalidArgument where it is
  // no link. One call; what has no id reads its /proc/self/fdinfo, to know that it is a link.
  [[nodiscard]] static Result<Link> FromPin(Kernel& kernel, const std::string& path);
  [[nodiscard]] static Result<Link> FromId(Kernel& kernel, uint32_t id);
  [[nodiscard]] static Result<Link> FromFd(Kernel& kernel, int fd);

  Link(Link&&) noexcept = default;
  Link& operator=(Link&&) noexcept = default;

  // Another program in the place of that which is attached, without a moment in between. Where
  // `expected` is given, only if that is attached: kConflict otherwise. XDP, TCX, netkit, cgroup,
  // netns, sockmap, struct_ops; kUnsupported for the others.
  Result<void> Update(const Program& program) const;
  Result<void> Update(const Program& program, const Program& expected) const;
  // The same of struct_ops (Linux 6.4).
  Result<void> Update(const Map& map) const;
  Result<void> Update(const Map& map, const Map& expected) const;

  // Detaches now, whoever else holds the link (Linux 5.9): those hold a link to nothing then.
  Result<void> Detach();

  // One call; one more where there is a name.
  [[nodiscard]] Result<LinkInfo> Info() const;

  // A name in a BPF file system: the program stays attached when this process ends. kConflict where
  // the path is taken. Unpin removes the name, whatever it stands for.
  Result<void> Pin(const std::string& path) const;
  static Result<void> Unpin(Kernel& kernel, const std::string& path);

  // Of an iterator's link: a descriptor from which one run of the program is read, and all that one
  // run writes, at most `max_bytes` (kSystem, EFBIG, beyond). Linux 5.8.
  [[nodiscard]] Result<Fd> OpenIterator() const;
  [[nodiscard]] Result<std::string> ReadIterator(size_t max_bytes = size_t{64} << 20) const;

  // False where an older kernel attached to a perf event without a link: it stays attached as long
  // as this Link lives, and can be neither updated nor pinned nor asked (kUnsupported).
  [[nodiscard]] bool is_kernel_link() const { return is_kernel_link_; }
  // How messages name it: the program's name, the path or the id.
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] Kernel& kernel() const { return fd_.kernel(); }

  // For those that attach: takes `fd` over.
  Link(Fd fd, std::string name, bool is_kernel_link = true)
      : fd_(std::move(fd)), name_(std::move(name)), is_kernel_link_(is_kernel_link) {}

 private:
  Result<void> UpdateWith(int fd, int expected_fd) const;
  [[nodiscard, gnu::cold]] std::unexpected<Error> Refused(Command command, Errno answer,
                                                          std::string_view operation) const;
  Result<void> NeedsKernelLink(std::string_view operation) const;

  Fd fd_;
  std::string name_;
  bool is_kernel_link_;
};

}  // namespace purebpf

#endif  // PUREBPF_BPF_LINK_H_
