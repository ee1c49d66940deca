#include "purebpf/bpf/testing/describing_kernel.h"

#include <algorithm>
#include <map>
#include <utility>

#include "purebpf/bpf/testing/answers.h"
#include "purebpf/bpf/testing/conversation.h"
#include "purebpf/bpf/testing/describe_netlink.h"
#include "purebpf/bpf/testing/words.h"

namespace purebpf::testing {

using namespace internal;  // NOLINT(google-build-using-namespace): one's own

namespace {

template <typename T>
bool TellError(Call& call, const SysResult<T>& answer) {
  if (answer) return false;
  call.result = ErrnoWord(answer.error());
  return true;
}

// "7" or an errno.
void TellNumber(Call& call, const SysResult<int>& answer) {
  if (!TellError(call, answer)) call.result = SignedDecimal(*answer);
}

void TellDone(Call& call, const SysResult<void>& answer) {
  if (!TellError(call, answer)) call.result = "0";
}

void TellFd(Context& context, Call& call, std::string_view kind, const SysResult<int>& answer) {
  if (!TellError(call, answer)) call.result = context.tokens.Open(kind, *answer);
}

// What is pinned tells only to /proc which kind of object it is.
std::string_view KindOfObject(Kernel& kernel, int fd, MapFacts& map) {
  constexpr size_t kMostBytes = 65536;
  const auto info =
      kernel.ReadFile("/proc/self/fdinfo/" + Decimal(static_cast<uint64_t>(fd)), kMostBytes);
  if (!info) return kObjectKind;
  const std::string_view text = TextOf(*info);
  const auto number = [&](std::string_view name) -> std::optional<uint32_t> {
    const size_t at = text.find(name);
    if (at == std::string_view::npos) return std::nullopt;
    std::string_view rest = text.substr(at + name.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    const auto value = ParseNumber(rest.substr(0, rest.find_first_of(" \n")));
    return static_cast<uint32_t>(value.value_or(0));
  };
  if (const auto type = number("map_type:")) {
    map = {.type = static_cast<MapType>(*type),
           .key_size = number("key_size:").value_or(0),
           .value_size = number("value_size:").value_or(0),
           .max_entries = number("max_entries:").value_or(0)};
    return kMapKind;
  }
  if (number("link_type:")) return kLinkKind;
  return number("prog_type:") ? kProgKind : kObjectKind;
}

// Of the auxiliary vector only the page size: addresses are others in every run.
std::vector<std::byte> SteadyVector(Bytes auxv) {
  constexpr size_t kPair = 16;
  constexpr uint64_t kPageSize = 6;  // AT_PAGESZ
  std::vector<std::byte> steady(auxv.begin(), auxv.end());
  for (size_t at = 0; at + kPair <= steady.size(); at += kPair)
    if (LoadInteger(steady, at, 8) != kPageSize) StoreInteger(steady, at + 8, 8, 0);
  return steady;
}

// What /proc/self/fdinfo tells, without the numbers that are others in every run: of the mount, the
// inode and the object, and how often a program ran.
std::vector<std::byte> Steady(Bytes fdinfo) {
  constexpr std::string_view kChance[] = {"ino:", "run_time_ns:", "run_cnt:", "recursion_misses:"};
  std::string steady;
  for (std::string_view text = TextOf(fdinfo); !text.empty();) {
    const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
    text.remove_prefix(line.size());
    const std::string_view name = line.substr(0, line.find(':') + 1);
    if (name.ends_with("_id:") || std::ranges::find(kChance, name) != std::end(kChance))
      steady.append(name).append("\t0\n");
    else
      steady.append(line);
  }
  const Bytes bytes = BytesOfText(steady);
  return {bytes.begin(), bytes.end()};
}

// Of /proc/version only which kernel it is: not who built it where, and by which tools.
// "Linux version 6.1.0-18-amd64 (who@where) (gcc ...) #1 SMP Debian 6.1.76-1"
std::vector<std::byte> WithoutBuilder(Bytes version) {
  const std::string_view text = TextOf(version);
  const size_t begin = std::min(text.find(" ("), text.size());
  const size_t end = std::min(text.find(" #", begin), text.size());
  const Bytes before = version.first(begin);
  const Bytes behind = version.subspan(end);
  std::vector<std::byte> rest(before.begin(), before.end());
  rest.insert(rest.end(), behind.begin(), behind.end());
  return rest;
}

// What is told of a file's contents.
std::vector<std::byte> ToldOf(std::string_view path, const std::vector<std::byte>& contents) {
  if (path == "/proc/self/auxv") return SteadyVector(contents);
  if (path == "/proc/version") return WithoutBuilder(contents);
  if (path.starts_with(kFdInfo)) return Steady(contents);
  return contents;
}

}  // namespace

DescribingKernel::DescribingKernel(Kernel& next, bool shorten, Kernel& aside)
    : ForwardingKernel(next),
      aside_(aside),
      conversation_(
          std::make_unique<Conversation>(shorten ? Blobs::Use::kShorten : Blobs::Use::kKeep)) {}

DescribingKernel::~DescribingKernel() = default;

SysResult<int> DescribingKernel::Bpf(Command command, MutableBytes attr,
                                     std::span<const Region> regions) {
  Context& context = *conversation_;
  const About about = AboutOf(context, command, attr);
  Call call = BpfWords(context, command, attr, regions);
  // What the caller has written until now: the program may write over it.
  if (command == Command::kProgTestRun) conversation_->mappings.NoteWritable(context, call.blocks);
  const Before before(attr, regions);
  const SysResult<int> answer = next().Bpf(command, attr, regions);
  std::string_view makes = SpecOf(command).makes;
  if (makes.empty() || !answer) {
    TellNumber(call, answer);
  } else {
    MapFacts map;
    if (command == Command::kObjGet) makes = KindOfObject(aside_, *answer, map);
    TellFd(context, call, makes, answer);
    if (map.type != MapType::kUnspec) context.tokens.FactsOf(call.result) = map;
  }
  TellBpf(context, call, command, about, before, attr, regions, answer);
  if (answer) LearnBpf(context, command, about, call.result, attr, regions);
  Said(std::move(call));
  return answer;
}

void DescribingKernel::Close(int fd) {
  Call call = FdWords(*conversation_, kClose, fd);
  conversation_->tokens.Close(fd);
  next().Close(fd);
  Said(std::move(call));
}

SysResult<std::vector<std::byte>> DescribingKernel::ReadFile(const std::string& path,
                                                             size_t max_bytes) {
  Call call = PathWords(*conversation_, kReadFile, path);
  auto answer = next().ReadFile(path, max_bytes);
  if (!TellError(call, answer)) {
    const std::vector<std::byte> told = ToldOf(path, *answer);
    call.result = Decimal(told.size());
    TellBytes(*conversation_, call, "contents", told);
  }
  Said(std::move(call));
  return answer;
}

SysResult<Bytes> DescribingKernel::OpenFile(const std::string& path, size_t max_bytes) {
  Call call = PathWords(*conversation_, kOpenFile, path);
  const auto answer = next().OpenFile(path, max_bytes);
  if (!TellError(call, answer)) {
    call.result = conversation_->OpenView(*answer);
    SaidOpenFile(std::move(call), *answer);
  } else {
    Said(std::move(call));
  }
  return answer;
}

void DescribingKernel::CloseFile(Bytes contents, FunctionRef<std::vector<std::byte>()> reduce) {
  const std::string view = conversation_->CloseView(contents);
  SaidCloseFile(view, contents, reduce);
  next().CloseFile(contents, reduce);
  Said({.verb = std::string(kCloseFile), .inputs = {{"view", view}}});
}

SysResult<void> DescribingKernel::WriteFile(const std::string& path, Bytes bytes, WriteMode mode) {
  Call call = WriteFileWords(*conversation_, path, bytes, mode);
  const auto answer = next().WriteFile(path, bytes, mode);
  TellDone(call, answer);
  Said(std::move(call));
  return answer;
}

SysResult<std::vector<std::string>> DescribingKernel::ListFolder(const std::string& path) {
  Call call = PathWords(*conversation_, kListFolder, path);
  auto answer = next().ListFolder(path);
  if (!TellError(call, answer)) {
    call.result = Decimal(answer->size());
    TellNames(call, *answer);
  }
  Said(std::move(call));
  return answer;
}

SysResult<void> DescribingKernel::MakeFolder(const std::string& path) {
  Call call = PathWords(*conversation_, kMakeFolder, path);
  const auto answer = next().MakeFolder(path);
  TellDone(call, answer);
  Said(std::move(call));
  return answer;
}

SysResult<void> DescribingKernel::RemoveFile(const std::string& path) {
  Call call = PathWords(*conversation_, kRemoveFile, path);
  const auto answer = next().RemoveFile(path);
  TellDone(call, answer);
  Said(std::move(call));
  return answer;
}

SysResult<uint64_t> DescribingKernel::FileSystemType(const std::string& path) {
  Call call = PathWords(*conversation_, kFileSystemType, path);
  const auto answer = next().FileSystemType(path);
  if (!TellError(call, answer)) call.result = Hexadecimal(*answer);
  Said(std::move(call));
  return answer;
}

SysResult<int> DescribingKernel::Open(const std::string& path) {
  Call call = PathWords(*conversation_, kOpen, path);
  const auto answer = next().Open(path);
  TellFd(*conversation_, call, kFileKind, answer);
  Said(std::move(call));
  return answer;
}

SysResult<size_t> DescribingKernel::Read(int fd, MutableBytes buffer) {
  Call call = FdWords(*conversation_, kRead, fd);
  const auto answer = next().Read(fd, buffer);
  if (!TellError(call, answer)) {
    call.result = Decimal(*answer);
    TellBytes(*conversation_, call, "data", buffer.first(std::min(*answer, buffer.size())));
  }
  Said(std::move(call));
  return answer;
}

SysResult<int> DescribingKernel::Duplicate(int fd) {
  Context& context = *conversation_;
  Call call = FdWords(context, kDuplicate, fd);
  const auto answer = next().Duplicate(fd);
  const std::string of = context.tokens.OfFd(fd);
  const auto parts = SplitToken(of, ':');
  TellFd(context, call, parts ? parts->first : kForeignKind, answer);
  if (const MapFacts* const map = context.tokens.FindFacts(of); map != nullptr && answer)
    context.tokens.FactsOf(call.result) = MapFacts(*map);
  Said(std::move(call));
  return answer;
}

SysResult<int> DescribingKernel::PerfEventOpen(MutableBytes attr, std::span<const Region> regions,
                                               const PerfTarget& target) {
  Call call = PerfEventOpenWords(*conversation_, attr, regions, target);
  const auto answer = next().PerfEventOpen(attr, regions, target);
  TellFd(*conversation_, call, kPerfKind, answer);
  Said(std::move(call));
  return answer;
}

SysResult<int> DescribingKernel::Ioctl(int fd, uint32_t request, uint64_t argument) {
  Call call = IoctlWords(*conversation_, fd, request, argument);
  const auto answer = next().Ioctl(fd, request, argument);
  TellNumber(call, answer);
  Said(std::move(call));
  return answer;
}

SysResult<void> DescribingKernel::SetSocketOption(int fd, int level, int option, Bytes value) {
  Call call = SetSocketOptionWords(*conversation_, fd, level, option, value);
  const auto answer = next().SetSocketOption(fd, level, option, value);
  TellDone(call, answer);
  Said(std::move(call));
  return answer;
}

SysResult<MutableBytes> DescribingKernel::MapMemory(int fd, size_t size, uint64_t offset,
                                                    Access access, uint64_t address) {
  Context& context = *conversation_;
  Call call = MapMemoryWords(context, fd, size, offset, access, address);
  auto answer = next().MapMemory(fd, size, offset, access, address);
  if (!TellError(call, answer)) {
    const MapFacts* const map = context.tokens.FindFacts(context.tokens.OfFd(fd));
    // At an address that was asked for the caller must have the real memory.
    Mapping& mapping =
        conversation_->mappings.Record(*answer, address != 0 ? Access::kReadWrite : access, map);
    call.result = mapping.token;
    Mappings::Note(context, mapping, mapping.seen, call.blocks);
    answer = mapping.seen;
  }
  Said(std::move(call));
  return answer;
}

void DescribingKernel::UnmapMemory(MutableBytes memory) {
  Call call{.verb = std::string(kUnmapMemory)};
  Mapping* const mapping = conversation_->mappings.Find(memory);
  if (mapping == nullptr) {
    next().UnmapMemory(memory);
  } else {
    call.inputs.push_back({"memory", PlaceText(*mapping, memory)});
    if (mapping->access == Access::kReadWrite)
      Mappings::Note(*conversation_, *mapping, mapping->seen, call.blocks);
    next().UnmapMemory(mapping->real);
    conversation_->mappings.Remove(memory);
  }
  Said(std::move(call));
}

void DescribingKernel::Look(Bytes memory) {
  next().Look(memory);
  Mapping* const mapping = conversation_->mappings.Find(memory);
  if (mapping == nullptr) return;
  Call call{.verb = std::string(kLook),
            .inputs = {{"memory", PlaceText(*mapping, memory)}, {"size", Decimal(memory.size())}}};
  Mappings::Note(*conversation_, *mapping, memory, call.blocks);
  // Who looks again and again sees nothing new most of the time.
  if (!call.blocks.empty()) Said(std::move(call));
}

SysResult<std::string> DescribingKernel::Release() {
  Call call{.verb = std::string(kRelease)};
  auto answer = next().Release();
  if (!TellError(call, answer)) call.result = Quote(*answer);
  Said(std::move(call));
  return answer;
}

SysResult<ResourceLimit> DescribingKernel::GetResourceLimit(int resource) {
  Call call = ResourceWords(resource, nullptr);
  const auto answer = next().GetResourceLimit(resource);
  if (!TellError(call, answer)) {
    call.result = "0";
    TellLimit(call, *answer);
  }
  Said(std::move(call));
  return answer;
}

SysResult<void> DescribingKernel::SetResourceLimit(int resource, ResourceLimit limit) {
  Call call = ResourceWords(resource, &limit);
  const auto answer = next().SetResourceLimit(resource, limit);
  TellDone(call, answer);
  Said(std::move(call));
  return answer;
}

SysResult<int> DescribingKernel::NetlinkOpen(int protocol, uint32_t groups) {
  Call call = NetlinkOpenWords(protocol, groups);
  const auto answer = next().NetlinkOpen(protocol, groups);
  TellFd(*conversation_, call, kNetlinkKind, answer);
  Said(std::move(call));
  return answer;
}

SysResult<void> DescribingKernel::NetlinkSend(int fd, Bytes message) {
  Call call = NetlinkSendWords(*conversation_, fd, message);
  const auto answer = next().NetlinkSend(fd, message);
  TellDone(call, answer);
  Said(std::move(call));
  return answer;
}

SysResult<size_t> DescribingKernel::NetlinkReceive(int fd, MutableBytes buffer, ReceiveMode mode) {
  Context& context = *conversation_;
  Call call = NetlinkReceiveWords(context, fd, mode);
  const auto answer = next().NetlinkReceive(fd, buffer, mode);
  if (!TellError(call, answer)) {
    call.result = Decimal(*answer);
    const Bytes datagram = buffer.first(std::min(*answer, buffer.size()));
    auto blocks = DescribeDatagram(context, datagram, true);
    if (blocks && *answer <= buffer.size())
      call.blocks = std::move(*blocks);
    else
      call.outputs.push_back({"data", BytesText(context, datagram)});
  }
  Said(std::move(call));
  return answer;
}

SysResult<size_t> DescribingKernel::Wait(std::span<Pollable> descriptors,
                                         std::optional<std::chrono::milliseconds> timeout) {
  Context& context = *conversation_;
  Call call = WaitWords(context, descriptors, timeout);
  const auto answer = next().Wait(descriptors, timeout);
  if (!TellError(call, answer)) {
    call.result = Decimal(*answer);
    for (const Pollable& descriptor : descriptors)
      if (descriptor.readable)
        call.outputs.push_back({"readable", context.tokens.OfFd(descriptor.fd)});
  }
  conversation_->mappings.NoteWritable(context, call.blocks);
  Said(std::move(call));
  return answer;
}

}  // namespace purebpf::testing
