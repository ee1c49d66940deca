#include "purebpf/tools/xconnect/config.h"

#include <map>
#include <optional>
#include <utility>

#include "purebpf/bpf/try.h"
#include "purebpf/tools/xconnect/scanner.h"
#include "purebpf/tools/xconnect/text.h"

namespace purebpf::xconnect {
namespace {

bool IsNull(const Scalar& scalar) {
  return scalar.plain && (scalar.text == "~" || scalar.text == "null" || scalar.text == "Null" ||
                          scalar.text == "NULL");
}

// net/core/dev.c: dev_valid_name, whose ban on ':' does not hold for altnames.
std::string_view NameProblem(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.size() > kMaxNameBytes) return "it has more than 127 bytes";
  if (name == "." || name == "..") return "the kernel reserves it";
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '/') return "it contains '/'";
    if (byte == ' ' || (byte >= '\t' && byte <= '\r')) return "it contains white space";
    if (byte < 0x20 || byte == 0x7F) return "it contains a control character";
  }
  return "";
}

class Parser {
 public:
  explicit Parser(std::string_view text) : scan_(text) {}

  Scanned<Config> Parse() {
    PUREBPF_TRY(scan_.CheckCharacters());
    PUREBPF_TRY(Document());
    // A file cut down to nothing while it is written must not disconnect everybody.
    if (!links_) return std::unexpected(scan_.ErrorHere("expected 'links:', found the end"));
    return std::move(config_);
  }

 private:
  Scanned<> Document() {
    if (!PUREBPF_TRY(scan_.NextContentLine())) return {};
    if (scan_.indent() == 0 && scan_.AtMarker("---")) {
      scan_.Advance(3);
      PUREBPF_TRY(scan_.EndLine("'---'"));
      if (!PUREBPF_TRY(scan_.NextContentLine())) return {};
    }
    if (scan_.Here() == '{') {
      PUREBPF_TRY(FlowDocument());
      if (!PUREBPF_TRY(scan_.NextContentLine())) return {};
      return EndDocument("'}'");
    }
    do {
      if (scan_.indent() == 0 && (scan_.AtMarker("---") || scan_.AtMarker("...")))
        return EndDocument("'links'");
      PUREBPF_TRY(TopLevelLine());
    } while (PUREBPF_TRY(scan_.NextContentLine()));
    return {};
  }

  // Nothing may follow the one document.
  Scanned<> EndDocument(std::string_view after) {
    if (scan_.indent() == 0 && scan_.AtMarker("...")) {
      scan_.Advance(3);
      PUREBPF_TRY(scan_.EndLine("'...'"));
      if (!PUREBPF_TRY(scan_.NextContentLine())) return {};
      after = "'...'";
    }
    if (scan_.AtMarker("---"))
      return std::unexpected(scan_.ErrorHere("a second document: expected only one"));
    return std::unexpected(
        scan_.ErrorHere("expected the end of the file after " + std::string(after)));
  }

  Scanned<> TopLevelLine() {
    if (scan_.indent() != 0)
      return std::unexpected(
          scan_.ErrorHere("wrong indentation: expected 'links:' at the start of a line"));
    const Scalar key = PUREBPF_TRY(scan_.ReadScalar(Context::kBlock, "'links:'"));
    PUREBPF_TRY(scan_.ReadColon(Context::kBlock, key));
    PUREBPF_TRY(TopLevelKey(key));
    if (scan_.LineIsDone()) {
      PUREBPF_TRY(scan_.EndLine("'links:'"));
      return BlockPairs();
    }
    PUREBPF_TRY(LinksValue(Context::kBlock));
    return scan_.EndLine("the value of 'links'");
  }

  Scanned<> TopLevelKey(const Scalar& key) {
    if (key.text != "links")
      return std::unexpected(scan_.ErrorAt(
          key.offset, "unknown key " + Quoted(key.text) + ": expected 'links'" +
                          (links_ ? ", or an interface below it with spaces before it" : "")));
    if (links_)
      return std::unexpected(scan_.ErrorAt(
          key.offset, "'links' stands in line " + Decimal(scan_.LineOf(*links_)) + " already"));
    links_ = key.offset;
    return {};
  }

  // In the line of its key: a flow mapping or nothing.
  Scanned<> LinksValue(Context context) {
    if (scan_.Here() == '{') return FlowPairs();
    constexpr std::string_view kExpected = "a mapping of interfaces to interfaces";
    const Scalar value = PUREBPF_TRY(scan_.ReadScalar(context, kExpected));
    if (IsNull(value)) return {};
    return std::unexpected(
        scan_.ErrorAt(value.offset, "expected " + std::string(kExpected) + " in 'links'"));
  }

  Scanned<> BlockPairs() {
    size_t indent = 0;
    uint32_t first_line = 0;
    while (PUREBPF_TRY(scan_.NextContentLine())) {
      if (scan_.indent() == 0) {
        scan_.RewindLine();
        return {};
      }
      if (indent == 0) {
        indent = scan_.indent();
        first_line = scan_.LineOf(scan_.offset());
      }
      if (scan_.indent() != indent)
        return std::unexpected(scan_.ErrorHere("wrong indentation: expected " + Decimal(indent) +
                                               " spaces as in line " + Decimal(first_line) +
                                               ", found " + Decimal(scan_.indent())));
      PUREBPF_TRY(Entry(Context::kBlock));
      PUREBPF_TRY(scan_.EndLine("the interface"));
    }
    return {};
  }

  Scanned<> Entry(Context context) {
    const Scalar a = PUREBPF_TRY(scan_.ReadScalar(context, "an interface"));
    PUREBPF_TRY(scan_.ReadColon(context, a));
    const std::string expected = "the interface to connect " + Quoted(a.text) + " to";
    const size_t value_at = scan_.offset();
    const Scalar b = PUREBPF_TRY(scan_.ReadScalar(context, expected));
    if (IsNull(b)) return std::unexpected(scan_.ErrorAt(value_at, "expected " + expected));
    return AddPair(a, b);
  }

  // { entry, entry, ... }, a comma may follow the last.
  template <typename EntryReader>
  Scanned<> FlowMapping(EntryReader read_entry) {
    const size_t open = scan_.offset();
    scan_.Advance(1);
    for (scan_.SkipBlanks(Context::kFlow); scan_.Here() != '}'; scan_.SkipBlanks(Context::kFlow)) {
      if (scan_.AtEnd()) return std::unexpected(scan_.ErrorAt(open, "the '{' is not closed"));
      PUREBPF_TRY(read_entry());
      scan_.SkipBlanks(Context::kFlow);
      if (scan_.Here() == ',') {
        scan_.Advance(1);
      } else if (scan_.Here() != '}' && !scan_.AtEnd()) {
        return std::unexpected(scan_.ErrorHere("expected ',' or '}'"));
      }
    }
    scan_.Advance(1);
    return {};
  }

  Scanned<> FlowPairs() {
    return FlowMapping([this]() -> Scanned<> { return Entry(Context::kFlow); });
  }

  Scanned<> FlowDocument() {
    const auto read_links = [this]() -> Scanned<> { return FlowLinks(); };
    PUREBPF_TRY(FlowMapping(read_links));
    return scan_.EndLine("'}'");
  }

  Scanned<> FlowLinks() {
    const Scalar key = PUREBPF_TRY(scan_.ReadScalar(Context::kFlow, "'links'"));
    PUREBPF_TRY(scan_.ReadColon(Context::kFlow, key));
    PUREBPF_TRY(TopLevelKey(key));
    return LinksValue(Context::kFlow);
  }

  Scanned<> CheckName(const Scalar& name) {
    const std::string_view problem = NameProblem(name.text);
    if (problem.empty()) return {};
    return std::unexpected(
        scan_.ErrorAt(name.offset, "no name of an interface: " + std::string(problem)));
  }

  // Where `name` is connected to another interface than `partner` already.
  Scanned<bool> IsKnown(const Scalar& name, const std::string& partner) {
    const auto known = seen_.find(name.text);
    if (known == seen_.end()) return false;
    if (known->second.partner == partner) return true;
    return std::unexpected(scan_.ErrorAt(
        name.offset, Quoted(name.text) + " is connected to " + Quoted(known->second.partner) +
                         " in line " + Decimal(scan_.LineOf(known->second.offset)) + " already"));
  }

  Scanned<> AddPair(const Scalar& a, const Scalar& b) {
    PUREBPF_TRY(CheckName(a));
    PUREBPF_TRY(CheckName(b));
    const bool a_known = PUREBPF_TRY(IsKnown(a, b.text));
    const bool b_known = PUREBPF_TRY(IsKnown(b, a.text));
    if (a_known && b_known) return {};  // "a: b" and "b: a" say the same
    if (config_.pairs.size() == kMaxPairs)
      return std::unexpected(scan_.ErrorAt(a.offset, "more than " + Decimal(kMaxPairs) + " pairs"));
    seen_.insert({a.text, {b.text, a.offset}});
    seen_.insert({b.text, {a.text, b.offset}});
    config_.pairs.push_back({a.text, b.text});
    return {};
  }

  struct Seen {
    std::string partner;
    size_t offset;
  };

  Scanner scan_;
  std::optional<size_t> links_;  // where the key stands
  std::map<std::string, Seen> seen_;
  Config config_;
};

}  // namespace

std::expected<Config, ConfigError> ParseConfig(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (text.size() > kMaxConfigBytes)
    return std::unexpected(ConfigError{1, 1, "larger than 1 MiB: no configuration file"});
  return Parser(text).Parse();
}

}  // namespace purebpf::xconnect
