// The members of a skeleton's structs: which of an object's maps, programs and global variables
// there are, what they are called in C++, and of which types they are.
#ifndef PUREBPF_TOOLS_SKELETON_MEMBERS_H_
#define PUREBPF_TOOLS_SKELETON_MEMBERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/elf/btf.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/tools/skeleton/cpp_types.h"

namespace purebpf::skeleton {

// One member of Programs or Links.
struct Member {
  std::string name;     // in the object
  std::string cpp;      // in C++
  std::string comment;  // behind it
};

// A member with a type of its own, which is spelled when the names of all members are known.
struct TypedMember : Member {
  std::string before;  // "Of<purebpf::TypedMap<"
  struct Type {
    elf::TypeId id = elf::TypeId::kVoid;
    std::string plain;  // where the object says nothing of it
  };
  std::vector<Type> types;
  std::string after;  // ">>"
};

class Members {
 public:
  // Borrows both. `types` is null where the object has no types.
  Members(const CollectionSpec& spec, const elf::Btf* btf, CppTypes* types)
      : spec_(spec), btf_(btf), types_(types) {}

  // All of them, whose types are then defined in `types`, and those called `wanted` besides:
  // kNotFound where there are none of that name.
  Result<void> Collect(const std::vector<std::string>& wanted);

  [[nodiscard]] const std::vector<TypedMember>& maps() const { return maps_; }
  [[nodiscard]] const std::vector<Member>& programs() const { return programs_; }
  // Of programs and struct_ops maps.
  [[nodiscard]] const std::vector<Member>& links() const { return links_; }
  [[nodiscard]] const std::vector<TypedMember>& variables() const { return variables_; }

 private:
  [[nodiscard]] bool IsWanted(const VariableSpec& variable) const;
  void Announce(const std::vector<std::string>& wanted);
  void AddMaps();
  void AddMap(const MapSpec& map, TypedMember member);
  void AddPrograms();
  void AddLinks();
  void AddVariables();
  Result<void> AddTypes(const std::vector<std::string>& wanted);
  [[nodiscard]] std::vector<elf::TypeId> Named(std::string_view name) const;
  std::optional<TypedMember::Type> RecordOf(const MapSpec& map, std::string_view hint);
  std::optional<TypedMember::Type> Type(uint32_t id, uint64_t size, std::string_view hint);

  const CollectionSpec& spec_;
  const elf::Btf* btf_;
  CppTypes* types_;
  std::vector<TypedMember> maps_;
  std::vector<Member> programs_;
  std::vector<Member> links_;
  std::vector<TypedMember> variables_;
};

}  // namespace purebpf::skeleton

#endif  // PUREBPF_TOOLS_SKELETON_MEMBERS_H_
