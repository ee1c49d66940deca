// Names for the attributes of our own requests: an extended ack points at one by its offset, an
// Error names it: "IFLA_XDP.IFLA_XDP_EXPECTED_FD". Pure.
// Source: include/uapi/linux/netlink.h: nlmsgerr_attrs.
#ifndef PUREBPF_NETLINK_ATTRIBUTE_NAMES_H_
#define PUREBPF_NETLINK_ATTRIBUTE_NAMES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "purebpf/bpf/bytes.h"

namespace purebpf::netlink {

// The attribute that begins `offset` bytes into `request` (a whole message), with the attributes
// that it is nested in: "IFLA_XDP.IFLA_XDP_FD"; "IFLA_XDP.99" where the number has no name here;
// "" where no attribute begins there.
std::string AttributePath(Bytes request, uint32_t offset);

// The attribute of number `type` that the kernel misses in the nest at `nest_offset`, or at the
// message's top level.
std::string MissingAttributePath(Bytes request, uint16_t type, std::optional<uint32_t> nest_offset);

}  // namespace purebpf::netlink

#endif  // PUREBPF_NETLINK_ATTRIBUTE_NAMES_H_
