#include "purebpf/tests/support/drift.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "purebpf/bpf/testing/fixture.h"

namespace purebpf::testing {
namespace {

// Two conversations that have nothing in common are not worth more.
constexpr size_t kMostLines = 60;

// A value after "~" is shown and not compared.
void Mask(std::vector<Field>& fields) {
  for (Field& field : fields)
    if (field.value.starts_with('~')) field.value = "~";
}

void Mask(std::vector<Block>& blocks) {
  for (Block& block : blocks) {
    block.comment.clear();
    if (block.head.starts_with('~')) block.head = "~";
    Mask(block.fields);
    Mask(block.blocks);
  }
}

std::vector<std::string> Calls(Fixture fixture) {
  std::vector<std::string> calls;
  for (Call& call : fixture.calls) {
    call.comment.clear();
    call.before.clear();
    Mask(call.inputs);
    Mask(call.outputs);
    Mask(call.blocks);
    calls.push_back(WriteCall(call));
  }
  return calls;
}

// lengths[i][j]: of the longest common subsequence of what follows i and j.
std::vector<std::vector<size_t>> CommonLengths(const std::vector<std::string>& a,
                                               const std::vector<std::string>& b) {
  std::vector<std::vector<size_t>> lengths(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = a.size(); i-- > 0;)
    for (size_t j = b.size(); j-- > 0;)
      lengths[i][j] =
          a[i] == b[j] ? lengths[i + 1][j + 1] + 1 : std::max(lengths[i + 1][j], lengths[i][j + 1]);
  return lengths;
}

class Printer {
 public:
  void At(size_t call) {
    if (!in_change_) Line("call " + std::to_string(call + 1) + ":");
    in_change_ = true;
  }
  void Same() { in_change_ = false; }
  void Lines(char mark, std::string_view text) {
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      Line(std::string(1, mark) + " " + std::string(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
  std::string Take() {
    if (lines_ > kMostLines)
      text_ += "and " + std::to_string(lines_ - kMostLines) + " lines more\n";
    return std::move(text_);
  }

 private:
  void Line(const std::string& line) {
    if (++lines_ <= kMostLines) text_ += line + "\n";
  }
  std::string text_;
  size_t lines_ = 0;
  bool in_change_ = false;
};

}  // namespace

std::string Drift(std::string_view recorded, std::string_view now) {
  Result<Fixture> old_fixture = ParseFixture(recorded);
  if (!old_fixture) return old_fixture.error().ToString() + "\n";
  Result<Fixture> new_fixture = ParseFixture(now);
  if (!new_fixture) return new_fixture.error().ToString() + "\n";
  const std::vector<std::string> a = Calls(std::move(*old_fixture));
  const std::vector<std::string> b = Calls(std::move(*new_fixture));
  if (a == b) return "";
  const auto lengths = CommonLengths(a, b);
  Printer printer;
  for (size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      printer.Same();
      ++i, ++j;
    } else if (j == b.size() || (i < a.size() && lengths[i + 1][j] >= lengths[i][j + 1])) {
      printer.At(i);
      printer.Lines('-', a[i++]);
    } else {
      printer.At(i);
      printer.Lines('+', b[j++]);
    }
  }
  return printer.Take();
}

}  // namespace purebpf::testing
