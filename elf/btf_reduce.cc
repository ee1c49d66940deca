#include "purebpf/elf/btf_reduce.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "purebpf/elf/btf_layout.h"
#include "purebpf/elf/btf_writer.h"
#include "purebpf/elf/text.h"

namespace purebpf::elf {
namespace {

bool IsAggregate(BtfKind kind) { return kind == BtfKind::kStruct || kind == BtfKind::kUnion; }

class Reducer {
 public:
  Reducer(const Btf& btf, std::span<const MemberUse> members)
      : btf_(btf), members_(members.begin(), members.end()), kept_(btf.type_count()) {
    const auto key = [](const MemberUse& use) { return std::tie(use.type, use.member); };
    std::ranges::sort(members_, {}, key);
    const auto rest = std::ranges::unique(members_, {}, key);
    members_.erase(rest.begin(), rest.end());
  }

  Result<ReducedBtf> Run(const TypeIdSet& used) {
    for (uint32_t id = 1; id < btf_.type_count(); ++id) {
      if (used.Has(TypeId{id})) Keep(TypeId{id});
    }
    for (const MemberUse& use : members_) Keep(use.type);
    while (!pending_.empty()) {
      const TypeId id = pending_.back();
      pending_.pop_back();
      KeepPartsOf(btf_.Type(id));
    }
    ReducedBtf reduced{.blob = {}, .ids = std::vector<TypeId>(btf_.type_count())};
    uint32_t next = 1;
    for (uint32_t id = 1; id < btf_.type_count(); ++id) {
      if (kept_.Has(TypeId{id}) && IsWhole(TypeId{id})) reduced.ids[id] = TypeId{next++};
    }
    BtfWriter writer(btf_.order());
    for (uint32_t id = 1; id < btf_.type_count(); ++id) {
      if (reduced.ids[id] != TypeId::kVoid) Write(btf_.Type(TypeId{id}), reduced.ids, writer);
    }
    auto blob = writer.Build();
    if (!blob) return std::unexpected(std::move(blob).error());
    reduced.blob = std::move(*blob);
    return reduced;
  }

 private:
  void Keep(TypeId id) {
    if (id == TypeId::kVoid || kept_.Has(id)) return;
    kept_.Add(id);
    if (kept_.Has(id)) pending_.push_back(id);
  }

  // What a type cannot be without: all that it is made of, but not what it points to.
  void KeepPartsOf(const BtfType& type) {
    const bool refers = LayoutOf(type.kind).third == ThirdWord::kType;
    if (refers && type.kind != BtfKind::kPtr && type.kind != BtfKind::kFuncProto) {
      Keep(type.target);
    }
    if (type.kind == BtfKind::kArray) {
      const BtfArray array = btf_.Array(type);
      Keep(array.element);
      Keep(array.index);
    }
    if (!IsAggregate(type.kind)) return;
    for (const MemberUse& use : UsesOf(type.id)) Keep(btf_.Member(type, use.member).type);
  }

  [[nodiscard]] std::span<const MemberUse> UsesOf(TypeId id) const {
    const auto uses = std::ranges::equal_range(members_, id, {}, &MemberUse::type);
    return {uses.begin(), uses.end()};
  }

  // Its number among the members that are left; -1 if it is not.
  [[nodiscard]] int32_t NewIndex(TypeId id, uint32_t member) const {
    const auto uses = UsesOf(id);
    const auto use = std::ranges::lower_bound(uses, member, {}, &MemberUse::member);
    if (use == uses.end() || use->member != member) return -1;
    return static_cast<int32_t>(use - uses.begin());
  }

  // A tag of a member goes where the member goes.
  [[nodiscard]] bool IsWhole(TypeId id) const {
    const BtfType type = btf_.Type(id);
    if (type.kind == BtfKind::kOther) return false;
    if (type.kind != BtfKind::kDeclTag || type.component < 0) return true;
    return !IsAggregate(btf_.KindOf(type.target)) ||
           NewIndex(type.target, static_cast<uint32_t>(type.component)) >= 0;
  }

  void Write(const BtfType& type, std::span<const TypeId> ids, BtfWriter& writer) const {
    const auto new_id = [&](TypeId id) {
      const auto index = static_cast<uint32_t>(id);
      return index < ids.size() ? ids[index] : TypeId::kVoid;
    };
    if (IsAggregate(type.kind)) {
      std::vector<BtfMember> members;
      for (const MemberUse& use : UsesOf(type.id)) {
        if (use.member >= type.count) break;
        members.push_back(btf_.Member(type, use.member));
        members.back().type = new_id(members.back().type);
      }
      if (type.kind == BtfKind::kStruct) {
        writer.AddStruct(type.name, type.size, members, type.kind_flag);
      } else {
        writer.AddUnion(type.name, type.size, members, type.kind_flag);
      }
    } else if (type.kind == BtfKind::kDatasec) {
      std::vector<BtfSectionVariable> variables;
      for (BtfSectionVariable& variable : btf_.Variables(type)) {
        variable.variable = new_id(variable.variable);
        if (variable.variable != TypeId::kVoid) variables.push_back(variable);
      }
      writer.AddDatasec(type.name, type.size, variables);
    } else if (type.kind == BtfKind::kDeclTag && type.component >= 0 &&
               IsAggregate(btf_.KindOf(type.target))) {
      writer.AddDeclTag(type.name, new_id(type.target),
                        NewIndex(type.target, static_cast<uint32_t>(type.component)),
                        type.kind_flag);
    } else {
      writer.Copy(btf_, type.id, ids);
    }
  }

  const Btf& btf_;
  std::vector<MemberUse> members_;  // sorted, each once
  TypeIdSet kept_;
  std::vector<TypeId> pending_;  // kept, but not yet their parts
};

}  // namespace

Result<std::vector<std::byte>> ReduceKeepingIds(const Btf& btf, const TypeIdSet& used,
                                                const Btf* base) {
  if (base == nullptr) base = btf.base();
  const uint32_t first = base == nullptr ? 1 : base->type_count();
  if (first != btf.first_id() || (base != nullptr && base->order() != btf.order())) {
    return Malformed(Concat({"BTF: the reduced base ends at type ", Decimal(first - 1),
                             ", but the types above it begin at ", Decimal(btf.first_id())}));
  }
  BtfWriter writer(btf.order(), base);
  for (uint32_t id = btf.first_id(); id < btf.type_count(); ++id) {
    if (used.Has(TypeId{id})) {
      writer.Copy(btf, TypeId{id});
    } else {
      writer.AddPtr(TypeId::kVoid);
    }
  }
  return writer.Build();
}

Result<ReducedBtf> ReduceToUse(const Btf& btf, const TypeIdSet& used,
                               std::span<const MemberUse> members) {
  return Reducer(btf, members).Run(used);
}

}  // namespace purebpf::elf
