#include "purebpf/loader/internal/plan/link.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/plan/refused.h"

namespace purebpf::internal {
namespace {

// Of most programs: what room is made for.
constexpr size_t kUsualPieces = 8;

bool NamesFunction(ReferenceKind kind) {
  return kind == ReferenceKind::kFunctionCall || kind == ReferenceKind::kFunctionAddress;
}

// A value for each of the functions of one program: few, while the object may have many. In order
// of their numbers, so that a look-up halves.
template <typename Value>
class ByFunction {
 public:
  void MakeRoom(size_t functions) { all_.reserve(functions); }
  // Null where it has none.
  [[nodiscard]] const Value* Find(uint32_t function) const {
    const auto found = std::ranges::lower_bound(all_, function, {}, &Entry::first);
    return found == all_.end() || found->first != function ? nullptr : &found->second;
  }
  // What it has, or a new one.
  Value& operator[](uint32_t function) {
    const auto place = std::ranges::lower_bound(all_, function, {}, &Entry::first);
    if (place != all_.end() && place->first == function) return place->second;
    return all_.insert(place, {function, Value{}})->second;
  }

 private:
  using Entry = std::pair<uint32_t, Value>;
  std::vector<Entry> all_;  // kMaxPieces at most
};

std::string Quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

// Lays the functions out one behind the other. Without recursion: how deep calls are nested is up
// to the object.
class Layout {
 public:
  explicit Layout(const CollectionSpec& spec) : spec_(spec) {
    placed_.MakeRoom(kUsualPieces);
    pieces_.reserve(kUsualPieces);
    path_.reserve(kUsualPieces);
  }

  // Appends `function` and what it needs, unless it is there.
  Result<void> Place(uint32_t function) {
    if (placed_.Find(function) != nullptr) return {};
    PUREBPF_TRY(Append(function));
    path_.push_back({function, 0});
    while (!path_.empty()) {
      Visit& visit = path_.back();
      const auto& references = spec_.functions[visit.function].references;
      if (visit.next == references.size()) {
        placed_[visit.function] = false;
        path_.pop_back();
        continue;
      }
      const Reference& reference = references[visit.next++];
      if (!NamesFunction(reference.kind)) continue;
      if (reference.target >= spec_.functions.size())
        return Refused(Code::kMalformed, Quoted(spec_.functions[visit.function].name),
                       "instruction " + std::to_string(reference.insn) + " refers to function " +
                           std::to_string(reference.target) + ", of " +
                           std::to_string(spec_.functions.size()));
      if (const bool* on_path = placed_.Find(reference.target)) {
        if (*on_path && reference.kind == ReferenceKind::kFunctionCall) calls_back_ = true;
        continue;
      }
      PUREBPF_TRY(Append(reference.target));
      path_.push_back({reference.target, 0});  // `visit` is gone
    }
    return {};
  }

  // Whether a function calls one that led to it, by calls or by addresses. Without such a call no
  // function calls itself: of those on a circle, the last would have been met on the way from the
  // first.
  [[nodiscard]] bool calls_back() const { return calls_back_; }

  std::vector<Piece> Take() && { return std::move(pieces_); }

 private:
  struct Visit {
    uint32_t function;
    size_t next;  // reference
  };

  Result<void> Append(uint32_t function) {
    const FunctionSpec& code = spec_.functions[function];
    if (!code.problem.empty())
      return Refused(Code::kMalformed, "", "function " + Quoted(code.name) + ": " + code.problem);
    if (pieces_.size() == kMaxPieces)
      return Refused(Code::kUnsupported, "",
                     "it has more than " + std::to_string(kMaxPieces) + " functions");
    if (code.insns.size() > kMaxInsns - size_)
      return Refused(Code::kUnsupported, "",
                     "with function " + Quoted(code.name) + " it has more than " +
                         std::to_string(kMaxInsns) + " instructions");
    placed_[function] = true;
    pieces_.push_back({function, static_cast<uint32_t>(size_)});
    size_ += code.insns.size();
    return {};
  }

  const CollectionSpec& spec_;
  ByFunction<bool> placed_;  // whether on the path
  std::vector<Piece> pieces_;
  std::vector<Visit> path_;
  size_t size_ = 0;
  bool calls_back_ = false;
};

// A function that calls itself, be it through others, never ends: the kernel has 8 frames and no
// more. Taking a function's address is no call.
class RecursionCheck {
 public:
  explicit RecursionCheck(const CollectionSpec& spec) : spec_(spec) {}

  Result<void> From(uint32_t function) {
    State& begin = state_[function];
    if (begin != State::kNew) return {};
    begin = State::kOpen;
    path_ = {{function, 0}};
    while (!path_.empty()) {
      auto& [current, next] = path_.back();
      const auto& references = spec_.functions[current].references;
      if (next == references.size()) {
        state_[current] = State::kDone;
        path_.pop_back();
        continue;
      }
      const Reference& reference = references[next++];
      if (reference.kind != ReferenceKind::kFunctionCall) continue;
      State& state = state_[reference.target];
      if (state == State::kOpen) return Recursion(reference.target);
      if (state == State::kDone) continue;
      state = State::kOpen;
      path_.push_back({reference.target, 0});
    }
    return {};
  }

 private:
  enum class State : uint8_t { kNew, kOpen, kDone };  // kNew is what others have

  [[gnu::cold]] std::unexpected<Error> Recursion(uint32_t function) const {
    constexpr size_t kMostNames = 8;
    const auto first = std::ranges::find(path_, function, &std::pair<uint32_t, size_t>::first);
    std::string chain;
    size_t names = 0;
    for (auto call = first; call != path_.end() && names < kMostNames; ++call, ++names)
      chain += Quoted(spec_.functions[call->first].name) + " calls ";
    if (names == kMostNames) chain += "... calls ";
    return Refused(Code::kUnsupported, "", chain + Quoted(spec_.functions[function].name),
                   "BPF programs cannot recurse: use a bounded loop, or bpf_loop()");
  }

  const CollectionSpec& spec_;
  ByFunction<State> state_;
  std::vector<std::pair<uint32_t, size_t>> path_;  // a function, and its next reference
};

// Laid out as the kernel's own (include/uapi/linux/bpf.h).
static_assert(sizeof(FunctionInfo) == 8 && offsetof(FunctionInfo, type) == 4);  // bpf_func_info
static_assert(sizeof(LineInfo) == 16 && offsetof(LineInfo, line) == 8 &&        // bpf_line_info
              offsetof(LineInfo, line_column) == 12);

// The records of all pieces; none where one has none.
template <typename Info>
InfoRecords Records(const CollectionSpec& spec, const std::vector<Piece>& pieces,
                    std::vector<Info> FunctionSpec::* infos) {
  InfoRecords all;
  size_t count = 0;
  for (const Piece& piece : pieces) {
    const size_t own = (spec.functions[piece.function].*infos).size();
    if (own == 0) return all;
    count += own;
  }
  all.record_size = sizeof(Info);
  all.records.resize(count * sizeof(Info));
  std::byte* next = all.records.data();
  for (const Piece& piece : pieces) {
    for (Info info : spec.functions[piece.function].*infos) {
      info.insn += piece.begin;
      std::memcpy(next, &info, sizeof info);
      next += sizeof info;
    }
  }
  return all;
}

}  // namespace

Result<std::vector<Piece>> Arrange(const CollectionSpec& spec, const SpecIndex& index,
                                   uint32_t function) {
  if (function >= spec.functions.size())
    return Refused(Code::kMalformed, "",
                   "its code is function " + std::to_string(function) + ", of " +
                       std::to_string(spec.functions.size()));
  Layout layout(spec);
  PUREBPF_TRY(layout.Place(function));
  if (const std::string& callback = spec.functions[function].exception_callback;
      !callback.empty()) {
    const auto found = index.functions.Find(callback);
    if (!found)
      return Refused(
          Code::kMalformed, "",
          "its exception callback " + Quoted(callback) + " is no function of the object");
    PUREBPF_TRY(layout.Place(*found));
  }
  const bool calls_back = layout.calls_back();
  auto pieces = std::move(layout).Take();
  if (calls_back) {
    RecursionCheck check(spec);
    for (const Piece& piece : pieces) PUREBPF_TRY(check.From(piece.function));
  }
  for (const Piece& piece : pieces) {
    const FunctionSpec& code = spec.functions[piece.function];
    for (const Reference& reference : code.references)
      if (reference.insn >= code.insns.size())
        return Refused(Code::kMalformed, "",
                       "instruction " + std::to_string(reference.insn) +
                           " of a reference is beyond the " + std::to_string(code.insns.size()) +
                           " of function " + Quoted(code.name));
  }
  return pieces;
}

size_t CountReferences(const CollectionSpec& spec, const std::vector<Piece>& pieces) {
  size_t count = 0;
  for (const Piece& piece : pieces) count += spec.functions[piece.function].references.size();
  return count;
}

LinkedCode Assemble(const CollectionSpec& spec, const std::vector<Piece>& pieces) {
  LinkedCode linked;
  const FunctionSpec& last = spec.functions[pieces.back().function];
  linked.insns.reserve(pieces.back().begin + last.insns.size());
  for (const Piece& piece : pieces) {
    const std::vector<Insn>& code = spec.functions[piece.function].insns;
    linked.insns.insert(linked.insns.end(), code.begin(), code.end());
  }
  linked.func_info = Records(spec, pieces, &FunctionSpec::func_infos);
  // Lines without functions are refused (kernel/bpf/verifier.c: check_btf_info).
  if (!linked.func_info.records.empty())
    linked.line_info = Records(spec, pieces, &FunctionSpec::line_infos);
  ByFunction<uint32_t> begins;
  begins.MakeRoom(pieces.size());
  for (const Piece& piece : pieces) begins[piece.function] = piece.begin;
  for (const Piece& piece : pieces) {
    const FunctionSpec& code = spec.functions[piece.function];
    for (const Reference& reference : code.references) {
      if (!NamesFunction(reference.kind)) continue;
      const uint32_t at = piece.begin + reference.insn;
      const uint32_t target = *begins.Find(reference.target);
      linked.insns[at].set_src(reference.kind == ReferenceKind::kFunctionCall ? kPseudoCall
                                                                              : kPseudoFunc);
      linked.insns[at].imm = static_cast<int32_t>(target - at - 1);
    }
  }
  return linked;
}

}  // namespace purebpf::internal
