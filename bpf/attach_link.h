// Internal. What the files that attach share.
#ifndef PUREBPF_BPF_ATTACH_LINK_H_
#define PUREBPF_BPF_ATTACH_LINK_H_

#include <string>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/attr_link.h"
#include "purebpf/bpf/link.h"
#include "purebpf/bpf/program.h"

namespace purebpf::internal {

// -1 is no descriptor: 0 in an attribute.
inline uint32_t FdOrZero(int fd) { return fd < 0 ? 0 : static_cast<uint32_t>(fd); }

inline LinkCreateHead HeadOf(const Program& program, uint32_t target, AttachType type,
                             uint32_t flags = 0) {
  return {.prog_fd = static_cast<uint32_t>(program.fd()),
          .target_fd = target,
          .attach_type = static_cast<uint32_t>(type),
          .flags = flags};
}

// The link, or why there is none; `where` is what the program was to be attached to.
Result<Link> Attached(Kernel& kernel, const std::string& name, Command command, LinkType type,
                      SysResult<int> fd, std::string where);

// Where an Error is the caller's fault alone.
[[gnu::cold]] std::unexpected<Error> CannotAttach(const Program& program, std::string detail);

}  // namespace purebpf::internal

#endif  // PUREBPF_BPF_ATTACH_LINK_H_
