// A netlink socket: one request and its acknowledgement, a dump, or the messages of a group.
//
// Not thread-safe. Owns its descriptor and a receive buffer, so keep one for many requests: each is
// then one send and one receive.
// Source: include/uapi/linux/netlink.h, net/netlink/af_netlink.c.
#ifndef PUREBPF_NETLINK_SOCKET_H_
#define PUREBPF_NETLINK_SOCKET_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/fd.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/netlink/message.h"

namespace purebpf::netlink {

// What is being done, for errors: "attach XDP program" to "eth0".
struct Action {
  std::string_view operation;
  std::string_view object;
};

class Socket {
 public:
  // A NETLINK_ROUTE socket in the network namespace of the calling thread, where it stays.
  // `groups`: bit mask of RTMGRP_* (constants.h); 0 for requests alone.
  [[nodiscard]] static Result<Socket> Open(Kernel& kernel, uint32_t groups = 0);

  Socket(Socket&&) noexcept = default;
  Socket& operator=(Socket&&) noexcept = default;

  // Sends the request (NLM_F_REQUEST | NLM_F_ACK are added) and waits for its acknowledgement;
  // other sequence numbers are skipped. A refusal is an Error with the errno, the kernel's text in
  // `log` and the offending attribute by name in `detail`.
  Result<void> Request(MessageBuilder request, const Action& action);

  // A request whose answer is one message (RTM_GETLINK of one link): `use` is given it.
  Result<void> Get(MessageBuilder request, const Action& action,
                   const std::function<Result<void>(const Message&)>& use);

  // A dump (NLM_F_DUMP is added): `use` is given every message. Where the kernel says that the dump
  // was interrupted by a change (NLM_F_DUMP_INTR) it is kSystem with EINTR and may be asked again.
  Result<void> Dump(MessageBuilder request, const Action& action,
                    const std::function<Result<void>(const Message&)>& use);

  // The messages of the groups that wait to be read; returns when there are none. kSystem with
  // ENOBUFS: some were lost, list anew.
  Result<void> ReadEvents(const std::function<Result<void>(const Message&)>& use);

  [[nodiscard]] int fd() const { return fd_.get(); }  // for Kernel::Wait
  [[nodiscard]] Kernel& kernel() const { return fd_.kernel(); }

 private:
  explicit Socket(Fd fd);

  Fd fd_;
  uint32_t sequence_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace purebpf::netlink

#endif  // PUREBPF_NETLINK_SOCKET_H_
