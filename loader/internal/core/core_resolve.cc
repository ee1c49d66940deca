#include "purebpf/loader/internal/core/core_resolve.h"

#include <algorithm>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/core/core_error.h"
#include "purebpf/loader/internal/core/core_match.h"

namespace purebpf::internal {
namespace {

using elf::BtfKind;
using elf::BtfType;
using elf::Concat;
using elf::CoreRelocation;
using elf::CoreSection;
using elf::Decimal;
using elf::KindSet;
using elf::TypeId;

constexpr uint32_t kBpfPointer = 8;  // bytes
constexpr size_t kMaxListed = 8;     // candidates in a message

// A long has a pointer's size in every kernel. BTF does not give the latter.
constexpr std::array<std::string_view, 4> kLongs = {"long unsigned int", "long int",
                                                    "unsigned long", "long"};

KindSet KindsLike(BtfKind kind) {
  if (IsEnum(kind)) return {BtfKind::kEnum, BtfKind::kEnum64};
  return {kind};
}

}  // namespace

CoreResolver::CoreResolver(const elf::Btf& local, std::span<const CoreSection> relocations)
    : local_(local, kBpfPointer), roots_of_types_(local.type_count()) {
  struct Named {
    std::string_view name;
    BtfKind kind;
    uint32_t root;
  };
  std::vector<Named> named;
  for (const CoreSection& section : relocations) {
    for (const CoreRelocation& relocation : section.relocations) {
      const auto id = static_cast<uint32_t>(relocation.type);
      if (relocation.kind == static_cast<uint32_t>(CoreKind::kTypeIdLocal)) continue;
      if (id >= roots_of_types_.size() || roots_of_types_[id] != 0) continue;
      const BtfType type = local.Type(relocation.type);
      const std::string_view name = elf::EssentialName(type.name);
      if (name.empty()) continue;
      const BtfKind kind = IsEnum(type.kind) ? BtfKind::kEnum : type.kind;
      named.push_back({.name = name, .kind = kind, .root = static_cast<uint32_t>(roots_.size())});
      roots_.emplace_back();
      roots_of_types_[id] = static_cast<uint32_t>(roots_.size());
    }
  }
  std::ranges::sort(named, [](const Named& a, const Named& b) {
    return std::tie(a.name, a.kind, a.root) < std::tie(b.name, b.kind, b.root);
  });
  for (const Named& root : named) {
    if (groups_.empty() || groups_.back().name != root.name || groups_.back().kind != root.kind)
      groups_.push_back({.name = root.name, .kind = root.kind});
    roots_[root.root].group = static_cast<uint32_t>(groups_.size() - 1);
  }
}

void CoreResolver::Want(elf::BtfSearch& search) {
  if (!WantsKernel()) return;
  for (Group& group : groups_) group.want = search.Want(group.name, KindsLike(group.kind));
  for (size_t i = 0; i < kLongs.size(); ++i)
    longs_[i] = search.WantExact(kLongs[i], {BtfKind::kInt});
}

// A list may have types of other kinds that somebody else wants of that name.
void CoreResolver::Collect(Group& group, uint32_t target, std::span<const TypeId> found) {
  const elf::Btf& btf = targets_[target].types.btf();
  for (const TypeId type : found)
    if (SameKind(btf.KindOf(type), group.kind))
      group.candidates.push_back({.target = target, .type = type});
}

void CoreResolver::SearchKernel(const elf::Btf& vmlinux) {
  elf::BtfSearch search;
  Want(search);
  search.Run(vmlinux);
  SearchKernel(vmlinux, search);
}

void CoreResolver::SearchKernel(const elf::Btf& vmlinux, const elf::BtfSearch& found) {
  if (!WantsKernel()) return;
  // The first that is there, as other loaders have it.
  TypeId first = TypeId::kVoid;
  for (const uint32_t want : longs_) {
    for (const TypeId id : found.Found(want)) {
      const uint32_t size = vmlinux.Type(id).size;
      if (size != 4 && size != 8) continue;
      if (first != TypeId::kVoid && first < id) continue;
      first = id;
      pointer_size_ = size;
    }
  }
  targets_.push_back({.name = "vmlinux", .types = CoreTypes(vmlinux, pointer_size_)});
  targets_.back().types.Track(used_);
  for (Group& group : groups_) Collect(group, 0, found.Found(group.want));
}

bool CoreResolver::WantsModules() const {
  if (module_search_ != nullptr) return true;
  return std::ranges::any_of(groups_, [](const Group& group) { return group.candidates.empty(); });
}

void CoreResolver::SearchModule(std::string_view name, const elf::Btf& module) {
  if (targets_.empty() || !WantsModules()) return;
  if (module_search_ == nullptr) {
    module_search_ = std::make_unique<elf::BtfSearch>();
    for (uint32_t i = 0; i < groups_.size(); ++i) {
      const Group& group = groups_[i];
      if (group.candidates.empty())
        module_wants_.emplace_back(i, module_search_->Want(group.name, KindsLike(group.kind)));
    }
  }
  const auto target = static_cast<uint32_t>(targets_.size());
  targets_.push_back({.name = name, .types = CoreTypes(module, pointer_size_)});
  module_search_->Run(module);
  for (const auto& [group, want] : module_wants_)
    Collect(groups_[group], target, module_search_->Found(want));
}

CoreResolver::Root* CoreResolver::FindRoot(TypeId type) {
  const auto id = static_cast<uint32_t>(type);
  if (id >= roots_of_types_.size() || roots_of_types_[id] == 0) return nullptr;
  return &roots_[roots_of_types_[id] - 1];
}

Result<CoreResolution> CoreResolver::Resolve(const CoreRelocation& relocation) {
  Answer& answer = answers_[{relocation.type, relocation.kind, relocation.access}];
  // What other relocations rule out can only change where there is a choice.
  const Root* root = FindRoot(relocation.type);
  const bool choice = root != nullptr && groups_[root->group].candidates.size() > 1;
  if (answer.plan == 0 || (choice && answer.plan != plan_)) {
    auto made = Make(relocation);
    answer.plan = plan_;
    answer.error.reset();
    if (made) {
      answer.resolution = *made;
    } else {
      answer.error = std::make_unique<Error>(
          std::move(made).error().Within(elf::Describe(local_.btf().Type(relocation.type))));
    }
  }
  if (answer.error != nullptr) return std::unexpected(*answer.error);
  return answer.resolution;
}

Result<CoreResolution> CoreResolver::Make(const CoreRelocation& relocation) {
  if (relocation.kind >= kCoreKinds)
    return CoreMalformed(Concat({"kind ", Decimal(relocation.kind), " is not known, 0 to ",
                                 Decimal(kCoreKinds - 1), " are"}));
  CoreResolution resolution{.kind = static_cast<CoreKind>(relocation.kind)};
  CorePath path;
  PUREBPF_TRY(FollowAccess(local_, relocation, path));
  const auto local = ValueOf(local_, resolution.kind, relocation.type, path);
  if (!local)
    return CoreError(Code::kUnsupported,
                     Concat({"by the object's own types: ", Text(local.error())}));
  resolution.local_value = local->value;
  resolution.local_width = local->width;
  resolution.checked = local->certain;
  if (resolution.kind == CoreKind::kTypeIdLocal) {
    resolution.exists = true;
    resolution.value = local->value;
    return resolution;
  }
  Root* root = FindRoot(relocation.type);
  if (root == nullptr) {
    if (local_.btf().Type(relocation.type).name.empty())
      return CoreError(Code::kUnsupported, "an anonymous type cannot be looked for in the kernel's",
                       "give it a name, or a typedef and use that");
    return CoreError(Code::kInvalidArgument, "the type was not looked for");
  }
  PUREBPF_TRY(Choose(relocation, path, *local, *root, resolution));
  if (!resolution.exists)
    resolution.poison = !AsksExistence(resolution.kind) && resolution.kind != CoreKind::kTypeSize &&
                        resolution.kind != CoreKind::kTypeIdTarget;
  return resolution;
}

CoreResult<bool> CoreResolver::Try(const CoreRelocation& relocation, const CorePath& path,
                                   const Candidate& candidate, CoreValue& found) {
  CoreTypes& types = targets_[candidate.target].types;
  if (!budget_.Take()) return std::unexpected(CoreFault::kWork);
  const CoreMatcher matcher(local_, types, budget_);
  const auto kind = static_cast<CoreKind>(relocation.kind);
  CorePath there;
  CoreResult<bool> exists = false;
  switch (SubjectOf(kind)) {
    case CoreSubject::kField:
      exists = matcher.FindField(path, candidate.type, there);
      break;
    case CoreSubject::kEnumerator:
      exists = matcher.FindEnumerator(path, candidate.type, there);
      break;
    case CoreSubject::kType:
      exists = kind == CoreKind::kTypeMatches
                   ? matcher.TypesMatch(relocation.type, candidate.type)
                   : matcher.TypesCompatible(relocation.type, candidate.type);
      break;
  }
  if (!exists || !*exists) return exists;
  found = PUREBPF_TRY(ValueOf(types, kind, candidate.type, there));
  return true;
}

Result<void> CoreResolver::Choose(const CoreRelocation& relocation, const CorePath& path,
                                  const CoreValue& local, Root& root, CoreResolution& resolution) {
  const std::vector<Candidate>& candidates = groups_[root.group].candidates;
  if (root.plan != plan_) root.ruled_out.clear();
  root.plan = plan_;
  std::vector<bool> lacking;
  CoreValue first;
  std::string disagreement;
  size_t listed = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (!root.ruled_out.empty() && root.ruled_out[i]) continue;
    const Candidate& candidate = candidates[i];
    CoreValue found;
    const auto exists = Try(relocation, path, candidate, found);
    if (!exists)
      return CoreError(Code::kUnsupported,
                       Concat({"by ", Describe(candidate), ": ", Text(exists.error())}));
    if (!*exists) {
      if (lacking.empty() && candidates.size() > 1) lacking.resize(candidates.size());
      if (!lacking.empty()) lacking[i] = true;
      continue;
    }
    if (!resolution.exists) {
      first = found;
      resolution.exists = true;
      resolution.target = candidate.target;
      resolution.type = candidate.type;
    } else if (found.value != first.value) {
      if (listed++ < kMaxListed)
        disagreement += Concat({", ", Decimal(found.value), " by ", Describe(candidate)});
    }
  }
  if (!resolution.exists) return {};
  if (listed != 0)
    return CoreError(
        Code::kUnsupported,
        Concat({"the kernel has several types of that name, which disagree on ",
                CoreKindName(resolution.kind), " ", Spell(path), ": ", Decimal(first.value), " by ",
                Describe({.target = resolution.target, .type = resolution.type}), disagreement,
                listed > kMaxListed ? ", ..." : ""}));
  if (!lacking.empty()) {
    if (root.ruled_out.empty()) root.ruled_out.resize(candidates.size());
    for (size_t i = 0; i < lacking.size(); ++i)
      if (lacking[i]) root.ruled_out[i] = true;
  }
  resolution.value = first.value;
  resolution.width = first.width;
  if (resolution.width != resolution.local_width)
    resolution.width_differs = !CanFollowWidth(local_.btf(), local.type,
                                               targets_[resolution.target].types.btf(), first.type);
  return {};
}

std::string CoreResolver::Describe(const Candidate& candidate) const {
  const Target& target = targets_[candidate.target];
  return Concat({elf::Describe(target.types.btf().Type(candidate.type)), " (type ",
                 Decimal(static_cast<uint32_t>(candidate.type)), " of ",
                 elf::Printable(target.name), ")"});
}

}  // namespace purebpf::internal
