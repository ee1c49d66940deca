#include "purebpf/bpf/testing/compare.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace purebpf::testing::internal {
namespace {

// One thing that the caller passed: "map_type", "insns.4:", "RTM_SETLINK.IFLA_XDP.IFLA_XDP_FD".
struct Row {
  std::string path;
  std::string value;
  std::string note = {};  // for people
};

std::string Joined(std::string_view outer, std::string_view inner) {
  if (outer.empty() || inner.empty()) return std::string(outer.empty() ? inner : outer);
  return std::string(outer) + "." + std::string(inner);
}

void AddFields(std::string_view path, const std::vector<Field>& fields, std::vector<Row>& rows) {
  std::string nameless;
  bool has_nameless = false;
  for (const Field& field : fields) {
    if (!field.name.empty()) {
      rows.push_back({Joined(path, field.name), field.value});
      continue;
    }
    if (has_nameless) nameless += ' ';
    nameless += field.value;
    has_nameless = true;
  }
  if (has_nameless) rows.push_back({std::string(path), nameless});
}

// Of several nests of one name each has rows of its own: "IFLA_VF_INFO", "IFLA_VF_INFO#2".
void AddBlocks(std::string_view path, const std::vector<Block>& blocks, std::vector<Row>& rows) {
  std::map<std::string_view, size_t> seen;
  for (const Block& block : blocks) {
    if (block.answered) continue;
    std::string own = Joined(path, block.head);
    const size_t n = block.head.empty() ? 1 : ++seen[block.head];
    if (n > 1) own.append("#").append(Decimal(n));
    if (block.fields.empty() && block.blocks.empty()) rows.push_back({own, ""});
    const size_t first = rows.size();
    AddFields(own, block.fields, rows);
    if (rows.size() > first) rows[first].note = block.comment;
    AddBlocks(own, block.blocks, rows);
  }
}

std::vector<Row> RowsOf(const Call& call) {
  std::vector<Row> rows;
  AddFields("", call.inputs, rows);
  AddBlocks("", call.blocks, rows);
  return rows;
}

bool IsFree(std::string_view value) { return value.starts_with('~'); }

// A hand may write the same number or bytes in another way.
bool SameValue(std::string_view a, std::string_view b) {
  if (a == b || IsFree(a) || IsFree(b)) return true;
  const auto number_a = ParseNumber(a);
  if (number_a && number_a == ParseNumber(b)) return true;
  if (b.starts_with("hex:")) std::swap(a, b);
  if (!a.starts_with("hex:")) return false;
  Budget budget;
  std::vector<std::byte> bytes_a;
  if (!ParseHex(a.substr(4), budget, bytes_a)) return false;
  // A blob has the name of its bytes.
  if (b.starts_with("blob:")) return b.substr(5) == HashName(bytes_a);
  std::vector<std::byte> bytes_b;
  return b.starts_with("hex:") && ParseHex(b.substr(4), budget, bytes_b) && bytes_a == bytes_b;
}

struct Pair {
  const Row* recorded = nullptr;
  const Row* made = nullptr;

  [[nodiscard]] bool same() const {
    if (recorded == nullptr) return IsFree(made->value);
    if (made == nullptr) return IsFree(recorded->value);
    return SameValue(recorded->value, made->value);
  }
};

// The n-th row of a path beside the n-th of the same path; in the order of what was made, with what
// is missing there behind the row that it follows in the recording.
std::vector<Pair> Align(const std::vector<Row>& recorded, const std::vector<Row>& made) {
  std::map<std::string_view, std::vector<const Row*>> by_path;
  for (const Row& row : made) by_path[row.path].push_back(&row);
  std::map<std::string_view, size_t> taken;
  std::set<const Row*> paired;
  std::vector<Pair> pairs;
  for (const Row& row : recorded) {
    const auto found = by_path.find(row.path);
    size_t& n = taken[row.path];
    const bool there = found != by_path.end() && n < found->second.size();
    pairs.push_back({.recorded = &row, .made = there ? found->second[n] : nullptr});
    if (there) paired.insert(found->second[n++]);
  }
  // What was not recorded, behind the row that it follows now.
  std::map<const Row*, std::vector<const Row*>> extra;
  const Row* last = nullptr;
  for (const Row& row : made) {
    if (paired.contains(&row))
      last = &row;
    else
      extra[last].push_back(&row);
  }
  std::vector<Pair> merged;
  const auto add_extra = [&](const Row* after) {
    for (const Row* const row : extra[after]) merged.push_back({.made = row});
  };
  add_extra(nullptr);
  for (const Pair& pair : pairs) {
    merged.push_back(pair);
    if (pair.made != nullptr) add_extra(pair.made);
  }
  return merged;
}

bool SameFields(const std::vector<Field>& a, const std::vector<Field>& b) {
  return std::ranges::equal(a, b, [](const Field& left, const Field& right) {
    return left.name == right.name && SameValue(left.value, right.value);
  });
}

// The common case, without any rows: the same words in the same order.
bool SameBlocks(const std::vector<Block>& a, const std::vector<Block>& b) {
  auto left = a.begin();
  auto right = b.begin();
  while (true) {
    while (left != a.end() && left->answered) ++left;
    while (right != b.end() && right->answered) ++right;
    if (left == a.end() || right == b.end()) return left == a.end() && right == b.end();
    if (left->head != right->head || !SameFields(left->fields, right->fields) ||
        !SameBlocks(left->blocks, right->blocks))
      return false;
    ++left;
    ++right;
  }
}

std::string Cut(std::string_view text, size_t width) {
  if (text.size() <= width) return std::string(text);
  return std::string(text.substr(0, width - 3)) + "...";
}

std::string Shown(const Row& row, size_t width) {
  return Cut(row.note.empty() ? row.value : row.value + "  " + row.note, width);
}

void Column(std::string& line, std::string_view text, size_t width) {
  line += text;
  line.append(text.size() < width ? width - text.size() : 1, ' ');
}

}  // namespace

bool SameRequest(const Call& recorded, const Call& made) {
  if (recorded.verb != made.verb) return false;
  if (SameFields(recorded.inputs, made.inputs) && SameBlocks(recorded.blocks, made.blocks))
    return true;
  const std::vector<Row> recorded_rows = RowsOf(recorded);
  const std::vector<Row> made_rows = RowsOf(made);
  return std::ranges::all_of(Align(recorded_rows, made_rows),
                             [](const Pair& pair) { return pair.same(); });
}

std::string SideBySide(const Call& recorded, const Call& made) {
  constexpr size_t kMostRows = 48;
  constexpr size_t kMostPath = 40;
  constexpr size_t kMostWidth = 56;
  const std::vector<Row> recorded_rows = RowsOf(recorded);
  const std::vector<Row> made_rows = RowsOf(made);
  const std::vector<Pair> pairs = Align(recorded_rows, made_rows);
  size_t path_width = std::max<size_t>(8, recorded.verb.size());
  size_t value_width =
      recorded.verb == made.verb ? 10 : std::max<size_t>(10, recorded.verb.size() + 2);
  for (const Pair& pair : pairs) {
    const Row& row = pair.recorded != nullptr ? *pair.recorded : *pair.made;
    path_width = std::max(path_width, std::min(row.path.size(), kMostPath) + 2);
    if (pair.recorded != nullptr)
      value_width = std::max(value_width, Shown(row, kMostWidth).size() + 2);
  }
  std::string text(4, ' ');
  Column(text, recorded.verb == made.verb ? recorded.verb : "", path_width + 2);
  Column(text, "recorded", value_width);
  text += "now\n";
  if (recorded.verb != made.verb) {
    text.append("->  ");
    Column(text, "", path_width + 2);
    Column(text, recorded.verb, value_width);
    text.append(made.verb).append("\n");
  }
  // Of very many only those that differ.
  const bool all = pairs.size() <= kMostRows;
  size_t shown = 0;
  size_t hidden = 0;
  for (const Pair& pair : pairs) {
    const bool same = pair.same();
    if ((same && !all) || shown == kMostRows) {
      hidden += same ? 0 : 1;
      continue;
    }
    ++shown;
    const Row& row = pair.recorded != nullptr ? *pair.recorded : *pair.made;
    text += same ? "      " : "->    ";
    Column(text, Cut(row.path, kMostPath), path_width);
    Column(text, pair.recorded != nullptr ? Shown(row, kMostWidth) : "-", value_width);
    text.append(pair.made != nullptr ? Shown(*pair.made, kMostWidth) : "-").append("\n");
  }
  if (hidden != 0) text.append("      and ").append(Decimal(hidden)).append(" more that differ\n");
  return text;
}

std::string RequestKey(const Call& call) {
  std::vector<Row> rows = RowsOf(call);
  std::erase_if(rows, [](const Row& row) { return IsFree(row.value); });
  std::string key = call.verb;
  for (const Row& row : rows) key.append("\n").append(row.path).append("=").append(row.value);
  return key;
}

bool HasFree(const Call& call) {
  return std::ranges::any_of(RowsOf(call), [](const Row& row) { return IsFree(row.value); });
}

std::string ObjectOf(const Call& call) {
  for (const Field& field : call.inputs) {
    const std::string_view value = Plain(field.value);
    if (field.name == "path" || field.name == "pathname") return std::string(value);
    const std::string_view token = value.substr(0, value.find('+'));
    if (SplitToken(token, ':') && !token.starts_with("hex:") && !token.starts_with("blob:"))
      return std::string(token);
  }
  return "";
}

}  // namespace purebpf::testing::internal
