#include "purebpf/tests/support/drift.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
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

// Fields that each build or boot of a kernel has anew, by the call, and where they are so of some
// calls alone what another of its fields begins with.
struct BuildField {
  std::string_view verb;
  std::string_view name;
  std::string_view which = {};
  std::string_view begin = {};
};
constexpr std::string_view kOwnTypes = "\"/sys/kernel/btf/";
constexpr std::string_view kOwnAddresses =
    "\"/sys/kernel/tracing/available_filter_functions_addrs\"";
constexpr BuildField kBuildFields[] = {
    {"BPF_LINK_CREATE", "kprobe_multi.addrs"},
    {"BPF_MAP_CREATE", "btf_vmlinux_value_type_id"},
    {"BPF_OBJ_GET_INFO_BY_FD", "jited_prog_len"},  // by the processor's mitigations too
    {"BPF_OBJ_GET_INFO_BY_FD", "target_btf_id"},
    {"BPF_PROG_LOAD", "attach_btf_id"},
    {"open_file", "size", "path", kOwnTypes},
    {"open_file", "contents", "path", kOwnTypes},
    {"open_file", "contents", "path", kOwnAddresses},
    {"perf_event_open", "config", "type", "PERF_TYPE_TRACEPOINT"},
    {"perf_event_open", "type"},  // of probes, in the order in which such devices were found
    {"read_file", "contents", "path", "\"/proc/version\""},
    {"read_file", "contents", "path", "\"/sys/bus/event_source/devices/"},
    {"read_file", "contents", "path", "\"/sys/kernel/tracing/events/"},
};

bool IsOfTheBuild(const Call& call, std::string_view name) {
  return std::ranges::any_of(kBuildFields, [&](const BuildField& row) {
    if (row.verb != call.verb || row.name != name) return false;
    return row.which.empty() || std::ranges::any_of(call.inputs, [&](const Field& input) {
             return input.name == row.which && input.value.starts_with(row.begin);
           });
  });
}

void MaskBuild(const Call& call, std::vector<Field>& fields) {
  for (Field& field : fields)
    if (IsOfTheBuild(call, field.name)) field.value = "~";
}

// "3: 85 20 0000 c4010100": which of its own functions a kernel is to call.
void MaskKernelFunction(Block& insn) {
  std::vector<Field>& fields = insn.fields;
  if (fields.size() == 4 && fields[0].value == "85" && fields[1].value == "20")
    fields[3].value = "~";
}

void MaskBuild(Call& call) {
  if (call.verb == "uname") call.result = "~";
  const Call whole = call;
  // How much was read.
  if (whole.verb == "read_file" && IsOfTheBuild(whole, "contents") &&
      !whole.result.starts_with('E'))
    call.result = "~";
  MaskBuild(whole, call.inputs);
  MaskBuild(whole, call.outputs);
  for (Block& block : call.blocks) {
    if (IsOfTheBuild(whole, block.head)) block.blocks.clear();
    MaskBuild(whole, block.fields);
    for (Block& inner : block.blocks) {
      MaskBuild(whole, inner.fields);
      if (block.head == "insns") MaskKernelFunction(inner);
    }
  }
}

// "(18) r1 = 0xffff8882d0ed7400", of a 64-bit kernel's map; limits of a register's values are
// written in another way.
std::string WithoutAddresses(std::string text) {
  constexpr std::string_view kBegin = " = 0xff";  // with four levels of page tables or five
  constexpr size_t kDigits = 14;                  // that follow
  for (size_t at = 0; (at = text.find(kBegin, at)) != std::string::npos; at += kBegin.size()) {
    const size_t digits = at + kBegin.size();
    if (text.find_first_not_of("0123456789abcdef", digits) == digits + kDigits)
      text.replace(digits, kDigits, "~");
  }
  return text;
}

enum class Compared : uint8_t { kAll, kBehaviour };

std::vector<std::string> Calls(const Fixture& fixture, Compared compared) {
  std::vector<std::string> calls;
  for (Call call : fixture.calls) {
    call.comment.clear();
    call.before.clear();
    Mask(call.inputs);
    Mask(call.outputs);
    Mask(call.blocks);
    if (compared == Compared::kBehaviour) MaskBuild(call);
    const std::string text = WriteCall(call);
    calls.push_back(compared == Compared::kBehaviour ? WithoutAddresses(text) : text);
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

std::string Differences(const std::vector<std::string>& a, const std::vector<std::string>& b) {
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

}  // namespace

Drifted Drift(std::string_view recorded, std::string_view now) {
  const Result<Fixture> before = ParseFixture(recorded);
  if (!before) return {.calls = before.error().ToString() + "\n"};
  const Result<Fixture> after = ParseFixture(now);
  if (!after) return {.calls = after.error().ToString() + "\n"};
  return {.calls = Differences(Calls(*before, Compared::kBehaviour),
                               Calls(*after, Compared::kBehaviour)),
          .build = Calls(*before, Compared::kAll) != Calls(*after, Compared::kAll)};
}

}  // namespace purebpf::testing
