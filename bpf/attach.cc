// Links of the network: interfaces, cgroups, network namespaces, sockets, netfilter; and
// struct_ops.
#include "purebpf/bpf/attach.h"

#include <utility>

#include "purebpf/bpf/attach_link.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/explain.h"

namespace purebpf {

using internal::Attached;
using internal::FdOrZero;
using internal::HeadOf;

namespace internal {

Result<Link> Attached(Kernel& kernel, const std::string& name, Command command, LinkType type,
                      SysResult<int> fd, std::string where) {
  if (fd) return Link(Fd(kernel, *fd), name);
  Error error = SystemError(fd.error(), "attach program", name);
  error.detail = std::move(where);
  Explain(
      kernel, internal::kLinkHints,
      {.command = command, .error = fd.error(), .newcomer = NewcomerOf(type), .link_type = type},
      error);
  return std::unexpected(std::move(error));
}

std::unexpected<Error> CannotAttach(const Program& program, std::string detail) {
  return std::unexpected(Error{.code = Code::kInvalidArgument,
                               .operation = "attach program",
                               .object = program.name(),
                               .detail = std::move(detail)});
}

}  // namespace internal

namespace {

// With what follows the head in `attr`.
template <Attr A>
Result<Link> Create(const Program& program, LinkType type, A& attr, std::string where) {
  Kernel& kernel = program.kernel();
  return Attached(kernel, program.name(), Command::kLinkCreate, type,
                  BpfCall(Command::kLinkCreate, attr).Issue(kernel), std::move(where));
}

Result<Link> CreateAt(const Program& program, LinkType type, LinkCreateHead head,
                      const Anchor& anchor, std::string where) {
  head.flags |= anchor.flags;
  LinkCreateAnchorAttr attr{
      .head = head, .relative_fd = anchor.relative, .expected_revision = anchor.expected_revision};
  return Create(program, type, attr, std::move(where));
}

std::string Interface(uint32_t index) { return "to interface " + std::to_string(index); }

bool IsNetkit(AttachType type) {
  return type == AttachType::kNetkitPrimary || type == AttachType::kNetkitPeer;
}

}  // namespace

Result<Link> Attach(const Program& program, const XdpTarget& target) {
  LinkCreateHead attr = HeadOf(program, target.ifindex, AttachType::kXdp, target.flags);
  return Create(program, LinkType::kXdp, attr, Interface(target.ifindex));
}

Result<Link> Attach(const Program& program, const DeviceTarget& target) {
  return CreateAt(program, IsNetkit(target.attach_type) ? LinkType::kNetkit : LinkType::kTcx,
                  HeadOf(program, target.ifindex, target.attach_type), target.anchor,
                  Interface(target.ifindex));
}

Result<Link> Attach(const Program& program, const CgroupTarget& target) {
  return CreateAt(program, LinkType::kCgroup,
                  HeadOf(program, FdOrZero(target.cgroup_fd), target.attach_type), target.anchor,
                  "to a cgroup");
}

Result<Link> Attach(const Program& program, const NetnsTarget& target) {
  LinkCreateHead attr = HeadOf(program, FdOrZero(target.netns_fd), target.attach_type);
  return Create(program, LinkType::kNetns, attr, "to a network namespace");
}

Result<Link> Attach(const Program& program, const SockmapTarget& target) {
  LinkCreateHead attr = HeadOf(program, FdOrZero(target.map_fd), target.attach_type);
  return Create(program, LinkType::kSockmap, attr, "to a sockmap");
}

Result<Link> Attach(const Program& program, const NetfilterTarget& target) {
  constexpr uint32_t kDefragment = 1;  // BPF_F_NETFILTER_IP_DEFRAG
  LinkCreateNetfilterAttr attr{.head = HeadOf(program, 0, AttachType::kNetfilter),
                               .pf = target.pf,
                               .hooknum = target.hook,
                               .priority = target.priority,
                               .flags = target.defragment ? kDefragment : 0};
  return Create(
      program, LinkType::kNetfilter, attr,
      "to netfilter family " + std::to_string(target.pf) + " hook " + std::to_string(target.hook));
}

Result<Link> AttachStructOps(const Map& map) {
  LinkCreateHead attr{.prog_fd = static_cast<uint32_t>(map.fd()),
                      .attach_type = static_cast<uint32_t>(AttachType::kStructOps)};
  auto link =
      Attached(map.kernel(), NameOf(map.params()), Command::kLinkCreate, LinkType::kStructOps,
               BpfCall(Command::kLinkCreate, attr).Issue(map.kernel()), {});
  if (!link) link.error().operation = "attach struct_ops";
  return link;
}

}  // namespace purebpf
