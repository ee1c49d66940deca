#include "purebpf/elf/btf_sanitize.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "purebpf/elf/btf_writer.h"

namespace purebpf::elf {
namespace {

constexpr uint32_t kByteInt = 8;  // the word of an INT: unsigned, no offset, 8 bits

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// What a struct may be called where a section may be called more: ".data.x" is "_data_x".
std::string Identifier(std::string_view name) {
  std::string word(name);
  for (char& c : word) {
    if (!IsWordCharacter(c)) c = '_';
  }
  if (!word.empty() && word[0] >= '0' && word[0] <= '9') word[0] = '_';
  return word;
}

class Sanitizer {
 public:
  Sanitizer(const Btf& btf, const BtfFeatures& features)
      : btf_(btf), features_(features), writer_(BtfWriter::Of(btf)) {}

  Result<std::vector<std::byte>> Run() {
    const uint32_t end = btf_.type_count();
    for (uint32_t id = btf_.first_id(); id < end; ++id) Sanitize(btf_.Type(TypeId{id}));
    return writer_.Build();
  }

 private:
  void Sanitize(const BtfType& type) {
    switch (type.kind) {
      case BtfKind::kFunc:
        if (!features_.functions) {
          writer_.SetKind(type.id, BtfKind::kTypedef, 0, false, static_cast<uint32_t>(type.target));
        } else if (!features_.global_functions) {
          writer_.SetLinkage(type.id, kStaticLinkage);
        }
        return;
      case BtfKind::kFuncProto:
        if (!features_.functions) Prototype(type);
        return;
      case BtfKind::kVar:
        if (!features_.sections) MakeByte(type);
        return;
      case BtfKind::kDeclTag:
        if (!features_.decl_tags || (type.kind_flag && !features_.attributes)) MakeByte(type);
        return;
      case BtfKind::kTypeTag:
        if (!features_.type_tags || (type.kind_flag && !features_.attributes)) {
          writer_.SetKind(type.id, BtfKind::kConst, 0, false, static_cast<uint32_t>(type.target));
          writer_.Rename(type.id, "");
        }
        return;
      case BtfKind::kDatasec:
        return Section(type);
      case BtfKind::kFloat:
        if (!features_.floats) writer_.SetKind(type.id, BtfKind::kStruct, 0, false, type.size);
        return;
      case BtfKind::kEnum64:
        if (!features_.enum64) Enum64(type);
        return;
      case BtfKind::kEnum:
        if (!features_.enum64 && type.kind_flag) {
          writer_.SetKind(type.id, BtfKind::kEnum, type.count, false, type.size);
        }
        return;
      default:
        return;
    }
  }

  // Not more than a byte: a section, now a struct, may hold a variable that has no more.
  void MakeByte(const BtfType& type) {
    writer_.SetKind(type.id, BtfKind::kInt, 0, false, 1);
    writer_.SetWord(type.id, 0, kByteInt);
    // A tag's text is no name; to the kernel before 5.16 any text was, but not to what prints it.
    if (type.kind == BtfKind::kDeclTag) writer_.Rename(type.id, Identifier(type.name));
  }

  // A parameter may be without a name, a value may not.
  void Prototype(const BtfType& type) {
    writer_.SetKind(type.id, BtfKind::kEnum, type.count, false, sizeof(uint32_t));
    for (uint32_t i = 0; i < type.count; ++i) {
      if (btf_.Parameter(type, i).name.empty()) {
        writer_.SetWord(type.id, i * 2, writer_.String("unnamed"));
      }
    }
  }

  void Section(const BtfType& type) {
    if (features_.sections) {
      if (features_.optional_sections || !type.name.contains('?')) return;
      std::string name(type.name);
      std::ranges::replace(name, '?', '_');
      writer_.Rename(type.id, name);
      return;
    }
    writer_.SetKind(type.id, BtfKind::kStruct, type.count, false, type.size);
    writer_.Rename(type.id, Identifier(type.name));
    for (uint32_t i = 0; i < type.count; ++i) {
      const BtfSectionVariable variable = btf_.Variable(type, i);
      const std::string_view name = btf_.Type(variable.variable).name;
      writer_.SetWord(type.id, i * 3, writer_.String(name));
      writer_.SetWord(type.id, i * 3 + 1, static_cast<uint32_t>(variable.variable));
      writer_.SetWord(type.id, i * 3 + 2, variable.offset * 8);
    }
  }

  // The name of an element stays where it was; its value gives way to a type and an offset.
  void Enum64(const BtfType& type) {
    if (byte_ == TypeId::kVoid) byte_ = writer_.AddInt("enum64_value", 1, {.bits = 8});
    writer_.SetKind(type.id, BtfKind::kUnion, type.count, false, type.size);
    for (uint32_t i = 0; i < type.count; ++i) {
      writer_.SetWord(type.id, i * 3 + 1, static_cast<uint32_t>(byte_));
      writer_.SetWord(type.id, i * 3 + 2, 0);
    }
  }

  const Btf& btf_;
  const BtfFeatures& features_;
  BtfWriter writer_;
  TypeId byte_ = TypeId::kVoid;  // the type of what an ENUM64's values have become
};

struct Since {
  bool BtfFeatures::* feature;
  uint32_t version;
};

constexpr Since kSince[] = {
    {&BtfFeatures::functions, 0x050000},        {&BtfFeatures::sections, 0x050200},
    {&BtfFeatures::global_functions, 0x050600}, {&BtfFeatures::floats, 0x050d00},
    {&BtfFeatures::decl_tags, 0x051000},        {&BtfFeatures::type_tags, 0x051100},
    {&BtfFeatures::enum64, 0x060000},           {&BtfFeatures::optional_sections, 0x060900},
    {&BtfFeatures::attributes, 0x060f00},
};

}  // namespace

BtfFeatures BtfFeatures::Of(uint32_t version) {
  BtfFeatures features;
  for (const Since& since : kSince) features.*since.feature = version >= since.version;
  return features;
}

Result<std::vector<std::byte>> SanitizeBtf(const Btf& btf, const BtfFeatures& features) {
  return Sanitizer(btf, features).Run();
}

}  // namespace purebpf::elf
