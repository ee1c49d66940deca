// Writes BTF, in either byte order: from nothing, out of the types of others, or by changing what a
// blob says.
//
//     BtfWriter writer;
//     const TypeId u32 = writer.AddInt("unsigned int", 4, {.bits = 32});
//     const BtfMember members[] = {{.name = "first", .type = u32}};
//     writer.AddStruct("pair", 8, members);
//     const auto blob = writer.Build();
//
// Nothing is checked but that counts fit: what is added may refer to ids that come later, and what
// it all means is the caller's business. Parsing what was written gives the same types.
#ifndef PUREBPF_ELF_BTF_WRITER_H_
#define PUREBPF_ELF_BTF_WRITER_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_types.h"
#include "purebpf/elf/bytes.h"
#include "purebpf/elf/error.h"

namespace purebpf::elf {

class BtfWriter {
 public:
  // With a base, ids and names continue those of the base, which must outlive the writer.
  explicit BtfWriter(std::endian order = std::endian::native, const Btf* base = nullptr);
  // All of `btf` as it stands, to be changed or added to: the same ids, and the same offsets of
  // names, which .BTF.ext refers to.
  [[nodiscard]] static BtfWriter Of(const Btf& btf);

  // The offset of a string, which is written once however often it is asked for.
  uint32_t String(std::string_view text);

  // Each gives the new type's id.
  TypeId AddInt(std::string_view name, uint32_t size, const BtfInt& encoding);
  TypeId AddFloat(std::string_view name, uint32_t size);
  TypeId AddPtr(TypeId target);
  TypeId AddTypedef(std::string_view name, TypeId target);
  TypeId AddModifier(BtfKind kind, TypeId target);  // kConst, kVolatile, kRestrict
  TypeId AddTypeTag(std::string_view tag, TypeId target, bool attribute = false);
  TypeId AddArray(const BtfArray& array);
  // A member with a bit_size, or `bit_fields`, makes it one of bit fields: offsets have 24 bits.
  TypeId AddStruct(std::string_view name, uint32_t size, std::span<const BtfMember> members,
                   bool bit_fields = false);
  TypeId AddUnion(std::string_view name, uint32_t size, std::span<const BtfMember> members,
                  bool bit_fields = false);
  TypeId AddEnum(std::string_view name, uint32_t size, std::span<const BtfEnumerator> values,
                 bool is_signed = false);
  TypeId AddEnum64(std::string_view name, uint32_t size, std::span<const BtfEnumerator> values,
                   bool is_signed = false);
  TypeId AddFwd(std::string_view name, bool is_union = false);
  TypeId AddFunc(std::string_view name, TypeId prototype, uint32_t linkage);
  TypeId AddFuncProto(TypeId result, std::span<const BtfParameter> parameters);
  TypeId AddVar(std::string_view name, TypeId type, uint32_t linkage);
  TypeId AddDatasec(std::string_view name, uint32_t size,
                    std::span<const BtfSectionVariable> variables);
  TypeId AddDeclTag(std::string_view tag, TypeId target, int32_t component, bool attribute = false);

  // A type of `from`, which may have the other byte order, with each id that it refers to replaced
  // by `ids`' entry of that index; void where there is none. One of a newer kind becomes a pointer
  // to void, as what it refers to is not known.
  TypeId Copy(const Btf& from, TypeId id, std::span<const TypeId> ids);
  // The same, with ids as they are.
  TypeId Copy(const Btf& from, TypeId id);

  // Changes to a type that is there, in place. False, and nothing is changed, where there is no
  // such type, element or field in it.
  bool Rename(TypeId id, std::string_view name);
  bool SetSize(TypeId id, uint32_t size);        // of kinds that have one
  bool SetTarget(TypeId id, TypeId target);      // of kinds that refer to one type
  bool SetLinkage(TypeId id, uint32_t linkage);  // func, var
  bool SetVariable(TypeId id, uint32_t index, const BtfSectionVariable& variable);  // datasec
  bool SetParameter(TypeId id, uint32_t index, const BtfParameter& parameter);      // func proto
  // Makes it one of another kind with as many bytes: its name and what follows the three common
  // words stay as they are, to be set by SetWord.
  bool SetKind(TypeId id, BtfKind kind, uint32_t count, bool kind_flag, uint32_t third);
  // A 32-bit word of its record, of those behind the three common words.
  bool SetWord(TypeId id, uint32_t word, uint32_t value);

  // The number that the next type will have.
  [[nodiscard]] uint32_t type_count() const {
    return first_id_ + static_cast<uint32_t>(offsets_.size());
  }

  // Unsupported where a count or the whole does not fit the format.
  [[nodiscard]] Result<std::vector<std::byte>> Build() const;

 private:
  // The string section, and the offset of each string in it. On the heap: the order refers to it.
  struct Strings {
    struct Less {
      using is_transparent = void;
      const std::string* text;
      [[nodiscard]] std::string_view At(uint32_t offset) const { return text->data() + offset; }
      bool operator()(uint32_t a, uint32_t b) const { return At(a) < At(b); }
      bool operator()(uint32_t a, std::string_view b) const { return At(a) < b; }
      bool operator()(std::string_view a, uint32_t b) const { return a < At(b); }
    };
    std::string text;
    std::set<uint32_t, Less> known{Less{&text}};
    size_t listed = 0;  // how much of text is in `known`
  };

  TypeId Begin(BtfKind kind, std::string_view name, uint32_t third, size_t count = 0,
               bool kind_flag = false);
  TypeId Aggregate(BtfKind kind, std::string_view name, uint32_t size,
                   std::span<const BtfMember> members, bool bit_fields);
  template <typename NewId>
  TypeId CopyWith(const Btf& from, TypeId id, NewId new_id);
  void Put(std::initializer_list<uint32_t> words);
  void Overwrite(size_t offset, uint32_t value);
  [[nodiscard]] uint32_t WordAt(size_t offset) const;
  // Where a type that is there and not the base's is in types_, what it is, and how long.
  struct Place {
    size_t offset;
    size_t size;
    BtfKind kind;
    uint32_t count;
  };
  [[nodiscard]] std::optional<Place> Find(TypeId id) const;
  // The offset of an element of a type of this kind.
  [[nodiscard]] std::optional<size_t> FindElement(TypeId id, BtfKind kind, uint32_t index) const;

  std::endian order_;
  uint32_t first_id_ = 1;
  uint32_t first_string_ = 0;
  const Btf* base_ = nullptr;
  std::vector<std::byte> types_;
  std::vector<uint32_t> offsets_;  // of each type in types_
  std::unique_ptr<Strings> strings_;
  std::vector<Btf::Extent> newer_;  // from the first kind on that is not known here
  bool overflow_ = false;           // a count did not fit
};

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_WRITER_H_
