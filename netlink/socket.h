// A netlink socket: one request and its acknowledgement, a dump, or the messages of a group.
//
// Not thread-safe. Owns its descriptor and a receive buffer, so keep one for many requests: each is
// then one send and one receive.
// Source: include/uapi/linux/netlink.h, net/netlink/af_netlink.c.
#ifndef PUREBPF_NETLINK_SOCKET_H_
#define PUREBPF_NETLINK_SOCKET_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/fd.h"
#include "purebpf/bpf/function_ref.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/netlink/message.h"

namespace purebpf::netlink {

// What is being done, for errors: "attach XDP program" to "eth0". Borrowed for the call.
struct Action {
  std::string_view operation;
  std::string_view object;
};

// Is given one message, which it may borrow until it returns. An Error ends the reading.
using MessageHandler = FunctionRef<Result<void>(const Message&)>;

class Socket {
 public:
  // A NETLINK_ROUTE socket in the network namespace of the calling thread, where it stays.
  // `groups`: bit mask of RTMGRP_* (constants.h) for ReadEvents; 0 for requests.
  [[nodiscard]] static Result<Socket> Open(Kernel& kernel, uint32_t groups = 0);

  Socket(Socket&&) noexcept = default;
  Socket& operator=(Socket&&) noexcept = default;

  // The three below: a refusal is an Error with the errno, the kernel's or the driver's words in
  // `log`, these and the offending attribute by name in `detail`. ENODEV is kNotFound. Messages
  // with another sequence number are skipped, but not without end: after 1,024 datagrams in a row
  // that answer nothing it is kSystem. kInvalidArgument on a socket that was opened for groups:
  // events of other processes may carry any sequence number.

  // Sends the request (NLM_F_REQUEST | NLM_F_ACK are added) and waits for its acknowledgement.
  // One send, one receive.
  Result<void> Request(MessageBuilder request, const Action& action);

  // What became of the last Request. An errno of sending or receiving says nothing about what was
  // asked: it is kSystem or kPermission.
  enum class Fate : uint8_t {
    kNotSent,
    kUnknown,   // its acknowledgement could not be read: the kernel may have done it, or not
    kAnswered,  // done, or refused
  };
  [[nodiscard]] Fate fate() const { return fate_; }

  // A request whose answer is one message (RTM_GETLINK of one link): `use` is given it, once.
  // One send, one receive; again both where the answer did not fit into the buffer, which grows.
  Result<void> Get(MessageBuilder request, const Action& action, MessageHandler use);

  // A dump (NLM_F_DUMP is added): `use` is given every message. One send, one receive for each
  // datagram of up to 32 KiB, the last one's end included.
  // kSystem with EINTR where the kernel says that a change interrupted the dump
  // (NLM_F_DUMP_INTR), EAGAIN where a message did not fit into the buffer, which has now grown:
  // what `use` was given then is incomplete, ask again (see AskAgain).
  Result<void> Dump(MessageBuilder request, const Action& action, MessageHandler use);

  // The messages of the groups that wait to be read. Never blocks; at most 1,024 datagrams, so that
  // a flood cannot hold the caller: the descriptor is then still readable. kSystem with ENOBUFS:
  // some were lost, and all that waited is thrown away with them, so that what a list now says is
  // not undone by older events. List anew.
  Result<void> ReadEvents(MessageHandler use);

  [[nodiscard]] int fd() const { return fd_.get(); }  // for Kernel::Wait
  [[nodiscard]] Kernel& kernel() const { return fd_.kernel(); }

 private:
  enum class Outcome : uint8_t { kMore, kDone };

  Socket(Fd fd, bool for_events);

  // The request's bytes, with NLM_F_REQUEST and `flags`.
  Result<std::vector<std::byte>> Finish(MessageBuilder request, uint16_t flags,
                                        const Action& action) const;
  // Gives the request the next sequence number and sends it.
  Result<void> Send(std::vector<std::byte>& request, const Action& action);
  // Receives one datagram into the buffer. `truncated`: it did not fit; the buffer has grown.
  Result<Bytes> Receive(const Action& action, bool& truncated);
  // Reads until `handle` has had the message that is the answer's last, kDone.
  Result<void> ReadAnswer(const Action& action,
                          FunctionRef<Result<Outcome>(const Message&)> handle);
  // Throws away what waits: the rest of a dump that is not read to its end would make the kernel
  // refuse the next one (EBUSY).
  void Drain();
  // True where the buffer now holds `size` bytes.
  bool Grow(size_t size);

  Fd fd_;
  bool for_events_;
  Fate fate_ = Fate::kNotSent;
  uint32_t sequence_ = 0;
  std::vector<std::byte> buffer_;
};

// True for the errors of Dump after which asking again helps.
[[nodiscard]] bool AskAgain(const Error& error);

}  // namespace purebpf::netlink

#endif  // PUREBPF_NETLINK_SOCKET_H_
