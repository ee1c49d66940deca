// The numbers of rtnetlink that this library speaks: our own definitions, kernel names in comments.
// Source: include/uapi/linux/{netlink,rtnetlink,if_link}.h.
#ifndef PUREBPF_NETLINK_CONSTANTS_H_
#define PUREBPF_NETLINK_CONSTANTS_H_

#include <cstdint>

namespace purebpf::netlink {

// struct nlmsghdr
struct MessageHeader {
  uint32_t nlmsg_len = 0;  // with this header
  uint16_t nlmsg_type = 0;
  uint16_t nlmsg_flags = 0;
  uint32_t nlmsg_seq = 0;
  uint32_t nlmsg_pid = 0;
};
static_assert(sizeof(MessageHeader) == 16);

// struct nlattr
struct AttributeHeader {
  uint16_t nla_len = 0;  // with this header, without padding
  uint16_t nla_type = 0;
};
static_assert(sizeof(AttributeHeader) == 4);

// struct ifinfomsg
struct IfInfo {
  uint8_t ifi_family = 0;
  uint8_t pad = 0;
  uint16_t ifi_type = 0;
  int32_t ifi_index = 0;
  uint32_t ifi_flags = 0;
  uint32_t ifi_change = 0;
};
static_assert(sizeof(IfInfo) == 16);

// NLMSG_*, RTM_*
enum MessageType : uint16_t {
  kNlmsgNoop = 1,
  kNlmsgError = 2,
  kNlmsgDone = 3,
  kNlmsgOverrun = 4,
  kRtmNewLink = 16,
  kRtmDelLink = 17,
  kRtmGetLink = 18,
  kRtmSetLink = 19,
};

// NLM_F_*
enum MessageFlag : uint16_t {
  kNlmRequest = 0x1,
  kNlmMulti = 0x2,
  kNlmAck = 0x4,
  kNlmDumpInterrupted = 0x10,
  kNlmCapped = 0x100,   // on an acknowledgement: the request is not repeated in it
  kNlmAckTlvs = 0x200,  // on an acknowledgement: extended ack attributes follow
  kNlmDump = 0x300,     // NLM_F_ROOT | NLM_F_MATCH
};

// NLA_F_*
inline constexpr uint16_t kNlaNested = 1U << 15;
inline constexpr uint16_t kNlaTypeMask = 0x3fff;

// NLMSGERR_ATTR_*
enum ErrorAttribute : uint16_t {
  kErrorMessage = 1,
  kErrorOffset = 2,
  kErrorMissingType = 5,  // Linux 6.1
  kErrorMissingNest = 6,  // Linux 6.1
};

// IFLA_*
enum LinkAttribute : uint16_t {
  kIflaAddress = 1,
  kIflaIfname = 3,
  kIflaMtu = 4,
  kIflaLinkInfo = 18,
  kIflaExtMask = 29,
  kIflaXdp = 43,
  kIflaPropList = 52,
  kIflaAltIfname = 53,
};
// IFLA_INFO_*
inline constexpr uint16_t kIflaInfoKind = 1;

// IFLA_XDP_*
enum XdpAttribute : uint16_t {
  kXdpFd = 1,
  kXdpAttached = 2,
  kXdpFlags = 3,
  kXdpProgId = 4,
  kXdpDrvProgId = 5,
  kXdpSkbProgId = 6,
  kXdpHwProgId = 7,
  kXdpExpectedFd = 8,  // Linux 5.7
};

// XDP_FLAGS_*
enum XdpFlag : uint32_t {
  kXdpUpdateIfNoExist = 1U << 0,
  kXdpSkbMode = 1U << 1,
  kXdpDrvMode = 1U << 2,
  kXdpHwMode = 1U << 3,
  kXdpReplace = 1U << 4,  // Linux 5.7
};

inline constexpr int kNetlinkRoute = 0;         // NETLINK_ROUTE
inline constexpr uint32_t kRtmgrpLink = 1;      // RTMGRP_LINK
inline constexpr uint32_t kIffUp = 1;           // IFF_UP
inline constexpr uint32_t kSkipStatistics = 8;  // RTEXT_FILTER_SKIP_STATS

}  // namespace purebpf::netlink

#endif  // PUREBPF_NETLINK_CONSTANTS_H_
