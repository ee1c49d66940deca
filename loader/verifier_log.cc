#include "purebpf/loader/verifier_log.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace purebpf {
namespace {

// What a line of the verifier means. The first row whose words are all in the line is taken.
struct Family {
  std::string_view words;
  std::string_view more;  // also there; "" for none
  std::string_view cause;
  std::string_view fix;
};

constexpr Family kFamilies[] = {
    {"#195896080", "", "a CO-RE relocation of this instruction did not resolve on this kernel",
     "guard it with bpf_core_field_exists() or bpf_core_type_exists(), or provide another way"},
    {"invalid func unknown#2002", "", "it calls a kernel function (kfunc) that this kernel lacks",
     "declare it __weak and test it with bpf_ksym_exists() before the call"},
    {"invalid func unknown#2001", "", "it uses a map that was not created",
     "create the map, or guard its use by a constant that is false"},
    {"invalid access to packet", "", "nothing on this path has shown that the packet is that long",
     "compare the pointer just behind the access with data_end, and leave where it is greater"},
    {"math between pkt pointer", "unbounded min value",
     "a value without bounds is added to a packet pointer",
     "bound it first (x &= 0xfff, or return where it is too large), as an unsigned value"},
    {"invalid access to map value", "", "the access ends behind the map's value",
     "bound the index by the value's size before the access"},
    {"unbounded memory access", "", "a value without an upper bound is used as an offset",
     "compare it with the size of the object first, as an unsigned value"},
    {"min value is negative", "", "an offset or a size may be negative here",
     "make it unsigned, or return where it is below 0"},
    {"min value is outside of the allowed memory range", "", "an offset may lie before the object",
     "return where it is too small, before the access"},
    {"max value is outside of the allowed memory range", "", "an offset may lie behind the object",
     "bound it by the object's size before the access"},
    {"invalid mem access 'map_value_or_null'", "",
     "the result of a map lookup is used before it was compared with NULL",
     "if (!value) return 0; before the first use"},
    {"_or_null'", "invalid mem access", "a pointer that may be NULL is used",
     "compare it with NULL before the first use"},
    {"possibly NULL pointer passed", "", "a pointer that may be NULL is passed on",
     "compare it with NULL before the call"},
    {"invalid mem access 'scalar'", "", "a number is used as a pointer",
     "read kernel memory with bpf_probe_read_kernel() or BPF_CORE_READ(); a pointer that was "
     "computed or kept in a map is a number to the verifier"},
    {"invalid mem access 'inv'", "", "a number is used as a pointer",
     "read kernel memory with bpf_probe_read_kernel() or BPF_CORE_READ(); a pointer that was "
     "computed or kept in a map is a number to the verifier"},
    {"invalid mem access", "", "memory is accessed through a register that is no pointer to it",
     "see the register's last state"},
    {"combined stack size", "",
     "the functions of this call chain need more than 512 bytes of stack",
     "move large variables to a per-CPU array"},
    {"invalid stack", "", "the access lies outside of the stack's 512 bytes, or was never written",
     "initialise the variable whole, padding too; move large ones to a per-CPU array"},
    {"invalid indirect read from stack", "", "bytes of the stack that were never written are read",
     "initialise the variable whole, padding too: __builtin_memset(&x, 0, sizeof x)"},
    {"invalid read from stack", "", "bytes of the stack that were never written are read",
     "initialise the variable before its use"},
    {"invalid size of register spill", "", "part of a pointer is stored on the stack",
     "store pointers whole: 8 bytes at an aligned place"},
    {"!read_ok", "R0", "the program (or function) may end without a return value",
     "return a value on every path"},
    {"!read_ok", "", "a register is read that this path has not written; calls clobber r1 to r5",
     "initialise the variable on every path"},
    {"unknown func", "", "this kernel, or this type of program, has no such helper",
     "use another helper, or another type of program"},
    {"invalid func unknown#", "", "this kernel has no such helper",
     "bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_...) tells whether it is there"},
    {"program of this type cannot use helper", "", "the helper is not for this type of program",
     "use another helper, or another type of program"},
    {"calling kernel function", "not allowed",
     "the kernel function is not for this type of program", "see the kfunc's documentation"},
    {"GPL-restricted function", "", "the helper is for programs under the GPL only",
     "char LICENSE[] SEC(\"license\") = \"GPL\";"},
    {"cannot call GPL only function", "", "the helper is for programs under the GPL only",
     "char LICENSE[] SEC(\"license\") = \"GPL\";"},
    {"back-edge from insn", "", "the program loops, which Linux before 5.3 does not take",
     "unroll the loop: #pragma unroll"},
    {"infinite loop detected", "", "the verifier sees no progress in a loop",
     "give it a counter with a constant bound, or use bpf_loop() (Linux 5.17)"},
    {"BPF program is too large", "", "the verifier gave up after a million instructions",
     "fewer branches in loops, smaller bounds, bpf_loop(), or global (not static) functions, which "
     "are verified on their own"},
    {"The sequence of", "jumps is too complex", "too many branches on one path",
     "split the program: global functions, tail calls"},
    {"too many states", "", "too many branches", "split the program: global functions, tail calls"},
    {"unreachable insn", "", "some instructions cannot be reached (an error before Linux 5.1)",
     "compile with -O2"},
    {"Unreleased reference", "", "a reference that was acquired is not released on every path",
     "call the release function (bpf_sk_release(), ...) before each return"},
    {"reference has not been acquired before", "", "it is released twice, or was never acquired",
     "release each reference once"},
    {"helper access to the packet is not allowed", "", "this helper does not take packet memory",
     "copy it to the stack first"},
    {"dereference of modified ctx ptr", "", "the context pointer was changed before the access",
     "let the compiler see each access as a constant offset from ctx"},
    {"invalid bpf_context access", "",
     "the context has no such field for this type of program, or it is not accessible so",
     "check offset and size against the context's structure"},
    {"leaks addr", "", "a kernel address would become visible to user space",
     "store no pointers; loading with CAP_PERFMON allows it"},
    {"pointer arithmetic", "prohibited", "this arithmetic is not allowed on this kind of pointer",
     "compute the offset in an integer first; compare with NULL before adding"},
    {"misaligned", "access", "the access is not aligned", "copy the bytes with __builtin_memcpy()"},
    {"bpf_spin_unlock is missing", "", "a lock is held at the end", "unlock on every path"},
    {"function calls are not allowed while holding a lock", "", "a call while a lock is held",
     "unlock before the call"},
    {"caller passes invalid args into func", "",
     "a global function is verified for any argument its type allows",
     "check pointers for NULL in it, or make it static"},
    {"write into map forbidden", "", "the map is read-only for programs", "do not write .rodata"},
    {"only read from bpf_array is supported", "", "memory of the kernel is written",
     "only helpers and kfuncs may do that"},
    {"Tracing programs must provide btf_id", "", "the program was loaded without what it traces",
     "name it in the section: fentry/FUNCTION"},
    {"is not a function", "attach_btf_id", "what it should attach to is no function of this kernel",
     "check the name; it may have been inlined or renamed"},
    {"Sleepable programs can only", "", "this type or target may not sleep",
     "use the section without .s"},
    {"At program exit the register R0", "", "the return value is outside of what is allowed here",
     "return one of the values in the message"},
    {"jump out of range", "", "a jump leaves its function", "recompile; the object may be damaged"},
    {"R10 is not allowed", "", "the frame pointer cannot be changed", ""},
    {"frame pointer is read only", "", "the frame pointer cannot be changed", ""},
    {"last insn is not an exit or jmp", "", "the code runs past its end",
     "a function without return, or a call of one that never returns"},
    {"number of funcs in func_info doesn't match", "", "the object's .BTF.ext and code disagree",
     "recompile with one compiler; loading without BTF works as well"},
};

// Lines that follow the verifier's last word: kernel/bpf/verifier.c: print_verification_stats; and
// those that are about states, not about what is wrong.
constexpr std::string_view kAside[] = {
    "processed ", "verification time ", "stack depth ", "cur state:", "old state:",
    "max_states", "mark_precise",       "last_idx ",    "regs=",
};

// These follow the line that says more, and name the register where that one does not.
constexpr std::string_view kRepeats[] = {
    "offset is outside of the packet",
    "min value is outside of the allowed memory range",
    "max value is outside of the allowed memory range",
};

// About a function or the whole program: found before or after the walk, so that the instruction
// printed last has nothing to do with it.
constexpr std::string_view kAboutNoInsn[] = {
    "combined stack size",
    "last insn is not an exit or jmp",
    "number of funcs in func_info",
};

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsWord(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// "7: (79) r1 = ..." or, with states, "6: R1=ctx() ...": the number.
std::optional<uint32_t> InsnNumber(std::string_view line) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error != std::errc() || end == line.data() + line.size() || *end != ':') return std::nullopt;
  return number;
}

// Of "7: (79) r1 = *(u64 *)(r0 +0)    ; R0=..." what stands before the states, or "" where the line
// is of another kind.
std::string_view InsnText(std::string_view line) {
  const size_t colon = line.find(": (");
  if (colon == std::string_view::npos || !InsnNumber(line)) return {};
  std::string_view text = line.substr(0, line.find(" ; R", colon));
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// "infinite loop detected at insn 12", "back-edge from insn 9 to 3": the first number.
std::optional<uint32_t> NamedInsn(std::string_view message) {
  constexpr std::string_view kWord = " insn ";
  const size_t at = message.find(kWord);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view digits = message.substr(at + kWord.size());
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end == digits.data()) return std::nullopt;
  return number;
}

const Family* FamilyOf(std::string_view line) {
  for (const Family& family : kFamilies)
    if (line.find(family.words) != std::string_view::npos &&
        line.find(family.more) != std::string_view::npos)
      return &family;
  return nullptr;
}

// Registers are bits: R0 to R10.
constexpr uint32_t kRegisters = 11;
constexpr size_t kMostLookedAt = 4;  // more than these tell nobody anything

// Those that `text` names with `letter`: 'R' in messages and states, 'r' in instructions.
uint32_t Mentioned(std::string_view text, char letter) {
  uint32_t found = 0;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    const bool starts = i == 0 || !IsWord(text[i - 1]);
    if (!starts || text[i] != letter || !IsDigit(text[i + 1])) continue;
    uint32_t number = 0;
    (void)std::from_chars(text.data() + i + 1, text.data() + std::min(text.size(), i + 4), number);
    if (number < kRegisters) found |= 1U << number;
  }
  return found;
}

// "R1=pkt(id=0,r=0)" or "R1_w=scalar()" at the start of `text`, up to its closing parenthesis.
std::string_view StateAt(std::string_view text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth <= 0) return text.substr(0, i + 1);
    if (text[i] == ' ' && depth == 0) return text.substr(0, i);
  }
  return text;
}

// The state of register `number` in a line of states, or "".
std::string_view StateOf(std::string_view line, uint32_t number) {
  const std::string name = 'R' + std::to_string(number);
  for (size_t at = line.find(name); at != std::string_view::npos; at = line.find(name, at + 1)) {
    if (at > 0 && line[at - 1] != ' ') continue;
    std::string_view after = line.substr(at + name.size());
    if (after.starts_with("_w") || after.starts_with("_r")) after.remove_prefix(2);
    if (after.starts_with("_rw")) after.remove_prefix(3);
    if (after.starts_with('=')) return StateAt(line.substr(at));
  }
  return {};
}

// The part of a line that holds states: behind " ; " of an instruction, or all after "12: R1=".
std::string_view StatesOf(std::string_view line) {
  if (line.starts_with("from ")) {
    const size_t colon = line.find(": R");
    return colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  }
  if (!InsnNumber(line)) return {};
  if (const size_t mark = line.find(" ; R"); mark != std::string_view::npos)
    return line.substr(mark + 2);
  const size_t colon = line.find(": R");
  return colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
}

// Between a line of the source and where it is (kernel/bpf/log.c: verbose_linfo, Linux 6.9).
constexpr std::string_view kPlace = " @ ";

// "; return d[14]; @ prog.c:6" -> "prog.c:6: return d[14];". Before Linux 6.9 without the place.
std::string SourceOf(std::string_view comment) {
  comment.remove_prefix(1);
  while (comment.starts_with(' ')) comment.remove_prefix(1);
  while (!comment.empty() && (comment.back() == ' ' || comment.back() == '\r'))
    comment.remove_suffix(1);
  const size_t at = comment.rfind(kPlace);
  if (at == std::string_view::npos) return std::string(comment);
  return std::string(comment.substr(at + kPlace.size())) + ": " +
         std::string(comment.substr(0, at));
}

// Walks the log's lines from the last one up. What it has to look at is bounded: a log may have
// 64 MiB, and its end tells.
class Reader {
 public:
  explicit Reader(std::string_view log) : rest_(log) {}

  // False where there are no more.
  bool Previous(std::string_view& line) {
    if (rest_.empty() || left_-- == 0) return false;
    if (rest_.ends_with('\n')) rest_.remove_suffix(1);
    const size_t start = rest_.rfind('\n') + 1;  // npos + 1 is 0
    line = rest_.substr(start);
    rest_ = rest_.substr(0, start);
    return true;
  }

 private:
  static constexpr size_t kMostLines = 20000;
  std::string_view rest_;
  size_t left_ = kMostLines;
};

bool IsAside(std::string_view line) {
  return IsBlank(line) || line.starts_with("; ") || InsnNumber(line) || line.starts_with("from ") ||
         line.starts_with("func#") || line.starts_with("arg#") ||
         std::ranges::any_of(kAside,
                             [line](std::string_view start) { return line.starts_with(start); });
}

bool Repeats(std::string_view line) {
  return std::ranges::any_of(kRepeats, [line](std::string_view words) {
    return line.find(words) != std::string_view::npos;
  });
}

class Explainer {
 public:
  Explainer(std::string_view log, std::span<const InsnNote> notes,
            std::span<const InsnSource> sources)
      : log_(log), notes_(notes), sources_(sources) {}

  VerifierExplanation Run() {
    FindMessage();
    FindInsn();
    FindRegisters();
    FindPlace();
    Attribute();
    return std::move(out_);
  }

 private:
  // The last line whose family is known, among those that end the log; else the last one.
  void FindMessage() {
    Reader reader(log_);
    std::string_view line;
    constexpr int kMostMessages = 4;
    int messages = 0;
    while (messages < kMostMessages && reader.Previous(line)) {
      if (IsAside(line)) {
        // States follow "infinite loop detected"; instructions come before any message.
        if (messages > 0 && InsnNumber(line)) break;
        continue;
      }
      ++messages;
      if (Repeats(line)) repeat_ = line;
      const Family* family = FamilyOf(line);
      if (!out_.message.empty() && !Repeats(out_.message) && (family_ || !family)) continue;
      out_.message = line.substr(0, kLongestText);
      if (family != nullptr) family_ = family;
    }
  }

  // The instruction that the message names, or else the last one printed; and the source line
  // above.
  void FindInsn() {
    if (std::ranges::any_of(kAboutNoInsn, [this](std::string_view words) {
          return out_.message.find(words) != std::string::npos;
        }))
      return;
    out_.insn = NamedInsn(out_.message);
    Reader reader(log_);
    std::string_view line;
    while (reader.Previous(line)) {
      if (out_.insn_text.empty() && !InsnText(line).empty()) {
        if (out_.insn && out_.insn != InsnNumber(line)) continue;
        out_.insn_text = InsnText(line).substr(0, kLongestText);
        out_.insn = InsnNumber(line);
      } else if (!out_.insn_text.empty() && line.starts_with("; ")) {
        out_.source = SourceOf(line.substr(0, kLongestText));
        source_has_place_ = line.find(kPlace) != std::string_view::npos;
        return;
      }
    }
  }

  // Before Linux 6.9 a log has lines of the source without saying where they are.
  void FindPlace() {
    if (!out_.insn || source_has_place_) return;
    if (std::string known = SourceLine(*out_.insn); !known.empty()) out_.source = std::move(known);
  }

  // Of the registers that the message names, or else that the instruction does.
  void FindRegisters() {
    uint32_t wanted = Mentioned(out_.message, 'R') | Mentioned(repeat_, 'R');
    if (wanted == 0) wanted = Mentioned(out_.insn_text, 'r') & ~(1U << 10);
    Reader reader(log_);
    std::string_view line;
    std::array<std::string_view, kRegisters> states;
    bool reached = out_.insn_text.empty();
    if (reached && out_.insn) return;  // it was never walked
    while (wanted != 0 && reader.Previous(line)) {
      // The states behind the failing instruction are those before it.
      if (!reached) {
        reached = !InsnText(line).empty();
        if (StatesOf(line).empty()) continue;
      }
      const std::string_view text = StatesOf(line);
      for (uint32_t i = 0; i < kRegisters && !text.empty(); ++i) {
        if ((wanted & 1U << i) == 0) continue;
        states[i] = StateOf(text, i);
        if (!states[i].empty()) wanted &= ~(1U << i);
      }
    }
    for (const std::string_view state : states)
      if (!state.empty() && out_.registers.size() < kMostLookedAt)
        out_.registers.emplace_back(state.substr(0, kLongestText));
  }

  // What the loader noted of the failing instruction says more than any family.
  void Attribute() {
    if (family_ != nullptr) {
      out_.cause = family_->cause;
      out_.fix = family_->fix;
    }
    if (!out_.insn) return;
    const auto note = std::ranges::find(notes_, *out_.insn, &InsnNote::insn);
    if (note != notes_.end()) out_.cause = note->text;
  }

  [[nodiscard]] std::string SourceLine(uint32_t insn) const {
    const auto after = std::ranges::upper_bound(sources_, insn, {}, &InsnSource::insn);
    if (after == sources_.begin()) return {};
    const InsnSource& source = *std::prev(after);
    std::string text(source.file.substr(source.file.rfind('/') + 1));
    text += ':' + std::to_string(source.line) + ": ";
    std::string_view code = source.text.substr(0, kLongestText);
    while (code.starts_with(' ') || code.starts_with('\t')) code.remove_prefix(1);
    return text + std::string(code);
  }

  static constexpr size_t kLongestText = 300;

  std::string_view log_;
  std::span<const InsnNote> notes_;
  std::span<const InsnSource> sources_;
  const Family* family_ = nullptr;
  std::string_view repeat_;  // one of kRepeats
  bool source_has_place_ = false;
  VerifierExplanation out_;
};

}  // namespace

VerifierExplanation ExplainVerifierLog(std::string_view log, std::span<const InsnNote> notes,
                                       std::span<const InsnSource> sources) {
  return Explainer(log, notes, sources).Run();
}

std::string VerifierExplanation::Summary() const {
  std::string text = message;
  const auto add = [&text](std::string_view before, std::string_view part,
                           std::string_view after = "") {
    if (part.empty()) return;
    if (!text.empty()) text += before;
    text += part;
    text += after;
  };
  add("; at ", insn_text);
  add(" (", source, text.empty() ? "" : ")");
  for (size_t i = 0; i < registers.size(); ++i) add(i == 0 ? "; where " : ", ", registers[i]);
  add("; ", cause);
  return text;
}

}  // namespace purebpf
