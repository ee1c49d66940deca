#include "purebpf/loader/internal/plan/struct_ops_plan.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string_view>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/btf_search.h"
#include "purebpf/loader/internal/plan/refused.h"

namespace purebpf::internal {
namespace {

// kernel/bpf/bpf_struct_ops.c: the value of the map is this structure around the instance's.
constexpr std::string_view kValuePrefix = "bpf_struct_ops_";
constexpr uint32_t kPointerSize = 8;

std::string MemberText(const MapSpec& map, std::string_view member) {
  return "struct_ops '" + map.name + "': member '" + std::string(member) + "' ";
}

bool IsZero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{}; });
}

// The structure's name without its flavour.
Result<std::string> NameOf(const MapSpec& map, SpecTypes& local) {
  const elf::Btf* btf = PUREBPF_TRY(local.Get());
  const elf::BtfType type = btf->Type(elf::TypeId{map.value_type});
  if (type.kind != elf::BtfKind::kStruct || type.name.empty())
    return Refused(Code::kMalformed, "",
                   "struct_ops '" + map.name + "' is a " + elf::Describe(type) +
                       ", not a structure with a name");
  return std::string(elf::EssentialName(type.name));
}

// One instance, member by member.
class Layout {
 public:
  Layout(const MapSpec& map, const elf::Btf& local, const elf::Btf& kernel)
      : map_(map), local_(local), kernel_(kernel) {
    for (const SlotSpec& slot : map.slots) slots_.emplace(slot.index, &slot);
  }

  // Where the kernel has the structure: its type, and its offset in the map's value.
  Result<void> Place(const elf::BtfType& structure, uint32_t offset, StructOpsPlan& plan) {
    offset_ = offset;
    for (uint32_t i = 0; i < structure.count; ++i) {
      const elf::BtfMember member = kernel_.Member(structure, i);
      remote_.emplace(member.name, std::pair(i, member));
    }
    const elf::BtfType own = local_.Type(elf::TypeId{map_.value_type});
    for (uint32_t i = 0; i < own.count; ++i) PUREBPF_TRY(Copy(local_.Member(own, i), plan));
    return {};
  }

 private:
  [[nodiscard, gnu::cold]] std::unexpected<Error> Misfit(const elf::BtfMember& member,
                                                         const std::string& what) const {
    return Refused(Code::kUnsupported, "", MemberText(map_, member.name) + what);
  }

  Result<void> Copy(const elf::BtfMember& member, StructOpsPlan& plan) {
    const uint32_t at = member.bit_offset / 8;
    const auto size = local_.SizeOf(member.type);
    if (!size) return Misfit(member, "has no size: " + size.error().message);
    // What the object does not state is zero.
    const size_t begin = std::min<size_t>(at, map_.contents.size());
    const Bytes bytes =
        Bytes(map_.contents)
            .subspan(begin, std::min<uint64_t>(*size, map_.contents.size() - begin));
    const auto slot = slots_.find(at);
    const auto found = remote_.find(member.name);
    if (found == remote_.end()) {
      if (!IsZero(bytes))
        return Misfit(member, "is not zero, and this kernel's structure has no such member");
      if (slot != slots_.end())
        plan.functions.push_back({.program = slot->second->target, .place = std::nullopt});
      return {};
    }
    const auto& [index, remote] = found->second;
    if (member.bit_size != 0 || remote.bit_size != 0)
      return Misfit(member, "is a bit field, which cannot be set");
    const auto own_type = local_.Resolve(member.type);
    const auto type = kernel_.Resolve(remote.type);
    if (!own_type || !type || own_type->kind != type->kind)
      return Misfit(member, "is a " + elf::Describe(local_.Type(member.type)) +
                                ", in this kernel a " + elf::Describe(kernel_.Type(remote.type)));
    const uint32_t place = offset_ + remote.bit_offset / 8;
    if (type->kind == elf::BtfKind::kPtr) {
      if (slot == slots_.end()) {
        if (!IsZero(bytes)) return Misfit(member, "is a pointer to something that is no program");
        return {};
      }
      const auto target = kernel_.Resolve(type->target);
      if (!target || target->kind != elf::BtfKind::kFuncProto || place > plan.value.size() ||
          plan.value.size() - place < kPointerSize)
        return Misfit(member, "is no function in this kernel");
      plan.functions.push_back(
          {.program = slot->second->target,
           .place = StructOpsPlan::Function::Place{.member = index, .offset = place}});
      return {};
    }
    const auto remote_size = kernel_.SizeOf(remote.type);
    if (!remote_size || *remote_size != *size)
      return Misfit(member, "has " + std::to_string(*size) + " bytes, in this kernel " +
                                (remote_size ? std::to_string(*remote_size) : "none"));
    if (place > plan.value.size() || plan.value.size() - place < *size)
      return Misfit(member, "lies outside of this kernel's structure");
    std::ranges::copy(bytes, plan.value.begin() + place);
    return {};
  }

  const MapSpec& map_;
  const elf::Btf& local_;
  const elf::Btf& kernel_;
  std::map<uint32_t, const SlotSpec*> slots_;  // by offset
  std::map<std::string_view, std::pair<uint32_t, elf::BtfMember>> remote_;
  uint32_t offset_ = 0;
};

}  // namespace

void WantStructOps(const MapSpec& map, SpecTypes& local, KernelTypes& types) {
  if (const auto name = NameOf(map, local))
    types.Want(std::string(kValuePrefix) + *name, elf::BtfKind::kStruct);
}

Result<StructOpsPlan> PlanStructOps(const MapSpec& map, SpecTypes& local, KernelTypes& types) {
  constexpr uint32_t kMostBytes = 1U << 20;  // the greatest of the kernel's has some hundreds
  if (!map.problem.empty()) return Refused(Code::kMalformed, "", map.problem);
  const elf::Btf* own = PUREBPF_TRY(local.Get());
  const std::string name = PUREBPF_TRY(NameOf(map, local));
  const auto found =
      PUREBPF_TRY(types.Find(std::string(kValuePrefix) + name, elf::BtfKind::kStruct));
  if (!found)
    return Refused(Code::kNotFound, "",
                   "struct_ops '" + map.name + "': this kernel has no struct_ops 'struct " + name +
                       "' (no struct bpf_struct_ops_" + name + " in its types)",
                   "it may be that of a module that is not loaded, or of a newer kernel");
  const elf::Btf& kernel = *found->btf;
  const elf::BtfType value = kernel.Type(found->id);
  if (value.size > kMostBytes)
    return Refused(Code::kUnsupported, "",
                   "struct bpf_struct_ops_" + name + " has " + std::to_string(value.size) +
                       " bytes, more than " + std::to_string(kMostBytes));
  for (uint32_t i = 0; i < value.count; ++i) {
    const elf::BtfMember member = kernel.Member(value, i);
    const elf::BtfType structure = kernel.Type(member.type);
    if (structure.kind != elf::BtfKind::kStruct || structure.name != name) continue;
    StructOpsPlan plan{.type = static_cast<uint32_t>(structure.id),
                       .value_type = static_cast<uint32_t>(found->id),
                       .module = found->module,
                       .value = std::vector<std::byte>(value.size),
                       .functions = {}};
    PUREBPF_TRY(Layout(map, *own, kernel).Place(structure, member.bit_offset / 8, plan));
    return plan;
  }
  return Refused(Code::kUnsupported, "",
                 "struct bpf_struct_ops_" + name + " has no member of type struct " + name);
}

}  // namespace purebpf::internal
