// connect OBJECT FROM TO: what arrives on interface FROM leaves by TO, until Enter is pressed.
#include <cstdio>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/bpf/try.h"
#include "purebpf/loader/bind.h"
#include "purebpf/netlink/link.h"
#include "purebpf/netlink/xdp.h"

namespace netlink = purebpf::netlink;

struct Objects {
  purebpf::Named<"xdp_xconnect", purebpf::Program> program;
  purebpf::Named<"xconnect_map", purebpf::TypedMap<uint32_t, uint32_t>> map;
};

purebpf::Result<> Connect(purebpf::Kernel& kernel, const char* object, const char* from,
                          const char* to) {
  const auto spec = PUREBPF_TRY(purebpf::CollectionSpec::FromFile(kernel, object));
  const auto objects = PUREBPF_TRY(spec.LoadAndAssign<Objects>(kernel));  // only what is named

  auto socket = PUREBPF_TRY(netlink::Socket::Open(kernel));
  const auto in = PUREBPF_TRY(netlink::LinkByName(socket, from));
  const auto out = PUREBPF_TRY(netlink::LinkByName(socket, to));
  PUREBPF_TRY(objects.map.Put(in.index, out.index));
  const auto next = PUREBPF_TRY(objects.map.Lookup(in.index));  // std::optional<uint32_t>

  const auto mode = netlink::XdpMode::kSkb;
  PUREBPF_TRY(netlink::AttachXdp(socket, in.index, objects.program, {.mode = mode}));
  std::printf("%s -> interface %u; Enter ends it\n", from, next.value_or(0));
  std::fflush(stdout);
  std::getchar();
  PUREBPF_TRY(netlink::DetachXdp(socket, in.index, objects.program, mode));
  PUREBPF_TRY(objects.map.Delete(in.index));
  return {};
}

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: connect OBJECT FROM TO\n"), 2;
  purebpf::HostKernel kernel;
  const auto done = Connect(kernel, argv[1], argv[2], argv[3]);
  if (!done) std::fprintf(stderr, "%s\n", done.error().ToString().c_str());
  return done ? 0 : 1;
}
