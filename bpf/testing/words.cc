#include "purebpf/bpf/testing/words.h"

#include <algorithm>
#include <utility>

#include "purebpf/bpf/testing/describe_netlink.h"

namespace purebpf::testing::internal {
namespace {

bool IsIn(const Region& region) { return region.direction != Direction::kOut; }

// The structures that lie behind a pointer of a structure, and what their own pointers lead to.
class PointerWords {
 public:
  PointerWords(Context& context, const About& about, std::span<const Region> regions, Call& call)
      : context_(context), about_(about), regions_(regions), call_(call) {}

  // The pointer that `spec` is, in the attribute. False where it leads nowhere: it is a number.
  bool Describe(const FieldSpec& spec) {
    const Region* const region = RegionAt(regions_, spec.offset);
    if (region == nullptr) return false;
    Describe(*region, spec, std::string(spec.name));
    return true;
  }

  // What no row of the schema is a pointer for.
  void DescribeRest(Schema schema, Bytes attr) {
    for (const Region& region : regions_) {
      if (region.holder >= 0) continue;
      const bool known = std::ranges::any_of(schema, [&](const FieldSpec& spec) {
        return spec.kind == Kind::kPointer && spec.offset == region.attr_offset &&
               Applies(spec, attr);
      });
      if (!known)
        Describe(region, {.name = "", .offset = 0, .size = 8, .kind = Kind::kPointer},
                 "at" + Decimal(region.attr_offset));
    }
  }

 private:
  void Describe(const Region& region, const FieldSpec& spec, const std::string& name) {
    const auto index = static_cast<int>(&region - regions_.data());
    const bool holds =
        std::ranges::any_of(regions_, [&](const Region& other) { return other.holder == index; });
    if (IsIn(region) && !(holds && spec.content == Content::kWords)) {
      // A structure that is to be filled says something only where it is not all zero, and what its
      // own pointers are is never told.
      std::vector<std::byte> plain(region.bytes.begin(), region.bytes.end());
      for (const Region& held : regions_)
        if (holds && held.holder == index && held.attr_offset + 8U <= plain.size())
          StoreInteger(plain, held.attr_offset, 8, 0);
      const bool empty_form =
          spec.content == Content::kInfo &&
          std::ranges::all_of(plain, [](std::byte byte) { return byte == std::byte{0}; });
      if (!empty_form)
        DescribeContent(context_, spec, name, about_, plain, call_.inputs, call_.blocks);
    }
    if (holds) DescribeHeld(index, spec, name);
  }

  // An array of pointers to names, as kprobe_multi has, or a structure's own pointers.
  void DescribeHeld(int index, const FieldSpec& spec, const std::string& name) {
    Block texts{.head = name};
    for (const Region& region : regions_) {
      if (region.holder != index || !IsIn(region)) continue;
      if (spec.content == Content::kInfo) {
        const FieldSpec own = InfoPointer(about_, region.attr_offset);
        Describe(region, own, name + "." + std::string(own.name));
        continue;
      }
      std::vector<Field> fields;
      DescribeContent(
          context_,
          {.name = "", .offset = 0, .size = 8, .kind = Kind::kPointer, .content = Content::kText},
          "", about_, region.bytes, fields, call_.blocks);
      texts.blocks.push_back({.fields = std::move(fields)});
    }
    if (!texts.blocks.empty()) call_.blocks.push_back(std::move(texts));
  }

  Context& context_;
  const About& about_;
  std::span<const Region> regions_;
  Call& call_;
};

Field FdField(Context& context, std::string_view name, int fd) {
  return {std::string(name), context.tokens.OfFd(fd)};
}

}  // namespace

std::string VerbOf(Command command) {
  const std::string_view known = KernelSpelling(command);
  return known.empty() ? "bpf_" + Decimal(static_cast<uint32_t>(command)) : std::string(known);
}

const Region* RegionAt(std::span<const Region> regions, size_t offset, int holder) {
  for (const Region& region : regions)
    if (region.attr_offset == offset && region.holder == holder) return &region;
  return nullptr;
}

FieldSpec InfoPointer(const About& about, size_t offset) {
  const auto parts = SplitToken(about.token, ':');
  for (const FieldSpec& spec : InfoSchema(parts ? parts->first : std::string_view()))
    if (spec.kind == Kind::kPointer && spec.offset == offset) return spec;
  return {.name = "memory", .offset = 0, .size = 8, .kind = Kind::kPointer};
}

About AboutOf(Context& context, Command command, Bytes attr) {
  About about;
  for (const FieldSpec& spec : SpecOf(command).attr) {
    const bool subject = spec.name == "map_fd" || spec.name == "bpf_fd";
    if (!subject || spec.offset + 4U > attr.size()) continue;
    const auto fd = static_cast<int32_t>(LoadInteger(attr, spec.offset, 4));
    if (!context.tokens.KnowsFd(fd)) continue;
    about.token = context.tokens.OfFd(fd);
    about.map = context.tokens.FindFacts(about.token);
  }
  return about;
}

Call BpfWords(Context& context, Command command, Bytes attr, std::span<const Region> regions) {
  Call call{.verb = VerbOf(command)};
  const Schema schema = SpecOf(command).attr;
  const About about = AboutOf(context, command, attr);
  PointerWords pointers(context, about, regions, call);
  // What the pointers themselves are is never told.
  std::vector<std::byte> plain(attr.begin(), attr.end());
  for (const Region& region : regions)
    if (region.holder < 0 && region.attr_offset + 8U <= plain.size())
      StoreInteger(plain, region.attr_offset, 8, 0);
  DescribeStruct(
      context, schema, plain, [&](const FieldSpec& spec) { return pointers.Describe(spec); },
      call.inputs);
  pointers.DescribeRest(schema, attr);
  return call;
}

Call PerfEventOpenWords(Context& context, Bytes attr, std::span<const Region> regions,
                        const PerfTarget& target) {
  Call call{.verb = std::string(kPerfEventOpen)};
  const About about;
  PointerWords pointers(context, about, regions, call);
  std::vector<std::byte> plain(attr.begin(), attr.end());
  for (const Region& region : regions)
    if (region.holder < 0 && region.attr_offset + 8U <= plain.size())
      StoreInteger(plain, region.attr_offset, 8, 0);
  DescribeStruct(
      context, PerfAttrSchema(), plain,
      [&](const FieldSpec& spec) { return pointers.Describe(spec); }, call.inputs);
  // 0 is this process and -1 all; any other is a number that changes from run to run.
  call.inputs.push_back({"pid", (target.pid > 0 ? "~" : "") + SignedDecimal(target.pid)});
  call.inputs.push_back({"cpu", SignedDecimal(target.cpu)});
  call.inputs.push_back(FdField(context, "group_fd", target.group_fd));
  if (target.flags != 0)
    call.inputs.push_back({"flags", FlagsText(PerfOpenFlagRows(), target.flags)});
  return call;
}

Call FdWords(Context& context, std::string_view verb, int fd) {
  return {.verb = std::string(verb), .inputs = {FdField(context, "fd", fd)}};
}

Call PathWords(Context& context, std::string_view verb, const std::string& path) {
  std::string told = path;
  if (path.starts_with(kFdInfo)) {
    const std::optional<uint64_t> fd = ParseNumber(std::string_view(path).substr(kFdInfo.size()));
    if (fd && *fd <= INT32_MAX && context.tokens.KnowsFd(static_cast<int>(*fd)))
      told = std::string(kFdInfo) + context.tokens.OfFd(static_cast<int>(*fd));
  }
  return {.verb = std::string(verb), .inputs = {{"path", Quote(told)}}};
}

Call WriteFileWords(Context& context, const std::string& path, Bytes bytes, WriteMode mode) {
  Call call = PathWords(context, kWriteFile, path);
  call.inputs.push_back({"mode", mode == WriteMode::kAppend ? "append" : "replace"});
  if (IsText(bytes)) {
    DescribeText("contents", TextOf(bytes), false, call.inputs, call.blocks);
  } else {
    call.inputs.push_back({"contents", BytesText(context, bytes)});
  }
  return call;
}

Call IoctlWords(Context& context, int fd, uint32_t request, uint64_t argument) {
  constexpr uint32_t kSetOutput = 0x2405;
  constexpr uint32_t kSetBpf = 0x40042408;
  Call call = FdWords(context, kIoctl, fd);
  const std::string name = EnumText(IoctlRows(), request);
  const bool is_name = name.front() < '0' || name.front() > '9';
  call.inputs.push_back({"request", is_name ? name : Hexadecimal(request)});
  const bool takes_fd = request == kSetBpf || request == kSetOutput;
  call.inputs.push_back({"argument", takes_fd ? context.tokens.OfFd(static_cast<int32_t>(argument))
                                              : Hexadecimal(argument)});
  return call;
}

Call SetSocketOptionWords(Context& context, int fd, int level, int option, Bytes value) {
  constexpr int kSolSocket = 1;
  constexpr EnumRow kOptions[] = {{26, "SO_ATTACH_FILTER", {}},
                                  {27, "SO_DETACH_BPF", {}},
                                  {50, "SO_ATTACH_BPF", {}},
                                  {52, "SO_ATTACH_REUSEPORT_EBPF", {}}};
  Call call = FdWords(context, kSetSocketOption, fd);
  const bool of_socket = level == kSolSocket;
  call.inputs.push_back({"level", of_socket ? "SOL_SOCKET" : SignedDecimal(level)});
  const auto number = static_cast<uint32_t>(option);
  call.inputs.push_back({"option", of_socket ? EnumText(kOptions, number) : Decimal(number)});
  const bool is_fd = of_socket && (option == 50 || option == 52) && value.size() == 4;
  call.inputs.push_back(
      {"value", is_fd ? context.tokens.OfFd(static_cast<int32_t>(LoadInteger(value, 0, 4)))
                      : BytesText(context, value)});
  return call;
}

Call MapMemoryWords(Context& context, int fd, size_t size, uint64_t offset, Access access,
                    uint64_t address) {
  Call call = FdWords(context, kMapMemory, fd);
  call.inputs.push_back({"size", Decimal(size)});
  if (offset != 0) call.inputs.push_back({"offset", Decimal(offset)});
  call.inputs.push_back({"access", access == Access::kReadWrite ? "read_write" : "read"});
  if (address != 0) call.inputs.push_back({"address", Hexadecimal(address)});
  return call;
}

Call ResourceWords(int resource, const ResourceLimit* limit) {
  const auto number = [](uint64_t value) {
    return value == ResourceLimit::kInfinity ? "unlimited" : Decimal(value);
  };
  Call call{.verb = std::string(limit != nullptr ? kSetResourceLimit : kGetResourceLimit),
            .inputs = {{"resource", EnumText(ResourceRows(), static_cast<uint32_t>(resource))}}};
  if (limit == nullptr) return call;
  call.inputs.push_back({"soft", number(limit->soft)});
  call.inputs.push_back({"hard", number(limit->hard)});
  return call;
}

Call NetlinkOpenWords(int protocol, uint32_t groups) {
  Call call{
      .verb = std::string(kNetlinkOpen),
      .inputs = {{"protocol", EnumText(NetlinkProtocolRows(), static_cast<uint32_t>(protocol))}}};
  if (groups != 0) call.inputs.push_back({"groups", FlagsText(LinkGroupRows(), groups)});
  return call;
}

Call NetlinkSendWords(Context& context, int fd, Bytes message) {
  Call call = FdWords(context, kNetlinkSend, fd);
  std::optional<std::vector<Block>> blocks = DescribeDatagram(context, message, false);
  if (blocks)
    call.blocks = std::move(*blocks);
  else
    call.inputs.push_back({"data", BytesText(context, message)});
  return call;
}

Call NetlinkReceiveWords(Context& context, int fd, ReceiveMode mode) {
  Call call = FdWords(context, kNetlinkReceive, fd);
  if (mode == ReceiveMode::kDontWait) call.inputs.push_back({"flags", "MSG_DONTWAIT"});
  return call;
}

Call WaitWords(Context& context, std::span<const Pollable> descriptors,
               std::optional<std::chrono::milliseconds> timeout) {
  Call call{.verb = std::string(kWait)};
  for (const Pollable& descriptor : descriptors)
    call.inputs.push_back(FdField(context, "fd", descriptor.fd));
  // What is left of some longer time is another number in every run.
  if (timeout)
    call.inputs.push_back(
        {"timeout",
         timeout->count() <= 0 ? "0" : "~" + Decimal(static_cast<uint64_t>(timeout->count()))});
  return call;
}

}  // namespace purebpf::testing::internal
