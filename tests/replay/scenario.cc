#include "purebpf/tests/replay/scenario.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>

namespace purebpf::testing {
namespace {

constexpr const char* kBpfFolder = "/sys/fs/bpf";
constexpr unsigned kBpfMagic = 0xcafe4a11;

std::unexpected<Error> CannotPrepare(std::string_view what, std::string reason) {
  return std::unexpected(Error{.code = Code::kUnsupported,
                               .operation = "prepare",
                               .object = std::string(what),
                               .detail = std::move(reason)});
}

}  // namespace

Result<const Netns*> Stage::Network() {
  if (!netns_) netns_.emplace(!live_);
  if (!netns_->ok()) return CannotPrepare("network namespace", netns_->reason());
  return &netns_->netns();
}

Result<void> Stage::Cables(size_t count) {
  const Result<const Netns*> network = Network();
  if (!network) return std::unexpected(network.error());
  for (size_t i = 1; i <= count; ++i) {
    const std::string number = std::to_string(i);
    const auto made = (*network)->MakeVeth("v" + number, "p" + number);
    if (!made) return CannotPrepare("cable", made.message());
  }
  return {};
}

Result<void> Stage::BpfFileSystem() {
  if (!live_) return {};
  struct statfs there{};
  if (statfs(kBpfFolder, &there) == 0 && static_cast<unsigned>(there.f_type) == kBpfMagic)
    return {};
  // Seen by this thread alone, and gone with it.
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("bpf", kBpfFolder, "bpf", 0, nullptr) != 0)
    return std::unexpected(SystemError(Errno{errno}, "mount BPF file system", kBpfFolder));
  return {};
}

Result<std::string> Stage::Cgroup() {
  if (!cgroup_) cgroup_.emplace(!live_);
  if (!cgroup_->reason().empty()) return CannotPrepare("cgroup", cgroup_->reason());
  return TempCgroup::kPath;
}

Result<void> Stage::InUserNamespace(const std::function<Result<void>()>& inside) const {
  Result<void> result;
  const std::string reason = RunInUserNamespace([&] { result = inside(); }, !live_);
  if (!reason.empty()) return CannotPrepare("user namespace", reason + " (Linux can since 6.9)");
  return result;
}

Result<void> Stage::Check(bool holds, std::string_view what) const {
  if (holds) return {};
  return std::unexpected(Error{.code = Code::kConflict,
                               .operation = "check",
                               .object = std::string(what),
                               .detail = "it is not so"});
}

void Stage::Compare(std::string_view what, const StateKernel::State& before, const Error& error) {
  // Nobody can tell what became of it where every answer is lost, nor undo where that fails too;
  // then that must be said.
  if (!not_undone_.empty() || error.detail.find("not known") != std::string::npos) return;
  const std::string difference = StateKernel::Difference(before, state_->state());
  if (!difference.empty())
    broken_ += std::string(what) + " failed, and not all is as before:\n" + difference;
}

std::vector<Scenario> Scenarios() {
  std::vector<Scenario> all;
  for (const auto& topic : {MapScenarios(), ProgramScenarios(), NetworkScenarios(),
                            LoaderScenarios(), AttachScenarios(), ContainerScenarios()})
    all.insert(all.end(), topic.begin(), topic.end());
  return all;
}

}  // namespace purebpf::testing
