#include "purebpf/bpf/prog_attach.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "purebpf/bpf/attach_link.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/explain.h"

namespace purebpf {
namespace {

// include/uapi/asm-generic/socket.h.
constexpr int kSolSocket = 1;
constexpr int kSoDetachBpf = 27;
constexpr int kSoAttachBpf = 50;
constexpr int kSoAttachReuseportEbpf = 52;

std::string NameOf(AttachType type) {
  const std::string_view spelling = KernelSpelling(type);
  if (!spelling.empty()) return std::string(spelling);
  return "attach type " + std::to_string(static_cast<uint32_t>(type));
}

Result<void> Issue(const Program& program, Command command, const AttachPoint& point,
                   const ProgAttachOptions& options, std::string_view operation) {
  ProgAttachAttr attr{.target_fd = point.target,
                      .attach_bpf_fd = static_cast<uint32_t>(program.fd()),
                      .attach_type = static_cast<uint32_t>(point.attach_type),
                      .attach_flags = options.flags | options.anchor.flags,
                      .replace_bpf_fd = internal::FdOrZero(options.replace_fd),
                      .relative_fd = options.anchor.relative,
                      .expected_revision = options.anchor.expected_revision};
  const auto answer = BpfCall(command, attr).Issue(program.kernel());
  if (answer) return {};
  Error error = SystemError(answer.error(), operation, program.name());
  error.detail = NameOf(point.attach_type);
  Explain(program.kernel(), internal::kLinkHints,
          {.command = command, .error = answer.error(), .newcomer = NewcomerOf(command)}, error);
  return std::unexpected(std::move(error));
}

Result<void> SetOption(const Program& program, int socket_fd, int option) {
  const int fd = program.fd();
  const auto set = program.kernel().SetSocketOption(socket_fd, kSolSocket, option, BytesOf(fd));
  if (set) return {};
  Error error = SystemError(set.error(), "attach program", program.name());
  error.detail = "to a socket";
  if (set.error() == Errno{EINVAL})
    error.hint = "a socket filter is of BPF_PROG_TYPE_SOCKET_FILTER";
  return std::unexpected(std::move(error));
}

// Whether a point tells links of its programs; cgroups tell flags.
bool HasLinks(AttachType type) {
  return type == AttachType::kTcxIngress || type == AttachType::kTcxEgress ||
         type == AttachType::kNetkitPrimary || type == AttachType::kNetkitPeer;
}

// One BPF_PROG_QUERY with room for `room` programs.
class Query {
 public:
  Query(const AttachPoint& point, bool effective, bool with_flags, size_t room)
      : ids_(room), flags_(room), links_(room), with_flags_(with_flags) {
    attr_.target_fd = point.target;
    attr_.attach_type = static_cast<uint32_t>(point.attach_type);
    attr_.query_flags = effective ? kQueryEffective : 0;
    attr_.count = static_cast<uint32_t>(room);
  }

  SysResult<int> Issue(Kernel& kernel) {
    BpfCall call(Command::kProgQuery, attr_);
    call.Out(&ProgQueryAttr::prog_ids, BytesIn(ids_));
    if (HasLinks(AttachType{attr_.attach_type}))
      call.Out(&ProgQueryAttr::link_ids, BytesIn(links_));
    else if (with_flags_)
      call.Out(&ProgQueryAttr::prog_attach_flags, BytesIn(flags_));
    return call.Issue(kernel);
  }

  [[nodiscard]] uint32_t count() const { return attr_.count; }

  [[nodiscard]] AttachedPrograms Found() const {
    AttachedPrograms found{.attach_flags = attr_.attach_flags, .revision = attr_.revision};
    for (size_t i = 0; i < std::min<size_t>(ids_.size(), attr_.count); ++i)
      found.entries.push_back(
          {.program_id = ids_[i], .link_id = links_[i], .attach_flags = flags_[i]});
    return found;
  }

 private:
  static MutableBytes BytesIn(std::vector<uint32_t>& items) {
    return std::as_writable_bytes(std::span(items));
  }

  ProgQueryAttr attr_;
  std::vector<uint32_t> ids_;
  std::vector<uint32_t> flags_;
  std::vector<uint32_t> links_;
  bool with_flags_;
};

}  // namespace

Result<void> ProgAttach(const Program& program, const AttachPoint& point,
                        const ProgAttachOptions& options) {
  return Issue(program, Command::kProgAttach, point, options, "attach program");
}

Result<void> ProgDetach(const Program& program, const AttachPoint& point,
                        const ProgAttachOptions& options) {
  return Issue(program, Command::kProgDetach, point, options, "detach program");
}

Result<AttachedPrograms> QueryAttached(Kernel& kernel, const AttachPoint& point, bool effective) {
  bool with_flags = !effective;
  size_t room = 0;
  SysResult<int> answer;
  // More may be attached between two calls (ENOSPC), and before Linux 6.0 there are no flags for
  // each program (EINVAL).
  for (int tries = 0; tries < 5; ++tries) {
    Query query(point, effective, with_flags, room);
    answer = query.Issue(kernel);
    const bool told = answer || answer.error() == Errno{ENOSPC};
    if (answer && query.count() <= room) return query.Found();
    if (told && query.count() > room) {
      room = query.count();
    } else if (!told && answer.error() == Errno{EINVAL} && room != 0 && with_flags) {
      with_flags = false;
    } else {
      break;
    }
  }
  const Errno refused = answer ? Errno{ENOSPC} : answer.error();
  Error error = SystemError(refused, "query programs", NameOf(point.attach_type));
  Explain(kernel, internal::kLinkHints,
          {.command = Command::kProgQuery,
           .error = refused,
           .newcomer = NewcomerOf(Command::kProgQuery)},
          error);
  return std::unexpected(std::move(error));
}

Result<void> AttachToSocket(const Program& program, int socket_fd) {
  return SetOption(program, socket_fd, kSoAttachBpf);
}

Result<void> AttachToReuseport(const Program& program, int socket_fd) {
  return SetOption(program, socket_fd, kSoAttachReuseportEbpf);
}

Result<void> DetachFromSocket(Kernel& kernel, int socket_fd) {
  const int nothing = 0;
  const auto set = kernel.SetSocketOption(socket_fd, kSolSocket, kSoDetachBpf, BytesOf(nothing));
  if (set) return {};
  return std::unexpected(SystemError(set.error(), "detach program", "socket"));
}

}  // namespace purebpf
