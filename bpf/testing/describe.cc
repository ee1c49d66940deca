#include "purebpf/bpf/testing/describe.h"

#include <algorithm>
#include <cstring>

namespace purebpf::testing::internal {
namespace {

constexpr uint32_t kFlagId = 1U << 5;  // BPF_F_ID

// What a recorded time is replayed as: long ago, and not 0, which stands for "unknown".
constexpr uint64_t kSomeTime = 1000000;

bool IsZero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

std::string NameText(Context& context, Bytes bytes) {
  const std::string_view text = TextOf(bytes);
  const std::string_view name = text.substr(0, text.find('\0'));
  const Bytes rest = bytes.subspan(name.size());
  // Without a NUL at its end it is no name, but shown as it is.
  if (rest.empty() || !IsZero(rest)) return BytesText(context, bytes);
  return Quote(name);
}

bool IsId(const FieldSpec& spec, Bytes bytes) {
  return spec.kind == Kind::kId ||
         (spec.kind == Kind::kFdOrId && spec.tag_offset + 4U <= bytes.size() &&
          (LoadInteger(bytes, spec.tag_offset, 4) & kFlagId) != 0);
}

// "-EBUSY", else a number.
std::string ErrnoText(int32_t value) {
  std::string name = value < 0 && value >= -4095 ? ErrnoName(-value) : " ";
  return name.find(' ') == std::string::npos ? "-" + name : SignedDecimal(value);
}

std::optional<uint64_t> ParseErrno(std::string_view text) {
  const std::optional<int> named =
      text.starts_with('-') ? ErrnoNamed(text.substr(1)) : std::nullopt;
  return named ? 0 - static_cast<uint64_t>(*named) : ParseNumber(text);
}

// The value of a field in a structure, which has all of its bytes.
std::string FieldText(Context& context, const FieldSpec& spec, Bytes bytes) {
  const Bytes own = bytes.subspan(spec.offset, spec.size);
  const uint64_t number = LoadInteger(bytes, spec.offset, spec.size);
  switch (spec.kind) {
    case Kind::kNumber:
      return Decimal(number);
    case Kind::kSigned:
      return SignedDecimal(spec.size == 4 ? static_cast<int32_t>(number)
                                          : static_cast<int64_t>(number));
    case Kind::kHex:
    case Kind::kPointer:
      return Hexadecimal(number);
    case Kind::kEnum:
      return EnumText(spec.rows(), number);
    case Kind::kFlags:
      return FlagsText(spec.rows(), number);
    case Kind::kFd:
    case Kind::kFdOrId:
    case Kind::kId:
      if (IsId(spec, bytes)) return context.tokens.OfId(spec.token, static_cast<uint32_t>(number));
      return context.tokens.OfFd(static_cast<int32_t>(number));
    case Kind::kName:
      return NameText(context, own);
    case Kind::kBytes:
      return BytesText(context, own);
    case Kind::kErrno:
      return ErrnoText(static_cast<int32_t>(number));
    case Kind::kTime:
      return "~";
  }
  return {};
}

// Whether a field of zeros is told all the same: 0 may be a descriptor.
bool IsMentioned(Context& context, const FieldSpec& spec, Bytes bytes) {
  if (!IsZero(bytes.subspan(spec.offset, spec.size))) return true;
  return spec.kind == Kind::kFd && context.tokens.KnowsFd(0);
}

// Which bytes of a structure its fields have told.
class Coverage {
 public:
  explicit Coverage(size_t size) : covered_(size) {}
  void Add(size_t offset, size_t size) {
    for (size_t i = offset; i < offset + size && i < covered_.size(); ++i) covered_[i] = true;
  }
  // Calls `use` with each run of bytes that were not, and are marked in `wanted`.
  template <typename Wanted, typename Use>
  void Rest(Wanted wanted, Use use) const {
    for (size_t i = 0; i < covered_.size(); ++i) {
      if (covered_[i] || !wanted(i)) continue;
      size_t end = i;
      while (end < covered_.size() && !covered_[end] && wanted(end)) ++end;
      use(i, end - i);
      i = end;
    }
  }

 private:
  std::vector<bool> covered_;
};

bool Fits(const FieldSpec& spec, Bytes bytes) {
  return spec.offset <= bytes.size() && spec.size <= bytes.size() - spec.offset;
}

constexpr std::string_view kAt = "at";

}  // namespace

// --- Blobs
// ----------------------------------------------------------------------------------------

std::string Blobs::ValueOf(Bytes bytes) {
  constexpr size_t kShown = 16;
  if (use_ == Use::kShorten)
    return "hex:" + HexOf(bytes.first(std::min(kShown, bytes.size()))) + "...(" +
           Decimal(bytes.size()) + "_bytes)";
  const std::string name = HashName(bytes);
  const auto found = bytes_.find(name);
  if (found == bytes_.end()) {
    bytes_.emplace(name, std::vector<std::byte>(bytes.begin(), bytes.end()));
    if (use_ == Use::kKeep) order_.push_back(name);
  } else if (!std::ranges::equal(found->second, bytes)) {
    return "hex:" + HexOf(bytes);  // another with the same hash
  }
  return "blob:" + name;
}

bool Blobs::Add(const std::string& name, const Blob& blob, Budget& budget) {
  std::vector<std::byte> bytes;
  for (const std::string& line : blob.lines)
    if (!ParseHex(line, budget, bytes)) return false;
  if (!bytes_.emplace(name, std::move(bytes)).second) return false;
  order_.push_back(name);
  return true;
}

const std::vector<std::byte>* Blobs::Find(std::string_view name) const {
  const auto found = bytes_.find(name);
  return found == bytes_.end() ? nullptr : &found->second;
}

std::vector<std::pair<std::string, Blob>> Blobs::Written() const {
  std::vector<std::pair<std::string, Blob>> written;
  for (const std::string& name : order_) {
    const std::vector<std::byte>& bytes = bytes_.find(name)->second;
    written.emplace_back(name, Blob{.size = bytes.size(), .lines = HexLines(bytes)});
  }
  return written;
}

// --- Values
// ---------------------------------------------------------------------------------------

std::string BytesText(Context& context, Bytes bytes) {
  constexpr size_t kShort = 64;
  constexpr size_t kShortText = 140;
  // Only repeats can make more bytes short: not tried on those that are far too many.
  if (bytes.size() > (size_t{1} << 20)) return context.blobs.ValueOf(bytes);
  std::string text = HexOf(bytes);
  if (bytes.size() <= kShort || text.size() <= kShortText) return "hex:" + text;
  return context.blobs.ValueOf(bytes);
}

bool ReadBytes(Context& context, std::string_view value, std::vector<std::byte>& bytes) {
  constexpr std::string_view kHex = "hex:";
  constexpr std::string_view kBlob = "blob:";
  value = Plain(value);
  if (value.starts_with(kHex)) return ParseHex(value.substr(kHex.size()), context.budget, bytes);
  if (value.starts_with(kBlob)) {
    const std::vector<std::byte>* const blob = context.blobs.Find(value.substr(kBlob.size()));
    // A short text may name a large blob again and again.
    if (blob == nullptr || !context.budget.Take(blob->size())) return false;
    bytes.insert(bytes.end(), blob->begin(), blob->end());
    return true;
  }
  const std::optional<std::string> text = Unquote(value);
  if (!text) return false;
  const Bytes own = BytesOfText(*text);
  bytes.insert(bytes.end(), own.begin(), own.end());
  return true;
}

const Field* FindField(const std::vector<Field>& fields, std::string_view name) {
  for (const Field& field : fields)
    if (field.name == name) return &field;
  return nullptr;
}

std::vector<Block> WrapFields(std::vector<Field> fields) {
  constexpr size_t kLine = 90;
  std::vector<Block> lines;
  size_t width = kLine;
  for (Field& field : fields) {
    const size_t more = field.name.size() + field.value.size() + 2;
    if (width + more > kLine) {
      lines.emplace_back();
      width = 0;
    }
    width += more;
    lines.back().fields.push_back(std::move(field));
  }
  return lines;
}

std::vector<Field> AllFields(const Block& block) {
  std::vector<Field> fields = block.fields;
  for (const Block& line : block.blocks)
    if (line.head.empty()) fields.insert(fields.end(), line.fields.begin(), line.fields.end());
  return fields;
}

const Block* FindAnswer(const Call& call, std::string_view head) {
  for (const Block& block : call.blocks)
    if (block.answered && block.head == head) return &block;
  return nullptr;
}

// --- Structures
// -----------------------------------------------------------------------------------

void DescribeStruct(Context& context, Schema schema, Bytes bytes,
                    FunctionRef<bool(const FieldSpec&)> pointer, std::vector<Field>& fields) {
  Coverage coverage(bytes.size());
  for (const FieldSpec& spec : schema) {
    if (!Fits(spec, bytes) || !Applies(spec, bytes)) continue;
    coverage.Add(spec.offset, spec.size);
    if (spec.kind == Kind::kPointer && pointer(spec)) continue;
    if (!IsMentioned(context, spec, bytes)) continue;
    std::string value = FieldText(context, spec, bytes);
    if (spec.free && !value.starts_with('~')) value.insert(0, "~");
    fields.push_back({std::string(spec.name), std::move(value)});
  }
  coverage.Rest([&](size_t i) { return bytes[i] != std::byte{0}; },
                [&](size_t offset, size_t size) {
                  fields.push_back({std::string(kAt) + Decimal(offset),
                                    BytesText(context, bytes.subspan(offset, size))});
                });
}

void DescribeChanges(Context& context, Schema schema, Bytes before, Bytes after,
                     std::vector<Field>& fields) {
  Coverage coverage(after.size());
  for (const FieldSpec& spec : schema) {
    if (!Fits(spec, after) || !Applies(spec, after)) continue;
    coverage.Add(spec.offset, spec.size);
    if (std::ranges::equal(before.subspan(spec.offset, spec.size),
                           after.subspan(spec.offset, spec.size)))
      continue;
    fields.push_back({std::string(spec.name), FieldText(context, spec, after)});
  }
  coverage.Rest([&](size_t i) { return before[i] != after[i]; },
                [&](size_t offset, size_t size) {
                  fields.push_back({std::string(kAt) + Decimal(offset),
                                    BytesText(context, after.subspan(offset, size))});
                });
}

bool EncodeField(Context& context, const FieldSpec& spec, std::string_view value,
                 MutableBytes bytes) {
  if (!Fits(spec, bytes)) return false;
  value = Plain(value);
  if (spec.kind == Kind::kName || spec.kind == Kind::kBytes) {
    std::vector<std::byte> own;
    if (!ReadBytes(context, value, own) || own.size() > spec.size) return false;
    own.resize(spec.size);
    std::ranges::copy(own, bytes.begin() + spec.offset);
    return true;
  }
  std::optional<uint64_t> number;
  if (spec.kind == Kind::kTime && value.empty()) {
    number = kSomeTime;
  } else if (spec.kind == Kind::kErrno) {
    number = ParseErrno(value);
  } else if (spec.kind == Kind::kEnum) {
    number = ParseEnum(spec.rows(), value);
  } else if (spec.kind == Kind::kFlags) {
    number = ParseFlags(spec.rows(), value);
  } else if (value.find('#') != std::string_view::npos) {
    if (SplitToken(value, '#')) number = context.tokens.IdOf(value);
  } else if (value.find(':') != std::string_view::npos) {
    if (const std::optional<int> fd = context.tokens.FdOf(value))
      number = static_cast<uint32_t>(*fd);
  } else {
    number = ParseNumber(value);
  }
  if (!number || !FitsInteger(*number, spec.size)) return false;
  StoreInteger(bytes, spec.offset, spec.size, *number);
  return true;
}

bool EncodeStruct(Context& context, Schema schema, std::span<const Field> fields,
                  MutableBytes bytes, std::string& wrong) {
  for (const Field& field : fields) {
    wrong = field.name + "=" + field.value;
    const FieldSpec* row = nullptr;
    for (const FieldSpec& spec : schema)
      if (spec.name == field.name && (row == nullptr || Applies(spec, bytes))) row = &spec;
    if (row != nullptr) {
      if (!EncodeField(context, *row, field.value, bytes)) return false;
      continue;
    }
    if (!field.name.starts_with(kAt)) return false;
    const std::optional<uint64_t> offset =
        ParseNumber(std::string_view(field.name).substr(kAt.size()));
    std::vector<std::byte> raw;
    if (!offset || !ReadBytes(context, field.value, raw) || *offset > bytes.size() ||
        raw.size() > bytes.size() - *offset)
      return false;
    std::ranges::copy(raw, bytes.begin() + static_cast<ptrdiff_t>(*offset));
  }
  wrong.clear();
  return true;
}

}  // namespace purebpf::testing::internal
