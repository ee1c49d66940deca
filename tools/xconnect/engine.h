// Keeps the interfaces connected as the configuration says: takes a snapshot, plans, executes,
// learns from what was refused, and tells what it did.
#ifndef PUREBPF_TOOLS_XCONNECT_ENGINE_H_
#define PUREBPF_TOOLS_XCONNECT_ENGINE_H_

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/netlink/link.h"
#include "purebpf/tools/xconnect/config.h"
#include "purebpf/tools/xconnect/event.h"
#include "purebpf/tools/xconnect/report.h"
#include "purebpf/tools/xconnect/switchboard.h"

namespace purebpf::xconnect {

struct EngineOptions {
  ModePolicy mode = ModePolicy::kSkb;
  bool force = false;
};

// Why a configuration is applied.
enum class Cause : uint8_t {
  kStart,
  kFile,    // the file changed: pairs that stay are not touched
  kSignal,  // asked for: what somebody else changed meanwhile is set right too, or refused
};

// Detaches nothing when it is destroyed: call Stop. `report` must outlive it.
class Engine {
 public:
  [[nodiscard]] static Result<Engine> Open(Kernel& kernel, const EngineOptions& options,
                                           Report& report);

  // All or nothing: on an Error the last good configuration stays, and so does every packet.
  // Interfaces that are missing are no error, programs that are not xconnect's are.
  Result<Changes> Apply(const Config& config, Cause cause);

  // What the kernel told of links since the last call.
  void OnLinks(std::span<const netlink::LinkEvent> events);
  // Brings the wiring in line with the interfaces that are there. What is refused for one pair
  // leaves the others connected.
  void Reconcile();
  // Events of interfaces were lost: Reconcile, without taking for granted what was seen before.
  void OnLostEvents();

  // How many were detached; what could not be is reported, and then `clean` is false.
  struct StopResult {
    size_t detached = 0;
    bool clean = true;
  };
  StopResult Stop();

  [[nodiscard]] Counts counts() const;

 private:
  // A pair whichever way round it is written.
  using Key = std::pair<std::string, std::string>;
  // Why a pair was left alone, and with which interfaces: while those stay as they are it is not
  // tried again.
  struct Block {
    std::string reason;
    std::vector<Port> ports;
  };
  struct Seen {
    uint32_t index = 0;
    bool lost = false;  // it was gone in between
  };

  Engine(Switchboard board, const EngineOptions& options, Report& report)
      : board_(std::move(board)), options_(options), report_(&report) {}

  static Key KeyOf(const Pair& pair) { return std::minmax(pair.a, pair.b); }
  // `strict`: the pairs for which a refusal refuses the whole.
  Result<void> Settle(const std::vector<Pair>& pairs, const std::set<Key>& strict);
  // Whether to plan again after `failure`; it learns why it failed.
  bool Learn(const Failure& failure, const Plan& plan, const std::vector<Pair>& pairs,
             const std::vector<Port>& before, const std::set<Key>& strict);
  PlanInput InputFor(const std::vector<Pair>& pairs, const std::vector<Port>& ports);
  void ForgetVanished(const std::vector<Port>& ports);
  void NoticeDisplaced(const std::vector<Port>& ports);
  void Commit(const std::vector<Pair>& pairs, const Plan& plan);
  void TellInterface(const std::string& name, uint32_t index);
  void TellPair(const Pair& pair, const PairPlan* before, const PairPlan& after);
  std::map<uint32_t, Attachment> ReleaseDisplaced(Cause cause);

  Switchboard board_;
  EngineOptions options_;
  Report* report_;
  std::vector<Pair> pairs_;           // the last good configuration
  std::map<Key, PairPlan> standing_;  // as last told
  std::map<Key, Block> blocked_;
  std::map<std::string, Seen> seen_;  // the configured names
  std::set<uint32_t> skb_only_;
};

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_ENGINE_H_
