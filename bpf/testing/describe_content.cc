// What the pointers of a call lead to.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <set>

#include "purebpf/bpf/disassemble.h"
#include "purebpf/bpf/testing/describe.h"

namespace purebpf::testing::internal {
namespace {

// --- Lists of integers ------------------------------------------------------------------------

// Longer ones are told as bytes.
constexpr size_t kMostListed = 32;

template <typename Text>
std::string List(Bytes bytes, size_t size, Text text) {
  std::string list;
  for (size_t at = 0; at < bytes.size(); at += size) {
    if (at != 0) list += ',';
    list += text(LoadInteger(bytes, at, size));
  }
  return list;
}

// Nothing where the bytes are no list: cut short, or too many.
std::optional<std::string> ListText(Context& context, const FieldSpec& spec, Bytes bytes) {
  const size_t size = spec.content == Content::kWords ? 8 : 4;
  if (bytes.empty() || bytes.size() % size != 0 || bytes.size() / size > kMostListed)
    return std::nullopt;
  switch (spec.content) {
    case Content::kFds:
      return List(bytes, size, [&](uint64_t fd) {
        const auto number = static_cast<int32_t>(fd);
        return number == 0 && !context.tokens.KnowsFd(0) ? "0" : context.tokens.OfFd(number);
      });
    case Content::kIds:
      return List(bytes, size, [&](uint64_t id) {
        return context.tokens.OfId(spec.token, static_cast<uint32_t>(id));
      });
    case Content::kIntegers:
      return List(bytes, size, [](uint64_t number) { return Decimal(number); });
    case Content::kWords:
      return List(bytes, size, [](uint64_t number) { return Hexadecimal(number); });
    default:
      return std::nullopt;
  }
}

bool ReadList(Context& context, const FieldSpec& spec, std::string_view value,
              std::vector<std::byte>& bytes) {
  const uint16_t size = spec.content == Content::kWords ? 8 : 4;
  while (true) {
    const size_t comma = value.find(',');
    const FieldSpec item = {
        .name = "", .offset = static_cast<uint16_t>(0), .size = size, .kind = Kind::kHex};
    std::vector<std::byte> own(size);
    if (!context.budget.Take(size) || !EncodeField(context, item, value.substr(0, comma), own))
      return false;
    bytes.insert(bytes.end(), own.begin(), own.end());
    if (comma == std::string_view::npos) return true;
    value.remove_prefix(comma + 1);
  }
}

std::string_view KindOf(const std::string& token) {
  const auto parts = SplitToken(token, ':');
  return parts ? parts->first : std::string_view();
}

// --- Values of maps ---------------------------------------------------------------------------

// What the maps whose values are descriptors hold: a descriptor is put in, an id comes out.
struct Held {
  MapType map;
  std::string_view id_kind;  // empty: what comes out is no id
  bool behind_number;        // in the upper half of 8 bytes
};
constexpr Held kHeld[] = {
    {MapType::kProgArray, kProgKind, false},   {MapType::kPerfEventArray, "", false},
    {MapType::kCgroupArray, "", false},        {MapType::kArrayOfMaps, kMapKind, false},
    {MapType::kHashOfMaps, kMapKind, false},   {MapType::kSockmap, "", false},
    {MapType::kSockhash, "", false},           {MapType::kXskmap, "", false},
    {MapType::kReuseportSockarray, "", false}, {MapType::kDevmap, kProgKind, true},
    {MapType::kDevmapHash, kProgKind, true},   {MapType::kCpumap, kProgKind, true},
};

const Held* HeldBy(const MapFacts* map, size_t size) {
  if (map == nullptr) return nullptr;
  for (const Held& held : kHeld)
    if (held.map == map->type && size == (held.behind_number ? 8 : 4)) return &held;
  return nullptr;
}

// A struct_ops's value: its programs' descriptors, eight bytes each, among data. Which is which
// only the kernel's types say: a number that is a program's descriptor is taken for one.
std::string OpsValueText(Context& context, Bytes bytes) {
  constexpr size_t kWord = 8;
  std::string text;
  size_t told = 0;
  const auto tell = [&](const std::string& part) { text += (text.empty() ? "" : ",") + part; };
  const auto tell_until = [&](size_t end) {
    if (end > told) tell(BytesText(context, bytes.subspan(told, end - told)));
  };
  for (size_t at = 0; at + kWord <= bytes.size(); at += kWord) {
    const uint64_t word = LoadInteger(bytes, at, kWord);
    const int fd = static_cast<int>(std::min<uint64_t>(word, std::numeric_limits<int>::max()));
    if (!context.tokens.KnowsFd(fd)) continue;
    const std::string token = context.tokens.OfFd(fd);
    if (KindOf(token) != kProgKind) continue;
    tell_until(at);
    tell(token);
    told = at + kWord;
  }
  tell_until(bytes.size());
  return text;
}

std::string MapValueText(Context& context, const About& about, Bytes bytes) {
  if (about.map != nullptr && about.map->type == MapType::kStructOps && !about.answered)
    return OpsValueText(context, bytes);
  const Held* const held = HeldBy(about.map, bytes.size());
  if (held == nullptr || (about.answered && held->id_kind.empty()))
    return BytesText(context, bytes);
  const auto last = static_cast<uint32_t>(LoadInteger(bytes, bytes.size() - 4, 4));
  std::string text = held->behind_number ? Decimal(LoadInteger(bytes, 0, 4)) + "," : "";
  if (last == 0 && held->behind_number) return text + "0";
  return text + (about.answered ? context.tokens.OfId(held->id_kind, last)
                                : context.tokens.OfFd(static_cast<int32_t>(last)));
}

// --- Instructions -----------------------------------------------------------------------------

constexpr uint8_t kPseudoBtfId = 3;

// Whether the immediate of this slot is a descriptor.
bool HoldsFd(std::span<const Insn> insns, size_t at) {
  const Insn& insn = insns[at];
  if (insn.code == kLoadImm64 && (insn.src() == kPseudoMapFd || insn.src() == kPseudoMapValue))
    return true;
  // The module's BTF that a variable is in: 0 is the kernel's own.
  return at > 0 && insns[at - 1].code == kLoadImm64 && insns[at - 1].src() == kPseudoBtfId &&
         insn.code == 0 && insn.imm != 0;
}

std::string HexOfValue(Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text += kDigits[std::to_integer<uint8_t>(byte) >> 4];
    text += kDigits[std::to_integer<uint8_t>(byte) & 15];
  }
  return text;
}

// "4: 85 00 0000 33000000  # call bpf_redirect_map#51"
Block InsnLine(Context& context, std::span<const Insn> insns, size_t at, bool second_slot) {
  const Insn& insn = insns[at];
  std::string immediate = HexOfValue(BytesOf(insn.imm));
  std::string object;
  if (HoldsFd(insns, at)) immediate = object = context.tokens.OfFd(insn.imm);
  Block line{.head = Decimal(at) + ":",
             .fields = {{"", HexOfValue(BytesOf(insn.code))},
                        {"", HexOfValue(BytesOf(insn.registers))},
                        {"", HexOfValue(BytesOf(insn.off))},
                        {"", immediate}}};
  if (!second_slot) line.comment = Disassemble(insns.subspan(at), object);
  return line;
}

void DescribeCode(Context& context, std::string_view name, Bytes bytes, std::vector<Field>& fields,
                  std::vector<Block>& blocks) {
  if (bytes.size() % sizeof(Insn) != 0) {
    fields.push_back({std::string(name), BytesText(context, bytes)});
    return;
  }
  std::vector<Insn> insns(bytes.size() / sizeof(Insn));
  if (!insns.empty()) std::memcpy(insns.data(), bytes.data(), bytes.size());
  Block block{.head = std::string(name)};
  for (size_t at = 0; at < insns.size();) {
    const size_t slots = SlotCount(std::span(insns).subspan(at));
    for (size_t i = 0; i < slots; ++i)
      block.blocks.push_back(InsnLine(context, insns, at + i, i != 0));
    at += slots;
  }
  blocks.push_back(std::move(block));
}

// --- Structures behind pointers ---------------------------------------------------------------

void DescribeStructBlock(Context& context, Schema schema, std::string_view name, Bytes bytes,
                         bool answered, std::vector<Block>& blocks) {
  std::vector<Field> fields;
  DescribeStruct(context, schema, bytes, [](const FieldSpec&) { return true; }, fields);
  blocks.push_back(
      {.answered = answered, .head = std::string(name), .blocks = WrapFields(std::move(fields))});
}

// union bpf_iter_link_info tells only by the program which of its members it is: a cgroup's
// descriptor stands behind an order.
void DescribeIterInfo(Context& context, std::string_view name, Bytes bytes,
                      std::vector<Block>& blocks) {
  const auto known = [&](size_t at) {
    return bytes.size() >= at + 4 &&
           context.tokens.KnowsFd(static_cast<int>(LoadInteger(bytes, at, 4)));
  };
  DescribeStructBlock(context, IterInfoSchema(!known(0) && known(4)), name, bytes, false, blocks);
}

}  // namespace

void DescribeText(std::string_view name, std::string_view text, bool answered,
                  std::vector<Field>& fields, std::vector<Block>& blocks) {
  constexpr size_t kLongest = 100;
  if (text.size() <= kLongest && text.find('\n') >= text.size() - (text.empty() ? 0 : 1)) {
    fields.push_back({std::string(name), Quote(text)});
    return;
  }
  Block block{.answered = answered, .head = std::string(name)};
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    block.blocks.push_back({.fields = {{"", Quote(text.substr(0, end))}}});
    text.remove_prefix(end);
  }
  blocks.push_back(std::move(block));
}

std::optional<std::string> ReadTextBlock(const Block& block) {
  std::string text;
  for (const Block& line : block.blocks) {
    if (line.fields.size() != 1) return std::nullopt;
    const std::optional<std::string> own = Unquote(line.fields.front().value);
    if (!own) return std::nullopt;
    text += *own;
  }
  return text;
}

void DescribeContent(Context& context, const FieldSpec& spec, std::string_view name,
                     const About& about, Bytes bytes, std::vector<Field>& fields,
                     std::vector<Block>& blocks) {
  const auto add = [&](std::string value) {
    fields.push_back({std::string(name), std::move(value)});
  };
  const std::string_view text = TextOf(bytes);
  const size_t length = std::min(text.find('\0'), text.size());
  switch (spec.content) {
    case Content::kCode:
      return DescribeCode(context, name, bytes, fields, blocks);
    case Content::kText:
      // With exactly one NUL, at its end: what has another form is told byte by byte.
      if (length + 1 == bytes.size() && IsText(bytes.first(length)))
        return add(Quote(text.substr(0, length)));
      return add(BytesText(context, bytes));
    case Content::kLog:
      return DescribeText(name, text.substr(0, length), about.answered, fields, blocks);
    case Content::kValue:
      return add(MapValueText(context, about, bytes));
    case Content::kInfo:
      return DescribeStructBlock(context, InfoSchema(KindOf(about.token)), name, bytes,
                                 about.answered, blocks);
    case Content::kIterInfo:
      return DescribeIterInfo(context, name, bytes, blocks);
    case Content::kBytes:
      return add(BytesText(context, bytes));
    default:
      break;
  }
  const std::optional<std::string> list = ListText(context, spec, bytes);
  add(list ? *list : BytesText(context, bytes));
}

std::optional<bool> ReadContent(Context& context, const FieldSpec& spec, std::string_view name,
                                const About& about, const Call& call, size_t struct_size,
                                std::vector<std::byte>& bytes) {
  if (const Block* const block = FindAnswer(call, name)) {
    if (spec.content == Content::kInfo) {
      bytes.resize(struct_size);
      std::string wrong;
      return EncodeStruct(context, InfoSchema(KindOf(about.token)), AllFields(*block), bytes,
                          wrong);
    }
    const std::optional<std::string> text = ReadTextBlock(*block);
    if (!text) return false;
    const Bytes own = BytesOfText(*text);
    bytes.insert(bytes.end(), own.begin(), own.end());
    if (spec.content == Content::kLog) bytes.push_back(std::byte{0});
    return true;
  }
  const Field* const field = FindField(call.outputs, name);
  if (field == nullptr) return std::nullopt;
  const std::string_view value = Plain(field->value);
  if (value.starts_with('"') || value.starts_with("hex:") || value.starts_with("blob:")) {
    if (!ReadBytes(context, value, bytes)) return false;
    const bool has_nul = spec.content == Content::kLog || spec.content == Content::kText;
    if (has_nul && value.starts_with('"')) bytes.push_back(std::byte{0});
    return true;
  }
  return ReadList(context, spec, value, bytes);
}

}  // namespace purebpf::testing::internal
