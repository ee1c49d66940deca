// Internal. Messages that are like an earlier one. A link is told of again and again, with forty
// attributes of which one or two have changed: the first time has all of them and a name, later
// ones only what differs.
//
//   = RTM_NEWLINK seq=1 pid=~self name=m1
//       ifinfomsg index=3
//       IFLA_IFNAME="eth0" IFLA_MTU=1500
//       IFLA_XDP
//           IFLA_XDP_ATTACHED=XDP_ATTACHED_NONE
//   = RTM_NEWLINK seq=5 pid=~self like=m1
//       IFLA_XDP
//           IFLA_XDP_ATTACHED=XDP_ATTACHED_SKB
#ifndef PUREBPF_BPF_TESTING_ALIKE_H_
#define PUREBPF_BPF_TESTING_ALIKE_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "purebpf/bpf/testing/fixture.h"

namespace purebpf::testing::internal {

// Shortens the kernel's messages of these calls.
void FoldMessages(std::vector<Call>& calls);

// The messages that have a name. Borrows the calls.
using NamedMessages = std::map<std::string, const Block*, std::less<>>;
NamedMessages NamesOf(const std::vector<Call>& calls);

// A message with all that it has of the one that it is like. Nothing where there is none of that
// name, or where that one is itself like another.
std::optional<Block> Unfolded(const Block& message, const NamedMessages& names);

}  // namespace purebpf::testing::internal

#endif  // PUREBPF_BPF_TESTING_ALIKE_H_
