// Maps that are there already: by id, pin or descriptor, and what the kernel says of them.
#include <charconv>
#include <utility>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/handle.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/map_errors.h"
#include "purebpf/bpf/try.h"

namespace purebpf {

using internal::kMapKind;

namespace {

Result<MapInfo> InfoOf(const Fd& fd, std::string_view object) {
  BpfMapInfo info;
  PUREBPF_TRY(internal::AskInfo(fd.kernel(), fd.get(), MutableBytesOf(info), kMapKind, object));
  return MapInfo{.id = info.id,
                 .type = static_cast<MapType>(info.type),
                 .name = internal::TextOf(info.name),
                 .key_size = info.key_size,
                 .value_size = info.value_size,
                 .max_entries = info.max_entries,
                 .flags = info.map_flags,
                 .map_extra = info.map_extra,
                 .ifindex = info.ifindex,
                 .btf_id = info.btf_id,
                 .btf_key_type_id = info.btf_key_type_id,
                 .btf_value_type_id = info.btf_value_type_id,
                 .btf_vmlinux_value_type_id = info.btf_vmlinux_value_type_id};
}

uint64_t NumberIn(std::string_view text) {
  uint64_t number = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

Result<Map> Map::Opened(Fd fd, std::string_view object) {
  MapInfo info = PUREBPF_TRY(InfoOf(fd, object));
  MapParams params{.name = std::move(info.name),
                   .type = info.type,
                   .key_size = info.key_size,
                   .value_size = info.value_size,
                   .max_entries = info.max_entries,
                   .flags = info.flags,
                   .map_extra = info.map_extra,
                   .btf_key_type_id = info.btf_key_type_id,
                   .btf_value_type_id = info.btf_value_type_id,
                   .btf_vmlinux_value_type_id = info.btf_vmlinux_value_type_id,
                   .ifindex = info.ifindex};
  const uint32_t cpus = PUREBPF_TRY(CpusOf(fd.kernel(), params));
  return Map(std::move(fd), std::move(params), cpus);
}

Result<Map> Map::FromPin(Kernel& kernel, const std::string& path, MapAccess access) {
  return Opened(PUREBPF_TRY(internal::OpenPin(kernel, path, kMapKind, std::to_underlying(access))),
                path);
}

Result<Map> Map::FromId(Kernel& kernel, uint32_t id, MapAccess access) {
  return Opened(PUREBPF_TRY(internal::OpenById(kernel, Command::kMapGetFdById, kMapKind, id,
                                               std::to_underlying(access))),
                internal::NameOfId(id));
}

Result<Map> Map::FromFd(Kernel& kernel, int fd) {
  Fd owned(kernel, fd);
  const std::string object = "descriptor " + std::to_string(fd);
  PUREBPF_TRY(internal::CheckKind(kernel, fd, kMapKind, object));
  return Opened(std::move(owned), object);
}

Result<MapInfo> Map::Info() const { return InfoOf(fd_, NameOf(params_)); }

Result<MapUsage> Map::Usage() const {
  const std::string fdinfo = internal::FdInfo(kernel(), fd());
  const std::string_view memory = internal::FdInfoField(fdinfo, "memlock:");
  if (memory.empty())
    return std::unexpected(Error{.code = Code::kUnsupported,
                                 .operation = "ask about map",
                                 .object = NameOf(params_),
                                 .detail = "/proc/self/fdinfo tells nothing of it"});
  return MapUsage{.memory = NumberIn(memory),
                  .frozen = NumberIn(internal::FdInfoField(fdinfo, "frozen:")) != 0};
}

Result<void> Map::Freeze() const {
  MapFreezeAttr attr{.map_fd = static_cast<uint32_t>(fd())};
  const auto answer = BpfCall(Command::kMapFreeze, attr).Issue(kernel());
  if (answer) return {};
  return std::unexpected(internal::MapRefused(kernel(), Command::kMapFreeze, params_,
                                              answer.error(), Memlock::kNotCharged,
                                              NewcomerOf(Command::kMapFreeze)));
}

Result<void> Map::Pin(const std::string& path) const {
  return internal::Pin(kernel(), fd(), path, kMapKind, NameOf(params_));
}

Result<void> Map::Unpin(Kernel& kernel, const std::string& path) {
  return internal::Unpin(kernel, path, kMapKind);
}

Result<Map> Map::Duplicate() const {
  return Map(PUREBPF_TRY(internal::Duplicate(fd_, kMapKind, NameOf(params_))), params_, cpus_);
}

}  // namespace purebpf
