#include "purebpf/tools/xconnect/ports.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "purebpf/bpf/program.h"
#include "purebpf/bpf/try.h"
#include "purebpf/netlink/link.h"
#include "purebpf/tools/xconnect/claim.h"

namespace purebpf::xconnect {
namespace {

Result<ProgramInfo> InfoOf(Kernel& kernel, uint32_t id) {
  const Program program = PUREBPF_TRY(Program::FromId(kernel, id));
  return program.Info();
}

struct Owner {
  Occupant occupant = Occupant::kForeign;
  std::string name;
};

Owner OwnerOf(Kernel& kernel, uint32_t id, const Identity& identity) {
  if (id == identity.id) return {Occupant::kOwn, identity.name};
  Result<ProgramInfo> info = InfoOf(kernel, id);
  if (!info) return {};
  const bool same =
      info->name == identity.name && (!identity.tag.has_value() || info->tag == *identity.tag);
  const bool leftover = same && !IsClaimed(id);
  return {leftover ? Occupant::kLeftover : Occupant::kForeign, std::move(info->name)};
}

}  // namespace

Result<std::vector<Port>> ReadPorts(netlink::Socket& socket, std::span<const Pair> pairs,
                                    const Wiring& wiring, const Identity& identity) {
  std::set<std::string_view> names;
  for (const Pair& pair : pairs) {
    names.insert(pair.a);
    names.insert(pair.b);
  }
  const auto is_named = [&](const std::string& name) { return names.contains(name); };

  std::map<uint32_t, Owner> owners;  // by program: one program is on many interfaces
  std::vector<Port> ports;
  for (netlink::Link& link : PUREBPF_TRY(netlink::ListLinks(socket))) {
    if (!is_named(link.name) && !std::ranges::any_of(link.altnames, is_named) &&
        !wiring.attached.contains(link.index) && !wiring.entries.contains(link.index))
      continue;
    Port port{.index = link.index,
              .name = std::move(link.name),
              .altnames = std::move(link.altnames),
              .kind = std::move(link.kind),
              .mtu = link.mtu};
    // SKB and native exclude each other (net/core/dev.c: dev_xdp_attach).
    port.program_id = link.xdp.native != 0 ? link.xdp.native : link.xdp.skb;
    if (port.program_id != 0) {
      port.occupant_mode = link.xdp.native != 0 ? XdpMode::kNative : XdpMode::kSkb;
      auto owner = owners.find(port.program_id);
      if (owner == owners.end())
        owner =
            owners.insert({port.program_id, OwnerOf(socket.kernel(), port.program_id, identity)})
                .first;
      port.occupant = owner->second.occupant;
      port.program_name = owner->second.name;
    }
    ports.push_back(std::move(port));
  }
  return ports;
}

}  // namespace purebpf::xconnect
