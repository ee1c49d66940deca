// Internal to ReplayKernel: which recorded call answers one that is made, and what is said when
// none does.
#ifndef PUREBPF_BPF_TESTING_REPLAY_STATE_H_
#define PUREBPF_BPF_TESTING_REPLAY_STATE_H_

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/testing/alike.h"
#include "purebpf/bpf/testing/conversation.h"
#include "purebpf/bpf/testing/describe_netlink.h"
#include "purebpf/bpf/testing/fixture.h"
#include "purebpf/bpf/testing/replay_kernel.h"

namespace purebpf::testing {

struct ReplayKernel::State : internal::Conversation {
  State(Fixture recorded, ReplayOptions how);

  // The recorded call that answers `made`. Where none does: nullptr, and the replay has failed,
  // unless the order is loose.
  const Call* Match(const Call& made);
  // The `look` that comes next and is about that memory; nullptr where none does, which is no
  // failure.
  const Call* MatchLook(const internal::Mapping& mapping, Bytes memory);
  // The answer to a receive, in loose order: what was recorded behind the request that was sent
  // last.
  const Call* MatchReceive(const Call& made);

  // The words of a recorded call cannot be used: `wrong` says which.
  void Refuse(const Call& recorded, const std::string& wrong);

  [[nodiscard]] bool failed() const { return !mismatch.empty(); }
  [[nodiscard]] bool loose() const { return options.order == Order::kLoose; }
  [[nodiscard]] std::string Report() const;

  // A new descriptor under this token; nothing where it is no token, or is open.
  std::optional<int> OpenFd(std::string_view token);
  // The same with the next token of a kind.
  int NewFd(std::string_view kind);

  Fixture fixture;
  ReplayOptions options;
  internal::NamedMessages named;       // of `fixture`
  internal::Sequences sequences;       // what the caller sent for the numbers recorded
  std::map<int, uint32_t> unanswered;  // loose order: requests that were never recorded
  std::string mismatch;                // what went wrong first; empty: nothing did
  size_t made = 0;                     // answered
  size_t refused = 0;                  // since it failed
  std::vector<bool> used;              // by call
  std::map<std::string, std::unique_ptr<std::vector<std::byte>>> contents;  // of views

 private:
  const Call* Take(size_t index);
  const Call* MatchStrict(const Call& made);
  const Call* MatchPerObject(const Call& made);
  const Call* MatchLoose(const Call& made);
  [[nodiscard]] std::optional<size_t> FindWithFree(const Call& made) const;
  void Differ(const Call* recorded, const Call& made);
  [[nodiscard]] std::string Where(const Call& call) const;
  [[nodiscard]] std::string Prelude() const;
  void AppendMissing(std::string& text) const;
  void AppendLeaks(std::string& text) const;
  void AppendAdvice(std::string& text) const;

  size_t next_ = 0;  // strict order: the call that is due
  int last_fd_ = 999;
  std::vector<size_t> order_;  // the calls that were answered, as they came
  std::map<std::string, std::vector<size_t>> by_object_;
  std::map<std::string, std::vector<size_t>> by_request_;
  std::vector<size_t> with_free_;      // calls with a value that is free
  std::map<std::string, size_t> due_;  // the first of by_object_ or by_request_ that is not used
  std::map<std::string, size_t> cursors_;  // loose order: by socket, the call behind its request
};

}  // namespace purebpf::testing

#endif  // PUREBPF_BPF_TESTING_REPLAY_STATE_H_
