#include "purebpf/bpf/map.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/cpus.h"
#include "purebpf/bpf/explain.h"
#include "purebpf/bpf/memlock.h"

namespace purebpf {
namespace {

constexpr std::string_view kCreate = "create map";

std::string_view OperationOf(Command command) {
  switch (command) {
    case Command::kMapLookupElem:
      return "look up in map";
    case Command::kMapUpdateElem:
      return "put into map";
    case Command::kMapDeleteElem:
      return "delete from map";
    case Command::kMapLookupAndDeleteElem:
      return "take out of map";
    case Command::kMapGetNextKey:
      return "next key of map";
    default:
      return kCreate;
  }
}

// How messages name a map: maps without a name go by their type.
std::string NameOf(const MapParams& params) {
  if (!params.name.empty()) return params.name;
  const std::string_view type = KernelSpelling(params.type);
  if (!type.empty()) return std::string(type);
  return "map type " + std::to_string(static_cast<uint32_t>(params.type));
}

Error Invalid(Command command, const MapParams& params, std::string detail) {
  return {.code = Code::kInvalidArgument,
          .operation = std::string(OperationOf(command)),
          .object = NameOf(params),
          .detail = std::move(detail)};
}

Error Refused(Kernel& kernel, Command command, const MapParams& params, Errno answer,
              Memlock memlock = Memlock::kNotCharged) {
  Error error = SystemError(answer, OperationOf(command), NameOf(params));
  Explain(kernel,
          {.command = command,
           .error = answer,
           .memlock = memlock,
           .map_type = params.type,
           .key_size = params.key_size,
           .value_size = params.value_size,
           .max_entries = params.max_entries,
           .map_flags = params.flags},
          error);
  return error;
}

uint64_t LookupSize(const MapParams& params, uint32_t cpus) {
  if (!IsPerCpu(params.type)) return params.value_size;
  return (uint64_t{params.value_size} + 7) / 8 * 8 * cpus;
}

}  // namespace

std::string KernelName(std::string_view name) {
  std::string taken(name.substr(0, kObjNameLen - 1));
  for (char& c : taken) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '.';
    if (!fine) c = '_';
  }
  return taken;
}

Map::Map(Fd fd, MapParams params, uint32_t cpus)
    : fd_(std::move(fd)),
      params_(std::move(params)),
      cpus_(cpus),
      lookup_size_(static_cast<uint32_t>(LookupSize(params_, cpus))) {}

Result<Map> Map::Create(Kernel& kernel, const MapParams& params) {
  uint32_t cpus = 1;
  if (IsPerCpu(params.type)) {
    auto possible = PossibleCpus(kernel);
    if (!possible) return std::unexpected(std::move(possible).error().Within(NameOf(params)));
    cpus = *possible;
  }
  if (LookupSize(params, cpus) > UINT32_MAX)
    return std::unexpected(Invalid(Command::kMapCreate, params,
                                   "the values of all " + std::to_string(cpus) +
                                       " CPUs have more than 4 GiB; value_size is " +
                                       std::to_string(params.value_size)));
  MapCreateAttr attr{.map_type = static_cast<uint32_t>(params.type),
                     .key_size = params.key_size,
                     .value_size = params.value_size,
                     .max_entries = params.max_entries,
                     .map_flags = params.flags,
                     .numa_node = params.numa_node,
                     .map_extra = params.map_extra};
  const std::string name = KernelName(params.name);
  std::memcpy(attr.map_name.data(), name.data(), name.size());
  Memlock memlock = Memlock::kNotCharged;
  const auto fd = IssueWithMemlock(
      kernel, memlock, [&] { return BpfCall(Command::kMapCreate, attr).Issue(kernel); });
  if (!fd)
    return std::unexpected(Refused(kernel, Command::kMapCreate, params, fd.error(), memlock));
  return Map(Fd(kernel, *fd), params, cpus);
}

// One bpf(2) and nothing else: this is what a lookup costs. BpfCall would do the same, with room
// for more pointers than there are.
SysResult<void> Map::Element(Command command, Bytes key, MutableBytes value, Direction direction,
                             uint64_t flags) const {
  MapElemAttr attr{.map_fd = static_cast<uint32_t>(fd_.get()), .flags = flags};
  std::array<Region, 2> regions;
  size_t count = 0;
  if (!key.empty()) {
    attr.key = reinterpret_cast<uintptr_t>(key.data());
    // The kernel only reads it.
    const MutableBytes bytes(const_cast<std::byte*>(key.data()), key.size());
    regions[count++] = {offsetof(MapElemAttr, key), Direction::kIn, bytes};
  }
  if (!value.empty()) {
    attr.value = reinterpret_cast<uintptr_t>(value.data());
    regions[count++] = {offsetof(MapElemAttr, value), direction, value};
  }
  const auto answer = kernel().Bpf(command, MutableBytesOf(attr), std::span(regions).first(count));
  if (!answer) [[unlikely]]
    return std::unexpected(answer.error());
  return {};
}

Result<bool> Map::FoundOrNot(Command command, SysResult<void> answer) const {
  if (answer) return true;
  if (answer.error() == Errno{ENOENT}) return false;
  return std::unexpected(Refused(kernel(), command, params_, answer.error()));
}

std::unexpected<Error> Map::WrongSize(Command command, std::string_view what, size_t found,
                                      uint32_t wanted) const {
  return std::unexpected(Invalid(command, params_,
                                 std::string(what) + " has " + std::to_string(found) +
                                     " bytes, the map takes " + std::to_string(wanted)));
}

Result<bool> Map::Lookup(Bytes key, MutableBytes value) const {
  constexpr Command kCommand = Command::kMapLookupElem;
  if (key.size() != key_size()) return WrongSize(kCommand, "the key", key.size(), key_size());
  if (value.size() != lookup_size_)
    return WrongSize(kCommand, "the value", value.size(), lookup_size_);
  // A bloom filter is asked for a value: kernel/bpf/syscall.c: map_lookup_elem.
  const Direction direction =
      params_.type == MapType::kBloomFilter ? Direction::kInOut : Direction::kOut;
  return FoundOrNot(kCommand, Element(kCommand, key, value, direction, 0));
}

Result<void> Map::Put(Bytes key, Bytes value, PutFlag flag) const {
  constexpr Command kCommand = Command::kMapUpdateElem;
  if (key.size() != key_size()) return WrongSize(kCommand, "the key", key.size(), key_size());
  if (value.size() != lookup_size_)
    return WrongSize(kCommand, "the value", value.size(), lookup_size_);
  // The kernel only reads it.
  const MutableBytes source(const_cast<std::byte*>(value.data()), value.size());
  const auto answer = Element(kCommand, key, source, Direction::kIn, std::to_underlying(flag));
  if (!answer) return std::unexpected(Refused(kernel(), kCommand, params_, answer.error()));
  return {};
}

Result<bool> Map::Delete(Bytes key) const {
  constexpr Command kCommand = Command::kMapDeleteElem;
  if (key.size() != key_size()) return WrongSize(kCommand, "the key", key.size(), key_size());
  return FoundOrNot(kCommand, Element(kCommand, key, {}, Direction::kIn, 0));
}

Result<bool> Map::LookupAndDelete(Bytes key, MutableBytes value) const {
  constexpr Command kCommand = Command::kMapLookupAndDeleteElem;
  if (key.size() != key_size()) return WrongSize(kCommand, "the key", key.size(), key_size());
  if (value.size() != lookup_size_)
    return WrongSize(kCommand, "the value", value.size(), lookup_size_);
  return FoundOrNot(kCommand, Element(kCommand, key, value, Direction::kOut, 0));
}

Result<bool> Map::NextKey(std::optional<Bytes> key, MutableBytes next) const {
  constexpr Command kCommand = Command::kMapGetNextKey;
  if (key && key->size() != key_size())
    return WrongSize(kCommand, "the key", key->size(), key_size());
  if (next.size() != key_size())
    return WrongSize(kCommand, "the room for the next key", next.size(), key_size());
  return FoundOrNot(kCommand, Element(kCommand, key.value_or(Bytes()), next, Direction::kOut, 0));
}

}  // namespace purebpf
