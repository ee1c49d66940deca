#include "purebpf/bpf/testing/fixture.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "purebpf/bpf/testing/values.h"
#include "purebpf/bpf/try.h"

namespace purebpf::testing {
namespace {

using internal::HashName;
using internal::ParseNumber;
using internal::Quote;

constexpr std::string_view kMagic = "purebpf fixture ";
constexpr size_t kIndent = 4;
// Blocks within blocks: what is recorded needs 6 (a nest in a nest in a message in a call).
constexpr size_t kMaxDepth = 12;

// --- Reading
// --------------------------------------------------------------------------------------

// One line of the text, cut into its parts. Borrows the text.
struct Line {
  size_t number = 0;
  size_t depth = 0;
  std::vector<std::string_view> words;
  std::string_view comment;
  bool is_comment = false;  // nothing but a comment
};

Error Malformed(size_t line, std::string detail) {
  return Error{.code = Code::kMalformed,
               .operation = "read fixture",
               .object = "line " + std::to_string(line),
               .detail = std::move(detail)};
}

// What is shown of a line's words in an error.
std::string Shown(std::string_view word) {
  constexpr size_t kMost = 60;
  return Quote(word.substr(0, kMost)) + (word.size() > kMost ? "..." : "");
}

// The end of the word that begins `text`: at a space outside quotes. npos where a quote is open.
size_t WordEnd(std::string_view text) {
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == ' ' && !quoted) {
      return i;
    }
  }
  return quoted ? std::string_view::npos : text.size();
}

Result<Line> Split(size_t number, std::string_view text) {
  Line line{.number = number};
  const size_t spaces = std::min(text.find_first_not_of(' '), text.size());
  text.remove_prefix(spaces);
  if (text.starts_with('#')) {
    line.is_comment = true;
    line.comment = text.substr(text.starts_with("# ") ? 2 : 1);
    return line;
  }
  if (!text.empty() && spaces % kIndent != 0)
    return std::unexpected(Malformed(
        number, "indented by " + std::to_string(spaces) + " spaces, which is no multiple of 4"));
  line.depth = spaces / kIndent;
  while (!text.empty()) {
    if (text.starts_with('#')) {
      line.comment = text.substr(text.starts_with("# ") ? 2 : 1);
      break;
    }
    const size_t end = WordEnd(text);
    if (end == std::string_view::npos)
      return std::unexpected(Malformed(number, "a quote that does not end: " + Shown(text)));
    if (end != 0) line.words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return line;
}

// "name=value", or a value alone: one that begins with a quote, or has no "=".
Field FieldOf(std::string_view word) {
  const size_t equals = word.find('=');
  const size_t quote = word.find('"');
  if (equals == std::string_view::npos || equals == 0 || quote < equals)
    return {.name = "", .value = std::string(word)};
  return {.name = std::string(word.substr(0, equals)),
          .value = std::string(word.substr(equals + 1))};
}

// An errno's explanation, "(No such file or directory)": for people.
bool TakeParentheses(const std::vector<std::string_view>& words, size_t& at) {
  if (at == words.size() || !words[at].starts_with('(')) return true;
  while (at < words.size())
    if (words[at++].ends_with(')')) return true;
  return false;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Fixture> Parse() {
    PUREBPF_TRY(Header());
    while (!text_.empty()) {
      const Line line = PUREBPF_TRY(Next());
      if (line.is_comment) {
        comments_.emplace_back(line.comment);
      } else if (!line.words.empty()) {
        PUREBPF_TRY(Content(line));
      }
    }
    PUREBPF_TRY(CheckBlobs());
    fixture_.after = std::move(comments_);
    return std::move(fixture_);
  }

 private:
  std::string_view TakeLine() {
    const size_t end = std::min(text_.find('\n'), text_.size());
    std::string_view line = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);  // an editor's
    return line;
  }

  Result<Line> Next() {
    const std::string_view text = TakeLine();
    return Split(number_, text);
  }

  Result<void> Header() {
    const std::string_view first = TakeLine();
    if (!first.starts_with(kMagic))
      return std::unexpected(Malformed(
          1, "no fixture: it begins with " + Shown(first) + ", not \"purebpf fixture 1\""));
    const std::optional<uint64_t> version = ParseNumber(first.substr(kMagic.size()));
    if (!version || *version == 0)
      return std::unexpected(Malformed(1, "no version: " + Shown(first.substr(kMagic.size()))));
    if (*version > kFixtureVersion)
      return std::unexpected(Error{.code = Code::kUnsupported,
                                   .operation = "read fixture",
                                   .object = "line 1",
                                   .detail = "format " + std::to_string(*version) +
                                             ", and this purebpf reads up to " +
                                             std::to_string(kFixtureVersion),
                                   .hint = "use the purebpf that recorded it, or record it again"});
    while (!text_.empty() && !text_.starts_with('\n') && !text_.starts_with("\r\n")) {
      const std::string_view line = TakeLine();
      const size_t space = std::min(line.find(' '), line.size());
      const std::string_view name = line.substr(0, space);
      const std::string_view value = line.substr(std::min(space + 1, line.size()));
      std::string* const slot = name == "kernel"  ? &fixture_.kernel
                                : name == "arch"  ? &fixture_.arch
                                : name == "about" ? &fixture_.about
                                                  : nullptr;
      if (slot == nullptr)
        return std::unexpected(Malformed(number_, "the header has kernel, arch and about, not " +
                                                      Shown(line) + "; an empty line ends it"));
      *slot = value;
    }
    TakeLine();
    return {};
  }

  Result<void> Content(const Line& line) {
    if (line.depth == 0) {
      path_.clear();
      return line.words.front() == "blob" ? StartBlob(line) : StartCall(line);
    }
    if (in_blob_) return BlobLine(line);
    if (fixture_.calls.empty())
      return std::unexpected(Malformed(line.number, "indented, but there is no call above it"));
    return AddBlock(line);
  }

  Result<void> StartCall(const Line& line) {
    in_blob_ = false;
    Call call{.verb = std::string(line.words.front()), .line = line.number};
    if (!fixture_.blobs.empty())
      return std::unexpected(Malformed(line.number, "a call after the blobs: " + Shown(call.verb)));
    if (FieldOf(call.verb).name != "" || call.verb.find('"') != std::string::npos ||
        call.verb == "=")
      return std::unexpected(
          Malformed(line.number, "a call begins with its name, not " + Shown(call.verb)));
    call.before = std::exchange(comments_, {});
    call.comment = line.comment;
    size_t at = 1;
    for (; at < line.words.size() && line.words[at] != "="; ++at)
      call.inputs.push_back(FieldOf(line.words[at]));
    if (at < line.words.size()) {
      if (++at == line.words.size())
        return std::unexpected(Malformed(line.number, "nothing after \"=\""));
      call.result = line.words[at++];
      if (!TakeParentheses(line.words, at))
        return std::unexpected(Malformed(line.number, "\"(\" without \")\""));
      for (; at < line.words.size(); ++at) {
        if (line.words[at] == "=") return std::unexpected(Malformed(line.number, "a second \"=\""));
        call.outputs.push_back(FieldOf(line.words[at]));
      }
    }
    fixture_.calls.push_back(std::move(call));
    return {};
  }

  Result<void> AddBlock(const Line& line) {
    if (line.depth > kMaxDepth)
      return std::unexpected(
          Malformed(line.number, "nested deeper than " + std::to_string(kMaxDepth)));
    if (line.depth > path_.size() + 1)
      return std::unexpected(
          Malformed(line.number, "indented by more than one level below the line above"));
    Block block{.comment = std::string(line.comment)};
    size_t at = 0;
    if (line.words[at] == "=") {
      block.answered = true;
      if (line.depth != 1 || ++at == line.words.size())
        return std::unexpected(
            Malformed(line.number, "\"=\" begins only the name of a block right below its call"));
    }
    if (FieldOf(line.words[at]).name.empty() && !line.words[at].starts_with('"'))
      block.head = line.words[at++];
    for (; at < line.words.size(); ++at) block.fields.push_back(FieldOf(line.words[at]));
    std::vector<Block>* blocks = &fixture_.calls.back().blocks;
    path_.resize(line.depth - 1);
    for (const size_t index : path_) blocks = &(*blocks)[index].blocks;
    path_.push_back(blocks->size());
    blocks->push_back(std::move(block));
    return {};
  }

  Result<void> StartBlob(const Line& line) {
    in_blob_ = true;
    const std::optional<uint64_t> size =
        line.words.size() == 3 ? ParseNumber(line.words[2]) : std::nullopt;
    if (!size || *size > internal::kMaxExpandedBytes)
      return std::unexpected(
          Malformed(line.number, "a blob is \"blob NAME SIZE\", with at most 64 MiB"));
    if (!names_.insert(std::string(line.words[1])).second)
      return std::unexpected(
          Malformed(line.number, "blob " + Shown(line.words[1]) + " is there twice"));
    fixture_.blobs.emplace_back(std::string(line.words[1]), Blob{.size = *size});
    blob_lines_.push_back(line.number);
    return {};
  }

  Result<void> BlobLine(const Line& line) {
    if (line.depth != 1 || line.words.size() != 1)
      return std::unexpected(Malformed(line.number, "a blob's lines are digits, indented by 4"));
    fixture_.blobs.back().second.lines.emplace_back(line.words.front());
    return {};
  }

  // The bytes are what the name says: who edits them by hand learns the new name.
  Result<void> CheckBlobs() {
    internal::Budget budget;
    for (size_t i = 0; i < fixture_.blobs.size(); ++i) {
      const auto& [name, blob] = fixture_.blobs[i];
      std::vector<std::byte> bytes;
      for (const std::string& line : blob.lines)
        if (!internal::ParseHex(line, budget, bytes))
          return std::unexpected(Malformed(
              blob_lines_[i],
              "blob " + name + ": not hexadecimal digits, or beyond 64 MiB: " + Shown(line)));
      if (bytes.size() != blob.size)
        return std::unexpected(
            Malformed(blob_lines_[i], "blob " + name + " has " + std::to_string(bytes.size()) +
                                          " bytes, not " + std::to_string(blob.size)));
      if (const std::string hash = HashName(bytes); hash != name)
        return std::unexpected(
            Malformed(blob_lines_[i], "blob " + name + ": the bytes' hash is " + hash +
                                          ": name it so, here and where it is used"));
    }
    return {};
  }

  std::string_view text_;
  size_t number_ = 0;
  Fixture fixture_;
  std::vector<std::string> comments_;
  std::vector<size_t> path_;  // the block of each depth that lines below belong to
  bool in_blob_ = false;
  std::set<std::string> names_;
  std::vector<size_t> blob_lines_;
};

// --- Writing
// --------------------------------------------------------------------------------------

void AppendFields(std::string& text, const std::vector<Field>& fields) {
  for (const Field& field : fields) {
    if (!text.empty() && text.back() != ' ' && text.back() != '\n') text += ' ';
    if (!field.name.empty()) text.append(field.name).append("=");
    text += field.value;
  }
}

void AppendBlocks(std::string& text, const std::vector<Block>& blocks, size_t depth) {
  for (const Block& block : blocks) {
    text.append(depth * kIndent, ' ');
    if (block.answered) text += "= ";
    text += block.head;
    AppendFields(text, block.fields);
    if (!block.comment.empty()) text.append("  # ").append(block.comment);
    text += '\n';
    AppendBlocks(text, block.blocks, depth + 1);
  }
}

void AppendComments(std::string& text, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) text.append("# ").append(line).append("\n");
}

void AppendCall(std::string& text, const Call& call) {
  text += call.verb;
  AppendFields(text, call.inputs);
  if (!call.result.empty()) {
    text.append(" = ").append(call.result);
    if (const std::optional<int> error = ErrnoNamed(call.result))
      text.append(" (").append(ErrnoText(*error)).append(")");
    AppendFields(text, call.outputs);
  }
  if (!call.comment.empty()) text.append("  # ").append(call.comment);
  text += '\n';
  AppendBlocks(text, call.blocks, 1);
}

}  // namespace

std::string_view Architecture() {
#if defined(__x86_64__)
  return "x86_64";
#elif defined(__aarch64__)
  return "aarch64";
#elif defined(__riscv)
  return "riscv64";
#else
  return "unknown";
#endif
}

Result<Fixture> ParseFixture(std::string_view text) { return Parser(text).Parse(); }

std::string WriteCall(const Call& call) {
  std::string text;
  AppendCall(text, call);
  return text;
}

std::string WriteFixture(const Fixture& fixture) {
  std::string text(kMagic);
  text.append(std::to_string(kFixtureVersion)).append("\n");
  for (const auto& [name, value] :
       {std::pair<std::string_view, const std::string&>{"kernel", fixture.kernel},
        {"arch", fixture.arch},
        {"about", fixture.about}})
    if (!value.empty()) text.append(name).append(" ").append(value).append("\n");
  text += '\n';
  for (const Call& call : fixture.calls) {
    AppendComments(text, call.before);
    AppendCall(text, call);
  }
  AppendComments(text, fixture.after);
  for (const auto& [name, blob] : fixture.blobs) {
    text.append("\nblob ").append(name).append(" ").append(std::to_string(blob.size)).append("\n");
    for (const std::string& line : blob.lines) text.append(kIndent, ' ').append(line).append("\n");
  }
  return text;
}

}  // namespace purebpf::testing
