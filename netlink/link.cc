#include "purebpf/netlink/link.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "purebpf/bpf/capabilities.h"
#include "purebpf/bpf/try.h"

namespace purebpf::netlink {
namespace {

constexpr size_t kMostNameBytes = 15;      // IFNAMSIZ - 1
constexpr size_t kMostAltnameBytes = 127;  // ALTIFNAMSIZ - 1
constexpr int kMostDumps = 10;             // the same list asked again: see Socket::Dump
// IFLA_XDP_ATTACHED
enum : uint8_t { kAttachedNative = 1, kAttachedSkb = 2, kAttachedHardware = 3 };

[[gnu::cold]] Error Malformed(std::string detail) {
  return Error{
      .code = Code::kMalformed, .operation = "read link message", .detail = std::move(detail)};
}

// The IFLA_XDP block. Kernels before 4.19 give one id and its mode; later ones give an id for each
// mode, and the one id as well where only one mode has a program.
Result<XdpState> ParseXdp(Bytes attributes) {
  XdpState state;
  uint8_t attached = 0;
  uint32_t single = 0;
  while (const std::optional<Attribute> attribute = PUREBPF_TRY(NextAttribute(attributes))) {
    switch (attribute->type) {
      case kXdpAttached:
        attached = PUREBPF_TRY(attribute->U8());
        break;
      case kXdpProgId:
        single = PUREBPF_TRY(attribute->U32());
        break;
      case kXdpDrvProgId:
        state.native = PUREBPF_TRY(attribute->U32());
        break;
      case kXdpSkbProgId:
        state.skb = PUREBPF_TRY(attribute->U32());
        break;
      case kXdpHwProgId:
        state.hardware = PUREBPF_TRY(attribute->U32());
        break;
      default:
        break;
    }
  }
  if (attached == kAttachedNative && state.native == 0) state.native = single;
  if (attached == kAttachedSkb && state.skb == 0) state.skb = single;
  if (attached == kAttachedHardware && state.hardware == 0) state.hardware = single;
  return state;
}

Result<std::string> ParseKind(Bytes attributes) {
  std::string kind;
  while (const std::optional<Attribute> attribute = PUREBPF_TRY(NextAttribute(attributes)))
    if (attribute->type == kIflaInfoKind) kind = attribute->Text();
  return kind;
}

Result<std::vector<std::string>> ParseAltnames(Bytes attributes) {
  std::vector<std::string> names;
  while (const std::optional<Attribute> attribute = PUREBPF_TRY(NextAttribute(attributes)))
    if (attribute->type == kIflaAltIfname) names.emplace_back(attribute->Text());
  return names;
}

Result<void> ParseAttribute(const Attribute& attribute, Link& link) {
  switch (attribute.type) {
    case kIflaIfname:
      link.name = attribute.Text();
      break;
    case kIflaMtu:
      link.mtu = PUREBPF_TRY(attribute.U32());
      break;
    case kIflaAddress:
      link.address.assign(attribute.payload.begin(), attribute.payload.end());
      break;
    case kIflaLinkInfo:
      link.kind = PUREBPF_TRY(ParseKind(attribute.payload));
      break;
    case kIflaXdp:
      link.xdp = PUREBPF_TRY(ParseXdp(attribute.payload));
      break;
    case kIflaPropList:
      link.altnames = PUREBPF_TRY(ParseAltnames(attribute.payload));
      break;
    default:
      break;
  }
  return {};
}

Result<void> CheckName(std::string_view name) {
  std::string_view problem;
  if (name.empty()) {
    problem = "the name is empty";
  } else if (name.size() > kMostAltnameBytes) {
    problem = "the name is longer than 127 characters";
  } else if (name.find('\0') != std::string_view::npos) {
    problem = "there is a NUL in the name";
  } else if (name.find('/') != std::string_view::npos) {
    problem = "there is a '/' in the name";
  } else {
    return {};
  }
  return std::unexpected(Error{.code = Code::kInvalidArgument,
                               .operation = "find link",
                               .object = std::string(name),
                               .detail = std::string(problem)});
}

// RTM_GETLINK with what every request for links carries.
MessageBuilder GetLink(uint32_t index) {
  MessageBuilder request(kRtmGetLink);
  request.Header(IfInfo{.ifi_index = static_cast<int32_t>(index)});
  // The counters are most of an answer's bytes, and nothing here reads them (Linux 4.4).
  request.Int(kIflaExtMask, kSkipStatistics);
  return request;
}

Result<Link> GetOne(Socket& socket, MessageBuilder request, const Action& action) {
  Link link;
  const auto use = [&](const Message& message) -> Result<void> {
    link = PUREBPF_TRY(ParseLink(message));
    return {};
  };
  PUREBPF_TRY(socket.Get(std::move(request), action, use));
  return link;
}

Result<void> SetFlags(Socket& socket, uint32_t index, uint32_t flags, std::string_view operation) {
  MessageBuilder request(kRtmSetLink);
  request.Header(
      IfInfo{.ifi_index = static_cast<int32_t>(index), .ifi_flags = flags, .ifi_change = kIffUp});
  Result<void> result =
      socket.Request(std::move(request), {.operation = operation, .object = LinkObject(index)});
  if (!result && result.error().code == Code::kPermission) {
    result.error().hint = "needs CAP_NET_ADMIN";
    NameMissingCapabilities(socket.kernel(), result.error());
  }
  return result;
}

}  // namespace

std::string LinkObject(uint32_t index) { return "ifindex " + std::to_string(index); }

Result<Link> ParseLink(const Message& message) {
  if (message.type != kRtmNewLink && message.type != kRtmDelLink)
    return std::unexpected(
        Malformed("message type " + std::to_string(message.type) + " tells of no link"));
  Bytes rest = message.payload;
  const IfInfo info = PUREBPF_TRY(TakeHeader<IfInfo>(rest));
  if (info.ifi_index <= 0)
    return std::unexpected(Malformed("ifi_index is " + std::to_string(info.ifi_index)));
  Link link{.index = static_cast<uint32_t>(info.ifi_index), .flags = info.ifi_flags};
  while (const std::optional<Attribute> attribute = PUREBPF_TRY(NextAttribute(rest)))
    PUREBPF_TRY(ParseAttribute(*attribute, link));
  if (link.name.empty() || link.name.size() > kMostNameBytes)
    return std::unexpected(Malformed("IFLA_IFNAME of " + LinkObject(link.index) + " has " +
                                     std::to_string(link.name.size()) +
                                     " characters, not 1 to 15"));
  return link;
}

Result<std::vector<Link>> ListLinks(Socket& socket) {
  const Action action{.operation = "list links", .object = ""};
  std::vector<Link> links;
  const auto use = [&](const Message& message) -> Result<void> {
    links.push_back(PUREBPF_TRY(ParseLink(message)));
    return {};
  };
  Result<void> result;
  for (int dump = 0; dump < kMostDumps; ++dump) {
    links.clear();
    result = socket.Dump(GetLink(0), action, use);
    if (result || !AskAgain(result.error())) break;
  }
  if (!result) return std::unexpected(std::move(result).error());
  // Older kernels list them by hash bucket.
  std::ranges::sort(links, {}, &Link::index);
  return links;
}

Result<Link> LinkByName(Socket& socket, std::string_view name) {
  PUREBPF_TRY(CheckName(name));
  MessageBuilder request = GetLink(0);
  // Either attribute finds names and altnames alike (net/core/dev.c: __dev_get_by_name), but
  // IFLA_IFNAME may hold no more than a name, and IFLA_ALT_IFNAME is not known before Linux 5.5.
  const bool is_long = name.size() > kMostNameBytes;
  request.String(is_long ? kIflaAltIfname : kIflaIfname, name);
  Result<Link> link =
      GetOne(socket, std::move(request), {.operation = "find link", .object = name});
  if (!link && link.error().sys_errno == EINVAL && is_long)
    link.error().hint = "names of more than 15 characters need Linux 5.5";
  return link;
}

Result<Link> LinkByIndex(Socket& socket, uint32_t index) {
  // The kernel takes index 0 for "by name" and a negative one for nonsense.
  if (index == 0 || index > INT32_MAX)
    return std::unexpected(Error{.code = Code::kInvalidArgument,
                                 .operation = "find link",
                                 .object = LinkObject(index),
                                 .detail = "an ifindex is from 1 to 2147483647"});
  return GetOne(socket, GetLink(index), {.operation = "find link", .object = LinkObject(index)});
}

Result<void> SetLinkUp(Socket& socket, uint32_t index) {
  return SetFlags(socket, index, kIffUp, "set link up");
}

Result<void> SetLinkDown(Socket& socket, uint32_t index) {
  return SetFlags(socket, index, 0, "set link down");
}

Result<LinkMonitor> LinkMonitor::Open(Kernel& kernel) {
  return LinkMonitor(PUREBPF_TRY(Socket::Open(kernel, kRtmgrpLink)));
}

Result<std::vector<LinkEvent>> LinkMonitor::Read() {
  std::vector<LinkEvent> events;
  const auto use = [&](const Message& message) -> Result<void> {
    if (message.type != kRtmNewLink && message.type != kRtmDelLink) return {};
    Bytes rest = message.payload;
    // A bridge tells of its ports in the same group with AF_BRIDGE: there RTM_DELLINK means that a
    // link left the bridge (net/bridge/br_netlink.c: br_ifinfo_notify).
    const IfInfo info = PUREBPF_TRY(TakeHeader<IfInfo>(rest));
    if (info.ifi_family != 0) return {};
    events.push_back(
        {.removed = message.type == kRtmDelLink, .link = PUREBPF_TRY(ParseLink(message))});
    return {};
  };
  PUREBPF_TRY(socket_.ReadEvents(use));
  return events;
}

}  // namespace purebpf::netlink
