#include "purebpf/bpf/testing/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <system_error>

namespace purebpf::testing::internal {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void AppendByte(std::string& text, uint8_t byte) {
  text += kDigits[byte >> 4];
  text += kDigits[byte & 15];
}

std::string Digits(Bytes bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::byte byte : bytes) AppendByte(text, std::to_integer<uint8_t>(byte));
  return text;
}

// A run at the front of some bytes: `count` times the first `period` of them.
struct Run {
  size_t period = 0;
  size_t count = 0;
  [[nodiscard]] size_t size() const { return period * count; }
};

// What repeats in structures and tables: a byte, an integer, a small record.
constexpr std::array<size_t, 8> kPeriods = {1, 2, 4, 8, 12, 16, 24, 32};
// Below this a repeat is harder to read than what it stands for.
constexpr size_t kShortestRun = 8;

Run RunAt(Bytes bytes) {
  Run best;
  for (const size_t period : kPeriods) {
    if (period > bytes.size() / 3) break;
    size_t same = period;
    while (same < bytes.size() && bytes[same] == bytes[same - period]) ++same;
    const Run run{.period = period, .count = same / period};
    const size_t shortest = std::max(kShortestRun, 3 * period);
    if (run.size() >= shortest && run.size() > best.size()) best = run;
    if (period == 1 && best.count != 0) break;  // nothing is shorter to write
  }
  return best;
}

// One step through a text of hexadecimal digits: so many times `digits`.
struct Piece {
  std::string_view digits;
  size_t count = 1;
};

// Takes a piece off the front of `text`; nothing where it is malformed.
std::optional<Piece> TakePiece(std::string_view& text) {
  if (!text.starts_with('(')) {
    const size_t end = std::min(text.find('('), text.size());
    Piece piece{.digits = text.substr(0, end)};
    text.remove_prefix(end);
    return piece;
  }
  const size_t star = text.find('*');
  const size_t close = text.find(')');
  if (star == std::string_view::npos || close == std::string_view::npos || close < star)
    return std::nullopt;
  Piece piece{.digits = text.substr(1, star - 1)};
  const char* const end = text.data() + close;
  const auto [rest, error] = std::from_chars(text.data() + star + 1, end, piece.count);
  if (error != std::errc() || rest != end || piece.digits.empty() || piece.count == 0)
    return std::nullopt;
  text.remove_prefix(close + 1);
  return piece;
}

bool AreDigits(std::string_view digits) {
  return digits.size() % 2 == 0 &&
         std::ranges::all_of(digits, [](char c) { return DigitOf(c) >= 0; });
}

}  // namespace

std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (c == '\r') {
      quoted += "\\r";
    } else if (byte < 0x20 || byte >= 0x7f) {
      quoted += "\\x";
      AppendByte(quoted, byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::optional<std::string> Unquote(std::string_view word) {
  if (word.size() < 2 || word.front() != '"' || word.back() != '"') return std::nullopt;
  word = word.substr(1, word.size() - 2);
  std::string text;
  text.reserve(word.size());
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] == '"') return std::nullopt;
    if (word[i] != '\\') {
      text += word[i];
      continue;
    }
    if (++i == word.size()) return std::nullopt;
    switch (word[i]) {
      case 'n':
        text += '\n';
        break;
      case 't':
        text += '\t';
        break;
      case 'r':
        text += '\r';
        break;
      case '"':
      case '\\':
        text += word[i];
        break;
      case 'x': {
        if (word.size() - i < 3) return std::nullopt;
        const int high = DigitOf(word[i + 1]);
        const int low = DigitOf(word[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        text += static_cast<char>(high << 4 | low);
        i += 2;
        break;
      }
      default:
        return std::nullopt;
    }
  }
  return text;
}

std::string Decimal(uint64_t value) { return std::to_string(value); }
std::string SignedDecimal(int64_t value) { return std::to_string(value); }

std::string Hexadecimal(uint64_t value) {
  std::array<char, 16> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return "0x" + std::string(digits.data(), end);
}

std::optional<uint64_t> ParseNumber(std::string_view word) {
  const bool negative = word.starts_with('-');
  if (negative) word.remove_prefix(1);
  const bool hex = word.starts_with("0x");
  if (hex) word.remove_prefix(2);
  uint64_t value = 0;
  const char* const end = word.data() + word.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): `end` is its end
  const auto [rest, error] = std::from_chars(word.data(), end, value, hex ? 16 : 10);
  if (error != std::errc() || rest != end) return std::nullopt;
  if (!negative) return value;
  if (value > uint64_t{1} << 63) return std::nullopt;
  return 0 - value;
}

std::string HexOf(Bytes bytes) {
  std::string text;
  size_t literal = 0;  // where the bytes begin that are not written yet
  for (size_t at = 0; at < bytes.size();) {
    const Run run = RunAt(bytes.subspan(at));
    if (run.count == 0) {
      ++at;
      continue;
    }
    text += Digits(bytes.subspan(literal, at - literal));
    text.append("(").append(Digits(bytes.subspan(at, run.period)));
    text.append("*").append(std::to_string(run.count)).append(")");
    at += run.size();
    literal = at;
  }
  return text + Digits(bytes.subspan(literal));
}

std::vector<std::string> HexLines(Bytes bytes) {
  constexpr size_t kLine = 80;  // characters
  std::vector<std::string> lines;
  const std::string text = HexOf(bytes);
  std::string_view rest = text;
  std::string line;
  while (!rest.empty()) {
    std::string_view left = rest;
    std::string_view piece;
    if (rest.starts_with('(')) {
      (void)TakePiece(left);
      piece = rest.substr(0, rest.size() - left.size());
    } else {
      // Whole bytes, of two digits each.
      const size_t room = (kLine - std::min(line.size(), kLine - 2)) / 2 * 2;
      piece = rest.substr(0, std::min(rest.find('('), room));
    }
    if (!line.empty() && line.size() + piece.size() > kLine) {
      lines.push_back(std::move(line));
      line.clear();
      continue;
    }
    line += piece;
    rest.remove_prefix(piece.size());
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

bool ParseHex(std::string_view text, Budget& budget, std::vector<std::byte>& bytes) {
  while (!text.empty()) {
    const std::optional<Piece> piece = TakePiece(text);
    if (!piece || !AreDigits(piece->digits)) return false;
    const size_t size = piece->digits.size() / 2;
    if (size != 0 && piece->count > kMaxExpandedBytes / size) return false;
    if (!budget.Take(size * piece->count)) return false;
    const size_t total = size * piece->count;
    if (total == 0) continue;
    const size_t start = bytes.size();
    bytes.resize(start + total);
    std::byte* const at = bytes.data() + start;
    for (size_t i = 0; i < size; ++i)
      at[i] = static_cast<std::byte>(DigitOf(piece->digits[2 * i]) << 4 |
                                     DigitOf(piece->digits[2 * i + 1]));
    // What is there is copied behind itself: a short text may stand for many bytes.
    for (size_t done = size; done < total;) {
      const size_t count = std::min(done, total - done);
      std::memcpy(at + done, at, count);
      done += count;
    }
  }
  return true;
}

std::optional<size_t> HexSize(std::string_view text) {
  size_t total = 0;
  while (!text.empty()) {
    const std::optional<Piece> piece = TakePiece(text);
    if (!piece || !AreDigits(piece->digits)) return std::nullopt;
    const size_t size = piece->digits.size() / 2;
    if (size != 0 && piece->count > kMaxExpandedBytes / size) return std::nullopt;
    total += size * piece->count;
    if (total > kMaxExpandedBytes) return std::nullopt;
  }
  return total;
}

std::string HashName(Bytes bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const std::byte byte : bytes)
    hash = (hash ^ std::to_integer<uint64_t>(byte)) * 0x100000001b3;
  std::string name;
  for (int shift = 56; shift >= 0; shift -= 8)
    AppendByte(name, static_cast<uint8_t>(hash >> shift));
  return name;
}

std::string EnumText(std::span<const EnumRow> rows, uint64_t value) {
  for (const EnumRow& row : rows)
    if (row.value == value) return std::string(row.name);
  return Decimal(value);
}

std::optional<uint64_t> ParseEnum(std::span<const EnumRow> rows, std::string_view word) {
  for (const EnumRow& row : rows)
    if (row.name == word) return row.value;
  return ParseNumber(word);
}

std::string FlagsText(std::span<const EnumRow> rows, uint64_t value) {
  std::string text;
  const auto add = [&text](std::string_view name) {
    if (!text.empty()) text += '|';
    text += name;
  };
  for (const EnumRow& row : rows) {
    if (row.value == 0 || (value & row.value) != row.value) continue;
    add(row.name);
    value &= ~uint64_t{row.value};
  }
  if (value != 0) add(Hexadecimal(value));
  return text.empty() ? "0" : text;
}

std::optional<uint64_t> ParseFlags(std::span<const EnumRow> rows, std::string_view word) {
  uint64_t value = 0;
  while (true) {
    const size_t bar = word.find('|');
    const std::optional<uint64_t> bits = ParseEnum(rows, word.substr(0, bar));
    if (!bits) return std::nullopt;
    value |= *bits;
    if (bar == std::string_view::npos) return value;
    word.remove_prefix(bar + 1);
  }
}

bool IsText(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) {
    const auto c = std::to_integer<uint8_t>(byte);
    return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t';
  });
}

uint64_t LoadInteger(Bytes bytes, size_t offset, size_t size) {
  const auto load = [&]<typename T>(T value) -> uint64_t {
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
  };
  switch (size) {
    case 1:
      return load(uint8_t{});
    case 2:
      return load(uint16_t{});
    case 4:
      return load(uint32_t{});
    case 8:
      return load(uint64_t{});
    default:
      return 0;
  }
}

void StoreInteger(MutableBytes bytes, size_t offset, size_t size, uint64_t value) {
  const auto store = [&](auto narrow) {
    std::memcpy(bytes.data() + offset, &narrow, sizeof narrow);
  };
  switch (size) {
    case 1:
      return store(static_cast<uint8_t>(value));
    case 2:
      return store(static_cast<uint16_t>(value));
    case 4:
      return store(static_cast<uint32_t>(value));
    case 8:
      return store(value);
    default:
      return;
  }
}

bool FitsInteger(uint64_t value, size_t size) {
  if (size >= 8) return true;
  const uint64_t limit = uint64_t{1} << (8 * size);
  return value < limit || value >= 0 - limit / 2;
}

}  // namespace purebpf::testing::internal
