#include "purebpf/bpf/testing/replay_state.h"

#include <algorithm>
#include <span>

#include "purebpf/bpf/testing/compare.h"
#include "purebpf/bpf/testing/words.h"

namespace purebpf::testing {

using namespace internal;  // NOLINT(google-build-using-namespace): one's own

namespace {

// The first line of a call, cut for a report.
std::string FirstLine(const Call& call) {
  constexpr size_t kWidth = 150;
  std::string text = WriteCall(call);
  text.resize(text.find('\n'));
  if (text.size() > kWidth) text = text.substr(0, kWidth - 3) + "...";
  return text;
}

// The blobs that a call's answer is made of, by name.
void AddBlobs(const std::vector<Field>& fields, std::vector<std::string>& names) {
  constexpr std::string_view kBlob = "blob:";
  for (const Field& field : fields)
    if (const std::string_view value = Plain(field.value); value.starts_with(kBlob))
      names.emplace_back(value.substr(kBlob.size()));
}

void AddBlobs(std::span<const Block> blocks, std::vector<std::string>& names) {
  for (const Block& block : blocks) {
    AddBlobs(block.fields, names);
    AddBlobs(block.blocks, names);
  }
}

std::vector<std::string> AnsweredBlobs(const Call& call) {
  std::vector<std::string> names;
  AddBlobs(call.outputs, names);
  for (const Block& block : call.blocks)
    if (block.answered) AddBlobs(std::span(&block, 1), names);
  return names;
}

}  // namespace

ReplayKernel::State::State(Fixture recorded, ReplayOptions how)
    : Conversation(Blobs::Use::kCompare),
      fixture(std::move(recorded)),
      options(std::move(how)),
      named(NamesOf(fixture.calls)),
      used(fixture.calls.size()) {
  if (options.order == Order::kStrict) return;
  for (size_t i = 0; i < fixture.calls.size(); ++i) {
    by_object_[ObjectOf(fixture.calls[i])].push_back(i);
    by_request_[RequestKey(fixture.calls[i])].push_back(i);
    if (HasFree(fixture.calls[i])) with_free_.push_back(i);
  }
}

const Call* ReplayKernel::State::Match(const Call& wanted) {
  budget = {};
  if (failed()) {
    ++refused;
    return nullptr;
  }
  switch (options.order) {
    case Order::kStrict:
      return MatchStrict(wanted);
    case Order::kPerObject:
      return MatchPerObject(wanted);
    case Order::kLoose:
      return MatchLoose(wanted);
  }
  return nullptr;
}

const Call* ReplayKernel::State::Take(size_t index) {
  if (!used[index]) ++made;
  used[index] = true;
  order_.push_back(index);
  return &fixture.calls[index];
}

const Call* ReplayKernel::State::MatchStrict(const Call& wanted) {
  const Call* const recorded = next_ < fixture.calls.size() ? &fixture.calls[next_] : nullptr;
  if (recorded != nullptr && SameRequest(*recorded, wanted)) return Take(next_++);
  Differ(recorded, wanted);
  return nullptr;
}

// Calls on an object are made in the order recorded; those on none whenever they are due.
const Call* ReplayKernel::State::MatchPerObject(const Call& wanted) {
  const std::string object = ObjectOf(wanted);
  const bool on_none = object.empty();
  const std::string key = on_none ? RequestKey(wanted) : object;
  auto& queues = on_none ? by_request_ : by_object_;
  const auto queue = queues.find(key);
  size_t& due = due_[(on_none ? "=" : ":") + key];
  while (queue != queues.end() && due < queue->second.size() && used[queue->second[due]]) ++due;
  if (queue != queues.end() && due < queue->second.size()) {
    const size_t index = queue->second[due];
    if (SameRequest(fixture.calls[index], wanted)) return Take(index);
    Differ(&fixture.calls[index], wanted);
    return nullptr;
  }
  // What is free in it may be in the way of finding it: any that is due and fits.
  for (size_t i = 0; on_none && i < fixture.calls.size(); ++i)
    if (!used[i] && SameRequest(fixture.calls[i], wanted)) return Take(i);
  const Call* like = nullptr;
  for (size_t i = 0; like == nullptr && i < fixture.calls.size(); ++i)
    if (!used[i] && fixture.calls[i].verb == wanted.verb) like = &fixture.calls[i];
  Differ(like, wanted);
  return nullptr;
}

const Call* ReplayKernel::State::MatchLoose(const Call& wanted) {
  const auto found = by_request_.find(RequestKey(wanted));
  const Call* answer = nullptr;
  if (found != by_request_.end()) {
    size_t& due = due_[found->first];
    while (due < found->second.size() && used[found->second[due]]) ++due;
    answer = Take(found->second[std::min(due, found->second.size() - 1)]);
  } else if (const std::optional<size_t> free = FindWithFree(wanted)) {
    answer = Take(*free);
  }
  if (wanted.verb == kNetlinkSend)
    cursors_[ObjectOf(wanted)] = answer != nullptr ? order_.back() + 1 : fixture.calls.size();
  return answer;
}

// A value that only the recording leaves free is not in its key: the next call that fits, else the
// last.
std::optional<size_t> ReplayKernel::State::FindWithFree(const Call& wanted) const {
  std::optional<size_t> last;
  for (const size_t index : with_free_) {
    if (!SameRequest(fixture.calls[index], wanted)) continue;
    last = index;
    if (!used[index]) break;
  }
  return last;
}

const Call* ReplayKernel::State::MatchReceive(const Call& wanted) {
  budget = {};
  size_t& at = cursors_[ObjectOf(wanted)];
  for (; at < fixture.calls.size(); ++at) {
    const Call& call = fixture.calls[at];
    if (ObjectOf(call) != ObjectOf(wanted)) continue;
    if (call.verb == kNetlinkSend) return nullptr;
    if (call.verb == kNetlinkReceive) return Take(at++);
  }
  return nullptr;
}

const Call* ReplayKernel::State::MatchLook(const Mapping& mapping, Bytes memory) {
  budget = {};
  if (failed()) return nullptr;
  const auto offset = static_cast<size_t>(memory.data() - mapping.seen.data());
  const auto is_about = [&](const Call& call) {
    if (call.verb != kLook || ObjectOf(call) != mapping.token) return false;
    const Field* const at = FindField(call.inputs, "memory");
    const Field* const size = FindField(call.inputs, "size");
    if (at == nullptr || size == nullptr) return false;
    const uint64_t begin = ParsePlace(at->value).value_or(Place()).offset;
    const uint64_t bytes = ParseNumber(size->value).value_or(0);
    return begin < offset + memory.size() && offset - std::min(offset, begin) < bytes;
  };
  if (options.order == Order::kStrict)
    return next_ < fixture.calls.size() && is_about(fixture.calls[next_]) ? Take(next_++) : nullptr;
  const auto queue = by_object_.find(mapping.token);
  if (queue == by_object_.end()) return nullptr;
  for (const size_t index : queue->second)
    if (!used[index]) return is_about(fixture.calls[index]) ? Take(index) : nullptr;
  return nullptr;
}

// --- What is said
// ---------------------------------------------------------------------------------

std::string ReplayKernel::State::Where(const Call& call) const {
  return (options.name.empty() ? "line " : options.name + ":") + Decimal(call.line);
}

std::string ReplayKernel::State::Prelude() const {
  constexpr size_t kShown = 5;
  if (order_.empty()) return "";
  std::string text = "\nbefore it:\n";
  const size_t first = order_.size() > kShown ? order_.size() - kShown : 0;
  for (size_t i = first; i < order_.size(); ++i) {
    const Call& call = fixture.calls[order_[i]];
    text.append("  call ").append(Decimal(i + 1)).append(", line ").append(Decimal(call.line));
    text.append(": ").append(FirstLine(call)).append("\n");
  }
  return text;
}

void ReplayKernel::State::Differ(const Call* recorded, const Call& wanted) {
  mismatch = "call " + Decimal(order_.size() + 1) + " is not what was recorded";
  if (recorded == nullptr) {
    mismatch +=
        ": the recording " +
        std::string(options.order == Order::kStrict ? "ends before it" : "has none like it") +
        "\n\n" + WriteCall(wanted);
  } else {
    mismatch += " (" + Where(*recorded) + ")\n\n" + SideBySide(*recorded, wanted);
  }
  mismatch += Prelude();
}

void ReplayKernel::State::Refuse(const Call& recorded, const std::string& wrong) {
  if (failed()) return;
  mismatch = "call " + Decimal(order_.size()) + " cannot be answered (" + Where(recorded) +
             "): " + (wrong.empty() ? "result " + recorded.result : wrong) + "\n\n    " +
             FirstLine(recorded) + "\n";
  for (const std::string& blob : AnsweredBlobs(recorded))
    if (blobs.Find(blob) == nullptr)
      mismatch += "\nthe file has no blob " + blob + ": blobs stand at its end; was it cut?\n";
}

void ReplayKernel::State::AppendMissing(std::string& text) const {
  constexpr size_t kShown = 10;
  const size_t missing = fixture.calls.size() - made;
  if (missing == 0 || failed() || loose()) return;
  text += Decimal(missing) + (missing == 1 ? " call was" : " calls were") + " never made:\n";
  size_t shown = 0;
  for (size_t i = 0; i < fixture.calls.size() && shown < kShown; ++i) {
    if (used[i]) continue;
    ++shown;
    text.append("  line ").append(Decimal(fixture.calls[i].line));
    text.append(": ").append(FirstLine(fixture.calls[i])).append("\n");
  }
  if (shown < missing) text += "  and " + Decimal(missing - shown) + " more\n";
}

void ReplayKernel::State::AppendLeaks(std::string& text) const {
  if (options.may_leave_open) return;
  const auto made_by = [&](const std::string& token) -> std::string {
    for (const size_t index : order_)
      if (fixture.calls[index].result == token) return FirstLine(fixture.calls[index]);
    return "";
  };
  std::string leaks;
  const auto add = [&](const std::string& token, std::string_view what) {
    leaks += "  " + token + ", " + std::string(what);
    if (const std::string maker = made_by(token); !maker.empty()) leaks += ": " + maker;
    leaks += "\n";
  };
  for (const std::string& token : tokens.OpenTokens()) add(token, "a descriptor");
  for (const auto& mapping : mappings.all()) add(mapping->token, "a mapping");
  for (const auto& [bytes, view] : views) add(view, "a file's contents");
  if (!leaks.empty()) text += "never closed:\n" + leaks;
}

void ReplayKernel::State::AppendAdvice(std::string& text) const {
  if (text.empty()) return;
  text += "\nrecorded";
  if (!options.name.empty()) text += " in " + options.name;
  text += " on Linux " + fixture.kernel + ", " + fixture.arch;
  if (fixture.arch != Architecture())
    text += " (here on " + std::string(Architecture()) + ", where registers and page sizes differ)";
  if (!fixture.about.empty()) text += ": " + fixture.about;
  text += "\nif what the code does now is right, record it again: ";
  text += options.record_again.empty()
              ? "run it with a RecordingKernel around a HostKernel (docs/TESTING.md)"
              : options.record_again;
  text += "\n";
}

std::string ReplayKernel::State::Report() const {
  std::string text = mismatch;
  if (failed() && refused != 0)
    text += "\nand " + Decimal(refused) + (refused == 1 ? " call" : " calls") +
            " after it, answered EPROTO like it\n";
  AppendMissing(text);
  if (!failed()) AppendLeaks(text);
  AppendAdvice(text);
  return text;
}

std::optional<int> ReplayKernel::State::OpenFd(std::string_view token) {
  if (!tokens.OpenAs(token, ++last_fd_)) return std::nullopt;
  return last_fd_;
}

int ReplayKernel::State::NewFd(std::string_view kind) {
  tokens.Open(kind, ++last_fd_);
  return last_fd_;
}

}  // namespace purebpf::testing
