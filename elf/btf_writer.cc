#include "purebpf/elf/btf_writer.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "purebpf/elf/btf_layout.h"

namespace purebpf::elf {
namespace {

uint32_t WordIn(std::endian order, const std::byte* at) {
  uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return order == std::endian::native ? value : std::byteswap(value);
}

void PutIn(std::endian order, uint32_t value, std::byte* at) {
  if (order != std::endian::native) value = std::byteswap(value);
  std::memcpy(at, &value, sizeof value);
}

uint32_t Raw(TypeId id) { return static_cast<uint32_t>(id); }

}  // namespace

BtfWriter::BtfWriter(std::endian order, const Btf* base)
    : order_(order), base_(base), strings_(std::make_unique<Strings>()) {
  if (base == nullptr) {
    strings_->text.push_back('\0');
    strings_->listed = 1;
  } else {
    first_id_ = base->type_count();
    first_string_ = base->first_string() + static_cast<uint32_t>(base->strings().size());
  }
}

BtfWriter BtfWriter::Of(const Btf& btf) {
  BtfWriter writer(btf.order(), btf.base());
  writer.types_.assign(btf.types_.begin(), btf.types_.end());
  writer.strings_->text.assign(reinterpret_cast<const char*>(btf.strings_.data()),
                               btf.strings_.size());
  writer.strings_->listed = 0;
  writer.offsets_.reserve(btf.count_);
  size_t offset = 0;
  bool newer = false;
  const bool listed = btf.stride_shift_ == 0;
  for (uint32_t i = 0; i < btf.count_; ++i) {
    if (listed) offset = btf.offsets_[i];
    writer.offsets_.push_back(static_cast<uint32_t>(offset));
    newer |= TypeInfo(writer.WordAt(offset + kWordSize)).kind() == BtfKind::kOther;
    if (!listed) offset += btf.ExtentAt(offset);
  }
  if (newer) writer.newer_ = btf.newer_;
  return writer;
}

uint32_t BtfWriter::String(std::string_view text) {
  text = text.substr(0, text.find('\0'));
  if (text.empty()) return 0;
  Strings& strings = *strings_;
  while (strings.listed < strings.text.size()) {
    const auto next = static_cast<uint32_t>(strings.listed);
    strings.known.insert(next);
    strings.listed += std::strlen(strings.text.data() + next) + 1;
  }
  const auto place = strings.known.find(text);
  if (place != strings.known.end()) return first_string_ + *place;
  const auto offset = static_cast<uint32_t>(strings.text.size());
  overflow_ |= offset != strings.text.size();
  strings.text.append(text).push_back('\0');
  strings.known.insert(offset);
  strings.listed = strings.text.size();
  return first_string_ + offset;
}

void BtfWriter::Put(std::initializer_list<uint32_t> words) {
  for (const uint32_t word : words) {
    const size_t offset = types_.size();
    types_.resize(offset + kWordSize);
    PutIn(order_, word, types_.data() + offset);
  }
}

void BtfWriter::Overwrite(size_t offset, uint32_t value) {
  PutIn(order_, value, types_.data() + offset);
}

uint32_t BtfWriter::WordAt(size_t offset) const { return WordIn(order_, types_.data() + offset); }

TypeId BtfWriter::Begin(BtfKind kind, std::string_view name, uint32_t third, size_t count,
                        bool kind_flag) {
  overflow_ |= count > TypeInfo::kMaxVlen;
  offsets_.push_back(static_cast<uint32_t>(types_.size()));
  overflow_ |= offsets_.back() != types_.size();
  Put({String(name), TypeInfo(kind, static_cast<uint32_t>(count), kind_flag).raw, third});
  return TypeId{type_count() - 1};
}

TypeId BtfWriter::AddInt(std::string_view name, uint32_t size, const BtfInt& encoding) {
  const TypeId id = Begin(BtfKind::kInt, name, size);
  Put({(encoding.is_signed ? 1U << 24 : 0) | (encoding.is_char ? 2U << 24 : 0) |
       (encoding.is_bool ? 4U << 24 : 0) | (encoding.bit_offset & 0xff) << 16 |
       (encoding.bits & 0xff)});
  return id;
}

TypeId BtfWriter::AddFloat(std::string_view name, uint32_t size) {
  return Begin(BtfKind::kFloat, name, size);
}

TypeId BtfWriter::AddPtr(TypeId target) { return Begin(BtfKind::kPtr, "", Raw(target)); }

TypeId BtfWriter::AddTypedef(std::string_view name, TypeId target) {
  return Begin(BtfKind::kTypedef, name, Raw(target));
}

TypeId BtfWriter::AddModifier(BtfKind kind, TypeId target) { return Begin(kind, "", Raw(target)); }

TypeId BtfWriter::AddTypeTag(std::string_view tag, TypeId target, bool attribute) {
  return Begin(BtfKind::kTypeTag, tag, Raw(target), 0, attribute);
}

TypeId BtfWriter::AddArray(const BtfArray& array) {
  const TypeId id = Begin(BtfKind::kArray, "", 0);
  Put({Raw(array.element), Raw(array.index), array.count});
  return id;
}

TypeId BtfWriter::Aggregate(BtfKind kind, std::string_view name, uint32_t size,
                            std::span<const BtfMember> members, bool bit_fields) {
  bit_fields |= std::ranges::any_of(members, [](const BtfMember& m) { return m.bit_size != 0; });
  const TypeId id = Begin(kind, name, size, members.size(), bit_fields);
  for (const BtfMember& member : members) {
    overflow_ |= bit_fields && (member.bit_offset > 0xffffff || member.bit_size > 0xff);
    Put({String(member.name), Raw(member.type), member.bit_size << 24 | member.bit_offset});
  }
  return id;
}

TypeId BtfWriter::AddStruct(std::string_view name, uint32_t size,
                            std::span<const BtfMember> members, bool bit_fields) {
  return Aggregate(BtfKind::kStruct, name, size, members, bit_fields);
}

TypeId BtfWriter::AddUnion(std::string_view name, uint32_t size, std::span<const BtfMember> members,
                           bool bit_fields) {
  return Aggregate(BtfKind::kUnion, name, size, members, bit_fields);
}

TypeId BtfWriter::AddEnum(std::string_view name, uint32_t size,
                          std::span<const BtfEnumerator> values, bool is_signed) {
  const TypeId id = Begin(BtfKind::kEnum, name, size, values.size(), is_signed);
  for (const BtfEnumerator& value : values) {
    Put({String(value.name), static_cast<uint32_t>(value.value)});
  }
  return id;
}

TypeId BtfWriter::AddEnum64(std::string_view name, uint32_t size,
                            std::span<const BtfEnumerator> values, bool is_signed) {
  const TypeId id = Begin(BtfKind::kEnum64, name, size, values.size(), is_signed);
  for (const BtfEnumerator& value : values) {
    Put({String(value.name), static_cast<uint32_t>(value.value),
         static_cast<uint32_t>(value.value >> 32)});
  }
  return id;
}

TypeId BtfWriter::AddFwd(std::string_view name, bool is_union) {
  return Begin(BtfKind::kFwd, name, 0, 0, is_union);
}

TypeId BtfWriter::AddFunc(std::string_view name, TypeId prototype, uint32_t linkage) {
  return Begin(BtfKind::kFunc, name, Raw(prototype), linkage);
}

TypeId BtfWriter::AddFuncProto(TypeId result, std::span<const BtfParameter> parameters) {
  const TypeId id = Begin(BtfKind::kFuncProto, "", Raw(result), parameters.size());
  for (const BtfParameter& parameter : parameters) {
    Put({String(parameter.name), Raw(parameter.type)});
  }
  return id;
}

TypeId BtfWriter::AddVar(std::string_view name, TypeId type, uint32_t linkage) {
  const TypeId id = Begin(BtfKind::kVar, name, Raw(type));
  Put({linkage});
  return id;
}

TypeId BtfWriter::AddDatasec(std::string_view name, uint32_t size,
                             std::span<const BtfSectionVariable> variables) {
  const TypeId id = Begin(BtfKind::kDatasec, name, size, variables.size());
  for (const BtfSectionVariable& variable : variables) {
    Put({Raw(variable.variable), variable.offset, variable.size});
  }
  return id;
}

TypeId BtfWriter::AddDeclTag(std::string_view tag, TypeId target, int32_t component,
                             bool attribute) {
  const TypeId id = Begin(BtfKind::kDeclTag, tag, Raw(target), 0, attribute);
  Put({static_cast<uint32_t>(component)});
  return id;
}

template <typename NewId>
TypeId BtfWriter::CopyWith(const Btf& from, TypeId id, NewId new_id) {
  const BtfType type = from.Type(id);
  if (type.kind == BtfKind::kVoid || type.kind == BtfKind::kOther) return AddPtr(TypeId::kVoid);
  const Bytes record = from.Record(id);
  const KindLayout& layout = LayoutOf(type.kind);
  const auto word = [&](size_t i) { return WordIn(from.order(), record.data() + i * kWordSize); };
  const TypeInfo info(word(1));
  Begin(type.kind, type.name, layout.third == ThirdWord::kType ? new_id(word(2)) : word(2),
        info.vlen(), info.kind_flag());
  size_t at = kTypeWords;
  for (uint32_t i = 0; i < layout.extra; ++i, ++at) {
    Put({i < layout.extra_types ? new_id(word(at)) : word(at)});
  }
  for (uint32_t i = 0; i < type.count; ++i) {
    for (int part = 0; part < layout.element; ++part, ++at) {
      Put({part == layout.name   ? String(from.Name(word(at)))
           : part == layout.type ? new_id(word(at))
                                 : word(at)});
    }
  }
  return TypeId{type_count() - 1};
}

TypeId BtfWriter::Copy(const Btf& from, TypeId id, std::span<const TypeId> ids) {
  return CopyWith(from, id, [ids](uint32_t old) { return old < ids.size() ? Raw(ids[old]) : 0; });
}

TypeId BtfWriter::Copy(const Btf& from, TypeId id) {
  return CopyWith(from, id, [](uint32_t old) { return old; });
}

std::optional<BtfWriter::Place> BtfWriter::Find(TypeId id) const {
  const size_t index = Raw(id) - first_id_;
  if (Raw(id) < first_id_ || index >= offsets_.size()) return std::nullopt;
  const size_t end = index + 1 < offsets_.size() ? offsets_[index + 1] : types_.size();
  const TypeInfo info(WordAt(offsets_[index] + kWordSize));
  return Place{.offset = offsets_[index],
               .size = end - offsets_[index],
               .kind = info.kind(),
               .count = info.vlen()};
}

std::optional<size_t> BtfWriter::FindElement(TypeId id, BtfKind kind, uint32_t index) const {
  const auto place = Find(id);
  if (!place || place->kind != kind || index >= place->count) return std::nullopt;
  return place->offset + kTypeSize + size_t{index} * LayoutOf(kind).element * kWordSize;
}

bool BtfWriter::Rename(TypeId id, std::string_view name) {
  const auto place = Find(id);
  if (place) Overwrite(place->offset, String(name));
  return place.has_value();
}

bool BtfWriter::SetSize(TypeId id, uint32_t size) {
  const auto place = Find(id);
  if (!place || LayoutOf(place->kind).third != ThirdWord::kSize) return false;
  Overwrite(place->offset + 2 * kWordSize, size);
  return true;
}

bool BtfWriter::SetTarget(TypeId id, TypeId target) {
  const auto place = Find(id);
  if (!place || LayoutOf(place->kind).third != ThirdWord::kType) return false;
  Overwrite(place->offset + 2 * kWordSize, Raw(target));
  return true;
}

bool BtfWriter::SetLinkage(TypeId id, uint32_t linkage) {
  const auto place = Find(id);
  if (!place) return false;
  if (place->kind == BtfKind::kVar) return SetWord(id, 0, linkage);
  if (place->kind != BtfKind::kFunc || linkage > TypeInfo::kMaxVlen) return false;
  Overwrite(place->offset + kWordSize, TypeInfo(BtfKind::kFunc, linkage, false).raw);
  return true;
}

bool BtfWriter::SetVariable(TypeId id, uint32_t index, const BtfSectionVariable& variable) {
  const auto at = FindElement(id, BtfKind::kDatasec, index);
  if (!at) return false;
  Overwrite(*at, Raw(variable.variable));
  Overwrite(*at + kWordSize, variable.offset);
  Overwrite(*at + 2 * kWordSize, variable.size);
  return true;
}

bool BtfWriter::SetParameter(TypeId id, uint32_t index, const BtfParameter& parameter) {
  const auto at = FindElement(id, BtfKind::kFuncProto, index);
  if (!at) return false;
  Overwrite(*at, String(parameter.name));
  Overwrite(*at + kWordSize, Raw(parameter.type));
  return true;
}

bool BtfWriter::SetKind(TypeId id, BtfKind kind, uint32_t count, bool kind_flag, uint32_t third) {
  const auto place = Find(id);
  const KindLayout& layout = LayoutOf(kind);
  if (!place || kind == BtfKind::kVoid || kind == BtfKind::kOther || count > TypeInfo::kMaxVlen ||
      place->size != (kTypeWords + layout.extra + size_t{layout.element} * count) * kWordSize) {
    return false;
  }
  Overwrite(place->offset + kWordSize, TypeInfo(kind, count, kind_flag).raw);
  Overwrite(place->offset + 2 * kWordSize, third);
  return true;
}

bool BtfWriter::SetWord(TypeId id, uint32_t word, uint32_t value) {
  const auto place = Find(id);
  if (!place || word >= (place->size - kTypeSize) / kWordSize) return false;
  Overwrite(place->offset + kTypeSize + size_t{word} * kWordSize, value);
  return true;
}

Result<std::vector<std::byte>> BtfWriter::Build() const {
  const std::string& text = strings_->text;
  // Kinds that their reader may not know are described, as they were in what this was made of.
  const size_t rows = newer_.empty() ? 0 : kKindCount + newer_.size();
  const size_t header = rows == 0 ? kBtfHeaderSize : kBtfHeaderWithLayout;
  const size_t body = types_.size() + rows * kWordSize;
  constexpr size_t kLimit = std::numeric_limits<uint32_t>::max();
  if (overflow_ || body > kLimit || first_string_ + text.size() > kLimit) {
    return Unsupported("BTF: a count, a bit field or the whole does not fit the format");
  }
  std::vector<std::byte> blob(header + body + text.size());
  const auto put = [&](size_t word, size_t value) {
    PutIn(order_, static_cast<uint32_t>(value), blob.data() + word * kWordSize);
  };
  const bool little = order_ == std::endian::little;
  put(0, little ? uint32_t{kBtfVersion} << 16 | kBtfMagic
                : uint32_t{kBtfMagic} << 16 | uint32_t{kBtfVersion} << 8);
  put(1, header);
  put(3, types_.size());
  put(4, body);
  put(5, text.size());
  std::byte* out = blob.data() + header;
  const auto append = [&out](Bytes bytes) {
    if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
    out += bytes.size();
  };
  append(types_);
  if (rows != 0) {
    put(6, types_.size());
    put(7, rows * kWordSize);
  }
  for (size_t kind = 0; kind < rows; ++kind) {
    const bool newer = kind >= kKindCount;
    *out++ = static_cast<std::byte>(newer ? newer_[kind - kKindCount].extra
                                          : kKindLayouts[kind].extra * kWordSize);
    *out++ = static_cast<std::byte>(newer ? newer_[kind - kKindCount].element
                                          : kKindLayouts[kind].element * kWordSize);
    out += 2;  // flags: none are defined
  }
  append(std::as_bytes(std::span(text)));
  return blob;
}

}  // namespace purebpf::elf
