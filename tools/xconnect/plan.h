// What to do: the difference between what is wired and what the configuration wants, as ordered
// actions. Pure: no kernel here.
//
// The order loses no packet of a pair that works before and after:
//   put new entries       nobody reads them yet
//   attach                its entry is there when the first frame comes
//   put changed entries   one atomic change moves a running interface to its new partner
//   detach
//   delete entries        nobody reads them any more
// Everything that can be refused comes before anything that touches a running pair.
#ifndef PUREBPF_TOOLS_XCONNECT_PLAN_H_
#define PUREBPF_TOOLS_XCONNECT_PLAN_H_

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/netlink/xdp_state.h"
#include "purebpf/tools/xconnect/config.h"

namespace purebpf::xconnect {

using netlink::XdpMode;

enum class ModePolicy : uint8_t {
  kSkb,
  kNative,
  kAuto,  // native where both of a pair can, else SKB for both
};

// Whose XDP program an interface has.
enum class Occupant : uint8_t {
  kNone,
  kOwn,       // ours, of this process
  kLeftover,  // xconnect's, of a process that does not live any more
  kForeign,
};

// An interface as the plan sees it.
struct Port {
  uint32_t index = 0;  // ifindex
  std::string name;
  std::vector<std::string> altnames;
  std::string kind;  // "veth", ...; empty for a physical device
  uint32_t mtu = 0;  // bytes: what a driver refuses for it, it may take when it has changed
  Occupant occupant = Occupant::kNone;
  XdpMode occupant_mode = XdpMode::kSkb;  // kSkb or kNative
  uint32_t program_id = 0;                // of the occupant
  std::string program_name;               // empty where it may not be looked at

  bool operator==(const Port&) const = default;
};

// Where our program is.
struct Attachment {
  std::string name;  // of the interface, as configured
  XdpMode mode = XdpMode::kSkb;
  bool displaced = false;  // somebody took it off or replaced it: not ours to touch any more

  bool operator==(const Attachment&) const = default;
};

// What is in the kernel because of us. Keys are ifindices.
struct Wiring {
  std::map<uint32_t, uint32_t> entries;  // the map's: from, to
  std::map<uint32_t, Attachment> attached;

  bool operator==(const Wiring&) const = default;
};

enum class Verb : uint8_t { kPut, kAttach, kDetach, kDelete };

struct Action {
  Verb verb = Verb::kPut;
  uint32_t index = 0;            // the interface: the map's key, or where to attach
  std::string name;              // the same for people; empty for kDelete
  uint32_t to = 0;               // kPut: the map's value
  uint32_t was = 0;              // kPut, kDelete: the value before; 0 where there was none
  XdpMode mode = XdpMode::kSkb;  // kAttach, kDetach
  // kAttach: what is there already, to be replaced.
  Occupant over = Occupant::kNone;
  XdpMode over_mode = XdpMode::kSkb;
  uint32_t over_program = 0;
  size_t pair = kNoPair;  // for which it is done, in PlanInput::pairs; kNoPair for none

  static constexpr size_t kNoPair = SIZE_MAX;
  bool operator==(const Action&) const = default;
};

enum class Standing : uint8_t {
  kConnected,
  kWaiting,  // for an interface that is missing
  kBlocked,  // something is in the way that xconnect does not touch
};

struct PairPlan {
  Standing standing = Standing::kWaiting;
  std::string reason;  // unless connected
  uint32_t a = 0;      // the ifindices; 0 where missing
  uint32_t b = 0;

  bool operator==(const PairPlan&) const = default;
};

struct PlanInput {
  std::span<const Pair> pairs;
  std::span<const Port> ports;
  const Wiring* wiring = nullptr;
  ModePolicy policy = ModePolicy::kSkb;
  bool force = false;                     // replace foreign programs
  std::set<uint32_t> skb_only;            // ifindices whose driver refused native mode
  std::map<size_t, std::string> blocked;  // pairs to leave alone, with the reason
};

struct Plan {
  std::vector<PairPlan> pairs;  // one for each of PlanInput::pairs
  std::vector<Action> actions;
};

[[nodiscard]] Plan MakePlan(const PlanInput& input);

// "skb" or "native".
[[nodiscard]] std::string_view ModeName(XdpMode mode);

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_PLAN_H_
