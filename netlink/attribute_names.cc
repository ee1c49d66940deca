#include "purebpf/netlink/attribute_names.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "purebpf/bpf/rtnetlink_names.h"
#include "purebpf/netlink/constants.h"
#include "purebpf/netlink/message.h"

namespace purebpf::netlink {
namespace {

using rtnetlink::Space;

// A run of attributes: the bytes of the request from `begin` to `end`.
struct Run {
  size_t begin = 0;
  size_t end = 0;
  Space space = Space::kUnknown;
};

std::string NameOf(Space space, uint16_t type) {
  const rtnetlink::Attribute* const name = rtnetlink::FindRequestAttribute(space, type);
  return name != nullptr ? std::string(name->name) : std::to_string(type);
}

// The attributes at the message's top level; an empty run where the message is of another family.
Run TopLevel(Bytes request) {
  MessageHeader header;
  if (request.size() < sizeof header) return {};
  std::memcpy(&header, request.data(), sizeof header);
  const rtnetlink::Family* const family = rtnetlink::FindFamily(header.nlmsg_type);
  if (family == nullptr) return {};
  const size_t begin = sizeof header + family->header_size;
  return {begin, std::max(begin, request.size()), family->attributes};
}

// Goes down from the top level to the attribute at `offset`. `path` becomes its name, `inside` the
// run in its payload; both stay as they are where no attribute begins there. One step a level, and
// the table has few of them, so a hostile message cannot lead it deep.
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
    const rtnetlink::Attribute* const name = rtnetlink::FindRequestAttribute(run.space, type);
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
