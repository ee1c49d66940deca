// The names that rtnetlink's numbers have, and what the bytes behind them are: one table, for
// errors that name an attribute (netlink/attribute_names.h) and for conversations told in words
// (bpf/testing/). Nothing but names: what is done with messages is netlink/.
// Source: include/uapi/linux/{netlink,rtnetlink,if_link,pkt_sched,pkt_cls}.h.
#ifndef PUREBPF_BPF_RTNETLINK_NAMES_H_
#define PUREBPF_BPF_RTNETLINK_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "purebpf/bpf/abi.h"

namespace purebpf::rtnetlink {

// What gives an attribute's number its meaning: the message, or the attribute that it is nested in.
enum class Space : uint8_t {
  kUnknown,
  kLink,
  kLinkInfo,
  kXdp,
  kPropList,
  kAfSpec,
  kInet,
  kInet6,
  kTc,
  kTcBpf,  // TCA_OPTIONS of a filter of kind "bpf"; of other kinds the names do not fit
  kAck,
};

// What an attribute's payload is.
enum class Shape : uint8_t {
  kBytes,
  kNest,
  kText,  // ends with a NUL
  kU8,
  kU16,
  kU32,
  kS32,
  kFd,      // 4 bytes, -1: none
  kProgId,  // 4 bytes
  kXdpFlags,
  kXdpAttached,
  kExtMask,
};

struct Attribute {
  Space space;
  uint16_t type;
  std::string_view name;
  Shape shape = Shape::kBytes;
  Space inside = Space::kUnknown;  // of the attributes in a nest
};

// Those that netlink/ puts into its requests.
std::span<const Attribute> RequestAttributes();
// nullptr where there is none of that number.
const Attribute* FindRequestAttribute(Space space, uint16_t type);

// Those of the kernel's answers among them. nullptr where there is none of that number or name.
const Attribute* FindAttribute(Space space, uint16_t type);
const Attribute* FindAttribute(Space space, std::string_view name);

// The structure that follows the header of some messages, and the attributes behind it.
enum class Header : uint8_t { kNone, kIfInfo, kTc, kAck, kDone };

struct Family {
  uint16_t first_type;
  uint16_t last_type;
  Header header;
  size_t header_size;  // bytes
  Space attributes;
};

// nullptr where messages of that type are not known.
const Family* FindFamily(uint16_t type);

// Names of numbers, and of bits; versions are not told.
std::span<const EnumRow> MessageNames();  // RTM_NEWLINK
// NLM_F_*: what the upper bits mean depends on the message.
std::span<const EnumRow> MessageFlagNames(uint16_t type);
std::span<const EnumRow> XdpFlagNames();
std::span<const EnumRow> XdpAttachedNames();
std::span<const EnumRow> ExtMaskNames();
std::span<const EnumRow> InterfaceFlagNames();  // IFF_*

}  // namespace purebpf::rtnetlink

#endif  // PUREBPF_BPF_RTNETLINK_NAMES_H_
