#include "purebpf/tools/xconnect/engine.h"

#include <algorithm>
#include <optional>

#include "purebpf/bpf/try.h"

namespace purebpf::xconnect {
namespace {

// How often one plan may be overtaken by interfaces that come and go while it is executed.
constexpr int kMaxAttempts = 16;

const Port* PortAt(std::span<const Port> ports, uint32_t index) {
  const auto port = std::ranges::lower_bound(ports, index, {}, &Port::index);
  return port != ports.end() && port->index == index ? &*port : nullptr;
}

std::vector<Port> PortsOf(const std::vector<Port>& ports, const PairPlan& pair) {
  std::vector<Port> result;
  for (const uint32_t index : {pair.a, pair.b})
    if (const Port* port = PortAt(ports, index)) result.push_back(*port);
  return result;
}

// The driver does not do native mode, or not as the interface is set up now.
bool RefusesNative(const Error& error) {
  return error.code == Code::kUnsupported || error.code == Code::kInvalidArgument ||
         error.code == Code::kSystem;
}

}  // namespace

Result<Engine> Engine::Open(Kernel& kernel, const EngineOptions& options, Report& report) {
  return Engine(PUREBPF_TRY(Switchboard::Open(kernel)), options, report);
}

Result<Changes> Engine::Apply(const Config& config, Cause cause) {
  Changes changes;
  std::set<Key> strict;
  std::set<Key> before;
  for (const Pair& pair : pairs_) before.insert(KeyOf(pair));
  for (const Pair& pair : config.pairs) {
    const bool known = before.erase(KeyOf(pair)) != 0;
    ++(known ? changes.unchanged : changes.added);
    if (!known || cause != Cause::kFile) strict.insert(KeyOf(pair));
  }
  changes.removed = before.size();

  if (cause != Cause::kFile) blocked_.clear();
  const std::map<uint32_t, Attachment> displaced = ReleaseDisplaced(cause);
  const std::vector<Pair> old_pairs = std::exchange(pairs_, config.pairs);
  Result<void> settled = Settle(pairs_, strict);
  if (!settled) {
    pairs_ = old_pairs;
    for (const auto& [index, attachment] : displaced) board_.RestoreDisplaced(index, attachment);
    // What could not be undone, and interfaces that went meanwhile.
    if (cause != Cause::kStart) Reconcile();
    return std::unexpected(std::move(settled).error());
  }
  for (const Key& key : before) {
    const auto standing = standing_.find(key);
    if (standing == standing_.end()) continue;
    if (standing->second.standing == Standing::kConnected)
      report_->Tell(Disconnected({key.first, key.second}, "not configured any more"));
    standing_.erase(standing);
    blocked_.erase(key);
  }
  return changes;
}

// Asked for expressly, what somebody took from us is tried again like any other interface.
std::map<uint32_t, Attachment> Engine::ReleaseDisplaced(Cause cause) {
  std::map<uint32_t, Attachment> displaced;
  if (cause != Cause::kSignal) return displaced;
  for (const auto& [index, attachment] : board_.wiring().attached)
    if (attachment.displaced) displaced.insert({index, attachment});
  for (const auto& [index, attachment] : displaced) board_.Release(index);
  return displaced;
}

Result<void> Engine::Settle(const std::vector<Pair>& pairs, const std::set<Key>& strict) {
  Error last;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const std::vector<Port> ports = PUREBPF_TRY(board_.Ports(pairs));
    ForgetVanished(ports);
    NoticeDisplaced(ports);
    const PlanInput input = InputFor(pairs, ports);
    const Plan plan = MakePlan(input);
    for (size_t i = 0; i < pairs.size(); ++i)
      if (plan.pairs[i].standing == Standing::kBlocked && strict.contains(KeyOf(pairs[i])))
        return std::unexpected(Error{.code = Code::kConflict,
                                     .operation = "connect",
                                     .object = pairs[i].a + " <-> " + pairs[i].b,
                                     .detail = plan.pairs[i].reason});
    std::optional<Failure> failure = board_.Execute(plan.actions);
    if (!failure) {
      Commit(pairs, plan);
      return {};
    }
    for (const Error& error : failure->not_undone) report_->Tell(Failed(error));
    if (!Learn(*failure, plan, pairs, ports, strict))
      return std::unexpected(std::move(failure->error));
    last = std::move(failure->error);
  }
  return std::unexpected(std::move(last));
}

PlanInput Engine::InputFor(const std::vector<Pair>& pairs, const std::vector<Port>& ports) {
  PlanInput input{.pairs = pairs,
                  .ports = ports,
                  .wiring = &board_.wiring(),
                  .policy = options_.mode,
                  .force = options_.force,
                  .skb_only = skb_only_};
  if (blocked_.empty()) return input;
  // What is in a pair's way is in its way only as long as its interfaces are as they were.
  const Plan now = MakePlan(input);
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto block = blocked_.find(KeyOf(pairs[i]));
    if (block == blocked_.end()) continue;
    if (block->second.ports == PortsOf(ports, now.pairs[i])) {
      input.blocked.insert({i, block->second.reason});
    } else {
      blocked_.erase(block);
    }
  }
  return input;
}

bool Engine::Learn(const Failure& failure, const Plan& plan, const std::vector<Pair>& pairs,
                   const std::vector<Port>& before, const std::set<Key>& strict) {
  if (!failure.not_undone.empty()) return false;
  const Action& action = plan.actions[failure.action];
  // Interfaces came, went or changed hands meanwhile: the plan was for another world.
  const Result<std::vector<Port>> now = board_.Ports(pairs);
  if (now && *now != before) return true;
  if (options_.mode == ModePolicy::kAuto && action.verb == Verb::kAttach &&
      action.mode == XdpMode::kNative && RefusesNative(failure.error))
    return skb_only_.insert(action.index).second;
  if (action.pair == Action::kNoPair) return false;
  const Pair& pair = pairs[action.pair];
  if (strict.contains(KeyOf(pair))) return false;
  blocked_[KeyOf(pair)] = {.reason = failure.error.ToString(),
                           .ports = PortsOf(before, plan.pairs[action.pair])};
  return true;
}

void Engine::ForgetVanished(const std::vector<Port>& ports) {
  std::set<uint32_t> vanished;
  const auto look = [&](uint32_t index) {
    if (PortAt(ports, index) == nullptr) vanished.insert(index);
  };
  for (const auto& [from, to] : board_.wiring().entries) {
    look(from);
    look(to);
  }
  for (const auto& [index, attachment] : board_.wiring().attached) look(index);
  for (const uint32_t index : vanished) {
    board_.Forget(index);
    skb_only_.erase(index);
  }
}

void Engine::NoticeDisplaced(const std::vector<Port>& ports) {
  const std::map<uint32_t, Attachment> attached = board_.wiring().attached;
  for (const auto& [index, attachment] : attached) {
    const Port* port = PortAt(ports, index);
    if (attachment.displaced || port == nullptr) continue;
    if (port->occupant == Occupant::kOwn && port->occupant_mode == attachment.mode) continue;
    board_.SetDisplaced(index);
    report_->Tell(Displaced(attachment.name, index, port->program_id, port->program_name));
  }
}

void Engine::Commit(const std::vector<Pair>& pairs, const Plan& plan) {
  std::set<std::string> names;
  std::set<uint32_t> configured;
  for (size_t i = 0; i < pairs.size(); ++i) {
    TellInterface(pairs[i].a, plan.pairs[i].a);
    if (pairs[i].a != pairs[i].b) TellInterface(pairs[i].b, plan.pairs[i].b);
    names.insert(pairs[i].a);
    names.insert(pairs[i].b);
    configured.insert({plan.pairs[i].a, plan.pairs[i].b});
  }
  std::erase_if(seen_, [&](const auto& seen) { return !names.contains(seen.first); });
  for (const Action& action : plan.actions) {
    if (action.verb == Verb::kDetach) report_->Tell(Detached(action));
    if (action.verb == Verb::kAttach) report_->Tell(Attached(action));
  }
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto before = standing_.find(KeyOf(pairs[i]));
    TellPair(pairs[i], before != standing_.end() ? &before->second : nullptr, plan.pairs[i]);
    standing_[KeyOf(pairs[i])] = plan.pairs[i];
  }
  const std::map<uint32_t, Attachment> attached = board_.wiring().attached;
  for (const auto& [index, attachment] : attached)
    if (attachment.displaced && !configured.contains(index)) board_.Release(index);
}

void Engine::TellInterface(const std::string& name, uint32_t index) {
  const auto seen = seen_.find(name);
  if (seen == seen_.end()) {
    seen_.insert({name, {.index = index}});
    return;
  }
  const Seen before = std::exchange(seen->second, Seen{.index = index});
  if (index == 0) {
    if (before.index != 0) report_->Tell(Gone(name));
  } else if (before.index == 0) {
    report_->Tell(Appeared(name, index));
  } else if (before.index != index || before.lost) {
    report_->Tell(Recreated(name, index));
  }
}

void Engine::TellPair(const Pair& pair, const PairPlan* before, const PairPlan& after) {
  if (before != nullptr && *before == after) return;
  switch (after.standing) {
    case Standing::kConnected:
      return report_->Tell(Connected(pair));
    case Standing::kWaiting:
      if (before == nullptr || before->standing != after.standing || before->reason != after.reason)
        report_->Tell(Waiting(pair, after.reason));
      return;
    case Standing::kBlocked:
      return report_->Tell(Blocked(pair, after.reason));
  }
}

void Engine::OnLinks(std::span<const netlink::LinkEvent> events) {
  bool relevant = false;
  for (const netlink::LinkEvent& event : events) {
    const netlink::Link& link = event.link;
    const bool wired = board_.wiring().attached.contains(link.index) ||
                       board_.wiring().entries.contains(link.index);
    relevant = relevant || wired || seen_.contains(link.name) ||
               std::ranges::any_of(link.altnames,
                                   [&](const std::string& name) { return seen_.contains(name); });
    // A link that is renamed does not carry its old name any more.
    relevant = relevant || std::ranges::any_of(seen_, [&](const auto& seen) {
                 return seen.second.index == link.index;
               });
    if (!event.removed) continue;
    // It may be made again with the same index before anybody looks.
    if (wired) board_.Forget(link.index);
    skb_only_.erase(link.index);
    for (auto& [name, seen] : seen_) seen.lost = seen.lost || seen.index == link.index;
    for (auto& [key, standing] : standing_)
      if (link.index == standing.a || link.index == standing.b) standing.a = standing.b = 0;
  }
  if (relevant) Reconcile();
}

// A removal may be among what was lost. Then an interface that has no program any more was made
// anew, with the same index; of one whose program somebody took off, this is the kinder guess.
void Engine::OnLostEvents() {
  const Result<std::vector<Port>> ports = board_.Ports(pairs_);
  if (ports) {
    const std::map<uint32_t, Attachment> attached = board_.wiring().attached;
    for (const auto& [index, attachment] : attached) {
      const Port* port = PortAt(*ports, index);
      if (port != nullptr && port->occupant == Occupant::kNone && !attachment.displaced)
        board_.Forget(index);
    }
  }
  Reconcile();
}

void Engine::Reconcile() {
  Result<void> settled = Settle(pairs_, /*strict=*/{});
  if (!settled) report_->Tell(Failed(settled.error()));
}

Engine::StopResult Engine::Stop() {
  std::vector<Error> errors;
  const std::vector<Action> detached = board_.DetachAll(errors);
  for (const Action& action : detached) report_->Tell(Detached(action));
  for (const Error& error : errors) report_->Tell(Failed(error));
  return {.detached = detached.size(), .clean = errors.empty()};
}

Counts Engine::counts() const {
  Counts counts;
  for (const auto& [key, plan] : standing_) {
    switch (plan.standing) {
      case Standing::kConnected:
        ++counts.connected;
        break;
      case Standing::kWaiting:
        ++counts.waiting;
        break;
      case Standing::kBlocked:
        ++counts.blocked;
        break;
    }
  }
  return counts;
}

}  // namespace purebpf::xconnect
