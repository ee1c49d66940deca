// Makes BTF blobs in either byte order, whole or with any field broken.
//
//     BtfBuilder btf;
//     const uint32_t u32 = btf.Int("unsigned int", 4);
//     btf.Struct("pair", 8, {{"first", u32, 0}, {"second", u32, 32}});
//     std::vector<std::byte> bytes = btf.Build();
//
// Each call that adds a type returns its id; ids may be used before their type is there.
#ifndef PUREBPF_TESTS_SUPPORT_BTF_BUILDER_H_
#define PUREBPF_TESTS_SUPPORT_BTF_BUILDER_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/tests/support/byte_writer.h"
#include "purebpf/tests/support/elf_builder.h"

namespace purebpf::testing {

namespace btf_field {
inline constexpr Field kMagic{0, 2}, kVersion{2, 1}, kFlags{3, 1}, kHeaderSize{4, 4},
    kTypesOffset{8, 4}, kTypesSize{12, 4}, kStringsOffset{16, 4}, kStringsSize{20, 4};
}  // namespace btf_field

class BtfBuilder {
 public:
  struct Member {
    std::string_view name;
    uint32_t type;
    uint32_t bit_offset;
    uint32_t bit_size = 0;  // not 0: makes the struct a kind_flag one
  };
  struct Enumerator {
    std::string_view name;
    uint64_t value;
  };
  struct Parameter {
    std::string_view name;
    uint32_t type;
  };
  struct Variable {
    uint32_t type;
    uint32_t offset;
    uint32_t size;
  };

  explicit BtfBuilder(std::endian order = std::endian::little)
      : order_(order), types_(order), strings_(order) {
    strings_.U8(0);
  }

  uint32_t Int(std::string_view name, uint32_t size, uint32_t encoding = 0);
  uint32_t Ptr(uint32_t target) { return Type(2, "", target); }
  uint32_t Array(uint32_t element, uint32_t index, uint32_t count);
  uint32_t Struct(std::string_view name, uint32_t size, const std::vector<Member>& members) {
    return Aggregate(4, name, size, members);
  }
  uint32_t Union(std::string_view name, uint32_t size, const std::vector<Member>& members) {
    return Aggregate(5, name, size, members);
  }
  uint32_t Enum(std::string_view name, uint32_t size, const std::vector<Enumerator>& enumerators,
                bool is_signed = false);
  uint32_t Enum64(std::string_view name, const std::vector<Enumerator>& enumerators,
                  bool is_signed = false);
  uint32_t Fwd(std::string_view name) { return Type(7, name, 0); }
  uint32_t Typedef(std::string_view name, uint32_t target) { return Type(8, name, target); }
  uint32_t Volatile(uint32_t target) { return Type(9, "", target); }
  uint32_t Const(uint32_t target) { return Type(10, "", target); }
  uint32_t Restrict(uint32_t target) { return Type(11, "", target); }
  uint32_t Func(std::string_view name, uint32_t prototype, uint32_t linkage) {
    return Type(12, name, prototype, linkage);
  }
  uint32_t FuncProto(uint32_t result, const std::vector<Parameter>& parameters);
  uint32_t Var(std::string_view name, uint32_t type, uint32_t linkage);
  uint32_t Datasec(std::string_view name, uint32_t size, const std::vector<Variable>& variables);
  uint32_t Float(std::string_view name, uint32_t size) { return Type(16, name, size); }
  uint32_t DeclTag(std::string_view name, uint32_t target, uint32_t component);
  uint32_t TypeTag(std::string_view name, uint32_t target) { return Type(18, name, target); }

  // A type as these words say; words that follow it; and a name to put there.
  uint32_t Raw(std::initializer_list<uint32_t> words);
  void Tail(std::initializer_list<uint32_t> words);
  uint32_t Name(std::string_view name);

  // Bytes between the header's known part and the sections: a header of a later version.
  void HeaderTail(size_t size) { header_tail_ = size; }
  void Break(Field field, uint64_t value) { overwrites_.push_back({field, value}); }
  // A 32-bit word of the type section, by its index there.
  void BreakTypeWord(size_t word, uint32_t value) { types_.Put(word * 4, value, 4); }
  void BreakString(size_t offset, uint8_t value) { strings_.Put(offset, value, 1); }

  // May be called once.
  std::vector<std::byte> Build();

 private:
  uint32_t Type(uint32_t kind, std::string_view name, uint32_t third, uint32_t count = 0,
                bool kind_flag = false);
  uint32_t Aggregate(uint32_t kind, std::string_view name, uint32_t size,
                     const std::vector<Member>& members);

  struct Overwritten {
    Field field;
    uint64_t value;
  };

  std::endian order_;
  ByteWriter types_;
  ByteWriter strings_;
  uint32_t count_ = 0;
  size_t header_tail_ = 0;
  std::vector<Overwritten> overwrites_;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_SUPPORT_BTF_BUILDER_H_
