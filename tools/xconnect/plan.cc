#include "purebpf/tools/xconnect/plan.h"

#include <string_view>
#include <utility>

#include "purebpf/tools/xconnect/text.h"

namespace purebpf::xconnect {
namespace {

// Kinds whose native mode costs more than it brings here: frames only reach a veth's far end
// natively where that runs XDP or GRO itself, and a tap's reader takes socket buffers anyway.
bool PrefersSkb(const Port& port) { return port.kind == "veth" || port.kind == "tun"; }

struct Wish {
  uint32_t to = 0;
  const Port* port = nullptr;
  std::string name;  // as configured
  XdpMode mode = XdpMode::kSkb;
  size_t pair = 0;
};

class Planner {
 public:
  explicit Planner(const PlanInput& input) : in_(input) {
    // A name wins over the same altname; the kernel allows no two of a kind.
    for (const Port& port : in_.ports) ports_.insert({port.name, &port});
    for (const Port& port : in_.ports)
      for (const std::string& altname : port.altnames) ports_.insert({altname, &port});
  }

  Plan Make() {
    for (size_t i = 0; i < in_.pairs.size(); ++i) plan_.pairs.push_back(PlanPair(i));
    PutEntries(/*changed=*/false);
    Attach();
    PutEntries(/*changed=*/true);
    Detach();
    DeleteEntries();
    return std::move(plan_);
  }

 private:
  const Port* Find(std::string_view name) const {
    const auto port = ports_.find(name);
    return port != ports_.end() ? port->second : nullptr;
  }

  PairPlan PlanPair(size_t i) {
    const Pair& pair = in_.pairs[i];
    const Port* a = Find(pair.a);
    const Port* b = Find(pair.b);
    PairPlan result{.a = a != nullptr ? a->index : 0, .b = b != nullptr ? b->index : 0};
    if (a == nullptr || b == nullptr) {
      result.reason = Missing(pair, a, b);
      return result;
    }
    result.standing = Standing::kBlocked;
    result.reason = Obstacle(i, *a, *b);
    if (!result.reason.empty()) return result;
    result.standing = Standing::kConnected;
    const XdpMode mode = ModeFor(*a, *b);
    wishes_.insert({a->index, {b->index, a, pair.a, mode, i}});
    wishes_.insert({b->index, {a->index, b, pair.b, mode, i}});
    return result;
  }

  static std::string Missing(const Pair& pair, const Port* a, const Port* b) {
    if (a == nullptr && b == nullptr && pair.a != pair.b)
      return "no interfaces " + pair.a + " and " + pair.b;
    return "no interface " + (a == nullptr ? pair.a : pair.b);
  }

  std::string Obstacle(size_t i, const Port& a, const Port& b) const {
    if (const auto blocked = in_.blocked.find(i); blocked != in_.blocked.end())
      return blocked->second;
    for (const auto& [port, partner] : {std::pair(&a, &b), std::pair(&b, &a)}) {
      std::string reason = TakenBy(*port, *partner);
      if (reason.empty()) reason = DisplacedFrom(*port);
      if (reason.empty()) reason = OccupiedBy(*port);
      if (!reason.empty()) return reason;
    }
    return "";
  }

  // The file may name one interface twice, once by an altname: only here it shows.
  std::string TakenBy(const Port& port, const Port& partner) const {
    const auto wish = wishes_.find(port.index);
    if (wish == wishes_.end() || wish->second.to == partner.index) return "";
    const Pair& other = in_.pairs[wish->second.pair];
    return port.name + " is connected as " + other.a + " <-> " + other.b + " already";
  }

  // Whoever took it off may do it again: no fight, even by --force.
  std::string DisplacedFrom(const Port& port) const {
    const auto attached = in_.wiring->attached.find(port.index);
    if (attached == in_.wiring->attached.end() || !attached->second.displaced) return "";
    return "xconnect's program was taken off " + port.name + "; SIGHUP tries again";
  }

  std::string OccupiedBy(const Port& port) const {
    if (port.occupant != Occupant::kForeign || in_.force) return "";
    if (in_.wiring->attached.contains(port.index)) return "";
    std::string reason = port.name + " has an XDP program that is not xconnect's: id ";
    reason += Decimal(port.program_id);
    if (!port.program_name.empty()) reason += " " + Quoted(port.program_name);
    return reason + " (" + std::string(ModeName(port.occupant_mode)) + ")";
  }

  XdpMode ModeFor(const Port& a, const Port& b) const {
    switch (in_.policy) {
      case ModePolicy::kSkb:
        return XdpMode::kSkb;
      case ModePolicy::kNative:
        return XdpMode::kNative;
      case ModePolicy::kAuto:
        break;
    }
    // A frame that comes natively can only leave through a driver that takes frames natively.
    const bool skb = PrefersSkb(a) || PrefersSkb(b) || in_.skb_only.contains(a.index) ||
                     in_.skb_only.contains(b.index);
    return skb ? XdpMode::kSkb : XdpMode::kNative;
  }

  void PutEntries(bool changed) {
    for (const auto& [index, wish] : wishes_) {
      const auto entry = in_.wiring->entries.find(index);
      const uint32_t was = entry != in_.wiring->entries.end() ? entry->second : 0;
      if ((was != 0) != changed || was == wish.to) continue;
      plan_.actions.push_back({.verb = Verb::kPut,
                               .index = index,
                               .name = wish.name,
                               .to = wish.to,
                               .was = was,
                               .pair = wish.pair});
    }
  }

  void Attach() {
    for (const auto& [index, wish] : wishes_) {
      Action attach{.verb = Verb::kAttach,
                    .index = index,
                    .name = wish.name,
                    .mode = wish.mode,
                    .pair = wish.pair};
      const auto attached = in_.wiring->attached.find(index);
      if (attached != in_.wiring->attached.end()) {
        if (attached->second.mode == wish.mode) continue;
        AddDetach(index, attached->second);
      } else if (wish.port->occupant != Occupant::kNone) {
        attach.over = wish.port->occupant;
        attach.over_mode = wish.port->occupant_mode;
        attach.over_program = wish.port->program_id;
      }
      plan_.actions.push_back(std::move(attach));
    }
  }

  void Detach() {
    for (const auto& [index, attachment] : in_.wiring->attached)
      if (!attachment.displaced && !wishes_.contains(index)) AddDetach(index, attachment);
  }

  void AddDetach(uint32_t index, const Attachment& attachment) {
    plan_.actions.push_back(
        {.verb = Verb::kDetach, .index = index, .name = attachment.name, .mode = attachment.mode});
  }

  void DeleteEntries() {
    for (const auto& [index, to] : in_.wiring->entries)
      if (!wishes_.contains(index))
        plan_.actions.push_back({.verb = Verb::kDelete, .index = index, .was = to});
  }

  const PlanInput& in_;
  std::map<std::string_view, const Port*> ports_;  // by name and by altname
  std::map<uint32_t, Wish> wishes_;                // by ifindex
  Plan plan_;
};

}  // namespace

Plan MakePlan(const PlanInput& input) { return Planner(input).Make(); }

std::string_view ModeName(XdpMode mode) { return mode == XdpMode::kNative ? "native" : "skb"; }

}  // namespace purebpf::xconnect
