#include "purebpf/tests/support/btf_builder.h"

#include <algorithm>

namespace purebpf::testing {

uint32_t BtfBuilder::Name(std::string_view name) {
  if (name.empty()) return 0;
  const auto offset = static_cast<uint32_t>(strings_.size());
  strings_.Text(name);
  return offset;
}

uint32_t BtfBuilder::Type(uint32_t kind, std::string_view name, uint32_t third, uint32_t count,
                          bool kind_flag) {
  return Raw({Name(name), (kind_flag ? 1U << 31 : 0) | kind << 24 | count, third});
}

uint32_t BtfBuilder::Raw(std::initializer_list<uint32_t> words) {
  Tail(words);
  return ++count_;
}

void BtfBuilder::Tail(std::initializer_list<uint32_t> words) {
  for (const uint32_t word : words) types_.U32(word);
}

uint32_t BtfBuilder::Int(std::string_view name, uint32_t size, uint32_t encoding) {
  const uint32_t id = Type(1, name, size);
  types_.U32(encoding << 24 | size * 8);
  return id;
}

uint32_t BtfBuilder::Array(uint32_t element, uint32_t index, uint32_t count) {
  const uint32_t id = Type(3, "", 0);
  types_.U32(element).U32(index).U32(count);
  return id;
}

uint32_t BtfBuilder::Aggregate(uint32_t kind, std::string_view name, uint32_t size,
                               const std::vector<Member>& members) {
  const bool bit_fields =
      std::ranges::any_of(members, [](const Member& member) { return member.bit_size != 0; });
  const uint32_t id = Type(kind, name, size, static_cast<uint32_t>(members.size()), bit_fields);
  for (const Member& member : members) {
    types_.U32(Name(member.name)).U32(member.type).U32(member.bit_size << 24 | member.bit_offset);
  }
  return id;
}

uint32_t BtfBuilder::Enum(std::string_view name, uint32_t size,
                          const std::vector<Enumerator>& enumerators, bool is_signed) {
  const uint32_t id = Type(6, name, size, static_cast<uint32_t>(enumerators.size()), is_signed);
  for (const Enumerator& enumerator : enumerators) {
    types_.U32(Name(enumerator.name)).U32(static_cast<uint32_t>(enumerator.value));
  }
  return id;
}

uint32_t BtfBuilder::Enum64(std::string_view name, const std::vector<Enumerator>& enumerators,
                            bool is_signed) {
  const uint32_t id = Type(19, name, 8, static_cast<uint32_t>(enumerators.size()), is_signed);
  for (const Enumerator& enumerator : enumerators) {
    types_.U32(Name(enumerator.name))
        .U32(static_cast<uint32_t>(enumerator.value))
        .U32(static_cast<uint32_t>(enumerator.value >> 32));
  }
  return id;
}

uint32_t BtfBuilder::FuncProto(uint32_t result, const std::vector<Parameter>& parameters) {
  const uint32_t id = Type(13, "", result, static_cast<uint32_t>(parameters.size()));
  for (const Parameter& parameter : parameters) {
    types_.U32(Name(parameter.name)).U32(parameter.type);
  }
  return id;
}

uint32_t BtfBuilder::Var(std::string_view name, uint32_t type, uint32_t linkage) {
  const uint32_t id = Type(14, name, type);
  types_.U32(linkage);
  return id;
}

uint32_t BtfBuilder::Datasec(std::string_view name, uint32_t size,
                             const std::vector<Variable>& variables) {
  const uint32_t id = Type(15, name, size, static_cast<uint32_t>(variables.size()));
  for (const Variable& variable : variables) {
    types_.U32(variable.type).U32(variable.offset).U32(variable.size);
  }
  return id;
}

uint32_t BtfBuilder::DeclTag(std::string_view name, uint32_t target, uint32_t component) {
  const uint32_t id = Type(17, name, target);
  types_.U32(component);
  return id;
}

std::vector<std::byte> BtfBuilder::Build() {
  ByteWriter writer(order_);
  const auto types_size = static_cast<uint32_t>(types_.size());
  writer.U16(0xeb9f).U8(1).U8(0).U32(static_cast<uint32_t>(24 + header_tail_));
  writer.U32(0).U32(types_size).U32(types_size).U32(static_cast<uint32_t>(strings_.size()));
  writer.Zeros(header_tail_).Append(types_.bytes()).Append(strings_.bytes());
  for (const Overwritten& overwrite : overwrites_) {
    writer.Put(overwrite.field.offset, overwrite.value, overwrite.field.width);
  }
  return writer.Take();
}

}  // namespace purebpf::testing
