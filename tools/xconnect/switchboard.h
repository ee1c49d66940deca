// The kernel's side of the work: the program, its map, and what is attached where. Executes
// actions, all or nothing.
#ifndef PUREBPF_TOOLS_XCONNECT_SWITCHBOARD_H_
#define PUREBPF_TOOLS_XCONNECT_SWITCHBOARD_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/bpf/program.h"
#include "purebpf/bpf/typed_map.h"
#include "purebpf/loader/bind.h"
#include "purebpf/netlink/socket.h"
#include "purebpf/tools/xconnect/claim.h"
#include "purebpf/tools/xconnect/plan.h"
#include "purebpf/tools/xconnect/ports.h"

namespace purebpf::xconnect {

// xconnect.bpf.c
struct Objects {
  Named<"xdp_xconnect", Program> program;
  Named<"xconnect_map", TypedMap<uint32_t, uint32_t>> map;
};

// Loads the object that is embedded in this program: two bpf() calls.
[[nodiscard]] Result<Objects> LoadObjects(Kernel& kernel);

// Why Execute did nothing.
struct Failure {
  Error error;
  size_t action = 0;              // the one that failed
  std::vector<Error> not_undone;  // of those before it; in the wiring they stand as they are
};

// What it attached stays when it is destroyed: call DetachAll.
class Switchboard {
 public:
  [[nodiscard]] static Result<Switchboard> Open(Kernel& kernel);

  // In order. Where one fails, those before it are undone, last first.
  [[nodiscard]] std::optional<Failure> Execute(std::span<const Action> actions);

  // An interface that is gone: the kernel has dropped the attachment and the entries that lead to
  // it (kernel/bpf/devmap.c: dev_map_notification); the entry that leads from it is deleted here.
  void Forget(uint32_t index);
  // The attachment there is not ours any more.
  void SetDisplaced(uint32_t index) { wiring_.attached[index].displaced = true; }
  // As if it had never been ours, and back.
  void Release(uint32_t index) { wiring_.attached.erase(index); }
  void RestoreDisplaced(uint32_t index, const Attachment& attachment) {
    wiring_.attached.insert({index, attachment});
  }

  // Everywhere but where it is not ours any more. What cannot be detached is in `errors`.
  std::vector<Action> DetachAll(std::vector<Error>& errors);

  [[nodiscard]] Result<std::vector<Port>> Ports(std::span<const Pair> pairs) {
    return ReadPorts(socket_, pairs, wiring_, identity_);
  }
  [[nodiscard]] const Wiring& wiring() const { return wiring_; }

 private:
  Switchboard(Objects objects, Claim claim, netlink::Socket socket, Identity identity)
      : objects_(std::move(objects)),
        claim_(std::move(claim)),
        socket_(std::move(socket)),
        identity_(std::move(identity)) {}

  Result<void> Do(const Action& action);
  Result<void> Undo(const Action& action);
  Result<void> Put(uint32_t from, uint32_t to);
  Result<void> Delete(uint32_t from);
  Result<void> Attach(const Action& action);
  Result<void> AttachOver(const Action& action);
  Result<void> UndoAttach(const Action& action);
  // No error where it is not there any more, whatever the reason.
  Result<void> Detach(const Action& action);

  Objects objects_;
  Claim claim_;
  netlink::Socket socket_;
  Identity identity_;
  Wiring wiring_;
  // While Execute runs: the programs that ours replaced, by ifindex, to put them back.
  std::map<uint32_t, Program> replaced_;
};

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_SWITCHBOARD_H_
