#include "purebpf/loader/internal/attach/place.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

namespace purebpf::internal {
namespace {

std::optional<uint64_t> Number(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    base = 16;
  } else if (text.size() > 1 && text.starts_with('0')) {
    base = 8;
  }
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Longer names are told from others by no letter or two.
constexpr size_t kMaxLength = 64;
constexpr size_t kMaxShown = 3;

}  // namespace

std::optional<Place> SplitOffset(std::string_view text) {
  const size_t plus = text.rfind('+');
  if (plus == std::string_view::npos) {
    if (text.empty()) return std::nullopt;
    return Place{.name = text};
  }
  const auto offset = Number(text.substr(plus + 1));
  if (!offset || plus == 0) return std::nullopt;
  return Place{.name = text.substr(0, plus), .offset = *offset};
}

bool IsPattern(std::string_view text) { return text.find_first_of("*?") != text.npos; }

// Each '*' takes as little as it can; where the rest then does not fit, the last one takes one
// more. An earlier one need never be asked again.
bool Matches(std::string_view pattern, std::string_view name) {
  size_t p = 0;
  size_t n = 0;
  size_t star = std::string_view::npos;
  size_t taken = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::optional<size_t> Nearest::Distance(std::string_view name) const {
  // A compiler's copy of the function: "f.isra.0", "f.constprop.0", "f.part.0".
  if (name.size() > wanted_.size() && name.starts_with(wanted_) && name[wanted_.size()] == '.')
    return 0;
  const size_t limit = wanted_.size() < 5 ? 1 : 2;
  const auto [less, more] = std::minmax({name.size(), wanted_.size()});  // by value
  if (more > kMaxLength || more - less > limit) return std::nullopt;
  // Levenshtein's distance, a row at a time.
  std::array<size_t, kMaxLength + 1> row{};
  for (size_t i = 0; i <= wanted_.size(); ++i) row[i] = i;
  for (size_t n = 1; n <= name.size(); ++n) {
    size_t diagonal = std::exchange(row[0], n);
    size_t least = n;
    for (size_t w = 1; w <= wanted_.size(); ++w) {
      const size_t replaced = diagonal + (wanted_[w - 1] == name[n - 1] ? 0 : 1);
      diagonal = row[w];
      row[w] = std::min({replaced, row[w] + 1, row[w - 1] + 1});
      least = std::min(least, row[w]);
    }
    if (least > limit) return std::nullopt;
  }
  if (row[wanted_.size()] > limit) return std::nullopt;
  return row[wanted_.size()];
}

void Nearest::Offer(std::string_view name) {
  const auto distance = Distance(name);
  if (!distance) return;
  const Found found{.distance = *distance, .name = std::string(name)};
  const auto at = std::ranges::lower_bound(found_, found);
  if (at != found_.end() && *at == found) return;
  found_.insert(at, found);
  if (found_.size() > kMaxShown) found_.pop_back();
}

std::string Nearest::Words() const {
  std::string words;
  for (const Found& found : found_) words += (words.empty() ? "; near it: " : ", ") + found.name;
  return words;
}

}  // namespace purebpf::internal
