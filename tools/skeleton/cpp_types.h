// The types of a BPF object in C++: for every struct, union and enum of C that is wanted a twin
// with the same bytes, and static_asserts that hold both to it.
//
// Padding is written as members, so that a key has no bytes that nobody sets. A pointer is a
// number. What C++ has no type for (members that overlap, odd sizes) is bytes.
#ifndef PUREBPF_TOOLS_SKELETON_CPP_TYPES_H_
#define PUREBPF_TOOLS_SKELETON_CPP_TYPES_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_c_layout.h"
#include "purebpf/tools/skeleton/cpp_names.h"

namespace purebpf::skeleton {

class CppTypes {
 public:
  // `names`: of the namespace in which the types will be. `budget`: bytes of text, in all.
  CppTypes(const elf::Btf& btf, Names& names, uint64_t budget);

  // Before anything is defined: that this type will be wanted, and what for. (Where a type is part
  // of a union, or of a struct without a name, its members cannot have initial values; where it is
  // part of a key, every byte must be a member's.)
  enum class Use : uint8_t { kValue = 1, kKey = 5 };
  void Announce(elf::TypeId id, Use use) { Announce(id, static_cast<uint8_t>(use), 0); }

  // Defines all that a value of this type needs: its name for a declaration. nullopt where C++ has
  // no such type of `size` bytes. `hint` names what has no name.
  [[nodiscard]] std::optional<std::string> Define(elf::TypeId id, uint64_t size,
                                                  std::string_view hint);
  // The same name where members called `hidden` are in scope.
  [[nodiscard]] std::string Spell(elf::TypeId id, const std::set<std::string>& hidden) const;

  // Whether values of the type are equal if and only if their bytes are.
  [[nodiscard]] bool IsKey(elf::TypeId id) const { return IsKey(id, 0); }

  // In bytes.
  [[nodiscard]] uint32_t AlignOf(elf::TypeId id) const { return layouts_.AlignOf(id); }

  [[nodiscard]] const std::string& definitions() const { return definitions_; }
  [[nodiscard]] const std::string& checks() const { return checks_; }
  [[nodiscard]] bool exhausted() const { return exhausted_; }

 private:
  enum class State : uint8_t { kUnknown, kDefining, kDefined, kOpaque };

  // One struct or union that is being written, with those inside of it that have no name.
  struct Writing {
    std::string name;  // of the outermost
    Names members;
    std::vector<std::string> names;  // of its members
    size_t next_name = 0;
    std::set<std::string> hidden;  // the same, to be looked up
    bool initial = true;           // members have initial values
    std::string text;
    std::string checks;
  };
  // Where a struct or union without a name stands in it.
  struct Scope {
    int depth = 1;      // of braces
    uint64_t base = 0;  // bits from the outermost's start
    bool initial = true;
  };

  // What a type is part of: bits. Unions, and structs without a name, take no types that have a
  // constructor, as initial values make one; and packed ones do not pack them.
  static constexpr uint8_t kInUnnamed = 2;
  static constexpr uint8_t kInKey = 4;

  void Announce(elf::TypeId id, uint8_t uses, int depth);
  // False where C++ has no such type.
  bool DefineBase(elf::TypeId id, std::string_view hint, int depth);
  bool DefineAggregate(const elf::BtfType& type, std::string_view name, int depth);
  void DefineEnum(const elf::BtfType& type, std::string_view name);
  bool DefineMembers(const elf::BtfType& type, std::string_view hint, int depth);
  void TakeMemberNames(const elf::BtfType& type, Writing& writing, int depth);

  [[nodiscard]] bool IsSound(const elf::BtfType& type, int depth) const;
  void WriteBody(const elf::BtfType& type, Writing& writing, const Scope& scope);
  void WriteUnion(const elf::BtfType& type, Writing& writing, Scope scope);
  void WriteMember(const elf::BtfMember& member, Writing& writing, const Scope& scope,
                   bool initial);
  void WriteNested(const elf::BtfMember& member, Writing& writing, const Scope& scope,
                   bool initial);
  [[nodiscard]] std::string Attributes(const elf::BtfType& type) const;
  [[nodiscard]] bool IsNested(const elf::BtfMember& member) const;
  [[nodiscard]] uint64_t WidthOf(const elf::BtfMember& member) const;
  void Pad(Writing& writing, const Scope& scope, uint64_t from, uint64_t to);
  void Line(Writing& writing, const Scope& scope, std::string_view text);

  [[nodiscard]] bool IsKey(elf::TypeId id, int depth) const;
  [[nodiscard]] std::string_view NameOf(const elf::BtfType& type) const;
  bool Charge(uint64_t bytes);
  [[nodiscard]] uint8_t UsesOf(const elf::BtfType& type) const {
    return announced_[static_cast<uint32_t>(type.id)];
  }
  State& StateOf(const elf::BtfType& type) { return states_[static_cast<uint32_t>(type.id)]; }

  const elf::Btf& btf_;
  Names& names_;
  mutable elf::CLayouts layouts_;
  std::vector<State> states_;
  std::vector<uint8_t> announced_;       // Use, kInUnnamed, kInKey
  mutable std::vector<uint8_t> keys_;    // 1: IsKey; 2: not
  std::vector<std::string> type_names_;  // "" until defined
  std::string definitions_;
  std::string checks_;
  uint64_t budget_;
  bool exhausted_ = false;
};

}  // namespace purebpf::skeleton

#endif  // PUREBPF_TOOLS_SKELETON_CPP_TYPES_H_
