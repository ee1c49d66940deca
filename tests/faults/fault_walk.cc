#include "purebpf/tests/faults/fault_walk.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/testing/replay_kernel.h"
#include "purebpf/tests/faults/call_watch.h"
#include "purebpf/tests/support/state_kernel.h"

namespace purebpf::testing {
namespace {

// The words of which an Error has one in its operation, by the call that failed: what the library
// was doing then.
struct Step {
  CallKind kind;
  std::optional<Command> command;  // of bpf(2)
  std::vector<std::string_view> words;
};

Step Of(Command command, std::vector<std::string_view> words) {
  return {.kind = CallKind::kBpf, .command = command, .words = std::move(words)};
}
Step Of(CallKind kind, std::vector<std::string_view> words) {
  return {.kind = kind, .command = std::nullopt, .words = std::move(words)};
}

const std::vector<Step>& Steps() {
  static const std::vector<Step> steps = {
      Of(Command::kMapCreate, {"create map"}),
      Of(Command::kMapLookupElem, {"look up in map"}),
      Of(Command::kMapUpdateElem, {"put into map"}),
      Of(Command::kMapDeleteElem, {"delete from map"}),
      Of(Command::kMapGetNextKey, {"next key of map"}),
      Of(Command::kMapLookupAndDeleteElem, {"take out of map"}),
      Of(Command::kMapLookupBatch, {"look up many in map"}),
      Of(Command::kMapLookupAndDeleteBatch, {"take many out of map"}),
      Of(Command::kMapUpdateBatch, {"put many into map"}),
      Of(Command::kMapDeleteBatch, {"delete many from map"}),
      Of(Command::kMapFreeze, {"freeze map"}),
      Of(Command::kMapGetFdById, {"open map"}),
      Of(Command::kProgLoad, {"load program"}),
      Of(Command::kProgGetFdById, {"open program"}),
      Of(Command::kProgTestRun, {"run program"}),
      Of(Command::kProgAttach, {"attach program"}),
      Of(Command::kProgDetach, {"detach program"}),
      Of(Command::kProgQuery, {"query programs"}),
      Of(Command::kObjPin, {"pin ", "use pinned map"}),
      Of(Command::kObjGet, {"open pinned ", "use pinned map"}),
      Of(Command::kObjGetInfoByFd, {"ask about ", "use pinned map"}),
      Of(Command::kBtfLoad, {"load"}),
      Of(Command::kLinkCreate, {"attach program"}),
      Of(Command::kLinkUpdate, {"update link"}),
      Of(Command::kLinkDetach, {"detach link"}),
      Of(Command::kTokenCreate, {"create BPF token"}),
      Of(Command::kRawTracepointOpen, {"attach program"}),
      Of(CallKind::kReadFile, {"read", "find "}),
      Of(CallKind::kOpenFile, {"read", "find "}),
      Of(CallKind::kWriteFile, {"write"}),
      Of(CallKind::kRemoveFile, {"unpin ", "remove"}),
      Of(CallKind::kMakeFolder, {"pin "}),
      Of(CallKind::kOpen, {"open"}),
      Of(CallKind::kDuplicate, {"open ring buffer", "duplicate ", "use map "}),
      Of(CallKind::kPerfEventOpen, {"open perf event"}),
      Of(CallKind::kIoctl, {"attach program"}),
      Of(CallKind::kMapMemory, {"open ring buffer", "map memory of"}),
      Of(CallKind::kNetlinkOpen, {"open netlink socket"}),
      Of(CallKind::kNetlinkSend, {"link", "XDP program"}),
      Of(CallKind::kNetlinkReceive, {"link", "XDP program"}),
      Of(CallKind::kWait, {"wait for "}),
  };
  return steps;
}

// The scenarios' own Errors: an answer such as ENOENT is a value to the library, and what could not
// be undone was told to the listener, one by one.
bool IsTheScenarios(const Error& error) {
  return error.operation == "check" || error.operation == "prepare" || error.object == "xconnect";
}

// Whether the Error tells which step it was, and why. `failed` is the call that was made to,
// `alone` whether it was the only one.
std::string MissesTheStep(const Error& error, const std::optional<FaultKernel::Failed>& failed,
                          bool alone) {
  if (IsTheScenarios(error)) return "";
  if (error.operation.empty()) return "the error names no step\n";
  if (error.sys_errno == 0 && error.detail.empty()) return "the error gives no reason\n";
  if (!failed) return "";
  const auto step = std::ranges::find_if(Steps(), [&](const Step& row) {
    return row.kind == failed->kind && row.command == failed->command;
  });
  if (step == Steps().end()) return "no step is known to make this call\n";
  std::string wrong;
  if (std::ranges::none_of(step->words, [&](std::string_view words) {
        return error.operation.find(words) != std::string::npos;
      }))
    wrong += "the error is of another step\n";
  if (!alone) return wrong;
  if (error.ToString().find(failed->path) == std::string::npos)
    wrong += "the error does not name the file\n";
  // No call's errno: a request by netlink that a signal interrupts again and again is not answered,
  // and where another was quicker to pin, what is there is used, or refused for what it is.
  const bool unanswered = failed->kind == CallKind::kNetlinkReceive && failed->error.value == EINTR;
  const bool taken = failed->command == Command::kObjPin && failed->error.value == EEXIST;
  if (error.sys_errno != failed->error.value && !((unanswered || taken) && error.sys_errno == 0))
    wrong += "the error has another errno\n";
  return wrong;
}

}  // namespace

const std::vector<int>& WalkedErrnos() {
  static const std::vector<int> errnos = {EPERM, ENOMEM, EINVAL, E2BIG,  ENOSPC, EAGAIN,
                                          EINTR, EBADF,  ENOENT, EEXIST, EBUSY};
  return errnos;
}

const std::vector<int>& FewErrnos() {
  static const std::vector<int> errnos = {EPERM, ENOMEM, ENOENT, EEXIST};
  return errnos;
}

template <typename Prepare>
Outcome FaultWalk::Run(const Prepare& prepare) {
  Outcome outcome;
  auto replay = ReplayKernel::FromText(fixture_, {.order = Order::kLoose});
  if (!replay) {
    outcome.wrong = replay.error().ToString();
    return outcome;
  }
  FaultKernel faults(*replay);
  CallWatch watch(faults);
  StateKernel state(watch);
  prepare(faults);
  Stage stage(state, false);
  stage.Watch(state);
  outcome.result = scenario_.run(stage);
  outcome.fault = faults.last_fault();
  outcome.calls = faults.calls();
  outcome.faults = faults.faults();

  std::string& wrong = outcome.wrong;
  if (!outcome.result)
    wrong += MissesTheStep(outcome.result.error(), faults.failed(), outcome.faults == 1);
  FaultKernel::Held held = faults.held();
  StateKernel::State left = state.state();
  left.maps.clear();
  // A folder that was made for a pin stays with it.
  if (outcome.result) {
    held.folders = 0;
    std::erase_if(left.files, [](const std::string& path) { return path == "/sys/fs/bpf"; });
  }
  // What could not be taken away is left, and somebody was told.
  if (!stage.not_undone().empty() || (watch.removal_failed() && !outcome.result)) {
    held.pins = held.folders = 0;
    left = {};
  }
  wrong += stage.broken();
  if (held != FaultKernel::Held{}) wrong += "left: " + faults.Leaks() + "\n";
  wrong += StateKernel::Difference({}, left);
  if (!wrong.empty()) {
    wrong = outcome.fault + ":\n" + wrong;
    if (!outcome.result) wrong += "\nended with: " + outcome.result.error().ToString();
  }
  return outcome;
}

void FaultWalk::Count(const Outcome& outcome, Walk& walk) {
  ++walk.runs;
  if (!outcome.result) ++walk.errors;
  if (!outcome.wrong.empty()) walk.wrong.push_back(outcome.wrong);
}

Walk FaultWalk::EachCall() {
  Walk walk;
  const size_t calls = Run([](FaultKernel&) {}).calls;
  for (size_t n = 1; n <= calls; ++n)
    for (const int error : errnos_)
      Count(Run([&](FaultKernel& kernel) { kernel.FailCall(n, Errno{error}); }), walk);
  return walk;
}

Walk FaultWalk::EachKind() {
  Walk walk;
  for (size_t kind = 0; kind <= static_cast<size_t>(CallKind::kWait); ++kind) {
    for (const int error : errnos_) {
      const Outcome outcome = Run([&](FaultKernel& kernel) {
        kernel.FailEvery(1, static_cast<CallKind>(kind), Errno{error});
      });
      if (outcome.faults == 0) break;  // it makes no such call
      Count(outcome, walk);
    }
  }
  for (const EnumRow& row : CommandRows()) {
    for (const int error : errnos_) {
      const Outcome outcome = Run([&](FaultKernel& kernel) {
        kernel.FailEvery(1, static_cast<Command>(row.value), Errno{error});
      });
      if (outcome.faults == 0) break;
      Count(outcome, walk);
    }
  }
  return walk;
}

}  // namespace purebpf::testing
