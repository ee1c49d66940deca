#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "purebpf/bpf/attach.h"
#include "purebpf/bpf/fd.h"
#include "purebpf/bpf/insn.h"
#include "purebpf/bpf/link.h"
#include "purebpf/bpf/prog_attach.h"
#include "purebpf/bpf/program.h"
#include "purebpf/bpf/try.h"
#include "purebpf/netlink/link.h"
#include "purebpf/netlink/socket.h"
#include "purebpf/netlink/xdp.h"
#include "purebpf/tests/replay/scenario.h"
#include "purebpf/tests/support/one_at_a_time.h"
#include "purebpf/tools/xconnect/engine.h"

namespace purebpf::testing {
namespace {

using netlink::Socket;
using netlink::XdpMode;
using netlink::XdpState;

Result<Program> LoadVerdict(Kernel& kernel, int32_t verdict) {
  return Program::Load(kernel, {.name = "verdict",
                                .type = ProgType::kXdp,
                                .license = "MIT",
                                .insns = {{.code = 0xb7, .imm = verdict}, {.code = kExit}}});
}

Result<void> FindLinks(Stage& stage) {
  PUREBPF_TRY(stage.Cables(1));
  Socket socket = PUREBPF_TRY(Socket::Open(stage.kernel()));
  const netlink::Link link = PUREBPF_TRY(netlink::LinkByName(socket, "v1"));
  PUREBPF_TRY(stage.Check(link.index == 101 && link.kind == "veth" && link.up(), "v1 is found"));
  const std::vector<netlink::Link> links = PUREBPF_TRY(netlink::ListLinks(socket));
  PUREBPF_TRY(stage.Check(links.size() == 3, "lo, v1 and p1 are there"));
  PUREBPF_TRY(netlink::SetLinkDown(socket, link.index));
  Undo up(stage, [&] { return netlink::SetLinkUp(socket, link.index); });
  const Result<netlink::Link> missing = netlink::LinkByName(socket, "v9");
  PUREBPF_TRY(stage.Check(!missing && missing.error().code == Code::kNotFound, "v9 is not there"));
  return up.Do();
}

// Attach, replace, detach: the program is nobody else's to take off.
Result<void> XdpLife(Stage& stage) {
  PUREBPF_TRY(stage.Cables(1));
  constexpr uint32_t kV1 = 101;
  Socket socket = PUREBPF_TRY(Socket::Open(stage.kernel()));
  const Program pass = PUREBPF_TRY(LoadVerdict(stage.kernel(), 2));
  const Program drop = PUREBPF_TRY(LoadVerdict(stage.kernel(), 1));
  PUREBPF_TRY(stage.AllOrNothing(
      "attach", [&] { return AttachXdp(socket, kV1, pass, {.mode = XdpMode::kSkb}); }));
  Undo detach(stage, [&] { return DetachXdp(socket, kV1, pass, XdpMode::kSkb); });
  const ProgramInfo info = PUREBPF_TRY(pass.Info());
  const XdpState state = PUREBPF_TRY(QueryXdp(socket, kV1));
  PUREBPF_TRY(stage.Check(state == XdpState{.skb = info.id}, "the program is on v1"));
  const Result<void> second = AttachXdp(socket, kV1, drop, {.mode = XdpMode::kSkb});
  PUREBPF_TRY(stage.Check(!second && second.error().code == Code::kConflict, "v1 is taken"));
  PUREBPF_TRY(stage.AllOrNothing(
      "replace", [&] { return ReplaceXdp(socket, kV1, drop, pass, XdpMode::kSkb); }));
  detach.Forget();
  Undo detach_other(stage, [&] { return DetachXdp(socket, kV1, drop, XdpMode::kSkb); });
  const ProgramInfo other = PUREBPF_TRY(drop.Info());
  const XdpState replaced = PUREBPF_TRY(QueryXdp(socket, kV1));
  PUREBPF_TRY(stage.Check(replaced == XdpState{.skb = other.id}, "the other program is on v1"));
  const Result<void> stranger = DetachXdp(socket, kV1, pass, XdpMode::kSkb);
  PUREBPF_TRY(stage.Check(!stranger && stranger.error().code == Code::kConflict,
                          "only what is there can be taken off"));
  return detach_other.Do();
}

// Attached for as long as the link lives: another program in its place, and a pin that keeps it.
Result<void> XdpByLink(Stage& stage) {
  PUREBPF_TRY(stage.BpfFileSystem());
  PUREBPF_TRY(stage.Cables(1));
  constexpr uint32_t kV1 = 101;
  constexpr const char* kPin = "/sys/fs/bpf/purebpf_link";
  const Program pass = PUREBPF_TRY(LoadVerdict(stage.kernel(), 2));
  const Program drop = PUREBPF_TRY(LoadVerdict(stage.kernel(), 1));
  Link link = PUREBPF_TRY(stage.AllOrNothing(
      "attach", [&] { return Attach(pass, XdpTarget{.ifindex = kV1, .flags = 2}); }));
  const Result<Link> second = Attach(drop, XdpTarget{.ifindex = kV1, .flags = 2});
  PUREBPF_TRY(stage.Check(!second && second.error().code == Code::kConflict, "v1 is taken"));
  PUREBPF_TRY(stage.AllOrNothing("update", [&] { return link.Update(drop, pass); }));
  PUREBPF_TRY(stage.AllOrNothing("pin", [&] { return link.Pin(kPin); }));
  Undo unpin(stage, [&] { return Link::Unpin(stage.kernel(), kPin); });
  const Link same = PUREBPF_TRY(Link::FromPin(stage.kernel(), kPin));
  const LinkInfo info = PUREBPF_TRY(same.Info());
  PUREBPF_TRY(stage.Check(info.type == LinkType::kXdp && info.ifindex == kV1, "it is that link"));
  PUREBPF_TRY(unpin.Do());
  return link.Detach();
}

// What is attached at a point, in order, and nothing else.
Result<void> CheckAttached(Stage& stage, const AttachPoint& point,
                           const std::vector<uint32_t>& programs) {
  const AttachedPrograms attached = PUREBPF_TRY(QueryAttached(stage.kernel(), point));
  std::vector<uint32_t> ids;
  for (const auto& entry : attached.entries) ids.push_back(entry.program_id);
  return stage.Check(ids == programs, "these programs are attached there, and no others");
}

// Without a link, to a network namespace: who attaches is in it, who asks has its descriptor.
Result<void> AttachToNamespace(Stage& stage) {
  constexpr const char* kNamespace = "/proc/thread-self/ns/net";
  PUREBPF_TRY(stage.Network());
  const Program program =
      PUREBPF_TRY(Program::Load(stage.kernel(), {.name = "dissect",
                                                 .type = ProgType::kFlowDissector,
                                                 .license = "MIT",
                                                 .insns = {{.code = 0xb7}, {.code = kExit}}}));
  const auto opened = stage.kernel().Open(kNamespace);
  if (!opened) return std::unexpected(SystemError(opened.error(), "open", kNamespace));
  const Fd own(stage.kernel(), *opened);
  const AttachPoint here{.attach_type = AttachType::kFlowDissector};
  const AttachPoint seen{.target = static_cast<uint32_t>(own.get()),
                         .attach_type = AttachType::kFlowDissector};
  PUREBPF_TRY(CheckAttached(stage, seen, {}));
  PUREBPF_TRY(stage.AllOrNothing("attach", [&] { return ProgAttach(program, here); }));
  Undo detach(stage, [&] { return ProgDetach(program, here); });
  const ProgramInfo info = PUREBPF_TRY(program.Info());
  PUREBPF_TRY(CheckAttached(stage, seen, {info.id}));
  PUREBPF_TRY(detach.Do());
  PUREBPF_TRY(CheckAttached(stage, seen, {}));
  const Result<void> again = ProgDetach(program, here);
  return stage.Check(!again && again.error().code == Code::kNotFound, "it is detached once");
}

// Without a link, to an interface, one program before the other. Linux 6.6.
Result<void> AttachToInterface(Stage& stage) {
  PUREBPF_TRY(stage.Cables(1));
  const AttachPoint v1{.target = 101, .attach_type = AttachType::kTcxIngress};
  const auto load = [&](const char* name) {
    return Program::Load(stage.kernel(), {.name = name,
                                          .type = ProgType::kSchedCls,
                                          .license = "MIT",
                                          .insns = {{.code = 0xb7}, {.code = kExit}}});
  };
  const Program last = PUREBPF_TRY(load("last"));
  const Program first = PUREBPF_TRY(load("first"));
  const Result<void> attached = stage.AllOrNothing("attach", [&] { return ProgAttach(last, v1); });
  // An older kernel does not know the attach type.
  if (!attached && attached.error().sys_errno == EINVAL)
    return stage.Check(!attached.error().hint.empty(), "it says what to look at");
  if (!attached) return attached;
  Undo detach(stage, [&] { return ProgDetach(last, v1); });
  PUREBPF_TRY(stage.AllOrNothing(
      "attach before", [&] { return ProgAttach(first, v1, {.anchor = Anchor::Before(last)}); }));
  Undo detach_first(stage, [&] { return ProgDetach(first, v1); });
  const ProgramInfo last_info = PUREBPF_TRY(last.Info());
  const ProgramInfo first_info = PUREBPF_TRY(first.Info());
  PUREBPF_TRY(CheckAttached(stage, v1, {first_info.id, last_info.id}));
  const Result<void> again = ProgAttach(last, v1);
  PUREBPF_TRY(stage.Check(!again && again.error().code == Code::kConflict, "it is there already"));
  PUREBPF_TRY(detach_first.Do());
  PUREBPF_TRY(detach.Do());
  return CheckAttached(stage, v1, {});
}

// Hears what xconnect could not undo.
class Listener final : public xconnect::Report {
 public:
  explicit Listener(Stage& stage) : stage_(stage) {}
  void Tell(const xconnect::Event& event) override {
    if (event.error && event.text.find("undo: ") != std::string::npos)
      stage_.CouldNotUndo(Error{.operation = event.text});
  }

 private:
  Stage& stage_;
};

// The whole life of an xconnect: it starts, connects two pairs, moves to another configuration and
// leaves nothing behind.
Result<void> Xconnect(Stage& stage) {
  PUREBPF_TRY(stage.Cables(4));
  const OneAtATime alone;
  Listener report(stage);
  xconnect::Engine engine = PUREBPF_TRY(xconnect::Engine::Open(stage.kernel(), {}, report));
  Undo stop(stage, [&]() -> Result<void> {
    if (engine.Stop().clean) return {};
    return std::unexpected(
        Error{.operation = "detach", .object = "xconnect", .detail = "not all could be detached"});
  });
  const xconnect::Config first{.pairs = {{"v1", "v2"}, {"v3", "v3"}}};
  PUREBPF_TRY(stage.AllOrNothing("the first configuration",
                                 [&] { return engine.Apply(first, xconnect::Cause::kStart); }));
  PUREBPF_TRY(stage.Check(engine.counts().connected == 2, "two pairs are connected"));
  const xconnect::Config second{.pairs = {{"v1", "v4"}}};
  PUREBPF_TRY(stage.AllOrNothing("the second configuration",
                                 [&] { return engine.Apply(second, xconnect::Cause::kFile); }));
  PUREBPF_TRY(stage.Check(engine.counts().connected == 1, "one pair is connected"));
  return stop.Do();
}

constexpr Scenario kScenarios[] = {
    {.name = "find_links", .run = FindLinks},
    {.name = "xdp_life", .run = XdpLife},
    {.name = "xdp_by_link", .run = XdpByLink},
    {.name = "attach_to_namespace", .run = AttachToNamespace},
    {.name = "attach_to_interface", .run = AttachToInterface},
    {.name = "xconnect", .run = Xconnect},
};

}  // namespace

std::span<const Scenario> NetworkScenarios() { return kScenarios; }

}  // namespace purebpf::testing
