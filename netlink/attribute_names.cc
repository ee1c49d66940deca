#include "purebpf/netlink/attribute_names.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "purebpf/netlink/constants.h"
#include "purebpf/netlink/message.h"

namespace purebpf::netlink {
namespace {

// What gives an attribute's number its meaning: the message, or the attribute that it is nested in.
enum class Space : uint8_t { kUnknown, kLink, kLinkInfo, kXdp, kPropList };

struct Name {
  Space space;
  uint16_t type;
  std::string_view name;
  Space inside;  // of the attributes in its payload; kUnknown: it is no nest
};

constexpr Name kNames[] = {
    {Space::kLink, kIflaAddress, "IFLA_ADDRESS", Space::kUnknown},
    {Space::kLink, kIflaIfname, "IFLA_IFNAME", Space::kUnknown},
    {Space::kLink, kIflaMtu, "IFLA_MTU", Space::kUnknown},
    {Space::kLink, kIflaLinkInfo, "IFLA_LINKINFO", Space::kLinkInfo},
    {Space::kLink, kIflaExtMask, "IFLA_EXT_MASK", Space::kUnknown},
    {Space::kLink, kIflaXdp, "IFLA_XDP", Space::kXdp},
    {Space::kLink, kIflaPropList, "IFLA_PROP_LIST", Space::kPropList},
    {Space::kLink, kIflaAltIfname, "IFLA_ALT_IFNAME", Space::kUnknown},
    {Space::kLinkInfo, kIflaInfoKind, "IFLA_INFO_KIND", Space::kUnknown},
    {Space::kXdp, kXdpFd, "IFLA_XDP_FD", Space::kUnknown},
    {Space::kXdp, kXdpAttached, "IFLA_XDP_ATTACHED", Space::kUnknown},
    {Space::kXdp, kXdpFlags, "IFLA_XDP_FLAGS", Space::kUnknown},
    {Space::kXdp, kXdpProgId, "IFLA_XDP_PROG_ID", Space::kUnknown},
    {Space::kXdp, kXdpDrvProgId, "IFLA_XDP_DRV_PROG_ID", Space::kUnknown},
    {Space::kXdp, kXdpSkbProgId, "IFLA_XDP_SKB_PROG_ID", Space::kUnknown},
    {Space::kXdp, kXdpHwProgId, "IFLA_XDP_HW_PROG_ID", Space::kUnknown},
    {Space::kXdp, kXdpExpectedFd, "IFLA_XDP_EXPECTED_FD", Space::kUnknown},
    {Space::kPropList, kIflaAltIfname, "IFLA_ALT_IFNAME", Space::kUnknown},
};

// Where a message's attributes begin, and what they are.
struct Family {
  uint16_t first_type;
  uint16_t last_type;
  size_t header_size;
  Space attributes;
};

constexpr Family kFamilies[] = {
    {kRtmNewLink, kRtmSetLink, sizeof(IfInfo), Space::kLink},
};

// A run of attributes: the bytes of the request from `begin` to `end`.
struct Run {
  size_t begin = 0;
  size_t end = 0;
  Space space = Space::kUnknown;
};

const Name* Find(Space space, uint16_t type) {
  for (const Name& name : kNames)
    if (name.space == space && name.type == type) return &name;
  return nullptr;
}

std::string NameOf(Space space, uint16_t type) {
  const Name* const name = Find(space, type);
  return name != nullptr ? std::string(name->name) : std::to_string(type);
}

// The attributes at the message's top level; an empty run where the message is of another family.
Run TopLevel(Bytes request) {
  MessageHeader header;
  if (request.size() < sizeof header) return {};
  std::memcpy(&header, request.data(), sizeof header);
  for (const Family& family : kFamilies) {
    if (header.nlmsg_type < family.first_type || header.nlmsg_type > family.last_type) continue;
    const size_t begin = sizeof header + family.header_size;
    return {begin, std::max(begin, request.size()), family.attributes};
  }
  return {};
}

// Goes down from the top level to the attribute at `offset`. `path` becomes its name, `inside` the
// run in its payload; both stay as they are where no attribute begins there. One step a level, and
// the table has two of them, so a hostile message cannot lead it deep.
void Descend(Bytes request, uint32_t offset, std::string& path, Run& inside) {
  Run run = TopLevel(request);
  std::string outer;
  size_t at = run.begin;
  while (at < run.end && at <= offset && offset < request.size()) {
    AttributeHeader header;
    if (run.end - at < sizeof header) return;
    std::memcpy(&header, request.data() + at, sizeof header);
    if (header.nla_len < sizeof header || header.nla_len > run.end - at) return;
    const auto type = static_cast<uint16_t>(header.nla_type & kNlaTypeMask);
    const Name* const name = Find(run.space, type);
    const Run payload = {at + sizeof header, at + header.nla_len,
                         name != nullptr ? name->inside : Space::kUnknown};
    if (at == offset) {
      path = outer + NameOf(run.space, type);
      inside = payload;
      return;
    }
    if (offset < payload.end) {
      if (payload.space == Space::kUnknown) return;
      outer += NameOf(run.space, type) + ".";
      run = payload;
      at = run.begin;
    } else {
      at += AlignToFour(header.nla_len);
    }
  }
}

}  // namespace

std::string AttributePath(Bytes request, uint32_t offset) {
  std::string path;
  Run inside;
  Descend(request, offset, path, inside);
  return path;
}

std::string MissingAttributePath(Bytes request, uint16_t type,
                                 std::optional<uint32_t> nest_offset) {
  std::string path;
  Run inside = TopLevel(request);
  if (nest_offset.has_value()) {
    inside = {};
    Descend(request, *nest_offset, path, inside);
  }
  if (!path.empty()) path += ".";
  return path + NameOf(inside.space, type);
}

}  // namespace purebpf::netlink
