#include "purebpf/netlink/socket.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "purebpf/bpf/try.h"
#include "purebpf/netlink/attribute_names.h"

namespace purebpf::netlink {
namespace {

// The kernel fills a dump's datagrams up to what the reader offers, but no further than this
// (net/netlink/af_netlink.c: netlink_recvmsg, max_recvmsg_len).
constexpr size_t kBufferBytes = size_t{32} << 10;
// Far beyond the largest message there is: a link with all its virtual functions.
constexpr size_t kMostBufferBytes = size_t{16} << 20;
// Datagrams in a row that answer nothing, and datagrams in one answer or one drain. A kernel never
// gets near them; something that only answers like one must not hold us for ever.
constexpr size_t kMostForeignDatagrams = 1024;
constexpr size_t kMostDatagrams = size_t{1} << 20;
constexpr size_t kMostEventDatagrams = 1024;
// Each time the buffer at least doubles: from 32 KiB to 16 MiB it takes nine.
constexpr int kMostAttempts = 10;

[[gnu::cold]] Error Failed(const Action& action, Errno error) {
  Error failed = SystemError(error, action.operation, action.object);
  if (error.value == ENODEV) failed.code = Code::kNotFound;
  return failed;
}

// ENOENT of send(2) does not mean that what the request is about is not there.
[[gnu::cold]] Error NotTransported(const Action& action, Errno error) {
  Error failed = Failed(action, error);
  if (failed.code != Code::kPermission) failed.code = Code::kSystem;
  return failed;
}

[[gnu::cold]] Error Failed(const Action& action, Code code, std::string detail) {
  return Error{.code = code,
               .operation = std::string(action.operation),
               .object = std::string(action.object),
               .detail = std::move(detail)};
}

[[gnu::cold]] Error Failed(const Action& action, Errno error, std::string_view detail) {
  Error failed = Failed(action, error);
  failed.detail = detail;
  return failed;
}

// For an error of the codec or a handler, which does not know what was being done.
[[gnu::cold]] Error About(const Action& action, Error error) {
  if (error.operation.empty() || error.code == Code::kMalformed) {
    error.operation = action.operation;
    if (error.object.empty()) error.object = action.object;
  }
  return error;
}

// What the kernel refused, in its words, and where in `request`.
[[gnu::cold]] Error Refusal(const Action& action, const Acknowledgement& ack, Bytes request) {
  Error refusal = Failed(action, ack.error);
  refusal.log = ack.text;
  refusal.detail = ack.text;
  std::string where;
  if (ack.missing_type.has_value()) {
    where = "missing " + MissingAttributePath(request, *ack.missing_type, ack.missing_nest);
  } else if (ack.attribute_offset.has_value()) {
    where = AttributePath(request, *ack.attribute_offset);
    if (where.empty()) where = "byte " + std::to_string(*ack.attribute_offset) + " of the request";
  }
  if (!where.empty()) {
    if (!refusal.detail.empty()) refusal.detail += ": ";
    refusal.detail += where;
  }
  return refusal;
}

}  // namespace

bool AskAgain(const Error& error) { return error.sys_errno == EINTR || error.sys_errno == EAGAIN; }

Socket::Socket(Fd fd, bool for_events)
    : fd_(std::move(fd)), for_events_(for_events), buffer_(kBufferBytes) {}

Result<Socket> Socket::Open(Kernel& kernel, uint32_t groups) {
  const SysResult<int> fd = kernel.NetlinkOpen(kNetlinkRoute, groups);
  if (!fd) return std::unexpected(SystemError(fd.error(), "open netlink socket", ""));
  return Socket(Fd(kernel, *fd), groups != 0);
}

Result<void> Socket::Request(MessageBuilder request, const Action& action) {
  fate_ = Fate::kNotSent;
  std::vector<std::byte> bytes = PUREBPF_TRY(Finish(std::move(request), kNlmAck, action));
  PUREBPF_TRY(Send(bytes, action));
  fate_ = Fate::kUnknown;
  return ReadAnswer(action, [&](const Message& message) -> Result<Outcome> {
    if (message.type != kNlmsgError) return Outcome::kMore;
    const Acknowledgement ack = PUREBPF_TRY(ParseAcknowledgement(message));
    fate_ = Fate::kAnswered;
    if (ack.error != Errno{0}) return std::unexpected(Refusal(action, ack, bytes));
    return Outcome::kDone;
  });
}

Result<void> Socket::Get(MessageBuilder request, const Action& action, MessageHandler use) {
  std::vector<std::byte> bytes = PUREBPF_TRY(Finish(std::move(request), 0, action));
  const auto handle = [&](const Message& message) -> Result<Outcome> {
    if (message.type == kNlmsgError) {
      const Acknowledgement ack = PUREBPF_TRY(ParseAcknowledgement(message));
      if (ack.error != Errno{0}) return std::unexpected(Refusal(action, ack, bytes));
      return std::unexpected(
          Failed(action, Code::kMalformed, "an acknowledgement where an answer should be"));
    }
    PUREBPF_TRY(use(message));
    return Outcome::kDone;
  };
  Result<void> result;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    PUREBPF_TRY(Send(bytes, action));
    result = ReadAnswer(action, handle);
    if (result || result.error().sys_errno != EAGAIN) break;
  }
  return result;
}

Result<void> Socket::Dump(MessageBuilder request, const Action& action, MessageHandler use) {
  std::vector<std::byte> bytes = PUREBPF_TRY(Finish(std::move(request), kNlmDump, action));
  PUREBPF_TRY(Send(bytes, action));
  bool interrupted = false;
  const auto handle = [&](const Message& message) -> Result<Outcome> {
    interrupted = interrupted || (message.flags & kNlmDumpInterrupted) != 0;
    if (message.type == kNlmsgError || message.type == kNlmsgDone) {
      const Acknowledgement ack = PUREBPF_TRY(ParseAcknowledgement(message));
      if (ack.error != Errno{0}) return std::unexpected(Refusal(action, ack, bytes));
      return Outcome::kDone;
    }
    PUREBPF_TRY(use(message));
    return Outcome::kMore;
  };
  Result<void> result = ReadAnswer(action, handle);
  if (!result) {
    Drain();
    return result;
  }
  if (interrupted)
    return std::unexpected(
        Failed(action, Errno{EINTR}, "the list changed while the kernel was sending it"));
  return result;
}

Result<void> Socket::ReadEvents(MessageHandler use) {
  const Action action{.operation = "read netlink events", .object = ""};
  for (size_t i = 0; i < kMostEventDatagrams; ++i) {
    const SysResult<size_t> size =
        fd_.kernel().NetlinkReceive(fd_.get(), buffer_, ReceiveMode::kDontWait);
    if (!size && size.error() == Errno{EAGAIN}) return {};
    if (!size && size.error() == Errno{EINTR}) continue;
    const bool cut = size && *size > buffer_.size();
    if (cut || (!size && size.error() == Errno{ENOBUFS})) {
      if (cut && !Grow(*size))
        return std::unexpected(Failed(action, Code::kMalformed, "a message beyond 16 MiB"));
      Drain();
      return std::unexpected(Failed(action, Errno{ENOBUFS}, "events were lost"));
    }
    if (!size) return std::unexpected(Failed(action, size.error()));
    Bytes datagram = Bytes(buffer_).first(*size);
    for (;;) {
      const Result<std::optional<Message>> next = NextMessage(datagram);
      if (!next) return std::unexpected(About(action, next.error()));
      const std::optional<Message>& message = *next;
      if (!message) break;
      if (message->type == kNlmsgOverrun) {
        Drain();
        return std::unexpected(Failed(action, Errno{ENOBUFS}, "events were lost"));
      }
      // NLMSG_NOOP, NLMSG_ERROR and NLMSG_DONE are no events.
      if (message->type < kRtmNewLink) continue;
      PUREBPF_TRY(use(*message));
    }
  }
  return {};
}

Result<std::vector<std::byte>> Socket::Finish(MessageBuilder request, uint16_t flags,
                                              const Action& action) const {
  if (for_events_)
    return std::unexpected(
        Failed(action, Code::kInvalidArgument, "a request on a socket that is for events"));
  request.AddFlags(static_cast<uint16_t>(kNlmRequest | flags));
  Result<std::vector<std::byte>> bytes = std::move(request).Finish(0);
  if (!bytes) {
    bytes.error().operation = action.operation;
    bytes.error().object = action.object;
  }
  return bytes;
}

Result<void> Socket::Send(std::vector<std::byte>& request, const Action& action) {
  if (++sequence_ == 0) ++sequence_;  // events that no request caused have 0
  SetSequence(request, sequence_);
  const SysResult<void> sent = fd_.kernel().NetlinkSend(fd_.get(), request);
  if (!sent) return std::unexpected(NotTransported(action, sent.error()));
  return {};
}

Result<Bytes> Socket::Receive(const Action& action, bool& truncated) {
  truncated = false;
  const SysResult<size_t> size =
      fd_.kernel().NetlinkReceive(fd_.get(), buffer_, ReceiveMode::kBlock);
  if (!size && size.error() == Errno{EINTR}) return Bytes();  // counted as one that answers nothing
  if (!size) return std::unexpected(NotTransported(action, size.error()));
  if (*size <= buffer_.size()) return Bytes(buffer_).first(*size);
  truncated = true;
  if (!Grow(*size))
    return std::unexpected(
        Failed(action, Code::kMalformed,
               "a message of " + std::to_string(*size) + " bytes, beyond the limit of 16 MiB"));
  return Bytes();
}

Result<void> Socket::ReadAnswer(const Action& action,
                                FunctionRef<Result<Outcome>(const Message&)> handle) {
  size_t foreign = 0;
  for (size_t i = 0; i < kMostDatagrams && foreign < kMostForeignDatagrams; ++i, ++foreign) {
    bool truncated = false;
    Bytes datagram = PUREBPF_TRY(Receive(action, truncated));
    if (truncated)
      return std::unexpected(Failed(action, Errno{EAGAIN}, "the answer did not fit the buffer"));
    for (;;) {
      const Result<std::optional<Message>> next = NextMessage(datagram);
      if (!next) return std::unexpected(About(action, next.error()));
      const std::optional<Message>& message = *next;
      if (!message) break;
      if (message->type == kNlmsgOverrun)
        return std::unexpected(Failed(action, Errno{ENOBUFS}, "the kernel lost messages"));
      if (message->type == kNlmsgNoop || message->sequence != sequence_) continue;
      foreign = 0;
      const Result<Outcome> outcome = handle(*message);
      if (!outcome) return std::unexpected(About(action, outcome.error()));
      if (*outcome == Outcome::kDone) return {};
    }
  }
  return std::unexpected(Failed(action, Code::kSystem, "the kernel does not answer the request"));
}

void Socket::Drain() {
  size_t failed = 0;
  for (size_t i = 0; i < kMostDatagrams && failed < kMostForeignDatagrams; ++i) {
    const SysResult<size_t> size =
        fd_.kernel().NetlinkReceive(fd_.get(), buffer_, ReceiveMode::kDontWait);
    failed = size ? 0 : failed + 1;
    const bool go_on = size || size.error() == Errno{EINTR} || size.error() == Errno{ENOBUFS};
    if (!go_on) return;
  }
}

bool Socket::Grow(size_t size) {
  if (size > kMostBufferBytes) return false;
  const size_t doubled = std::min(buffer_.size() * 2, kMostBufferBytes);
  buffer_ = std::vector<std::byte>(std::max(size, doubled));
  return true;
}

}  // namespace purebpf::netlink
