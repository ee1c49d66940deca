// CO-RE ("compile once, run everywhere"): what an object's relocations come to on a kernel, by that
// kernel's BTF. Pure: the types are handed in, nothing is read.
//
//   CoreResolver resolver(local, sections);            // the object's BTF and its relocations
//   if (resolver.WantsKernel()) resolver.SearchKernel(vmlinux);
//   if (resolver.WantsModules()) for each module: resolver.SearchModule(name, types);
//   for each plan: resolver.BeginPlan();
//     for each relocation of its programs, in the order of the file:
//       resolution = PUREBPF_TRY(resolver.Resolve(relocation));
//       PUREBPF_TRY(PatchInsn(insns, index, resolution));       // core_patch.h
//   where the verifier stopped at a poisoned instruction: resolver.Explain(relocation)
//
// The rules are those of the reference implementation, as programs rely on them:
// - A candidate has the root type's kind (enum and enum64 are one) and its name without flavour:
//   "task_struct___old" looks for task_struct. Modules count only where vmlinux has no candidate.
// - Fields are found by name, through anonymous structs and unions, and must be compatible in kind.
// - Several candidates must agree on the value, or the relocation fails. A candidate that lacks
// what
//   one relocation of a plan found in another is no candidate for those after it, which is why
//   the order counts.
// - What exists nowhere is no error: existence is 0 then, and so are sizes and ids of types; any
//   other instruction is poisoned, so that it fails only where it can be reached.
//
// Bounds, which hold for any local and any target BTF: kMaxCoreSteps of work for one resolver (a
// step is a member, parameter, enumerator or type that is looked at) beyond one pass over each
// target; 64 levels of access; 32 of nesting. What needs more is an Error. Memory is proportional
// to the number of relocations, their root types and the candidates found.
//
// Lifetime: a resolver borrows all Btf, sections and names given to it.
#ifndef PUREBPF_LOADER_INTERNAL_CORE_CORE_RESOLVE_H_
#define PUREBPF_LOADER_INTERNAL_CORE_CORE_RESOLVE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_ext.h"
#include "purebpf/elf/btf_search.h"
#include "purebpf/loader/internal/core/core_access.h"
#include "purebpf/loader/internal/core/core_kind.h"
#include "purebpf/loader/internal/core/core_types.h"
#include "purebpf/loader/internal/core/core_value.h"

namespace purebpf::internal {

// What one relocation comes to.
struct CoreResolution {
  CoreKind kind = CoreKind::kFieldByteOffset;
  bool exists = false;  // the kernel has the field, type or enumerator
  bool poison = false;  // there is no value: the instruction must not be reached
  bool checked = true;  // the instruction must hold `local_value`; compilers differ where false
  // The field's width differs from the local one's, and is not one that a load or store can follow
  // (only pointers and unsigned integers are): such an instruction is poisoned, others are not.
  bool width_differs = false;
  uint64_t local_value = 0;  // by the object's own types: what the compiler wrote
  uint64_t value = 0;        // by the kernel's: what is to stand there
  // Bytes that a load or store of the field takes: kFieldByteOffset of what is no bit field; else
  // 0.
  uint32_t local_width = 0;
  uint32_t width = 0;
  // Where it was found: target 0 is vmlinux, the others modules in the order of SearchModule.
  uint32_t target = 0;
  elf::TypeId type = elf::TypeId::kVoid;  // what the root type is there

  bool operator==(const CoreResolution&) const = default;
};

class CoreResolver {
 public:
  // The relocations only tell which root types will be looked for.
  CoreResolver(const elf::Btf& local, std::span<const elf::CoreSection> relocations);

  // Whether anything depends on the kernel's types: all but kTypeIdLocal does.
  [[nodiscard]] bool WantsKernel() const { return !groups_.empty(); }
  // One pass that finds the candidates of all root types. At most once, and before the modules.
  // Without it (a kernel without BTF) nothing exists.
  void SearchKernel(const elf::Btf& vmlinux);
  // The same where the pass is another's, who also looks for names of his own: Want adds those of
  // the root types to `search`, the other takes what it found when `vmlinux` was indexed or
  // searched with it.
  void Want(elf::BtfSearch& search);
  void SearchKernel(const elf::Btf& vmlinux, const elf::BtfSearch& found);
  // Whether a root type has no candidate in the kernel, so that modules count.
  [[nodiscard]] bool WantsModules() const;
  // `module` is split over the kernel's. A module whose types cannot be read is left out: what it
  // would have had does not exist.
  void SearchModule(std::string_view name, const elf::Btf& module);

  // Before SearchKernel: the kernel's members on which an answer depends are added to `members`,
  // some more than once.
  void Track(std::vector<elf::MemberUse>* members) { used_ = members; }

  // Forgets which candidates earlier relocations ruled out.
  void BeginPlan() { ++plan_; }
  // kMalformed: an access that does not fit the local types, a kind that is not known;
  // kUnsupported: candidates that disagree (all are listed), an anonymous root type, types that are
  // too deep or too much work; kInvalidArgument: a root type that no relocation had that the
  // constructor saw. Absence is no error. Asked again, it answers from memory.
  [[nodiscard]] Result<CoreResolution> Resolve(const elf::CoreRelocation& relocation);

  // "field 'se.vruntime' of struct task_struct": what a relocation asks for. Works for any
  // relocation, as does Explain.
  [[nodiscard]] std::string Describe(const elf::CoreRelocation& relocation);
  // Why there is no such thing: "field 'foo.bar' of struct task_struct does not exist on this
  // kernel: struct task_struct (type 130 of vmlinux) has no member 'foo'". "" where it exists.
  [[nodiscard]] std::string Explain(const elf::CoreRelocation& relocation);

 private:
  struct Target {
    std::string_view name;
    CoreTypes types;
  };
  // A type of a target with the root type's name and kind.
  struct Candidate {
    uint32_t target = 0;
    elf::TypeId type = elf::TypeId::kVoid;
  };
  // The root types of one name and kind: "task_struct", "task_struct___old".
  struct Group {
    std::string_view name;
    elf::BtfKind kind = elf::BtfKind::kVoid;
    uint32_t want = 0;  // number in the search
    std::vector<Candidate> candidates;
  };
  struct Root {
    uint32_t group = 0;
    uint32_t plan = 0;            // that `ruled_out` is of
    std::vector<bool> ruled_out;  // by candidate; empty: none
  };
  using Key = std::tuple<elf::TypeId, uint32_t, std::string_view>;  // root type, kind, access
  struct Answer {
    uint32_t plan = 0;
    CoreResolution resolution;
    std::unique_ptr<Error> error;
  };
  [[nodiscard]] Root* FindRoot(elf::TypeId type);
  void Collect(Group& group, uint32_t target, std::span<const elf::TypeId> found);
  [[nodiscard]] Result<CoreResolution> Make(const elf::CoreRelocation& relocation);
  [[nodiscard]] Result<void> Choose(const elf::CoreRelocation& relocation, const CorePath& path,
                                    const CoreValue& local, Root& root, CoreResolution& resolution);
  // Whether the candidate has it, and its value.
  [[nodiscard]] CoreResult<bool> Try(const elf::CoreRelocation& relocation, const CorePath& path,
                                     const Candidate& candidate, CoreValue& found);
  [[nodiscard]] std::string Describe(const Candidate& candidate) const;
  [[nodiscard]] std::string WhyAbsent(const elf::CoreRelocation& relocation, const CorePath& path,
                                      const Candidate& candidate);

  CoreTypes local_;
  std::array<uint32_t, 4> longs_{};       // numbers in the search of what a long is called
  std::vector<uint32_t> roots_of_types_;  // by local type: 1 + index into roots_; 0: no root
  std::vector<Root> roots_;
  std::vector<Group> groups_;
  std::vector<Target> targets_;
  std::vector<elf::MemberUse>* used_ = nullptr;
  uint32_t pointer_size_ = 8;  // the kernel's
  std::unique_ptr<elf::BtfSearch> module_search_;
  std::vector<std::pair<uint32_t, uint32_t>> module_wants_;  // group, number in that search
  CoreBudget budget_;
  uint32_t plan_ = 1;
  std::map<Key, Answer> answers_;
};

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_CORE_CORE_RESOLVE_H_
