#include "purebpf/bpf/testing/alike.h"

#include <algorithm>
#include <set>
#include <utility>

#include "purebpf/bpf/testing/describe.h"

namespace purebpf::testing::internal {
namespace {

constexpr std::string_view kName = "name";
constexpr std::string_view kLike = "like";

// One thing below a message: a field of a line without a head, or a block with one.
struct Part {
  std::string name;
  const Field* field = nullptr;
  const Block* block = nullptr;
};

std::vector<Part> PartsOf(const Block& message) {
  std::vector<Part> parts;
  for (const Block& block : message.blocks) {
    if (!block.head.empty()) parts.push_back({.name = block.head, .block = &block});
    if (block.head.empty())
      for (const Field& field : block.fields)
        parts.push_back({.name = field.name, .field = &field});
  }
  return parts;
}

bool SameWords(const Block& a, const Block& b) {
  return a.head == b.head && a.fields == b.fields &&
         std::ranges::equal(a.blocks, b.blocks, SameWords);
}

bool SameWords(const Part& a, const Part& b) {
  if (a.field != nullptr && b.field != nullptr) return *a.field == *b.field;
  return a.block != nullptr && b.block != nullptr && SameWords(*a.block, *b.block);
}

// Puts parts into lines, as they are first told.
std::vector<Block> Lines(const std::vector<Part>& parts) {
  std::vector<Block> lines;
  std::vector<Field> fields;
  const auto flush = [&] {
    for (Block& line : WrapFields(std::exchange(fields, {}))) lines.push_back(std::move(line));
  };
  for (const Part& part : parts) {
    if (part.field != nullptr) {
      fields.push_back(*part.field);
      continue;
    }
    flush();
    lines.push_back(*part.block);
  }
  flush();
  return lines;
}

// Which interface a message tells of; empty where it is of none, or where an attribute comes twice.
std::string SubjectOf(const Block& message, const std::vector<Part>& parts) {
  if (!message.answered || message.blocks.empty() || message.blocks.front().head != "ifinfomsg")
    return "";
  std::set<std::string_view> names;
  for (const Part& part : parts)
    if (!names.insert(part.name).second) return "";
  const Field* const index = FindField(message.blocks.front().fields, "index");
  return index != nullptr ? message.head + " " + index->value : "";
}

// What of `parts` differs from `base`; nothing where they have not the same names in the same
// order, or where most of it differs.
std::optional<std::vector<Part>> Difference(const std::vector<Part>& base,
                                            const std::vector<Part>& parts) {
  if (base.size() != parts.size()) return std::nullopt;
  std::vector<Part> difference;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (base[i].name != parts[i].name) return std::nullopt;
    if (!SameWords(base[i], parts[i])) difference.push_back(parts[i]);
  }
  if (difference.size() * 2 > parts.size()) return std::nullopt;
  return difference;
}

}  // namespace

void FoldMessages(std::vector<Call>& calls) {
  struct Base {
    Block* message;
    std::vector<Part> parts;
    std::string name;
  };
  std::map<std::string, Base> bases;
  size_t last_name = 0;
  for (Call& call : calls) {
    for (Block& message : call.blocks) {
      std::vector<Part> parts = PartsOf(message);
      const std::string subject = SubjectOf(message, parts);
      if (subject.empty()) continue;
      const auto base = bases.find(subject);
      const auto difference = base != bases.end() ? Difference(base->second.parts, parts)
                                                  : std::optional<std::vector<Part>>();
      if (!difference) {
        bases[subject] = {.message = &message, .parts = std::move(parts), .name = ""};
        continue;
      }
      if (base->second.name.empty()) {
        base->second.name = "m" + Decimal(++last_name);
        base->second.message->fields.push_back({std::string(kName), base->second.name});
      }
      message.fields.push_back({std::string(kLike), base->second.name});
      message.blocks = Lines(*difference);
    }
  }
}

NamedMessages NamesOf(const std::vector<Call>& calls) {
  NamedMessages names;
  for (const Call& call : calls)
    for (const Block& message : call.blocks)
      if (const Field* const name = FindField(message.fields, kName); name && message.answered)
        names.emplace(name->value, &message);
  return names;
}

std::optional<Block> Unfolded(const Block& message, const NamedMessages& names) {
  const auto without = [](const std::vector<Field>& fields) {
    std::vector<Field> rest;
    for (const Field& field : fields)
      if (field.name != kName && field.name != kLike) rest.push_back(field);
    return rest;
  };
  Block whole{.answered = message.answered,
              .head = message.head,
              .fields = without(message.fields),
              .blocks = message.blocks};
  const Field* const like = FindField(message.fields, kLike);
  if (like == nullptr) return whole;
  const auto base = names.find(like->value);
  if (base == names.end() || FindField(base->second->fields, kLike) != nullptr) return std::nullopt;
  const std::vector<Part> own = PartsOf(message);
  std::vector<Part> parts = PartsOf(*base->second);
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < parts.size(); ++i) places.emplace(parts[i].name, i);
  for (const Part& part : own) {
    if (const auto place = places.find(part.name); place != places.end())
      parts[place->second] = part;
    else
      parts.push_back(part);
  }
  whole.blocks = Lines(parts);
  return whole;
}

}  // namespace purebpf::testing::internal
