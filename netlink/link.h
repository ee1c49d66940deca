// Network interfaces ("links"): list, find, set up or down, watch.
// Source: include/uapi/linux/if_link.h, net/core/rtnetlink.c.
#ifndef PUREBPF_NETLINK_LINK_H_
#define PUREBPF_NETLINK_LINK_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/netlink/socket.h"
#include "purebpf/netlink/xdp_state.h"

namespace purebpf::netlink {

struct Link {
  uint32_t index = 0;                 // ifindex, unique in its network namespace
  std::string name;                   // IFLA_IFNAME, at most 15 characters
  std::vector<std::string> altnames;  // Linux 5.5
  std::string kind;                   // "veth", "tun", "bridge"...; empty for a physical device
  uint32_t flags = 0;                 // IFF_*
  uint32_t mtu = 0;                   // bytes
  std::vector<std::byte> address;     // the hardware address
  XdpState xdp;

  [[nodiscard]] bool up() const { return (flags & 1) != 0; }  // IFF_UP
};

// All links of the socket's network namespace, by index. A dump that a change interrupted is done
// again, a few times.
[[nodiscard]] Result<std::vector<Link>> ListLinks(Socket& socket);

// By IFLA_IFNAME or an altname. kNotFound where there is none of that name.
[[nodiscard]] Result<Link> LinkByName(Socket& socket, std::string_view name);
[[nodiscard]] Result<Link> LinkByIndex(Socket& socket, uint32_t index);

// IFF_UP set or cleared. Needs CAP_NET_ADMIN.
Result<void> SetLinkUp(Socket& socket, uint32_t index);
Result<void> SetLinkDown(Socket& socket, uint32_t index);

// One change that the kernel told of.
struct LinkEvent {
  bool removed = false;  // RTM_DELLINK
  Link link;             // of a removed one: index and name
};

// Tells of links that appear, change or go.
class LinkMonitor {
 public:
  [[nodiscard]] static Result<LinkMonitor> Open(Kernel& kernel);

  // What happened since the last call, in order; empty where nothing did. Never blocks: wait for
  // fd() to be readable. kSystem with ENOBUFS: events were lost, call ListLinks.
  [[nodiscard]] Result<std::vector<LinkEvent>> Read();

  [[nodiscard]] int fd() const { return socket_.fd(); }

 private:
  explicit LinkMonitor(Socket socket) : socket_(std::move(socket)) {}
  Socket socket_;
};

// From an RTM_NEWLINK or RTM_DELLINK message. kMalformed where it is neither, where an attribute
// has the wrong size, and where the index or the name is missing.
[[nodiscard]] Result<Link> ParseLink(const Message& message);

// How errors name a link of which only the index is known: "ifindex 4".
std::string LinkObject(uint32_t index);

}  // namespace purebpf::netlink

#endif  // PUREBPF_NETLINK_LINK_H_
