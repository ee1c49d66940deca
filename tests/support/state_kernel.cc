#include "purebpf/tests/support/state_kernel.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/attr_link.h"

namespace purebpf::testing {
namespace {

// include/uapi/linux/netlink.h, rtnetlink.h, if_link.h
constexpr size_t kHeaderSize = 16;   // of a message; ifinfomsg's too
constexpr uint16_t kError = 2;       // NLMSG_ERROR, which is the acknowledgement as well
constexpr uint16_t kSetLink = 19;    // RTM_SETLINK
constexpr uint16_t kNewQdisc = 36;   // RTM_NEWQDISC; RTM_DELQDISC follows
constexpr uint16_t kNewFilter = 44;  // RTM_NEWTFILTER; RTM_DELTFILTER follows
constexpr uint16_t kXdp = 43;        // IFLA_XDP, with NLA_F_NESTED
constexpr uint16_t kXdpFd = 1;       // IFLA_XDP_FD
constexpr uint16_t kTypeMask = 0x3fff;

template <typename T>
T Load(Bytes bytes, size_t offset) {
  T value{};
  if (offset + sizeof value <= bytes.size())
    std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// The payload of the first attribute of that type; empty where there is none.
Bytes FindAttribute(Bytes attributes, uint16_t type) {
  while (attributes.size() >= 4) {
    const size_t size = Load<uint16_t>(attributes, 0);
    if (size < 4 || size > attributes.size()) return {};
    if ((Load<uint16_t>(attributes, 2) & kTypeMask) == type) return attributes.subspan(4, size - 4);
    attributes = attributes.subspan(std::min((size + 3) & ~size_t{3}, attributes.size()));
  }
  return {};
}

Bytes RegionAt(std::span<const Region> regions, size_t attr_offset) {
  const auto found = std::ranges::find_if(regions, [&](const Region& region) {
    return region.attr_offset == attr_offset && region.holder < 0;
  });
  return found == regions.end() ? Bytes{} : Bytes(found->bytes);
}

template <typename Attribute>
Attribute As(Bytes attr) {
  Attribute value{};
  std::memcpy(&value, attr.data(), std::min(attr.size(), sizeof value));
  return value;
}

template <typename Set>
void Compare(std::string& text, std::string_view what, const Set& before, const Set& after,
             auto in_words) {
  for (const auto& each : before)
    if (std::ranges::find(after, each) == after.end())
      text += "no more " + std::string(what) + ": " + in_words(each) + "\n";
  for (const auto& each : after)
    if (std::ranges::find(before, each) == before.end())
      text += "now " + std::string(what) + ": " + in_words(each) + "\n";
}

}  // namespace

std::string StateKernel::Difference(const State& before, const State& after) {
  std::string text;
  Compare(text, "attached by netlink", before.xdp, after.xdp, [](const auto& each) {
    return "program " + std::to_string(each.second) + " on interface " + std::to_string(each.first);
  });
  const auto itself = [](const std::string& each) { return each; };
  Compare(text, "attached", before.attached, after.attached, itself);
  Compare(text, "there", before.files, after.files, itself);
  Compare(text, "with these elements", before.maps, after.maps, [](const auto& each) {
    return "map " + std::to_string(each.first) + ", " + std::to_string(each.second.size()) +
           " elements";
  });
  return text;
}

uint64_t StateKernel::ObjectOf(int fd) {
  const auto [entry, is_new] = objects_.try_emplace(fd, 0);
  if (is_new) entry->second = ++last_object_;
  return entry->second;
}

SysResult<int> StateKernel::Bpf(Command command, MutableBytes attr,
                                std::span<const Region> regions) {
  SysResult<int> result = next().Bpf(command, attr, regions);
  if (result) NoteBpf(command, attr, regions, *result);
  return result;
}

void StateKernel::NoteBpf(Command command, Bytes attr, std::span<const Region> regions,
                          int result) {
  switch (command) {
    case Command::kMapCreate:
      state_.maps[ObjectOf(result)];
      return;
    case Command::kObjPin: {
      const Bytes path = RegionAt(regions, offsetof(ObjAttr, pathname));
      const auto* const text = reinterpret_cast<const char*>(path.data());
      state_.files.emplace(text, strnlen(text, path.size()));
      return;
    }
    case Command::kMapUpdateElem:
    case Command::kMapDeleteElem:
      return NoteElement(command, attr, regions);
    case Command::kProgAttach:
    case Command::kProgDetach:
      return NoteAttach(attr, command == Command::kProgAttach);
    default:
      return;
  }
}

void StateKernel::NoteElement(Command command, Bytes attr, std::span<const Region> regions) {
  const auto element = As<MapElemAttr>(attr);
  const auto map = state_.maps.find(ObjectOf(static_cast<int>(element.map_fd)));
  const Bytes key = RegionAt(regions, offsetof(MapElemAttr, key));
  if (map == state_.maps.end() || key.empty()) return;
  const std::vector<std::byte> at(key.begin(), key.end());
  if (command == Command::kMapDeleteElem) {
    map->second.erase(at);
    return;
  }
  const Bytes value = RegionAt(regions, offsetof(MapElemAttr, value));
  map->second[at].assign(value.begin(), value.end());
}

void StateKernel::NoteAttach(Bytes attr, bool attach) {
  const auto what = As<ProgAttachAttr>(attr);
  const auto words_of = [&](uint32_t program) {
    return "program " + std::to_string(ObjectOf(static_cast<int>(program))) + " to " +
           std::to_string(what.target_fd) + ", attach type " + std::to_string(what.attach_type);
  };
  const std::string words = words_of(what.attach_bpf_fd);
  if (attach && (what.attach_flags & kAttachReplace) != 0)
    state_.attached.erase(words_of(what.replace_bpf_fd));
  if (attach)
    state_.attached.insert(words);
  else
    state_.attached.erase(words);
}

void StateKernel::Close(int fd) {
  if (const auto object = objects_.find(fd); object != objects_.end()) {
    const bool last =
        std::ranges::count(objects_, object->second, &std::pair<const int, uint64_t>::second) == 1;
    // A pinned map lives on, and is another one here when it is opened again.
    if (last) state_.maps.erase(object->second);
    objects_.erase(object);
  }
  next().Close(fd);
}

SysResult<int> StateKernel::Duplicate(int fd) {
  SysResult<int> copy = next().Duplicate(fd);
  if (copy) objects_[*copy] = ObjectOf(fd);
  return copy;
}

SysResult<void> StateKernel::MakeFolder(const std::string& path) {
  SysResult<void> made = next().MakeFolder(path);
  if (made) state_.files.insert(path);
  return made;
}

SysResult<void> StateKernel::RemoveFile(const std::string& path) {
  SysResult<void> removed = next().RemoveFile(path);
  if (removed) state_.files.erase(path);
  return removed;
}

void StateKernel::NoteXdp(Bytes message) {
  if (message.size() < 2 * kHeaderSize) return;
  const Bytes xdp = FindAttribute(message.subspan(2 * kHeaderSize), kXdp);
  const Bytes fd_attribute = FindAttribute(xdp, kXdpFd);
  if (fd_attribute.size() < 4) return;
  const auto index = Load<uint32_t>(message, kHeaderSize + 4);
  const auto fd = Load<int32_t>(fd_attribute, 0);
  if (fd < 0)
    state_.xdp.erase(index);
  else
    state_.xdp[index] = ObjectOf(fd);
}

// By interface and parent (struct tcmsg).
void StateKernel::NoteTraffic(uint16_t type, Bytes message) {
  const bool filter = type >= kNewFilter;
  const std::string words =
      (filter ? "filter on interface " : "queueing discipline on interface ") +
      std::to_string(Load<uint32_t>(message, kHeaderSize + 4)) + ", parent " +
      std::to_string(Load<uint32_t>(message, kHeaderSize + 12));
  if (type == kNewQdisc || type == kNewFilter)
    state_.attached.insert(words);
  else
    state_.attached.erase(words);
}

SysResult<void> StateKernel::NetlinkSend(int fd, Bytes message) {
  SysResult<void> sent = next().NetlinkSend(fd, message);
  if (!sent) return sent;
  request_ = {.fd = fd, .sequence = Load<uint32_t>(message, 8), .before = state_};
  switch (const auto type = Load<uint16_t>(message, 4)) {
    case kSetLink:
      NoteXdp(message);
      break;
    case kNewQdisc:
    case kNewQdisc + 1:
    case kNewFilter:
    case kNewFilter + 1:
      NoteTraffic(type, message);
      break;
    default:
      break;
  }
  return sent;
}

SysResult<size_t> StateKernel::NetlinkReceive(int fd, MutableBytes buffer, ReceiveMode mode) {
  SysResult<size_t> size = next().NetlinkReceive(fd, buffer, mode);
  if (!size || !request_ || request_->fd != fd || *size < kHeaderSize + 4) return size;
  if (Load<uint32_t>(buffer, 8) != request_->sequence) return size;
  const bool refused = Load<uint16_t>(buffer, 4) == kError && Load<int32_t>(buffer, 16) != 0;
  if (refused) state_ = request_->before;
  request_.reset();
  return size;
}

}  // namespace purebpf::testing
