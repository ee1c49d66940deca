#include "purebpf/bpf/testing/describe_netlink.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>

#include "purebpf/bpf/rtnetlink_names.h"
#include "purebpf/bpf/testing/schema_rows.h"

namespace purebpf::testing::internal {
namespace {

using rtnetlink::Attribute;
using rtnetlink::Family;
using rtnetlink::Header;
using rtnetlink::Shape;
using rtnetlink::Space;

// struct nlmsghdr and struct nlattr.
constexpr size_t kHeaderBytes = 16;
constexpr size_t kTypeAt = 4;
constexpr size_t kFlagsAt = 6;
constexpr size_t kSequenceAt = 8;
constexpr size_t kPortAt = 12;
constexpr size_t kAttributeBytes = 4;
constexpr uint16_t kNested = 1U << 15;
constexpr uint16_t kNetByteOrder = 1U << 14;
constexpr uint16_t kTypeMask = kNetByteOrder - 1;
// What the kernel nests: link, xdp, and what netlink/ builds. A hostile fixture's depth is bounded
// by its parser.
constexpr int kMaxDepth = 8;
// The port of this process' socket: another in every run.
constexpr uint32_t kSomePort = 1;

constexpr size_t Aligned(size_t size) { return (size + 3) & ~size_t{3}; }

// --- Structures behind the header
// -----------------------------------------------------------------

constexpr FieldSpec kIfInfo[] = {
    {.name = "family", .offset = 0, .size = 1, .kind = Kind::kNumber},
    {.name = "type", .offset = 2, .size = 2, .kind = Kind::kNumber},
    S32("index", 4),
    Flags("flags", 8, rtnetlink::InterfaceFlagNames),
    Hex("change", 12, 4),
};
constexpr FieldSpec kTc[] = {
    {.name = "family", .offset = 0, .size = 1, .kind = Kind::kNumber},
    S32("ifindex", 4),
    Hex("handle", 8, 4),
    Hex("parent", 12, 4),
    Hex("info", 16, 4),
};
// The header of the request is repeated in an acknowledgement; its sequence and port as outside.
constexpr FieldSpec kAck[] = {
    {.name = "error", .offset = 0, .size = 4, .kind = Kind::kErrno},
    U32("len", 4),
    {.name = "type", .offset = 8, .size = 2, .kind = Kind::kEnum, .rows = rtnetlink::MessageNames},
    {.name = "flags", .offset = 10, .size = 2, .kind = Kind::kHex},
};
constexpr size_t kAckSequenceAt = 12;
constexpr size_t kAckPortAt = 16;
constexpr FieldSpec kDone[] = {{.name = "error", .offset = 0, .size = 4, .kind = Kind::kErrno}};

struct HeaderForm {
  std::string_view name;
  Schema fields;
};

HeaderForm FormOf(Header header) {
  switch (header) {
    case Header::kIfInfo:
      return {"ifinfomsg", kIfInfo};
    case Header::kTc:
      return {"tcmsg", kTc};
    case Header::kAck:
      return {"nlmsgerr", kAck};
    case Header::kDone:
      return {"done", kDone};
    case Header::kNone:
      break;
  }
  return {"", {}};
}

// --- Attributes -------------------------------------------------------------------------------

size_t IntegerSize(Shape shape) {
  switch (shape) {
    case Shape::kU8:
    case Shape::kXdpAttached:
      return 1;
    case Shape::kU16:
      return 2;
    case Shape::kU32:
    case Shape::kS32:
    case Shape::kFd:
    case Shape::kProgId:
    case Shape::kXdpFlags:
    case Shape::kExtMask:
      return 4;
    default:
      return 0;
  }
}

std::string PayloadText(Context& context, Shape shape, Bytes payload) {
  const size_t size = IntegerSize(shape);
  if (size != 0 && size == payload.size()) {
    const uint64_t number = LoadInteger(payload, 0, size);
    switch (shape) {
      case Shape::kS32:
        return SignedDecimal(static_cast<int32_t>(number));
      case Shape::kFd:
        return context.tokens.OfFd(static_cast<int32_t>(number));
      case Shape::kProgId:
        return context.tokens.OfId(kProgKind, static_cast<uint32_t>(number));
      case Shape::kXdpFlags:
        return FlagsText(rtnetlink::XdpFlagNames(), number);
      case Shape::kExtMask:
        return FlagsText(rtnetlink::ExtMaskNames(), number);
      case Shape::kXdpAttached:
        return EnumText(rtnetlink::XdpAttachedNames(), number);
      default:
        return Decimal(number);
    }
  }
  const std::string_view text = TextOf(payload);
  if (shape == Shape::kText && !text.empty() && text.find('\0') == text.size() - 1 &&
      IsText(payload.first(text.size() - 1)))
    return Quote(text.substr(0, text.size() - 1));
  return BytesText(context, payload);
}

// Appends.
bool ReadPayload(Context& context, Shape shape, std::string_view value,
                 std::vector<std::byte>& bytes) {
  value = Plain(value);
  if (value.starts_with('"')) {
    if (!ReadBytes(context, value, bytes)) return false;
    bytes.push_back(std::byte{0});
    return true;
  }
  if (value.starts_with("hex:") || value.starts_with("blob:"))
    return ReadBytes(context, value, bytes);
  FieldSpec spec = {.name = "",
                    .offset = 0,
                    .size = static_cast<uint16_t>(IntegerSize(shape)),
                    .kind = Kind::kNumber};
  if (spec.size == 0) return false;
  if (shape == Shape::kXdpFlags || shape == Shape::kExtMask) {
    spec.kind = Kind::kFlags;
    spec.rows = shape == Shape::kExtMask ? rtnetlink::ExtMaskNames : rtnetlink::XdpFlagNames;
  } else if (shape == Shape::kXdpAttached) {
    spec.kind = Kind::kEnum;
    spec.rows = rtnetlink::XdpAttachedNames;
  }
  const size_t at = bytes.size();
  bytes.resize(at + spec.size);
  return EncodeField(context, spec, value, MutableBytes(bytes).subspan(at));
}

// "IFLA_XDP+nested", "attr99".
std::string AttributeName(Space space, uint16_t raw) {
  const auto type = static_cast<uint16_t>(raw & kTypeMask);
  const Attribute* const known = rtnetlink::FindAttribute(space, type);
  std::string name = known != nullptr ? std::string(known->name) : "attr" + Decimal(type);
  if ((raw & kNested) != 0) name += "+nested";
  if ((raw & kNetByteOrder) != 0) name += "+net";
  return name;
}

struct NamedType {
  uint16_t raw = 0;
  Shape shape = Shape::kBytes;
  Space inside = Space::kUnknown;
};

std::optional<NamedType> TypeOfName(Space space, std::string_view name) {
  NamedType found;
  const auto take = [&](std::string_view suffix, uint16_t bit) {
    if (!name.ends_with(suffix)) return;
    name.remove_suffix(suffix.size());
    found.raw |= bit;
  };
  take("+net", kNetByteOrder);
  take("+nested", kNested);
  if (const Attribute* const known = rtnetlink::FindAttribute(space, name)) {
    found.raw |= known->type;
    found.shape = known->shape;
    found.inside = known->inside;
    return found;
  }
  const std::optional<uint64_t> number =
      name.starts_with("attr") ? ParseNumber(name.substr(4)) : std::nullopt;
  if (!number || *number > kTypeMask) return std::nullopt;
  found.raw |= static_cast<uint16_t>(*number);
  return found;
}

// struct ifla_cacheinfo: the time of the last change, and one drawn by lot.
void BlankChance(std::string_view name, MutableBytes payload) {
  constexpr size_t kSize = 16;
  if (name == "IFLA_INET6_CACHEINFO" && payload.size() == kSize)
    std::ranges::fill(payload.subspan(4, 8), std::byte{0});
}

// False where these bytes are no attributes. What is another number in every run is 0 afterwards.
bool DescribeAttributes(Context& context, Space space, MutableBytes bytes, int depth,
                        std::vector<Block>& blocks) {
  constexpr size_t kLine = 90;
  if (depth > kMaxDepth) return false;
  size_t width = kLine;  // of the last block, where more fields may go
  while (!bytes.empty()) {
    if (bytes.size() < kAttributeBytes) return false;
    const size_t length = LoadInteger(bytes, 0, 2);
    const auto raw = static_cast<uint16_t>(LoadInteger(bytes, 2, 2));
    if (length < kAttributeBytes || length > bytes.size()) return false;
    const MutableBytes payload = bytes.subspan(kAttributeBytes, length - kAttributeBytes);
    bytes = bytes.subspan(std::min(Aligned(length), bytes.size()));
    const Attribute* const known =
        rtnetlink::FindAttribute(space, static_cast<uint16_t>(raw & kTypeMask));
    const bool nest = known != nullptr ? known->shape == Shape::kNest : (raw & kNested) != 0;
    if (nest && !payload.empty()) {
      Block block{.head = AttributeName(space, raw)};
      const Space inside = known != nullptr ? known->inside : Space::kUnknown;
      if (DescribeAttributes(context, inside, payload, depth + 1, block.blocks)) {
        blocks.push_back(std::move(block));
        width = kLine;
        continue;
      }
    }
    if (known != nullptr) BlankChance(known->name, payload);
    Field field{AttributeName(space, raw),
                PayloadText(context, known != nullptr ? known->shape : Shape::kBytes, payload)};
    const size_t more = field.name.size() + field.value.size() + 2;
    if (width + more > kLine) {
      blocks.emplace_back();
      width = 0;
    }
    width += more;
    blocks.back().fields.push_back(std::move(field));
  }
  return true;
}

void AppendAttribute(std::vector<std::byte>& bytes, size_t at, uint16_t raw) {
  StoreInteger(bytes, at, 2, bytes.size() - at);
  StoreInteger(bytes, at + 2, 2, raw);
  bytes.resize(Aligned(bytes.size()));
}

bool EncodeAttributes(Context& context, Space space, std::span<const Block> blocks,
                      std::vector<std::byte>& bytes, std::string& wrong) {
  constexpr size_t kMostBytes = 65535;  // nla_len
  for (const Block& block : blocks) {
    if (!block.head.empty()) {
      wrong = block.head;
      const std::optional<NamedType> type = TypeOfName(space, block.head);
      if (!type || !block.fields.empty()) return false;
      const size_t at = bytes.size();
      bytes.resize(at + kAttributeBytes);
      if (!EncodeAttributes(context, type->inside, block.blocks, bytes, wrong)) return false;
      if (bytes.size() - at > kMostBytes) return false;
      AppendAttribute(bytes, at, type->raw);
      continue;
    }
    for (const Field& field : block.fields) {
      wrong = field.name + "=" + field.value;
      const std::optional<NamedType> type = TypeOfName(space, field.name);
      if (!type) return false;
      const size_t at = bytes.size();
      bytes.resize(at + kAttributeBytes);
      if (!ReadPayload(context, type->shape, field.value, bytes)) return false;
      if (bytes.size() - at > kMostBytes) return false;
      AppendAttribute(bytes, at, type->raw);
    }
  }
  return true;
}

// --- Messages ---------------------------------------------------------------------------------

uint16_t TypeOf(Bytes message) { return static_cast<uint16_t>(LoadInteger(message, kTypeAt, 2)); }

// The sequence number and the port: free in what is sent, put right in what is answered.
void DescribeNumbers(Bytes message, size_t sequence_at, size_t port_at, bool answered,
                     std::vector<Field>& fields) {
  const std::string_view mark = answered ? "" : "~";
  if (const uint64_t sequence = LoadInteger(message, sequence_at, 4); sequence != 0 || !answered)
    fields.push_back({"seq", std::string(mark) + Decimal(sequence)});
  if (LoadInteger(message, port_at, 4) != 0) fields.push_back({"pid", "~self"});
}

bool EncodeNumbers(const Block& block, const Sequences& sequences, size_t sequence_at,
                   size_t port_at, MutableBytes message) {
  if (const Field* const field = FindField(block.fields, "seq")) {
    const std::optional<uint64_t> recorded = ParseNumber(Plain(field->value));
    if (!recorded || *recorded > UINT32_MAX) return false;
    const auto sent = sequences.find(static_cast<uint32_t>(*recorded));
    StoreInteger(message, sequence_at, 4, sent != sequences.end() ? sent->second : *recorded);
  }
  if (FindField(block.fields, "pid") != nullptr) StoreInteger(message, port_at, 4, kSomePort);
  return true;
}

// Fields but those that EncodeNumbers deals with.
std::vector<Field> Without(const std::vector<Field>& fields,
                           std::initializer_list<std::string_view> names) {
  std::vector<Field> rest;
  for (const Field& field : fields)
    if (std::ranges::find(names, field.name) == names.end()) rest.push_back(field);
  return rest;
}

std::optional<Block> DescribeMessage(Context& context, MutableBytes message, bool answered) {
  const uint16_t type = TypeOf(message);
  Block block{.answered = answered, .head = EnumText(rtnetlink::MessageNames(), type)};
  if (block.head[0] >= '0' && block.head[0] <= '9') block.head.insert(0, "nlmsg");
  if (const uint64_t flags = LoadInteger(message, kFlagsAt, 2); flags != 0)
    block.fields.push_back({"flags", FlagsText(rtnetlink::MessageFlagNames(type), flags)});
  DescribeNumbers(message, kSequenceAt, kPortAt, answered, block.fields);
  const MutableBytes payload = message.subspan(kHeaderBytes);
  const Family* const family = rtnetlink::FindFamily(type);
  if (family == nullptr || payload.size() < family->header_size) {
    if (!payload.empty()) block.fields.push_back({"payload", BytesText(context, payload)});
    return block;
  }
  const HeaderForm form = FormOf(family->header);
  Block header{.head = std::string(form.name)};
  std::vector<std::byte> plain(payload.begin(),
                               payload.begin() + static_cast<ptrdiff_t>(family->header_size));
  if (family->header == Header::kAck) {
    DescribeNumbers(payload, kAckSequenceAt, kAckPortAt, answered, header.fields);
    std::fill(plain.begin() + kAckSequenceAt, plain.end(), std::byte{0});
  }
  DescribeStruct(
      context, form.fields, plain, [](const FieldSpec&) { return false; }, header.fields);
  block.blocks.push_back(std::move(header));
  if (!DescribeAttributes(context, family->attributes, payload.subspan(family->header_size), 1,
                          block.blocks))
    return std::nullopt;
  return block;
}

std::optional<uint16_t> MessageType(std::string_view head) {
  constexpr std::string_view kUnknown = "nlmsg";
  const std::optional<uint64_t> type = ParseEnum(
      rtnetlink::MessageNames(), head.starts_with(kUnknown) ? head.substr(kUnknown.size()) : head);
  if (!type || *type > UINT16_MAX) return std::nullopt;
  return static_cast<uint16_t>(*type);
}

bool EncodePayload(Context& context, const Family& family, const Block& message,
                   const Sequences& sequences, std::vector<std::byte>& bytes, std::string& wrong) {
  const HeaderForm form = FormOf(family.header);
  if (message.blocks.empty() || message.blocks.front().head != form.name) {
    wrong = "no " + std::string(form.name);
    return false;
  }
  const Block& header = message.blocks.front();
  bytes.resize(bytes.size() + family.header_size);
  const MutableBytes own = MutableBytes(bytes).last(family.header_size);
  const bool ack = family.header == Header::kAck;
  const std::vector<Field> fields = ack ? Without(header.fields, {"seq", "pid"}) : header.fields;
  if (!EncodeStruct(context, form.fields, fields, own, wrong)) return false;
  if (ack && !EncodeNumbers(header, sequences, kAckSequenceAt, kAckPortAt, own)) return false;
  return EncodeAttributes(context, family.attributes, std::span(message.blocks).subspan(1), bytes,
                          wrong);
}

// Whether the words give these bytes again, but for ports, which are told as being there.
bool GivesAgain(Context& context, const Block& block, Bytes message) {
  std::vector<std::byte> again;
  std::string wrong;
  context.budget = {};
  if (!EncodeMessage(context, block, {}, again, wrong)) return false;
  std::vector<std::byte> wanted(message.begin(), message.end());
  const auto blank_port = [&](size_t at) {
    if (wanted.size() >= at + 4 && LoadInteger(wanted, at, 4) != 0)
      StoreInteger(wanted, at, 4, kSomePort);
  };
  blank_port(kPortAt);
  if (const Family* const family = rtnetlink::FindFamily(TypeOf(message));
      family != nullptr && family->header == Header::kAck)
    blank_port(kHeaderBytes + kAckPortAt);
  return wanted == again;
}

}  // namespace

bool EncodeMessage(Context& context, const Block& message, const Sequences& sequences,
                   std::vector<std::byte>& bytes, std::string& wrong) {
  wrong = message.head;
  const std::optional<uint16_t> type = MessageType(message.head);
  if (!type) return false;
  // Apart from what is there already: a message begins at a multiple of 4.
  std::vector<std::byte> own(kHeaderBytes);
  StoreInteger(own, kTypeAt, 2, *type);
  for (const Field& field : message.fields) {
    wrong = field.name + "=" + field.value;
    if (field.name == "flags") {
      const std::optional<uint64_t> flags =
          ParseFlags(rtnetlink::MessageFlagNames(*type), Plain(field.value));
      if (!flags || *flags > UINT16_MAX) return false;
      StoreInteger(own, kFlagsAt, 2, *flags);
    } else if (field.name == "payload") {
      if (!ReadBytes(context, field.value, own)) return false;
    } else if (field.name != "seq" && field.name != "pid") {
      return false;
    }
  }
  if (!EncodeNumbers(message, sequences, kSequenceAt, kPortAt, own)) return false;
  const Family* const family = rtnetlink::FindFamily(*type);
  if (family != nullptr && FindField(message.fields, "payload") == nullptr &&
      !EncodePayload(context, *family, message, sequences, own, wrong))
    return false;
  StoreInteger(own, 0, 4, own.size());
  own.resize(Aligned(own.size()));
  bytes.insert(bytes.end(), own.begin(), own.end());
  return true;
}

std::optional<uint32_t> SequenceOf(Bytes datagram) {
  if (datagram.size() < kHeaderBytes) return std::nullopt;
  return static_cast<uint32_t>(LoadInteger(datagram, kSequenceAt, 4));
}

std::optional<std::vector<Block>> DescribeDatagram(Context& context, Bytes bytes, bool answered) {
  std::vector<Block> blocks;
  std::vector<std::byte> own(bytes.begin(), bytes.end());
  MutableBytes datagram(own);
  while (!datagram.empty()) {
    if (datagram.size() < kHeaderBytes) return std::nullopt;
    const size_t length = LoadInteger(datagram, 0, 4);
    // The kernel pads every message, and so does netlink/.
    if (length < kHeaderBytes || Aligned(length) > datagram.size()) return std::nullopt;
    std::optional<Block> block = DescribeMessage(context, datagram.first(length), answered);
    if (!block) return std::nullopt;
    if (context.blobs.readable() && !GivesAgain(context, *block, datagram.first(Aligned(length))))
      return std::nullopt;
    blocks.push_back(std::move(*block));
    datagram = datagram.subspan(Aligned(length));
  }
  return blocks;
}

}  // namespace purebpf::testing::internal
