// Scenarios: what people do with the library, each written once as a function of a Kernel, and run
// in three ways: replayed from recordings of several kernels, with the running kernel, and walked
// with every call failing in turn (tests/faults).
//
//   Result<void> PinAndReuse(Stage& stage) {
//     const Map map = PUREBPF_TRY(Map::Create(stage.kernel(), {...}));
//     PUREBPF_TRY(map.Pin("/sys/fs/bpf/purebpf_test"));
//     return stage.Check(map.lookup_size() == 8, "a value has 8 bytes");
//   }
//
// A scenario ends with an Error where anything fails, and holds nothing then: what no handle's
// destruction ends (an XDP program, a pin) it ends by an Undo, which tells the stage where it could
// not.
#ifndef PUREBPF_TESTS_REPLAY_SCENARIO_H_
#define PUREBPF_TESTS_REPLAY_SCENARIO_H_

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/tests/support/container.h"
#include "purebpf/tests/support/netns.h"
#include "purebpf/tests/support/state_kernel.h"

namespace purebpf::testing {

// Where a scenario plays.
class Stage {
 public:
  // `live`: the kernel is the running one, whatever stands before it.
  Stage(Kernel& kernel, bool live) : kernel_(kernel), live_(live) {}

  [[nodiscard]] Kernel& kernel() { return kernel_; }
  [[nodiscard]] bool live() const { return live_; }

  // A network namespace that this thread is in from then on; pretended in a replay. kUnsupported
  // where it may not be made.
  Result<const Netns*> Network();
  // Interfaces "v1" ... in it, each with its peer "p1" ... there as well.
  Result<void> Cables(size_t count);
  // A BPF file system of this thread's own on /sys/fs/bpf; nothing in a replay.
  Result<void> BpfFileSystem();
  // The folder of a cgroup that no process is in.
  Result<std::string> Cgroup();
  // What `inside` comes to in a user namespace of its own, without any capability outside of it:
  // RunInUserNamespace.
  Result<void> InUserNamespace(const std::function<Result<void>()>& inside) const;

  // An Error of operation "check" where it does not hold.
  Result<void> Check(bool holds, std::string_view what) const;

  // Says that whatever `change` did, it did whole or not at all: where it fails, all is as before.
  template <typename F>
  auto AllOrNothing(std::string_view what, F change) -> decltype(change()) {
    if (state_ == nullptr) return change();
    const StateKernel::State before = state_->state();
    auto result = change();
    if (!result) Compare(what, before, result.error());
    return result;
  }

  // For who walks: what the calls have changed, and what was not as it was to be.
  void Watch(const StateKernel& state) { state_ = &state; }
  [[nodiscard]] const std::string& broken() const { return broken_; }
  // What could not be undone, and so may be left.
  void CouldNotUndo(const Error& error) { not_undone_ += error.ToString() + "\n"; }
  [[nodiscard]] const std::string& not_undone() const { return not_undone_; }

 private:
  void Compare(std::string_view what, const StateKernel::State& before, const Error& error);

  Kernel& kernel_;
  bool live_;
  std::optional<TempNetns> netns_;
  std::optional<TempCgroup> cgroup_;
  const StateKernel* state_ = nullptr;
  std::string broken_;
  std::string not_undone_;
};

// Done at the end of a scope, however it is left.
class Undo {
 public:
  Undo(Stage& stage, std::function<Result<void>()> undo) : stage_(stage), undo_(std::move(undo)) {}
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;
  ~Undo() {
    if (!undo_) return;
    const Result<void> undone = undo_();
    if (!undone) stage_.CouldNotUndo(undone.error());
  }
  // Now, as a step of the scenario.
  Result<void> Do() { return std::exchange(undo_, nullptr)(); }
  void Forget() { undo_ = nullptr; }

 private:
  Stage& stage_;
  std::function<Result<void>()> undo_;
};

struct Scenario {
  const char* name;  // of its recordings, in tests/fixtures/scenarios.<release>.fixture
  Result<void> (*run)(Stage& stage);
  const char* machine_bound = "";  // DualCase's
};

// All of them.
std::vector<Scenario> Scenarios();

// By topic.
std::span<const Scenario> MapScenarios();
std::span<const Scenario> ProgramScenarios();
std::span<const Scenario> NetworkScenarios();
std::span<const Scenario> LoaderScenarios();
std::span<const Scenario> AttachScenarios();
std::span<const Scenario> ContainerScenarios();

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_REPLAY_SCENARIO_H_
