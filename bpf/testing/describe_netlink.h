// Internal. Datagrams of rtnetlink as blocks, attribute by attribute, and back to the same bytes.
//
//   RTM_SETLINK flags=NLM_F_REQUEST|NLM_F_ACK seq=~2
//       ifinfomsg index=3
//       IFLA_XDP+nested
//           IFLA_XDP_FD=prog:1 IFLA_XDP_FLAGS=XDP_FLAGS_SKB_MODE
#ifndef PUREBPF_BPF_TESTING_DESCRIBE_NETLINK_H_
#define PUREBPF_BPF_TESTING_DESCRIBE_NETLINK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/testing/describe.h"
#include "purebpf/bpf/testing/fixture.h"

namespace purebpf::testing::internal {

// The messages of a datagram, a block each, without times, which are others in every run. Nothing
// where the bytes are not what such blocks would give again: they are then to be told as bytes.
[[nodiscard]] std::optional<std::vector<Block>> DescribeDatagram(Context& context, Bytes bytes,
                                                                 bool answered);

// What a replay puts for the sequence numbers of a recording: those that its caller sent.
using Sequences = std::map<uint32_t, uint32_t>;

// The bytes of one message. False where the block is malformed; `wrong` is what then.
[[nodiscard]] bool EncodeMessage(Context& context, const Block& message, const Sequences& sequences,
                                 std::vector<std::byte>& bytes, std::string& wrong);

// Of the message's header; nothing where the datagram is too short for one.
[[nodiscard]] std::optional<uint32_t> SequenceOf(Bytes datagram);

}  // namespace purebpf::testing::internal

#endif  // PUREBPF_BPF_TESTING_DESCRIBE_NETLINK_H_
