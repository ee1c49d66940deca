#include "purebpf/tests/faults/fault_walk.h"

#include <cerrno>
#include <utility>

#include "purebpf/bpf/testing/replay_kernel.h"
#include "purebpf/tests/faults/call_watch.h"
#include "purebpf/tests/support/state_kernel.h"

namespace purebpf::testing {
namespace {

// Whether the Error tells which step it was, and why. One of operation "check" is the scenario's
// own: an answer such as ENOENT is a value to the library.
std::string MissesTheStep(const Error& error) {
  if (error.operation == "check") return "";
  if (error.operation.empty()) return "the error names no step\n";
  if (error.sys_errno == 0 && error.detail.empty()) return "the error gives no reason\n";
  return "";
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
  if (!outcome.result) wrong += MissesTheStep(outcome.result.error());
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
