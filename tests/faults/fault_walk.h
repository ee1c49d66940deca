// Runs a scenario again and again, each time with another call failing, and says where it then did
// something that it must not: leave a descriptor, a mapping or a pin, change half, name no step, go
// on for ever.
#ifndef PUREBPF_TESTS_FAULTS_FAULT_WALK_H_
#define PUREBPF_TESTS_FAULTS_FAULT_WALK_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/testing/fault_kernel.h"
#include "purebpf/tests/replay/scenario.h"

namespace purebpf::testing {

// What one run came to.
struct Outcome {
  Result<void> result;
  std::string wrong;  // empty: nothing
  std::string fault;  // FaultKernel::last_fault()
  size_t calls = 0;
  size_t faults = 0;
};

struct Walk {
  size_t runs = 0;
  size_t errors = 0;               // that ended with an Error; the others did without that call
  std::vector<std::string> wrong;  // of one run each
};

class FaultWalk {
 public:
  // `fixture` is the scenario's recording.
  FaultWalk(const Scenario& scenario, std::string fixture, const std::vector<int>& errnos)
      : scenario_(scenario), fixture_(std::move(fixture)), errnos_(errnos) {}

  // All calls, and each of the errnos.
  Walk EachCall();
  // All kinds of calls that it makes, failing every time: a retry must not go on for ever.
  Walk EachKind();

 private:
  template <typename Prepare>
  Outcome Run(const Prepare& prepare);
  static void Count(const Outcome& outcome, Walk& walk);

  Scenario scenario_;
  std::string fixture_;
  std::vector<int> errnos_;
};

// The errnos that calls fail with.
const std::vector<int>& WalkedErrnos();
// The same where a run takes long.
const std::vector<int>& FewErrnos();

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_FAULTS_FAULT_WALK_H_
