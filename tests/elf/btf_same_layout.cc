#include "purebpf/tests/elf/btf_same_layout.h"

#include <map>
#include <string_view>
#include <utility>

namespace purebpf::elf {
namespace {

using Named = std::map<std::pair<std::string_view, std::string_view>, BtfType>;

std::string_view Keyword(BtfKind kind) {
  switch (kind) {
    case BtfKind::kStruct:
      return "struct";
    case BtfKind::kUnion:
      return "union";
    case BtfKind::kEnum:
    case BtfKind::kEnum64:
      return "enum";
    default:
      return "";
  }
}

// The first of each name, whatever its keyword: the others are called "name___2" in C.
Named FirstOfEachName(const Btf& btf) {
  std::map<std::string_view, BtfType> by_name;
  for (uint32_t id = 1; id < btf.type_count(); ++id) {
    const BtfType type = btf.Type(TypeId{id});
    const bool declared_only = type.kind == BtfKind::kEnum && type.count == 0;
    if (declared_only || Keyword(type.kind).empty() || type.name.empty()) continue;
    by_name.try_emplace(type.name, type);
  }
  Named named;
  for (const auto& [name, type] : by_name) named.emplace(std::pair(Keyword(type.kind), name), type);
  return named;
}

struct Leaf {
  uint64_t offset;
  uint64_t width;
  uint64_t size;
  bool operator==(const Leaf&) const = default;
};

// Members by name, those of members without a name too.
void Flatten(const Btf& btf, const BtfType& type, uint64_t base,
             std::multimap<std::string_view, Leaf>& leaves) {
  for (const BtfMember& member : btf.Members(type)) {
    uint64_t offset = base + member.bit_offset;
    uint64_t width = member.bit_size;
    const auto resolved = btf.Resolve(member.type);
    if (!resolved) continue;
    if (member.name.empty() && !Keyword(resolved->kind).empty()) {
      Flatten(btf, *resolved, offset, leaves);
      continue;
    }
    if (member.name.starts_with("__purebpf_pad")) continue;
    if (width == 0 && resolved->kind == BtfKind::kInt && !btf.Int(*resolved).is_bool &&
        btf.Int(*resolved).bits < resolved->size * 8) {
      width = btf.Int(*resolved).bits;
      offset += btf.Int(*resolved).bit_offset;
    }
    leaves.emplace(member.name, Leaf{offset, width, btf.SizeOf(member.type).value_or(0)});
  }
}

std::string Text(const Leaf& leaf) {
  return "bit " + std::to_string(leaf.offset) + " width " + std::to_string(leaf.width) + " size " +
         std::to_string(leaf.size);
}

}  // namespace

LayoutComparison CompareLayouts(const Btf& original, const Btf& compiled) {
  LayoutComparison result;
  const Named theirs = FirstOfEachName(compiled);
  for (const auto& [key, type] : FirstOfEachName(original)) {
    const std::string what = std::string(key.first) + " " + std::string(key.second);
    const auto found = theirs.find(key);
    if (found == theirs.end()) {
      result.differences.push_back(what + ": not there");
      continue;
    }
    ++result.compared;
    if (found->second.size != type.size) {
      result.differences.push_back(what + ": size " + std::to_string(found->second.size) +
                                   ", not " + std::to_string(type.size));
    }
    std::multimap<std::string_view, Leaf> wanted;
    std::multimap<std::string_view, Leaf> got;
    Flatten(original, type, 0, wanted);
    Flatten(compiled, found->second, 0, got);
    for (const auto& [name, leaf] : wanted) {
      bool same = false;
      std::string seen = " not there";
      for (auto [at, end] = got.equal_range(name); at != end; ++at) {
        same = same || at->second == leaf;
        seen = " at " + Text(at->second);
      }
      if (!same) {
        result.differences.push_back(what + ": member " + std::string(name) + seen + ", not " +
                                     Text(leaf));
      }
    }
    if (got.size() != wanted.size()) result.differences.push_back(what + ": number of members");
  }
  return result;
}

std::string UseOfAll(const Btf& original) {
  std::string text = "struct purebpf_all {\n";
  for (const auto& [key, type] : FirstOfEachName(original)) {
    text += "  " + std::string(key.first) + " " + std::string(key.second) + " t" +
            std::to_string(static_cast<uint32_t>(type.id)) + ";\n";
  }
  return text + "} *purebpf_all;\n";
}

}  // namespace purebpf::elf
