// What the kernel says of a link: struct bpf_link_info, whose second half each type has its own of.
#include <cstring>
#include <utility>
#include <vector>

#include "purebpf/bpf/handle.h"
#include "purebpf/bpf/info.h"
#include "purebpf/bpf/link.h"
#include "purebpf/bpf/try.h"

namespace purebpf {
namespace {

template <typename T>
T RestOf(const BpfLinkInfo& info) {
  static_assert(sizeof(T) <= sizeof info.rest);
  T rest;
  std::memcpy(MutableBytesOf(rest).data(), info.rest.data(), sizeof rest);
  return rest;
}

// Where in struct bpf_link_info a type has the pointer to a name, and the room there.
struct NameFields {
  size_t pointer = 0;
  size_t length = 0;
};

constexpr size_t kRest = offsetof(BpfLinkInfo, rest);

NameFields NameFieldsOf(const BpfLinkInfo& info) {
  switch (LinkType{info.type}) {
    case LinkType::kRawTracepoint:
      return {kRest + offsetof(BpfRawTracepointLinkInfo, tp_name),
              kRest + offsetof(BpfRawTracepointLinkInfo, tp_name_len)};
    case LinkType::kIter:
      return {kRest + offsetof(BpfIterLinkInfo, target_name),
              kRest + offsetof(BpfIterLinkInfo, target_name_len)};
    case LinkType::kUprobeMulti:
      return {kRest + offsetof(BpfUprobeMultiLinkInfo, path),
              kRest + offsetof(BpfUprobeMultiLinkInfo, path_size)};
    case LinkType::kPerfEvent: {
      const auto type = PerfEventType{RestOf<BpfPerfEventLinkInfo>(info).type};
      // An event that is none of these has its config there.
      if (type < PerfEventType::kUprobe || type > PerfEventType::kTracepoint) return {};
      return {kRest + offsetof(BpfPerfEventLinkInfo, name),
              kRest + offsetof(BpfPerfEventLinkInfo, name_len)};
    }
    default:
      return {};
  }
}

void TakePerfEvent(const BpfPerfEventLinkInfo& rest, LinkInfo& info) {
  info.event_type = PerfEventType{rest.type};
  switch (info.event_type) {
    case PerfEventType::kKprobe:
    case PerfEventType::kKretprobe:
      info.offset = rest.offset;
      info.address = rest.addr_or_cookie;
      info.missed = rest.missed;
      return;
    case PerfEventType::kUprobe:
    case PerfEventType::kUretprobe:
      info.offset = rest.offset;
      info.cookie = rest.addr_or_cookie;
      return;
    default:
      info.cookie = rest.addr_or_cookie;
      return;
  }
}

void TakeRest(const BpfLinkInfo& from, LinkInfo& info) {
  switch (info.type) {
    case LinkType::kRawTracepoint:
      info.cookie = RestOf<BpfRawTracepointLinkInfo>(from).cookie;
      return;
    case LinkType::kTracing: {
      const auto rest = RestOf<BpfTracingLinkInfo>(from);
      info.attach_type = AttachType{rest.attach_type};
      info.target_id = rest.target_obj_id;
      info.target_btf_id = rest.target_btf_id;
      info.cookie = rest.cookie;
      return;
    }
    case LinkType::kCgroup: {
      const auto rest = RestOf<BpfCgroupLinkInfo>(from);
      info.cgroup_id = rest.cgroup_id;
      info.attach_type = AttachType{rest.attach_type};
      return;
    }
    case LinkType::kIter: {
      const auto rest = RestOf<BpfIterLinkInfo>(from);
      info.map_id = rest.map_id;
      // Tasks have their numbers where cgroups have theirs.
      if (info.name == "cgroup") info.cgroup_id = rest.cgroup_id;
      return;
    }
    case LinkType::kNetns: {
      const auto rest = RestOf<BpfNetnsLinkInfo>(from);
      info.netns_inode = rest.netns_ino;
      info.attach_type = AttachType{rest.attach_type};
      return;
    }
    case LinkType::kXdp:
      info.ifindex = RestOf<BpfDeviceLinkInfo>(from).ifindex;
      info.attach_type = AttachType::kXdp;
      return;
    case LinkType::kTcx:
    case LinkType::kNetkit: {
      const auto rest = RestOf<BpfDeviceLinkInfo>(from);
      info.ifindex = rest.ifindex;
      info.attach_type = AttachType{rest.attach_type};
      return;
    }
    case LinkType::kStructOps:
      info.map_id = RestOf<BpfMapLinkInfo>(from).map_id;
      info.attach_type = AttachType::kStructOps;
      return;
    case LinkType::kSockmap: {
      const auto rest = RestOf<BpfMapLinkInfo>(from);
      info.map_id = rest.map_id;
      info.attach_type = AttachType{rest.attach_type};
      return;
    }
    case LinkType::kNetfilter: {
      const auto rest = RestOf<BpfNetfilterLinkInfo>(from);
      info.pf = rest.pf;
      info.hook = rest.hooknum;
      info.priority = rest.priority;
      info.flags = rest.flags;
      info.attach_type = AttachType::kNetfilter;
      return;
    }
    case LinkType::kKprobeMulti: {
      const auto rest = RestOf<BpfKprobeMultiLinkInfo>(from);
      info.count = rest.count;
      info.flags = rest.flags;
      info.missed = rest.missed;
      return;
    }
    case LinkType::kUprobeMulti: {
      const auto rest = RestOf<BpfUprobeMultiLinkInfo>(from);
      info.count = rest.count;
      info.flags = rest.flags;
      return;
    }
    case LinkType::kPerfEvent:
      return TakePerfEvent(RestOf<BpfPerfEventLinkInfo>(from), info);
    default:
      return;
  }
}

}  // namespace

Result<LinkInfo> Link::Info() const {
  PUREBPF_TRY(NeedsKernelLink("ask about link"));
  BpfLinkInfo found;
  const MutableBytes room = MutableBytesOf(found);
  PUREBPF_TRY(internal::AskInfo(kernel(), fd(), room, internal::kLinkKind, name_));
  LinkInfo info{.id = found.id, .type = LinkType{found.type}, .program_id = found.prog_id};
  if (const NameFields fields = NameFieldsOf(found); fields.pointer != 0) {
    std::vector<char> name(4096);  // PATH_MAX
    const auto pointer = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(name.data()));
    const auto length = static_cast<uint32_t>(name.size());
    BpfLinkInfo named;
    const MutableBytes again = MutableBytesOf(named);
    std::memcpy(&again[fields.pointer], &pointer, sizeof pointer);
    std::memcpy(&again[fields.length], &length, sizeof length);
    const Region nested = {.attr_offset = static_cast<uint32_t>(fields.pointer),
                           .direction = Direction::kOut,
                           .bytes = std::as_writable_bytes(std::span(name)),
                           .holder = 0};
    PUREBPF_TRY(internal::AskInfo(kernel(), fd(), again, internal::kLinkKind, name_,
                                  std::span(&nested, 1)));
    info.name = internal::TextOf(name);
  }
  TakeRest(found, info);
  return info;
}

}  // namespace purebpf
