// The names that only a conversation in words needs: a small program links nothing of it.
#include "purebpf/bpf/rtnetlink_names.h"

namespace purebpf::rtnetlink {
namespace {

// What only the kernel's answers have.
constexpr Attribute kAnswerAttributes[] = {
    {Space::kLink, 2, "IFLA_BROADCAST", Shape::kBytes},
    {Space::kLink, 5, "IFLA_LINK", Shape::kU32},
    {Space::kLink, 6, "IFLA_QDISC", Shape::kText},
    {Space::kLink, 7, "IFLA_STATS", Shape::kBytes},
    {Space::kLink, 8, "IFLA_COST", Shape::kBytes},
    {Space::kLink, 9, "IFLA_PRIORITY", Shape::kBytes},
    {Space::kLink, 10, "IFLA_MASTER", Shape::kU32},
    {Space::kLink, 11, "IFLA_WIRELESS", Shape::kBytes},
    {Space::kLink, 12, "IFLA_PROTINFO", Shape::kBytes},
    {Space::kLink, 13, "IFLA_TXQLEN", Shape::kU32},
    {Space::kLink, 14, "IFLA_MAP", Shape::kBytes},
    {Space::kLink, 15, "IFLA_WEIGHT", Shape::kU32},
    {Space::kLink, 16, "IFLA_OPERSTATE", Shape::kU8},
    {Space::kLink, 17, "IFLA_LINKMODE", Shape::kU8},
    {Space::kLink, 19, "IFLA_NET_NS_PID", Shape::kU32},
    {Space::kLink, 20, "IFLA_IFALIAS", Shape::kText},
    {Space::kLink, 21, "IFLA_NUM_VF", Shape::kU32},
    {Space::kLink, 22, "IFLA_VFINFO_LIST", Shape::kBytes},
    {Space::kLink, 23, "IFLA_STATS64", Shape::kBytes},
    {Space::kLink, 24, "IFLA_VF_PORTS", Shape::kBytes},
    {Space::kLink, 25, "IFLA_PORT_SELF", Shape::kBytes},
    {Space::kLink, 26, "IFLA_AF_SPEC", Shape::kNest, Space::kAfSpec},
    {Space::kLink, 27, "IFLA_GROUP", Shape::kU32},
    {Space::kLink, 28, "IFLA_NET_NS_FD", Shape::kFd},
    {Space::kLink, 30, "IFLA_PROMISCUITY", Shape::kU32},
    {Space::kLink, 31, "IFLA_NUM_TX_QUEUES", Shape::kU32},
    {Space::kLink, 32, "IFLA_NUM_RX_QUEUES", Shape::kU32},
    {Space::kLink, 33, "IFLA_CARRIER", Shape::kU8},
    {Space::kLink, 34, "IFLA_PHYS_PORT_ID", Shape::kBytes},
    {Space::kLink, 35, "IFLA_CARRIER_CHANGES", Shape::kU32},
    {Space::kLink, 36, "IFLA_PHYS_SWITCH_ID", Shape::kBytes},
    {Space::kLink, 37, "IFLA_LINK_NETNSID", Shape::kS32},
    {Space::kLink, 38, "IFLA_PHYS_PORT_NAME", Shape::kText},
    {Space::kLink, 39, "IFLA_PROTO_DOWN", Shape::kU8},
    {Space::kLink, 40, "IFLA_GSO_MAX_SEGS", Shape::kU32},
    {Space::kLink, 41, "IFLA_GSO_MAX_SIZE", Shape::kU32},
    {Space::kLink, 42, "IFLA_PAD", Shape::kBytes},
    {Space::kLink, 44, "IFLA_EVENT", Shape::kU32},
    {Space::kLink, 45, "IFLA_NEW_NETNSID", Shape::kS32},
    {Space::kLink, 46, "IFLA_IF_NETNSID", Shape::kS32},
    {Space::kLink, 47, "IFLA_CARRIER_UP_COUNT", Shape::kU32},
    {Space::kLink, 48, "IFLA_CARRIER_DOWN_COUNT", Shape::kU32},
    {Space::kLink, 49, "IFLA_NEW_IFINDEX", Shape::kU32},
    {Space::kLink, 50, "IFLA_MIN_MTU", Shape::kU32},
    {Space::kLink, 51, "IFLA_MAX_MTU", Shape::kU32},
    {Space::kLink, 54, "IFLA_PERM_ADDRESS", Shape::kBytes},
    {Space::kLink, 55, "IFLA_PROTO_DOWN_REASON", Shape::kBytes},
    {Space::kLink, 56, "IFLA_PARENT_DEV_NAME", Shape::kText},
    {Space::kLink, 57, "IFLA_PARENT_DEV_BUS_NAME", Shape::kText},
    {Space::kLink, 58, "IFLA_GRO_MAX_SIZE", Shape::kU32},
    {Space::kLink, 59, "IFLA_TSO_MAX_SIZE", Shape::kU32},
    {Space::kLink, 60, "IFLA_TSO_MAX_SEGS", Shape::kU32},
    {Space::kLink, 61, "IFLA_ALLMULTI", Shape::kU32},
    {Space::kLink, 62, "IFLA_DEVLINK_PORT", Shape::kBytes},
    {Space::kLink, 63, "IFLA_GSO_IPV4_MAX_SIZE", Shape::kU32},
    {Space::kLink, 64, "IFLA_GRO_IPV4_MAX_SIZE", Shape::kU32},
    {Space::kLink, 65, "IFLA_DPLL_PIN", Shape::kBytes},
    {Space::kLink, 66, "IFLA_MAX_PACING_OFFLOAD_HORIZON", Shape::kU32},
    {Space::kLink, 67, "IFLA_NETNS_IMMUTABLE", Shape::kU8},
    {Space::kLink, 68, "IFLA_HEADROOM", Shape::kU16},
    {Space::kLink, 69, "IFLA_TAILROOM", Shape::kU16},
    {Space::kAfSpec, 2, "AF_INET", Shape::kNest, Space::kInet},
    {Space::kAfSpec, 10, "AF_INET6", Shape::kNest, Space::kInet6},
    {Space::kInet, 1, "IFLA_INET_CONF", Shape::kBytes},
    {Space::kInet6, 1, "IFLA_INET6_FLAGS", Shape::kU32},
    {Space::kInet6, 2, "IFLA_INET6_CONF", Shape::kBytes},
    {Space::kInet6, 3, "IFLA_INET6_STATS", Shape::kBytes},
    {Space::kInet6, 4, "IFLA_INET6_MCAST", Shape::kBytes},
    {Space::kInet6, 5, "IFLA_INET6_CACHEINFO", Shape::kBytes},
    {Space::kInet6, 6, "IFLA_INET6_ICMP6STATS", Shape::kBytes},
    {Space::kInet6, 7, "IFLA_INET6_TOKEN", Shape::kBytes},
    {Space::kInet6, 8, "IFLA_INET6_ADDR_GEN_MODE", Shape::kU8},
    {Space::kInet6, 9, "IFLA_INET6_RA_MTU", Shape::kU32},
    {Space::kLinkInfo, 2, "IFLA_INFO_DATA", Shape::kBytes},
    {Space::kLinkInfo, 3, "IFLA_INFO_XSTATS", Shape::kBytes},
    {Space::kLinkInfo, 4, "IFLA_INFO_SLAVE_KIND", Shape::kText},
    {Space::kLinkInfo, 5, "IFLA_INFO_SLAVE_DATA", Shape::kBytes},
    {Space::kTc, 3, "TCA_STATS", Shape::kBytes},
    {Space::kTc, 4, "TCA_XSTATS", Shape::kBytes},
    {Space::kTc, 5, "TCA_RATE", Shape::kBytes},
    {Space::kTc, 6, "TCA_FCNT", Shape::kBytes},
    {Space::kTc, 7, "TCA_STATS2", Shape::kBytes},
    {Space::kTc, 8, "TCA_STAB", Shape::kBytes},
    {Space::kTc, 9, "TCA_PAD", Shape::kBytes},
    {Space::kTc, 10, "TCA_DUMP_INVISIBLE", Shape::kBytes},
    {Space::kTc, 12, "TCA_HW_OFFLOAD", Shape::kU8},
    {Space::kTc, 15, "TCA_DUMP_FLAGS", Shape::kBytes},
    {Space::kTc, 16, "TCA_EXT_WARN_MSG", Shape::kText},
    {Space::kAck, 1, "NLMSGERR_ATTR_MSG", Shape::kText},
    {Space::kAck, 2, "NLMSGERR_ATTR_OFFS", Shape::kU32},
    {Space::kAck, 3, "NLMSGERR_ATTR_COOKIE", Shape::kBytes},
    {Space::kAck, 4, "NLMSGERR_ATTR_POLICY", Shape::kBytes},
    {Space::kAck, 5, "NLMSGERR_ATTR_MISS_TYPE", Shape::kU32},
    {Space::kAck, 6, "NLMSGERR_ATTR_MISS_NEST", Shape::kU32},
};

constexpr EnumRow kMessages[] = {
    {1, "NLMSG_NOOP", {}},        {2, "NLMSG_ERROR", {}},       {3, "NLMSG_DONE", {}},
    {4, "NLMSG_OVERRUN", {}},     {16, "RTM_NEWLINK", {}},      {17, "RTM_DELLINK", {}},
    {18, "RTM_GETLINK", {}},      {19, "RTM_SETLINK", {}},      {20, "RTM_NEWADDR", {}},
    {21, "RTM_DELADDR", {}},      {22, "RTM_GETADDR", {}},      {24, "RTM_NEWROUTE", {}},
    {25, "RTM_DELROUTE", {}},     {26, "RTM_GETROUTE", {}},     {28, "RTM_NEWNEIGH", {}},
    {29, "RTM_DELNEIGH", {}},     {30, "RTM_GETNEIGH", {}},     {32, "RTM_NEWRULE", {}},
    {33, "RTM_DELRULE", {}},      {34, "RTM_GETRULE", {}},      {36, "RTM_NEWQDISC", {}},
    {37, "RTM_DELQDISC", {}},     {38, "RTM_GETQDISC", {}},     {40, "RTM_NEWTCLASS", {}},
    {41, "RTM_DELTCLASS", {}},    {42, "RTM_GETTCLASS", {}},    {44, "RTM_NEWTFILTER", {}},
    {45, "RTM_DELTFILTER", {}},   {46, "RTM_GETTFILTER", {}},   {48, "RTM_NEWACTION", {}},
    {49, "RTM_DELACTION", {}},    {50, "RTM_GETACTION", {}},    {88, "RTM_NEWNSID", {}},
    {89, "RTM_DELNSID", {}},      {90, "RTM_GETNSID", {}},      {100, "RTM_NEWCHAIN", {}},
    {101, "RTM_DELCHAIN", {}},    {102, "RTM_GETCHAIN", {}},    {108, "RTM_NEWLINKPROP", {}},
    {109, "RTM_DELLINKPROP", {}}, {110, "RTM_GETLINKPROP", {}},
};

#define COMMON_FLAGS                                                            \
  {0x1, "NLM_F_REQUEST", {}}, {0x2, "NLM_F_MULTI", {}}, {0x4, "NLM_F_ACK", {}}, \
      {0x8, "NLM_F_ECHO", {}}, {0x10, "NLM_F_DUMP_INTR", {}}, {                 \
    0x20, "NLM_F_DUMP_FILTERED", {}                                             \
  }
constexpr EnumRow kGetFlags[] = {
    COMMON_FLAGS,
    {0x300, "NLM_F_DUMP", {}},
    {0x100, "NLM_F_ROOT", {}},
    {0x200, "NLM_F_MATCH", {}},
    {0x400, "NLM_F_ATOMIC", {}},
};
constexpr EnumRow kNewFlags[] = {
    COMMON_FLAGS,
    {0x100, "NLM_F_REPLACE", {}},
    {0x200, "NLM_F_EXCL", {}},
    {0x400, "NLM_F_CREATE", {}},
    {0x800, "NLM_F_APPEND", {}},
};
constexpr EnumRow kAckFlags[] = {
    COMMON_FLAGS,
    {0x100, "NLM_F_CAPPED", {}},
    {0x200, "NLM_F_ACK_TLVS", {}},
};
#undef COMMON_FLAGS

constexpr EnumRow kXdpFlags[] = {
    {1U << 0, "XDP_FLAGS_UPDATE_IF_NOEXIST", {}}, {1U << 1, "XDP_FLAGS_SKB_MODE", {}},
    {1U << 2, "XDP_FLAGS_DRV_MODE", {}},          {1U << 3, "XDP_FLAGS_HW_MODE", {}},
    {1U << 4, "XDP_FLAGS_REPLACE", {}},
};
constexpr EnumRow kXdpAttached[] = {
    {0, "XDP_ATTACHED_NONE", {}}, {1, "XDP_ATTACHED_DRV", {}},   {2, "XDP_ATTACHED_SKB", {}},
    {3, "XDP_ATTACHED_HW", {}},   {4, "XDP_ATTACHED_MULTI", {}},
};
constexpr EnumRow kExtMask[] = {
    {1U << 0, "RTEXT_FILTER_VF", {}},
    {1U << 1, "RTEXT_FILTER_BRVLAN", {}},
    {1U << 2, "RTEXT_FILTER_BRVLAN_COMPRESSED", {}},
    {1U << 3, "RTEXT_FILTER_SKIP_STATS", {}},
};
constexpr EnumRow kInterfaceFlags[] = {
    {1U << 0, "IFF_UP", {}},        {1U << 1, "IFF_BROADCAST", {}},
    {1U << 3, "IFF_LOOPBACK", {}},  {1U << 4, "IFF_POINTOPOINT", {}},
    {1U << 6, "IFF_RUNNING", {}},   {1U << 7, "IFF_NOARP", {}},
    {1U << 8, "IFF_PROMISC", {}},   {1U << 12, "IFF_MULTICAST", {}},
    {1U << 16, "IFF_LOWER_UP", {}},
};

}  // namespace

const Attribute* FindAttribute(Space space, uint16_t type) {
  if (const Attribute* const asked = FindRequestAttribute(space, type)) return asked;
  for (const Attribute& attribute : kAnswerAttributes)
    if (attribute.space == space && attribute.type == type) return &attribute;
  return nullptr;
}

const Attribute* FindAttribute(Space space, std::string_view name) {
  for (const std::span<const Attribute> table :
       {RequestAttributes(), std::span<const Attribute>(kAnswerAttributes)})
    for (const Attribute& attribute : table)
      if (attribute.space == space && attribute.name == name) return &attribute;
  return nullptr;
}

std::span<const EnumRow> MessageNames() { return kMessages; }

std::span<const EnumRow> MessageFlagNames(uint16_t type) {
  constexpr uint16_t kFirstRequest = 16;
  if (type < kFirstRequest) return kAckFlags;
  // Four numbers a family: new, delete, get, set.
  return type % 4 == 2 ? std::span<const EnumRow>(kGetFlags) : std::span<const EnumRow>(kNewFlags);
}

std::span<const EnumRow> XdpFlagNames() { return kXdpFlags; }
std::span<const EnumRow> XdpAttachedNames() { return kXdpAttached; }
std::span<const EnumRow> ExtMaskNames() { return kExtMask; }
std::span<const EnumRow> InterfaceFlagNames() { return kInterfaceFlags; }

}  // namespace purebpf::rtnetlink
