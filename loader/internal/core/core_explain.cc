// What a relocation asks for, and why there is no such thing, in words. Cold: everything is looked
// up again.
#include <utility>

#include "purebpf/elf/text.h"
#include "purebpf/loader/internal/core/core_match.h"
#include "purebpf/loader/internal/core/core_resolve.h"

namespace purebpf::internal {
namespace {

using elf::BtfType;
using elf::Concat;
using elf::CoreRelocation;
using elf::Decimal;
using elf::Quoted;

// How many candidates an explanation goes into.
constexpr size_t kMaxExplained = 4;

// "field 'a.b' of struct s", "struct s", "enumerator 'A' of enum e".
std::string Subject(CoreKind kind, const BtfType& root, const CorePath& path) {
  std::string type = elf::Describe(root);
  switch (SubjectOf(kind)) {
    case CoreSubject::kType:
      return type;
    case CoreSubject::kEnumerator:
      return Concat({"enumerator ", Quoted(path.last().name), " of ", type});
    case CoreSubject::kField:
      break;
  }
  const std::string spelled = Spell(path);
  return spelled.empty() ? type : Concat({"field '", spelled, "' of ", type});
}

// The path's first steps.
CorePath Head(const CorePath& path, size_t count) {
  CorePath head = path;
  head.count = count;
  return head;
}

}  // namespace

std::string CoreResolver::Describe(const CoreRelocation& relocation) {
  const BtfType root = local_.btf().Type(relocation.type);
  CorePath path;
  if (relocation.kind >= kCoreKinds || !FollowAccess(local_, relocation, path))
    return Concat({"CO-RE relocation of kind ", Decimal(relocation.kind), ", access ",
                   Quoted(relocation.access), " of ", elf::Describe(root)});
  return Subject(static_cast<CoreKind>(relocation.kind), root, path);
}

// Finds the first step that the candidate does not have.
std::string CoreResolver::WhyAbsent(const CoreRelocation& relocation, const CorePath& path,
                                    const Candidate& candidate) {
  const auto kind = static_cast<CoreKind>(relocation.kind);
  std::string who = Describe(candidate);
  switch (SubjectOf(kind)) {
    case CoreSubject::kType:
      return Concat({who, kind == CoreKind::kTypeMatches ? " does not match" : " is another type"});
    case CoreSubject::kEnumerator:
      return Concat({who, " has no enumerator ", Quoted(path.last().name)});
    case CoreSubject::kField:
      break;
  }
  const CoreMatcher matcher(local_, targets_[candidate.target].types, budget_);
  for (size_t count = 1; count <= path.count; ++count) {
    CorePath found;
    const auto exists = matcher.FindField(Head(path, count), candidate.type, found);
    if (!exists) return Concat({who, ": ", Text(exists.error())});
    if (*exists) continue;
    const CoreStep& step = path.storage[count - 1];
    const std::string inside =
        count > 2 ? Concat({" in '", Spell(Head(path, count - 1)), "'"}) : "";
    if (step.name.empty()) return Concat({who, " has no element ", Decimal(step.index), inside});
    return Concat({who, " has no member ", Quoted(step.name), inside, ", or one of another kind"});
  }
  return who;
}

std::string CoreResolver::Explain(const CoreRelocation& relocation) {
  const auto resolution = Resolve(relocation);
  if (!resolution) return resolution.error().detail;
  if (resolution->exists) return {};
  CorePath path;
  if (!FollowAccess(local_, relocation, path)) return {};
  const BtfType root = local_.btf().Type(relocation.type);
  const CoreKind kind = resolution->kind;
  std::string text = Subject(kind, root, path);
  if (targets_.empty())
    return text + " cannot be looked for: there are no types of this kernel (BTF)";
  text += kind == CoreKind::kTypeMatches ? " has no match on this kernel"
                                         : " does not exist on this kernel";
  const Group& group = groups_[FindRoot(relocation.type)->group];
  if (group.candidates.empty()) {
    text += Concat({": it has no ", elf::Printable(group.name)});
    if (targets_.size() > 1)
      text += Concat({", nor have its ", Decimal(targets_.size() - 1), " modules"});
    return text;
  }
  for (size_t i = 0; i < group.candidates.size() && i < kMaxExplained; ++i)
    text += Concat({i == 0 ? ": " : "; ", WhyAbsent(relocation, path, group.candidates[i])});
  return text;
}

}  // namespace purebpf::internal
