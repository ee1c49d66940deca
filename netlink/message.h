// rtnetlink messages as bytes: a builder that aligns and nests, and readers that check. Pure: no
// system call here.
//
//   +----------+------------------+-------------------------------------------+
//   | nlmsghdr | family header    | attributes: nlattr, payload, pad to 4 ... |
//   | 16 bytes | (ifinfomsg: 16)  | a payload may itself be attributes (nest) |
//   +----------+------------------+-------------------------------------------+
//
// All integers are in this machine's byte order.
// Source: include/uapi/linux/netlink.h, Documentation/userspace-api/netlink/intro.rst.
#ifndef PUREBPF_NETLINK_MESSAGE_H_
#define PUREBPF_NETLINK_MESSAGE_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/netlink/constants.h"

namespace purebpf::netlink {

// NLMSG_ALIGN, NLA_ALIGN.
constexpr size_t AlignToFour(size_t size) { return (size + 3) & ~size_t{3}; }

// Builds one message. Sizes are bounded by what the caller appends; an attribute that is longer,
// with its header, than the 65,535 bytes of nla_len is an Error from Finish.
class MessageBuilder {
 public:
  // `flags` are MessageFlag bits. Sequence number and length are set later.
  explicit MessageBuilder(uint16_t type, uint16_t flags = 0);
  MessageBuilder& AddFlags(uint16_t flags);

  // The family's header (IfInfo, ...), right after the message header, padded to 4.
  template <typename T>
  MessageBuilder& Header(const T& header) {
    return Append(BytesOf(header));
  }

  MessageBuilder& Attribute(uint16_t type, Bytes payload);
  // With a NUL after it, as the kernel's NLA_NUL_STRING and NLA_STRING take it.
  MessageBuilder& String(uint16_t type, std::string_view text);
  template <std::integral T>
  MessageBuilder& Int(uint16_t type, T value) {
    return Attribute(type, BytesOf(value));
  }
  // Attributes until End() are the payload of this one, which carries NLA_F_NESTED.
  MessageBuilder& Begin(uint16_t type);
  MessageBuilder& End();

  // The message with its length and `sequence`. kInvalidArgument: an attribute too long, a nest not
  // ended, or an End without a Begin (the caller's bugs).
  [[nodiscard]] Result<std::vector<std::byte>> Finish(uint32_t sequence) &&;

 private:
  MessageBuilder& Append(Bytes bytes);

  std::vector<std::byte> bytes_;
  std::vector<size_t> open_;  // where the open nests' headers are
  bool too_long_ = false;
  bool unbalanced_ = false;
};

// Gives a finished message another sequence number, to send it again.
void SetSequence(std::vector<std::byte>& message, uint32_t sequence);

// One message of a datagram. Borrows the datagram.
struct Message {
  uint16_t type = 0;
  uint16_t flags = 0;  // MessageFlag
  uint32_t sequence = 0;
  uint32_t port = 0;
  Bytes payload;  // after the header
};

// Takes the next message off the front of `datagram`; nullopt at its end. kMalformed: a header cut
// short, a length below 16 or beyond the datagram.
[[nodiscard]] Result<std::optional<Message>> NextMessage(Bytes& datagram);

// One attribute. Borrows the message.
struct Attribute {
  uint16_t type = 0;  // without NLA_F_NESTED and NLA_F_NET_BYTEORDER
  Bytes payload;

  // kMalformed where the payload has another size.
  [[nodiscard]] Result<uint8_t> U8() const;
  [[nodiscard]] Result<uint32_t> U32() const;
  // A string up to its first NUL; the NUL may be missing (NLA_STRING).
  [[nodiscard]] std::string_view Text() const;
};

// Takes the next attribute off the front of `attributes`; nullopt at the end. kMalformed: one
// with a length below 4 or beyond the bytes. Up to 3 trailing bytes are padding, no attribute.
[[nodiscard]] Result<std::optional<Attribute>> NextAttribute(Bytes& attributes);

// A kMalformed error: a payload of `size` bytes where a header of `wanted` should be.
[[gnu::cold]] Error HeaderTooShort(size_t size, size_t wanted);

// The family header at the front of a payload, and the rest, which are attributes.
// kMalformed where the payload is shorter than T.
template <typename T>
  requires std::is_trivially_copyable_v<T>
[[nodiscard]] Result<T> TakeHeader(Bytes& payload) {
  T header;
  if (payload.size() < sizeof(T)) return std::unexpected(HeaderTooShort(payload.size(), sizeof(T)));
  std::memcpy(&header, payload.data(), sizeof(T));
  const size_t padded = AlignToFour(sizeof(T));
  payload = payload.subspan(padded < payload.size() ? padded : payload.size());
  return header;
}

// What an NLMSG_ERROR (errno 0: an acknowledgement) or the end of a dump (NLMSG_DONE) says. Borrows
// the message.
struct Acknowledgement {
  Errno error;                               // 0: success
  std::string_view text;                     // extended ack: the kernel's or the driver's words
  std::optional<uint32_t> attribute_offset;  // of the offending attribute, from the request's start
  std::optional<uint16_t> missing_type;      // an attribute that the request lacks (Linux 6.1)
  std::optional<uint32_t> missing_nest;      // the offset of the nest that lacks it
};
// kMalformed where the message is too short, where the number is no error number, or where the
// attributes are malformed.
[[nodiscard]] Result<Acknowledgement> ParseAcknowledgement(const Message& message);

}  // namespace purebpf::netlink

#endif  // PUREBPF_NETLINK_MESSAGE_H_
