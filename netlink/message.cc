#include "purebpf/netlink/message.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

#include "purebpf/bpf/try.h"

namespace purebpf::netlink {
namespace {

// include/linux/err.h: the largest number that the kernel returns as an error.
constexpr int32_t kMaxErrno = 4095;
// The offsets of struct nlmsghdr and struct nlattr that are written late.
constexpr size_t kLengthOffset = 0;
constexpr size_t kFlagsOffset = 6;
constexpr size_t kSequenceOffset = 8;

[[gnu::cold]] Error Malformed(std::string detail) {
  return Error{
      .code = Code::kMalformed, .operation = "read netlink message", .detail = std::move(detail)};
}

[[gnu::cold]] Error Misuse(std::string_view detail) {
  return Error{.code = Code::kInvalidArgument,
               .operation = "build netlink message",
               .detail = std::string(detail)};
}

// `value` over the bytes at `offset`, which are there.
template <typename T>
void Store(std::vector<std::byte>& bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

// The integer of exactly this payload.
template <typename T>
Result<T> Integer(const Attribute& attribute) {
  T value;
  if (attribute.payload.size() != sizeof value)
    return std::unexpected(Malformed("attribute " + std::to_string(attribute.type) + " has " +
                                     std::to_string(attribute.payload.size()) + " bytes, not " +
                                     std::to_string(sizeof value)));
  std::memcpy(&value, attribute.payload.data(), sizeof value);
  return value;
}

// The bytes after the first `size`, and after the padding that follows these.
Bytes After(Bytes bytes, size_t size) {
  return bytes.subspan(std::min(AlignToFour(size), bytes.size()));
}

}  // namespace

MessageBuilder::MessageBuilder(uint16_t type, uint16_t flags) {
  bytes_.reserve(128);  // most requests are shorter
  Append(BytesOf(MessageHeader{.nlmsg_type = type, .nlmsg_flags = flags}));
}

MessageBuilder& MessageBuilder::AddFlags(uint16_t flags) {
  uint16_t now = 0;
  std::memcpy(&now, bytes_.data() + kFlagsOffset, sizeof now);
  Store(bytes_, kFlagsOffset, static_cast<uint16_t>(now | flags));
  return *this;
}

MessageBuilder& MessageBuilder::Append(Bytes bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  bytes_.resize(AlignToFour(bytes_.size()));
  return *this;
}

MessageBuilder& MessageBuilder::Attribute(uint16_t type, Bytes payload) {
  const size_t length = sizeof(AttributeHeader) + payload.size();
  if (length > std::numeric_limits<uint16_t>::max()) {
    too_long_ = true;
    return *this;
  }
  Append(BytesOf(AttributeHeader{.nla_len = static_cast<uint16_t>(length), .nla_type = type}));
  return Append(payload);
}

MessageBuilder& MessageBuilder::String(uint16_t type, std::string_view text) {
  const std::string terminated(text);
  return Attribute(type, std::as_bytes(std::span(terminated.c_str(), terminated.size() + 1)));
}

MessageBuilder& MessageBuilder::Begin(uint16_t type) {
  open_.push_back(bytes_.size());
  return Append(BytesOf(AttributeHeader{.nla_type = static_cast<uint16_t>(type | kNlaNested)}));
}

MessageBuilder& MessageBuilder::End() {
  if (open_.empty()) {
    unbalanced_ = true;
    return *this;
  }
  const size_t start = open_.back();
  open_.pop_back();
  const size_t length = bytes_.size() - start;
  if (length > std::numeric_limits<uint16_t>::max()) {
    too_long_ = true;
  } else {
    Store(bytes_, start, static_cast<uint16_t>(length));
  }
  return *this;
}

Result<std::vector<std::byte>> MessageBuilder::Finish(uint32_t sequence) && {
  if (unbalanced_) return std::unexpected(Misuse("a nest ends that did not begin"));
  if (!open_.empty()) return std::unexpected(Misuse("a nest is not ended"));
  if (too_long_ || bytes_.size() > std::numeric_limits<uint32_t>::max())
    return std::unexpected(Misuse("an attribute is longer than 65535 bytes"));
  Store(bytes_, kLengthOffset, static_cast<uint32_t>(bytes_.size()));
  SetSequence(bytes_, sequence);
  return std::move(bytes_);
}

void SetSequence(std::vector<std::byte>& message, uint32_t sequence) {
  assert(message.size() >= sizeof(MessageHeader));
  Store(message, kSequenceOffset, sequence);
}

Result<std::optional<Message>> NextMessage(Bytes& datagram) {
  if (datagram.empty()) return std::nullopt;
  MessageHeader header;
  if (datagram.size() < sizeof header)
    return std::unexpected(HeaderTooShort(datagram.size(), sizeof header));
  std::memcpy(&header, datagram.data(), sizeof header);
  if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size())
    return std::unexpected(Malformed("nlmsg_len " + std::to_string(header.nlmsg_len) +
                                     " is not between 16 and the " +
                                     std::to_string(datagram.size()) + " bytes there"));
  const Message message{
      .type = header.nlmsg_type,
      .flags = header.nlmsg_flags,
      .sequence = header.nlmsg_seq,
      .port = header.nlmsg_pid,
      .payload = datagram.subspan(sizeof header, header.nlmsg_len - sizeof header)};
  datagram = After(datagram, header.nlmsg_len);
  return message;
}

Result<std::optional<Attribute>> NextAttribute(Bytes& attributes) {
  AttributeHeader header;
  if (attributes.size() < sizeof header) {
    attributes = {};
    return std::nullopt;
  }
  std::memcpy(&header, attributes.data(), sizeof header);
  if (header.nla_len < sizeof header || header.nla_len > attributes.size())
    return std::unexpected(
        Malformed("nla_len " + std::to_string(header.nla_len) + " of attribute " +
                  std::to_string(header.nla_type & kNlaTypeMask) + " is not between 4 and the " +
                  std::to_string(attributes.size()) + " bytes there"));
  const Attribute attribute{
      .type = static_cast<uint16_t>(header.nla_type & kNlaTypeMask),
      .payload = attributes.subspan(sizeof header, header.nla_len - sizeof header)};
  attributes = After(attributes, header.nla_len);
  return attribute;
}

Result<uint8_t> Attribute::U8() const { return Integer<uint8_t>(*this); }

Result<uint32_t> Attribute::U32() const { return Integer<uint32_t>(*this); }

std::string_view Attribute::Text() const {
  const std::string_view all(reinterpret_cast<const char*>(payload.data()), payload.size());
  return all.substr(0, all.find('\0'));
}

Error HeaderTooShort(size_t size, size_t wanted) {
  return Malformed(std::to_string(size) + " bytes where a header of " + std::to_string(wanted) +
                   " should be");
}

// struct nlmsgerr: the error; the header of the request that it answers; the rest of that request
// unless NLM_F_CAPPED; attributes if NLM_F_ACK_TLVS. NLMSG_DONE has no request in it.
// net/netlink/af_netlink.c: netlink_ack, netlink_dump_done.
Result<Acknowledgement> ParseAcknowledgement(const Message& message) {
  Bytes rest = message.payload;
  Acknowledgement ack;
  const int32_t number = PUREBPF_TRY(TakeHeader<int32_t>(rest));
  if (number > 0 || number < -kMaxErrno)
    return std::unexpected(Malformed("an acknowledgement of " + std::to_string(number) +
                                     ", which is no error number"));
  ack.error = Errno{-number};

  if (message.type == kNlmsgError) {
    const MessageHeader request = PUREBPF_TRY(TakeHeader<MessageHeader>(rest));
    if ((message.flags & kNlmAckTlvs) == 0) return ack;
    if ((message.flags & kNlmCapped) == 0) {
      if (request.nlmsg_len < sizeof request || request.nlmsg_len - sizeof request > rest.size())
        return std::unexpected(Malformed("the request in an acknowledgement has nlmsg_len " +
                                         std::to_string(request.nlmsg_len)));
      rest = After(rest, request.nlmsg_len - sizeof request);
    }
  } else if ((message.flags & kNlmAckTlvs) == 0) {
    return ack;
  }

  while (const std::optional<Attribute> attribute = PUREBPF_TRY(NextAttribute(rest))) {
    switch (attribute->type) {
      case kErrorMessage:
        ack.text = attribute->Text();
        break;
      case kErrorOffset:
        ack.attribute_offset = PUREBPF_TRY(attribute->U32());
        break;
      case kErrorMissingType:
        ack.missing_type = static_cast<uint16_t>(PUREBPF_TRY(attribute->U32()) & kNlaTypeMask);
        break;
      case kErrorMissingNest:
        ack.missing_nest = PUREBPF_TRY(attribute->U32());
        break;
      default:  // a cookie, a policy
        break;
    }
  }
  return ack;
}

}  // namespace purebpf::netlink
