#include "purebpf/tools/xconnect/plan.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace purebpf::xconnect {
namespace {

// "put 1>2", "put 1>3 (2)", "attach 1 skb", "attach 1 skb over 77", "detach 1 skb", "delete 1 (2)"
std::string Short(const Action& action) {
  const std::string index = std::to_string(action.index);
  const std::string was = action.was != 0 ? " (" + std::to_string(action.was) + ")" : "";
  const std::string mode(ModeName(action.mode));
  switch (action.verb) {
    case Verb::kPut:
      return "put " + index + ">" + std::to_string(action.to) + was;
    case Verb::kDelete:
      return "delete " + index + was;
    case Verb::kDetach:
      return "detach " + index + " " + mode;
    case Verb::kAttach:
      break;
  }
  const bool over = action.over != Occupant::kNone;
  return "attach " + index + " " + mode +
         (over ? " over " + std::to_string(action.over_program) + " " +
                     std::string(ModeName(action.over_mode))
               : "");
}

Port Eth(uint32_t index) { return {.index = index, .name = "e" + std::to_string(index)}; }
Port Veth(uint32_t index) {
  Port port = Eth(index);
  port.kind = "veth";
  return port;
}
Port Taken(uint32_t index, Occupant occupant, XdpMode mode = XdpMode::kSkb) {
  Port port = Eth(index);
  port.occupant = occupant;
  port.occupant_mode = mode;
  port.program_id = 77;
  port.program_name = "stranger";
  return port;
}
Port Named(uint32_t index, std::string name, std::vector<std::string> altnames) {
  return {.index = index, .name = std::move(name), .altnames = std::move(altnames)};
}

// A pair that is connected already: entries and attachments.
Wiring Wired(const std::vector<std::pair<uint32_t, uint32_t>>& pairs,
             XdpMode mode = XdpMode::kSkb) {
  Wiring wiring;
  for (const auto& [a, b] : pairs) {
    wiring.entries[a] = b;
    wiring.entries[b] = a;
    wiring.attached[a] = {.name = "e" + std::to_string(a), .mode = mode};
    wiring.attached[b] = {.name = "e" + std::to_string(b), .mode = mode};
  }
  return wiring;
}
Wiring Displaced(Wiring wiring, uint32_t index) {
  wiring.attached[index].displaced = true;
  return wiring;
}

struct Case {
  std::string_view name;
  std::vector<Pair> pairs;
  std::vector<Port> ports;
  Wiring wiring;
  ModePolicy policy = ModePolicy::kSkb;
  bool force = false;
  std::set<uint32_t> skb_only;
  std::map<size_t, std::string> blocked;
  std::vector<std::string> actions;
  std::vector<std::string> standing;  // of each pair: "" connected, "~..." waiting, "!..." blocked
};

const Case kCases[] = {
    {.name = "nothing"},
    {.name = "a first pair: entries before programs",
     .pairs = {{"e1", "e2"}},
     .ports = {Eth(1), Eth(2), Eth(3)},
     .actions = {"put 1>2", "put 2>1", "attach 1 skb", "attach 2 skb"},
     .standing = {""}},
    {.name = "a pair that stays is not touched",
     .pairs = {{"e1", "e2"}},
     .ports = {Eth(1), Eth(2)},
     .wiring = Wired({{1, 2}}),
     .standing = {""}},
    {.name = "the same pair the other way round",
     .pairs = {{"e2", "e1"}},
     .ports = {Eth(1), Eth(2)},
     .wiring = Wired({{1, 2}}),
     .standing = {""}},
    {.name = "an interface with itself",
     .pairs = {{"e1", "e1"}},
     .ports = {Eth(1)},
     .actions = {"put 1>1", "attach 1 skb"},
     .standing = {""}},
    {.name = "another pair more",
     .pairs = {{"e1", "e2"}, {"e3", "e4"}},
     .ports = {Eth(1), Eth(2), Eth(3), Eth(4)},
     .wiring = Wired({{1, 2}}),
     .actions = {"put 3>4", "put 4>3", "attach 3 skb", "attach 4 skb"},
     .standing = {"", ""}},
    {.name = "a pair less: programs before entries",
     .pairs = {{"e1", "e2"}},
     .ports = {Eth(1), Eth(2), Eth(3), Eth(4)},
     .wiring = Wired({{1, 2}, {3, 4}}),
     .actions = {"detach 3 skb", "detach 4 skb", "delete 3 (4)", "delete 4 (3)"},
     .standing = {""}},
    {.name = "another partner: what can be refused comes before what runs",
     .pairs = {{"e1", "e3"}},
     .ports = {Eth(1), Eth(2), Eth(3)},
     .wiring = Wired({{1, 2}}),
     .actions = {"put 3>1", "attach 3 skb", "put 1>3 (2)", "detach 2 skb", "delete 2 (1)"},
     .standing = {""}},
    {.name = "partners swapped: only entries change",
     .pairs = {{"e1", "e3"}, {"e2", "e4"}},
     .ports = {Eth(1), Eth(2), Eth(3), Eth(4)},
     .wiring = Wired({{1, 2}, {3, 4}}),
     .actions = {"put 1>3 (2)", "put 2>4 (1)", "put 3>1 (4)", "put 4>2 (3)"},
     .standing = {"", ""}},
    {.name = "one side missing: the other is let go",
     .pairs = {{"e1", "e2"}},
     .ports = {Eth(1)},
     .wiring = {.entries = {{1, 2}}, .attached = {{1, {.name = "e1"}}}},
     .actions = {"detach 1 skb", "delete 1 (2)"},
     .standing = {"~no interface e2"}},
    {.name = "both sides missing",
     .pairs = {{"e1", "e2"}, {"e3", "e3"}},
     .standing = {"~no interfaces e1 and e2", "~no interface e3"}},
    {.name = "by altname",
     .pairs = {{"uplink", "downlink"}},
     .ports = {Named(1, "e1", {"x", "uplink"}), Named(2, "e2", {"downlink"})},
     .actions = {"put 1>2", "put 2>1", "attach 1 skb", "attach 2 skb"},
     .standing = {""}},
    {.name = "one interface by two names",
     .pairs = {{"e1", "e2"}, {"e3", "other"}},
     .ports = {Eth(1), Named(2, "e2", {"other"}), Eth(3)},
     .wiring = Wired({{1, 2}}),
     .standing = {"", "!e2 is connected as e1 <-> e2 already"}},
    {.name = "one pair by two names",
     .pairs = {{"e1", "e2"}, {"e1", "other"}},
     .ports = {Eth(1), Named(2, "e2", {"other"})},
     .wiring = Wired({{1, 2}}),
     .standing = {"", ""}},
    {.name = "a stranger's program: that pair is left alone, the other not",
     .pairs = {{"e1", "e2"}, {"e3", "e4"}},
     .ports = {Eth(1), Taken(2, Occupant::kForeign), Eth(3), Eth(4)},
     .actions = {"put 3>4", "put 4>3", "attach 3 skb", "attach 4 skb"},
     .standing = {"!e2 has an XDP program that is not xconnect's: id 77 'stranger' (skb)", ""}},
    {.name = "a stranger's program, forced",
     .pairs = {{"e1", "e2"}},
     .ports = {Eth(1), Taken(2, Occupant::kForeign, XdpMode::kNative)},
     .force = true,
     .actions = {"put 1>2", "put 2>1", "attach 1 skb", "attach 2 skb over 77 native"},
     .standing = {""}},
    {.name = "an earlier xconnect's program",
     .pairs = {{"e1", "e2"}},
     .ports = {Taken(1, Occupant::kLeftover), Eth(2)},
     .actions = {"put 1>2", "put 2>1", "attach 1 skb over 77 skb", "attach 2 skb"},
     .standing = {""}},
    {.name = "our program on an interface that was away",
     .pairs = {{"e1", "e2"}},
     .ports = {Taken(1, Occupant::kOwn), Eth(2)},
     .actions = {"put 1>2", "put 2>1", "attach 1 skb over 77 skb", "attach 2 skb"},
     .standing = {""}},
    {.name = "our program where it belongs",
     .pairs = {{"e1", "e2"}},
     .ports = {Taken(1, Occupant::kOwn), Taken(2, Occupant::kOwn)},
     .wiring = Wired({{1, 2}}),
     .standing = {""}},
    {.name = "displaced by a stranger: no fight, and the other one is let go",
     .pairs = {{"e1", "e2"}},
     .ports = {Taken(1, Occupant::kForeign), Taken(2, Occupant::kOwn)},
     .wiring = Displaced(Wired({{1, 2}}), 1),
     .actions = {"detach 2 skb", "delete 1 (2)", "delete 2 (1)"},
     .standing = {"!xconnect's program was taken off e1; SIGHUP tries again"}},
    {.name = "taken off and then configured with another partner: not connected either",
     .pairs = {{"e1", "e3"}},
     .ports = {Eth(1), Taken(2, Occupant::kOwn), Eth(3)},
     .wiring = Displaced(Wired({{1, 2}}), 1),
     .force = true,
     .actions = {"detach 2 skb", "delete 1 (2)", "delete 2 (1)"},
     .standing = {"!xconnect's program was taken off e1; SIGHUP tries again"}},
    {.name = "displaced and not configured any more: not ours to detach",
     .ports = {Taken(1, Occupant::kForeign), Eth(2)},
     .wiring = Displaced(Wired({{1, 2}}), 1),
     .actions = {"detach 2 skb", "delete 1 (2)", "delete 2 (1)"}},
    {.name = "native",
     .pairs = {{"e1", "e2"}},
     .ports = {Eth(1), Veth(2)},
     .policy = ModePolicy::kNative,
     .actions = {"put 1>2", "put 2>1", "attach 1 native", "attach 2 native"},
     .standing = {""}},
    {.name = "auto: native where both can, SKB for both where one is a veth",
     .pairs = {{"e1", "e2"}, {"e3", "e4"}},
     .ports = {Eth(1), Eth(2), Eth(3), Veth(4)},
     .policy = ModePolicy::kAuto,
     .actions = {"put 1>2", "put 2>1", "put 3>4", "put 4>3", "attach 1 native", "attach 2 native",
                 "attach 3 skb", "attach 4 skb"},
     .standing = {"", ""}},
    {.name = "auto: SKB for both where one driver refused",
     .pairs = {{"e1", "e2"}},
     .ports = {Eth(1), Eth(2)},
     .policy = ModePolicy::kAuto,
     .skb_only = {2},
     .actions = {"put 1>2", "put 2>1", "attach 1 skb", "attach 2 skb"},
     .standing = {""}},
    {.name = "auto: a new partner changes the mode",
     .pairs = {{"e1", "e3"}},
     .ports = {Eth(1), Eth(2), Veth(3)},
     .wiring = Wired({{1, 2}}, XdpMode::kNative),
     .policy = ModePolicy::kAuto,
     .actions = {"put 3>1", "detach 1 native", "attach 1 skb", "attach 3 skb", "put 1>3 (2)",
                 "detach 2 native", "delete 2 (1)"},
     .standing = {""}},
    {.name = "a pair that was refused before is left alone",
     .pairs = {{"e1", "e2"}, {"e3", "e4"}},
     .ports = {Eth(1), Eth(2), Eth(3), Eth(4)},
     .blocked = {{0, "the driver said no"}},
     .actions = {"put 3>4", "put 4>3", "attach 3 skb", "attach 4 skb"},
     .standing = {"!the driver said no", ""}},
};

TEST(Plan, IsTheOrderedDifference) {
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.name);
    const Plan plan = MakePlan({.pairs = row.pairs,
                                .ports = row.ports,
                                .wiring = &row.wiring,
                                .policy = row.policy,
                                .force = row.force,
                                .skb_only = row.skb_only,
                                .blocked = row.blocked});
    std::vector<std::string> actions;
    for (const Action& action : plan.actions) actions.push_back(Short(action));
    EXPECT_EQ(actions, row.actions);
    std::vector<std::string> standing;
    for (const PairPlan& pair : plan.pairs) {
      const char* mark = pair.standing == Standing::kWaiting   ? "~"
                         : pair.standing == Standing::kBlocked ? "!"
                                                               : "";
      standing.push_back(mark + pair.reason);
    }
    EXPECT_EQ(standing, row.standing);
  }
}

TEST(Plan, SaysForWhichPairEachActionIs) {
  const std::vector<Pair> pairs = {{"e3", "none"}, {"e1", "e2"}};
  const std::vector<Port> ports = {Eth(1), Eth(2), Eth(3)};
  const Wiring wiring = Wired({{3, 4}});
  const Plan plan = MakePlan({.pairs = pairs, .ports = ports, .wiring = &wiring});
  ASSERT_EQ(plan.actions.size(), 8U);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(plan.actions[i].pair, 1U);
  for (size_t i = 4; i < 8; ++i) EXPECT_EQ(plan.actions[i].pair, Action::kNoPair);
}

}  // namespace
}  // namespace purebpf::xconnect
