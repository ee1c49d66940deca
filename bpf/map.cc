#include "purebpf/bpf/map.h"

#include <array>
#include <cerrno>
#include <utility>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/map_errors.h"

namespace purebpf {

Map::Map(Fd fd, MapParams params, uint32_t cpus)
    : fd_(std::move(fd)),
      params_(std::move(params)),
      cpus_(cpus),
      lookup_size_(static_cast<uint32_t>(internal::LookupSize(params_, cpus))) {}

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
  return std::unexpected(internal::MapRefused(kernel(), command, params_, answer.error()));
}

std::unexpected<Error> Map::WrongSize(Command command, std::string_view what, size_t found,
                                      uint32_t wanted) const {
  return std::unexpected(internal::MapInvalid(command, params_,
                                              std::string(what) + " has " + std::to_string(found) +
                                                  " bytes, the map takes " +
                                                  std::to_string(wanted)));
}

Result<bool> Map::LookupWith(Bytes key, MutableBytes value, uint64_t flags) const {
  constexpr Command kCommand = Command::kMapLookupElem;
  if (key.size() != key_size()) return WrongSize(kCommand, "the key", key.size(), key_size());
  if (value.size() != lookup_size_)
    return WrongSize(kCommand, "the value", value.size(), lookup_size_);
  // A bloom filter is asked for a value: kernel/bpf/syscall.c: map_lookup_elem.
  const Direction direction =
      params_.type == MapType::kBloomFilter ? Direction::kInOut : Direction::kOut;
  return FoundOrNot(kCommand, Element(kCommand, key, value, direction, flags));
}

Result<bool> Map::Lookup(Bytes key, MutableBytes value) const { return LookupWith(key, value, 0); }

Result<bool> Map::LookupLocked(Bytes key, MutableBytes value) const {
  return LookupWith(key, value, kElemLock);
}

Result<void> Map::Put(Bytes key, Bytes value, PutFlag flag) const {
  constexpr Command kCommand = Command::kMapUpdateElem;
  if (key.size() != key_size()) return WrongSize(kCommand, "the key", key.size(), key_size());
  if (value.size() != lookup_size_)
    return WrongSize(kCommand, "the value", value.size(), lookup_size_);
  // The kernel only reads it.
  const MutableBytes source(const_cast<std::byte*>(value.data()), value.size());
  const auto answer = Element(kCommand, key, source, Direction::kIn, std::to_underlying(flag));
  if (!answer)
    return std::unexpected(internal::MapRefused(kernel(), kCommand, params_, answer.error()));
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
