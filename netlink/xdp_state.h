// What XDP programs an interface has: the IFLA_XDP block of a link message.
// Source: include/uapi/linux/if_link.h, net/core/rtnetlink.c: rtnl_xdp_fill. Linux 4.8; the
// ids 4.13.
#ifndef PUREBPF_NETLINK_XDP_STATE_H_
#define PUREBPF_NETLINK_XDP_STATE_H_

#include <cstdint>

namespace purebpf::netlink {

// Where an XDP program runs.
enum class XdpMode : uint8_t {
  kDefault,   // the kernel chooses: native where the driver has XDP (ndo_bpf), else SKB
  kSkb,       // generic: after the socket buffer is made, any interface (Linux 4.12)
  kNative,    // in the driver
  kHardware,  // on the device (Linux 4.16)
};

// Program ids; 0 where there is none. A bpf_link's program shows here as well.
struct XdpState {
  uint32_t skb = 0;
  uint32_t native = 0;
  uint32_t hardware = 0;

  [[nodiscard]] bool attached() const { return (skb | native | hardware) != 0; }
  bool operator==(const XdpState&) const = default;
};

}  // namespace purebpf::netlink

#endif  // PUREBPF_NETLINK_XDP_STATE_H_
