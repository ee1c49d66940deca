#include "purebpf/bpf/testing/replay_kernel.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "purebpf/bpf/testing/answers.h"
#include "purebpf/bpf/testing/replay_state.h"
#include "purebpf/bpf/testing/words.h"
#include "purebpf/bpf/try.h"

namespace purebpf::testing {

using namespace internal;  // NOLINT(google-build-using-namespace): one's own

namespace {

constexpr size_t kMaxFixtureBytes = size_t{64} << 20;
constexpr uint64_t kBpfFileSystem = 0xcafe4a11;

// What every call answers once one was not as recorded: no kernel answers bpf(2) so.
constexpr Errno kFailed{EPROTO};

template <typename State>
std::unexpected<Errno> Broken(State& state, const Call& recorded, const std::string& wrong) {
  state.Refuse(recorded, wrong);
  return std::unexpected(kFailed);
}

// A call that answers nothing but whether it succeeded.
template <typename State>
SysResult<void> DoneAs(State& state, const Call& made) {
  const Call* const recorded = state.Match(made);
  if (recorded == nullptr) {
    if (state.loose()) return {};
    return std::unexpected(kFailed);
  }
  if (const auto error = ErrnoOf(recorded->result)) return std::unexpected(*error);
  if (recorded->result != "0") return Broken(state, *recorded, "");
  return {};
}

// The number or the new descriptor that a recorded call answers.
template <typename State>
SysResult<int> NumberAs(State& state, const Call& recorded) {
  if (const auto error = ErrnoOf(recorded.result)) return std::unexpected(*error);
  if (const auto token = SplitToken(recorded.result, ':')) {
    if (const std::optional<int> fd = state.OpenFd(recorded.result)) return *fd;
    if (state.loose()) return state.NewFd(token->first);
    return Broken(state, recorded, recorded.result + " is open already");
  }
  const std::optional<uint64_t> number = ParseNumber(recorded.result);
  if (!number || *number > INT32_MAX) return Broken(state, recorded, "");
  return static_cast<int>(*number);
}

// A call that makes a descriptor of that kind.
template <typename State>
SysResult<int> FdAs(State& state, const Call& made, std::string_view kind) {
  if (const Call* const recorded = state.Match(made)) return NumberAs(state, *recorded);
  if (state.loose()) return state.NewFd(kind);
  return std::unexpected(kFailed);
}

// What bpf(2) answers to a request that was never recorded, in loose order: as a kernel to which
// all succeeds, in which nothing is that was not put there.
template <typename State>
SysResult<int> LooseBpf(State& state, Command command) {
  switch (command) {
    case Command::kMapLookupElem:
    case Command::kMapLookupAndDeleteElem:
    case Command::kMapGetNextKey:
    case Command::kProgGetNextId:
    case Command::kMapGetNextId:
    case Command::kBtfGetNextId:
    case Command::kLinkGetNextId:
    case Command::kObjGet:
      return std::unexpected(Errno{ENOENT});
    default:
      break;
  }
  const std::string_view makes = SpecOf(command).makes;
  return makes.empty() ? 0 : state.NewFd(makes);
}

// A recorded answer without what this call has no memory for: in loose order it may be another one,
// as where less is asked for once more was refused.
Call WithoutUnasked(Call recorded, Command command, Bytes attr) {
  for (const FieldSpec& spec : SpecOf(command).attr) {
    if (spec.kind != Kind::kPointer || spec.offset + 8U > attr.size()) continue;
    if (LoadInteger(attr, spec.offset, 8) != 0) continue;
    std::erase_if(recorded.outputs, [&](const Field& field) { return field.name == spec.name; });
  }
  return recorded;
}

// The kernel's word for success, to the request of this number.
std::vector<std::byte> Acknowledgement(uint32_t sequence) {
  constexpr size_t kBytes = 36;  // nlmsghdr, int, the request's nlmsghdr
  std::vector<std::byte> bytes(kBytes);
  StoreInteger(bytes, 0, 4, kBytes);
  StoreInteger(bytes, 4, 2, 2);  // NLMSG_ERROR
  StoreInteger(bytes, 8, 4, sequence);
  return bytes;
}

size_t CopyOut(Bytes bytes, MutableBytes buffer) {
  const size_t size = std::min(bytes.size(), buffer.size());
  std::ranges::copy(bytes.first(size), buffer.begin());
  return bytes.size();
}

}  // namespace

ReplayKernel::ReplayKernel(std::unique_ptr<State> state) : state_(std::move(state)) {}
ReplayKernel::ReplayKernel(ReplayKernel&&) noexcept = default;
ReplayKernel& ReplayKernel::operator=(ReplayKernel&&) noexcept = default;
ReplayKernel::~ReplayKernel() = default;

Result<ReplayKernel> ReplayKernel::FromText(std::string_view text, ReplayOptions options) {
  Result<Fixture> fixture = ParseFixture(text);
  if (!fixture) return std::unexpected(std::move(fixture.error()).Within(options.name));
  auto state = std::make_unique<State>(std::move(*fixture), std::move(options));
  Budget budget;
  for (const auto& [name, blob] : state->fixture.blobs)
    if (!state->blobs.Add(name, blob, budget))
      return std::unexpected(Error{.code = Code::kMalformed,
                                   .operation = "read fixture",
                                   .object = state->options.name,
                                   .detail = "blob " + name + " cannot be read"});
  return ReplayKernel(std::move(state));
}

Result<ReplayKernel> ReplayKernel::FromFile(Kernel& files, const std::string& path,
                                            ReplayOptions options) {
  const auto text = files.ReadFile(path, kMaxFixtureBytes);
  if (!text) return std::unexpected(SystemError(text.error(), "read fixture", path));
  if (options.name.empty()) options.name = path;
  return FromText(TextOf(*text), std::move(options));
}

std::string ReplayKernel::Report() const { return state_->Report(); }
bool ReplayKernel::failed() const { return state_->failed(); }
size_t ReplayKernel::made() const { return state_->made; }
size_t ReplayKernel::size() const { return state_->fixture.calls.size(); }

Result<void> ReplayKernel::Finish() const {
  std::string report = Report();
  if (report.empty()) return {};
  return std::unexpected(Error{.code = Code::kConflict,
                               .operation = "replay",
                               .object = state_->options.name,
                               .detail = report.substr(0, report.find('\n')),
                               .log = std::move(report)});
}

SysResult<int> ReplayKernel::Bpf(Command command, MutableBytes attr,
                                 std::span<const Region> regions) {
  const About about = AboutOf(*state_, command, attr);
  const Call* const recorded = state_->Match(BpfWords(*state_, command, attr, regions));
  if (recorded == nullptr) {
    if (state_->loose()) return LooseBpf(*state_, command);
    return std::unexpected(kFailed);
  }
  const SysResult<int> answer = NumberAs(*state_, *recorded);
  if (state_->failed()) return answer;
  std::string wrong;
  if (!state_->mappings.Apply(*state_, *recorded, wrong)) return Broken(*state_, *recorded, wrong);
  const bool taken = state_->loose()
                         ? TakeBpf(*state_, WithoutUnasked(*recorded, command, attr), command,
                                   about, attr, regions, wrong)
                         : TakeBpf(*state_, *recorded, command, about, attr, regions, wrong);
  if (!taken) return Broken(*state_, *recorded, wrong);
  if (answer) LearnBpf(*state_, command, about, recorded->result, attr, regions);
  return answer;
}

void ReplayKernel::Close(int fd) {
  (void)state_->Match(FdWords(*state_, kClose, fd));
  state_->tokens.Close(fd);
}

SysResult<std::vector<std::byte>> ReplayKernel::ReadFile(const std::string& path,
                                                         size_t max_bytes) {
  const Call* const recorded = state_->Match(PathWords(*state_, kReadFile, path));
  if (recorded == nullptr) return std::unexpected(state_->loose() ? Errno{ENOENT} : kFailed);
  if (const auto error = ErrnoOf(recorded->result)) return std::unexpected(*error);
  std::vector<std::byte> bytes;
  if (!TakeBytes(*state_, *recorded, "contents", bytes))
    return Broken(*state_, *recorded, "contents");
  if (bytes.size() > max_bytes) return std::unexpected(Errno{EFBIG});
  return bytes;
}

SysResult<Bytes> ReplayKernel::OpenFile(const std::string& path, size_t max_bytes) {
  const Call* const recorded = state_->Match(PathWords(*state_, kOpenFile, path));
  if (recorded == nullptr) return std::unexpected(state_->loose() ? Errno{ENOENT} : kFailed);
  if (const auto error = ErrnoOf(recorded->result)) return std::unexpected(*error);
  // Words of a recording that loose order answers twice have a token that is in use.
  std::string token = recorded->result;
  while (state_->loose() && state_->contents.contains(token)) token += "'";
  if (state_->contents.contains(token))
    return Broken(*state_, *recorded, token + " is open already");
  auto bytes = std::make_unique<std::vector<std::byte>>();
  if (!TakeBytes(*state_, *recorded, "contents", *bytes))
    return Broken(*state_, *recorded, "contents");
  const size_t size = bytes->size();
  if (size > max_bytes) return std::unexpected(Errno{EFBIG});
  bytes->push_back(std::byte{0});  // so that no contents, too, have an address of their own
  const Bytes view = Bytes(*bytes).first(size);
  state_->views.emplace_back(view, token);
  state_->contents[token] = std::move(bytes);
  return view;
}

void ReplayKernel::CloseFile(Bytes contents, FunctionRef<std::vector<std::byte>()>) {
  const std::string view = state_->CloseView(contents);
  (void)state_->Match({.verb = std::string(kCloseFile), .inputs = {{"view", view}}});
  state_->contents.erase(view);
}

SysResult<void> ReplayKernel::WriteFile(const std::string& path, Bytes bytes, WriteMode mode) {
  return DoneAs(*state_, WriteFileWords(*state_, path, bytes, mode));
}

SysResult<std::vector<std::string>> ReplayKernel::ListFolder(const std::string& path) {
  const Call* const recorded = state_->Match(PathWords(*state_, kListFolder, path));
  if (recorded == nullptr) return std::unexpected(state_->loose() ? Errno{ENOENT} : kFailed);
  if (const auto error = ErrnoOf(recorded->result)) return std::unexpected(*error);
  std::vector<std::string> names;
  if (!TakeNames(*recorded, names)) return Broken(*state_, *recorded, "names");
  return names;
}

SysResult<void> ReplayKernel::MakeFolder(const std::string& path) {
  return DoneAs(*state_, PathWords(*state_, kMakeFolder, path));
}

SysResult<void> ReplayKernel::RemoveFile(const std::string& path) {
  return DoneAs(*state_, PathWords(*state_, kRemoveFile, path));
}

SysResult<uint64_t> ReplayKernel::FileSystemType(const std::string& path) {
  const Call* const recorded = state_->Match(PathWords(*state_, kFileSystemType, path));
  if (recorded == nullptr) {
    if (state_->loose()) return kBpfFileSystem;
    return std::unexpected(kFailed);
  }
  if (const auto error = ErrnoOf(recorded->result)) return std::unexpected(*error);
  const std::optional<uint64_t> type = ParseNumber(recorded->result);
  if (!type) return Broken(*state_, *recorded, "");
  return *type;
}

SysResult<int> ReplayKernel::Open(const std::string& path) {
  return FdAs(*state_, PathWords(*state_, kOpen, path), kFileKind);
}

SysResult<size_t> ReplayKernel::Read(int fd, MutableBytes buffer) {
  const Call* const recorded = state_->Match(FdWords(*state_, kRead, fd));
  if (recorded == nullptr) {
    if (state_->loose()) return 0;
    return std::unexpected(kFailed);
  }
  if (const auto error = ErrnoOf(recorded->result)) return std::unexpected(*error);
  std::vector<std::byte> bytes;
  if (!TakeBytes(*state_, *recorded, "data", bytes)) return Broken(*state_, *recorded, "data");
  if (bytes.size() > buffer.size())
    return Broken(*state_, *recorded,
                  "data: " + Decimal(bytes.size()) + " bytes, and the caller has room for " +
                      Decimal(buffer.size()));
  return CopyOut(bytes, buffer);
}

SysResult<int> ReplayKernel::Duplicate(int fd) {
  const std::string of = state_->tokens.OfFd(fd);
  const auto parts = SplitToken(of, ':');
  const std::string kind(parts ? parts->first : kForeignKind);
  const auto answer = FdAs(*state_, FdWords(*state_, kDuplicate, fd), kind);
  if (const MapFacts* const map = state_->tokens.FindFacts(of); map != nullptr && answer)
    state_->tokens.FactsOf(state_->tokens.OfFd(*answer)) = MapFacts(*map);
  return answer;
}

SysResult<int> ReplayKernel::PerfEventOpen(MutableBytes attr, std::span<const Region> regions,
                                           const PerfTarget& target) {
  return FdAs(*state_, PerfEventOpenWords(*state_, attr, regions, target), kPerfKind);
}

SysResult<int> ReplayKernel::Ioctl(int fd, uint32_t request, uint64_t argument) {
  const Call* const recorded = state_->Match(IoctlWords(*state_, fd, request, argument));
  if (recorded != nullptr) return NumberAs(*state_, *recorded);
  if (state_->loose()) return 0;
  return std::unexpected(kFailed);
}

SysResult<void> ReplayKernel::SetSocketOption(int fd, int level, int option, Bytes value) {
  return DoneAs(*state_, SetSocketOptionWords(*state_, fd, level, option, value));
}

SysResult<MutableBytes> ReplayKernel::MapMemory(int fd, size_t size, uint64_t offset, Access access,
                                                uint64_t address) {
  const Call* const recorded =
      state_->Match(MapMemoryWords(*state_, fd, size, offset, access, address));
  if (recorded == nullptr && !state_->loose()) return std::unexpected(kFailed);
  if (recorded != nullptr)
    if (const auto error = ErrnoOf(recorded->result)) return std::unexpected(*error);
  const MapFacts* const map = state_->tokens.FindFacts(state_->tokens.OfFd(fd));
  std::string token = recorded != nullptr ? recorded->result : "mem:1";
  while (state_->loose() && state_->mappings.FindToken(token) != nullptr) token += "'";
  Mapping* const mapping = state_->mappings.Replay(token, size, access, map);
  if (recorded == nullptr || mapping == nullptr) {
    if (mapping != nullptr) return mapping->seen;
    if (recorded == nullptr) return std::unexpected(Errno{ENOMEM});
    return Broken(*state_, *recorded, "the mapping is there already, or beyond 64 MiB");
  }
  std::string wrong;
  if (!state_->mappings.Apply(*state_, *recorded, wrong)) return Broken(*state_, *recorded, wrong);
  return mapping->seen;
}

void ReplayKernel::UnmapMemory(MutableBytes memory) {
  Call made{.verb = std::string(kUnmapMemory)};
  const Mapping* const mapping = state_->mappings.Find(memory);
  if (mapping != nullptr) made.inputs.push_back({"memory", PlaceText(*mapping, memory)});
  if (const Call* const recorded = state_->Match(made)) {
    std::string wrong;
    if (!state_->mappings.Apply(*state_, *recorded, wrong)) state_->Refuse(*recorded, wrong);
  }
  state_->mappings.Remove(memory);
}

void ReplayKernel::Look(Bytes memory) {
  const Mapping* const mapping = state_->mappings.Find(memory);
  if (mapping == nullptr) return;
  std::string wrong;
  while (const Call* const recorded = state_->MatchLook(*mapping, memory))
    if (!state_->mappings.Apply(*state_, *recorded, wrong)) state_->Refuse(*recorded, wrong);
}

SysResult<std::string> ReplayKernel::Release() {
  const Call* const recorded = state_->Match({.verb = std::string(kRelease)});
  if (recorded == nullptr) {
    if (state_->loose()) return state_->fixture.kernel;
    return std::unexpected(kFailed);
  }
  if (const auto error = ErrnoOf(recorded->result)) return std::unexpected(*error);
  const std::optional<std::string> release = Unquote(recorded->result);
  if (!release) return Broken(*state_, *recorded, "");
  return *release;
}

SysResult<ResourceLimit> ReplayKernel::GetResourceLimit(int resource) {
  const Call* const recorded = state_->Match(ResourceWords(resource, nullptr));
  ResourceLimit limit{.soft = ResourceLimit::kInfinity, .hard = ResourceLimit::kInfinity};
  if (recorded == nullptr) {
    if (state_->loose()) return limit;
    return std::unexpected(kFailed);
  }
  if (const auto error = ErrnoOf(recorded->result)) return std::unexpected(*error);
  if (!TakeLimit(*recorded, limit)) return Broken(*state_, *recorded, "soft, hard");
  return limit;
}

SysResult<void> ReplayKernel::SetResourceLimit(int resource, ResourceLimit limit) {
  return DoneAs(*state_, ResourceWords(resource, &limit));
}

SysResult<int> ReplayKernel::NetlinkOpen(int protocol, uint32_t groups) {
  return FdAs(*state_, NetlinkOpenWords(protocol, groups), kNetlinkKind);
}

SysResult<void> ReplayKernel::NetlinkSend(int fd, Bytes message) {
  const Call made = NetlinkSendWords(*state_, fd, message);
  const Call* const recorded = state_->Match(made);
  const std::optional<uint32_t> sent = SequenceOf(message);
  if (recorded == nullptr) {
    if (!state_->loose()) return std::unexpected(kFailed);
    state_->unanswered[fd] = sent.value_or(0);
    return {};
  }
  state_->unanswered.erase(fd);
  if (const auto error = ErrnoOf(recorded->result)) return std::unexpected(*error);
  if (recorded->result != "0") return Broken(*state_, *recorded, "");
  for (const Block& block : recorded->blocks)
    if (const Field* const field = FindField(block.fields, "seq"))
      if (const auto number = ParseNumber(Plain(field->value)); number && sent)
        state_->sequences[static_cast<uint32_t>(*number)] = *sent;
  return {};
}

SysResult<size_t> ReplayKernel::NetlinkReceive(int fd, MutableBytes buffer, ReceiveMode mode) {
  const Call made = NetlinkReceiveWords(*state_, fd, mode);
  if (state_->loose()) {
    const auto waiting = state_->unanswered.find(fd);
    if (waiting != state_->unanswered.end()) {
      const std::vector<std::byte> answer = Acknowledgement(waiting->second);
      state_->unanswered.erase(waiting);
      return CopyOut(answer, buffer);
    }
  }
  const Call* const recorded = state_->loose() ? state_->MatchReceive(made) : state_->Match(made);
  if (recorded == nullptr) return std::unexpected(state_->loose() ? Errno{EAGAIN} : kFailed);
  if (const auto error = ErrnoOf(recorded->result)) return std::unexpected(*error);
  std::vector<std::byte> bytes;
  std::string wrong;
  for (const Block& block : recorded->blocks) {
    if (!block.answered) continue;
    const std::optional<Block> whole = Unfolded(block, state_->named);
    if (!whole) return Broken(*state_, *recorded, "like= names no message that has all its words");
    if (!EncodeMessage(*state_, *whole, state_->sequences, bytes, wrong))
      return Broken(*state_, *recorded, wrong);
  }
  if (const Field* const data = FindField(recorded->outputs, "data")) {
    if (!ReadBytes(*state_, data->value, bytes)) return Broken(*state_, *recorded, "data");
    // A datagram that did not fit: it was longer than what was seen of it.
    CopyOut(bytes, buffer);
    const std::optional<uint64_t> size = ParseNumber(recorded->result);
    if (!size || *size < bytes.size()) return Broken(*state_, *recorded, "");
    return static_cast<size_t>(*size);
  }
  return CopyOut(bytes, buffer);
}

SysResult<size_t> ReplayKernel::Wait(std::span<Pollable> descriptors,
                                     std::optional<std::chrono::milliseconds> timeout) {
  const Call* const recorded = state_->Match(WaitWords(*state_, descriptors, timeout));
  for (Pollable& descriptor : descriptors) descriptor.readable = false;
  if (recorded == nullptr) {
    if (state_->loose()) return 0;
    return std::unexpected(kFailed);
  }
  std::string wrong;
  if (!state_->mappings.Apply(*state_, *recorded, wrong)) return Broken(*state_, *recorded, wrong);
  if (const auto error = ErrnoOf(recorded->result)) return std::unexpected(*error);
  size_t ready = 0;
  for (const Field& field : recorded->outputs) {
    const auto found = std::ranges::find_if(descriptors, [&](const Pollable& descriptor) {
      return state_->tokens.OfFd(descriptor.fd) == field.value;
    });
    if (field.name != "readable" || found == descriptors.end())
      return Broken(*state_, *recorded, field.name + "=" + field.value);
    ready += found->readable ? 0 : 1;
    found->readable = true;
  }
  return ready;
}

}  // namespace purebpf::testing
