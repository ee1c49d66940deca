#include "purebpf/bpf/rtnetlink_names.h"

namespace purebpf::rtnetlink {
namespace {

// What the kernel is asked with: all that a small program needs.
constexpr Attribute kRequestAttributes[] = {
    {Space::kLink, 1, "IFLA_ADDRESS", Shape::kBytes},
    {Space::kLink, 3, "IFLA_IFNAME", Shape::kText},
    {Space::kLink, 4, "IFLA_MTU", Shape::kU32},
    {Space::kLink, 18, "IFLA_LINKINFO", Shape::kNest, Space::kLinkInfo},
    {Space::kLink, 29, "IFLA_EXT_MASK", Shape::kExtMask},
    {Space::kLink, 43, "IFLA_XDP", Shape::kNest, Space::kXdp},
    {Space::kLink, 52, "IFLA_PROP_LIST", Shape::kNest, Space::kPropList},
    {Space::kLink, 53, "IFLA_ALT_IFNAME", Shape::kText},
    {Space::kLinkInfo, 1, "IFLA_INFO_KIND", Shape::kText},
    {Space::kXdp, 1, "IFLA_XDP_FD", Shape::kFd},
    {Space::kXdp, 2, "IFLA_XDP_ATTACHED", Shape::kXdpAttached},
    {Space::kXdp, 3, "IFLA_XDP_FLAGS", Shape::kXdpFlags},
    {Space::kXdp, 4, "IFLA_XDP_PROG_ID", Shape::kProgId},
    {Space::kXdp, 5, "IFLA_XDP_DRV_PROG_ID", Shape::kProgId},
    {Space::kXdp, 6, "IFLA_XDP_SKB_PROG_ID", Shape::kProgId},
    {Space::kXdp, 7, "IFLA_XDP_HW_PROG_ID", Shape::kProgId},
    {Space::kXdp, 8, "IFLA_XDP_EXPECTED_FD", Shape::kFd},
    {Space::kPropList, 53, "IFLA_ALT_IFNAME", Shape::kText},
    {Space::kTc, 1, "TCA_KIND", Shape::kText},
    {Space::kTc, 2, "TCA_OPTIONS", Shape::kNest, Space::kTcBpf},
    {Space::kTc, 11, "TCA_CHAIN", Shape::kU32},
    {Space::kTc, 13, "TCA_INGRESS_BLOCK", Shape::kU32},
    {Space::kTc, 14, "TCA_EGRESS_BLOCK", Shape::kU32},
    {Space::kTcBpf, 1, "TCA_BPF_ACT", Shape::kBytes},
    {Space::kTcBpf, 2, "TCA_BPF_POLICE", Shape::kBytes},
    {Space::kTcBpf, 3, "TCA_BPF_CLASSID", Shape::kU32},
    {Space::kTcBpf, 4, "TCA_BPF_OPS_LEN", Shape::kU16},
    {Space::kTcBpf, 5, "TCA_BPF_OPS", Shape::kBytes},
    {Space::kTcBpf, 6, "TCA_BPF_FD", Shape::kFd},
    {Space::kTcBpf, 7, "TCA_BPF_NAME", Shape::kText},
    {Space::kTcBpf, 8, "TCA_BPF_FLAGS", Shape::kU32},
    {Space::kTcBpf, 9, "TCA_BPF_FLAGS_GEN", Shape::kU32},
    {Space::kTcBpf, 10, "TCA_BPF_TAG", Shape::kBytes},
    {Space::kTcBpf, 11, "TCA_BPF_ID", Shape::kProgId},
};

constexpr Family kFamilies[] = {
    {2, 2, Header::kAck, 20, Space::kAck},  // NLMSG_ERROR: int, nlmsghdr
    {3, 3, Header::kDone, 4, Space::kAck},  // NLMSG_DONE: int
    {16, 19, Header::kIfInfo, 16, Space::kLink},
    {36, 38, Header::kTc, 20, Space::kTc},  // queueing disciplines
    {44, 46, Header::kTc, 20, Space::kTc},  // filters
    {108, 110, Header::kIfInfo, 16, Space::kLink},
};

}  // namespace

const Attribute* FindRequestAttribute(Space space, uint16_t type) {
  for (const Attribute& attribute : kRequestAttributes)
    if (attribute.space == space && attribute.type == type) return &attribute;
  return nullptr;
}

std::span<const Attribute> RequestAttributes() { return kRequestAttributes; }

const Family* FindFamily(uint16_t type) {
  for (const Family& family : kFamilies)
    if (type >= family.first_type && type <= family.last_type) return &family;
  return nullptr;
}

}  // namespace purebpf::rtnetlink
