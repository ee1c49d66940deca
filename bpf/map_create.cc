// BPF_MAP_CREATE, and what is left out of it for kernels that refuse some of it.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/cpus.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/map_errors.h"
#include "purebpf/bpf/memlock.h"
#include "purebpf/bpf/try.h"

namespace purebpf {
namespace {

uint32_t FdOrZero(int fd) { return fd < 0 ? 0 : static_cast<uint32_t>(fd); }

MapCreateAttr AttrOf(const MapParams& params) {
  MapCreateAttr attr{.map_type = static_cast<uint32_t>(params.type),
                     .key_size = params.key_size,
                     .value_size = params.value_size,
                     .max_entries = params.max_entries,
                     .map_flags = params.flags,
                     .inner_map_fd = FdOrZero(params.inner_map_fd),
                     .numa_node = params.numa_node,
                     .map_ifindex = params.ifindex,
                     .btf_fd = FdOrZero(params.btf_fd),
                     .btf_key_type_id = params.btf_key_type_id,
                     .btf_value_type_id = params.btf_value_type_id,
                     .btf_vmlinux_value_type_id = params.btf_vmlinux_value_type_id,
                     .map_extra = params.map_extra};
  if (params.value_type_btf_obj_fd >= 0) {
    attr.map_flags |= kVtypeBtfObjFd;
    attr.value_type_btf_obj_fd = params.value_type_btf_obj_fd;
  }
  if (params.token_fd >= 0) {
    attr.map_flags |= kTokenFd;
    attr.map_token_fd = params.token_fd;
  }
  const std::string name = KernelName(params.name);
  std::memcpy(attr.map_name.data(), name.data(), name.size());
  return attr;
}

void LeaveOutBtf(MapParams& params) {
  params.btf_fd = -1;
  params.btf_key_type_id = 0;
  params.btf_value_type_id = 0;
}

bool HasBtf(const MapParams& params) {
  return params.btf_fd >= 0 && (params.btf_key_type_id != 0 || params.btf_value_type_id != 0);
}

// What a kernel says where it does not like the types, or the BTF as such: kernel/bpf/syscall.c:
// map_check_btf; E2BIG before Linux 4.18, which has no such fields.
bool MayBeTheBtf(Errno answer) {
  constexpr int kEnotsupp = 524;
  switch (answer.value) {
    case EINVAL:
    case E2BIG:
    case EOPNOTSUPP:
    case kEnotsupp:
      return true;
    default:
      return false;
  }
}

// A device map that the kernel has no reason to call invalid, but for the limit of memory.
bool IsSoundDevmap(const MapParams& params) {
  return (params.type == MapType::kDevmap || params.type == MapType::kDevmapHash) &&
         params.key_size == 4 && (params.value_size == 4 || params.value_size == 8) &&
         params.max_entries != 0;
}

SysResult<int> Issue(Kernel& kernel, MapCreateAttr& attr) {
  return BpfCall(Command::kMapCreate, attr).Issue(kernel);
}

// One call, and one more for each thing that is then left out.
SysResult<int> CreateFallingBack(Kernel& kernel, MapParams& params) {
  MapCreateAttr attr = AttrOf(params);
  SysResult<int> answer = Issue(kernel, attr);
  if (!answer && HasBtf(params) && MayBeTheBtf(answer.error())) {
    LeaveOutBtf(params);
    attr = AttrOf(params);
    answer = Issue(kernel, attr);
  }
  auto& name = attr.map_name;
  if (answer || name[0] == '\0') return answer;
  // kernel/bpf/syscall.c: bpf_obj_name_cpy takes dots since Linux 5.2.
  if (answer.error() == Errno{EINVAL} && std::ranges::find(name, '.') != name.end()) {
    std::ranges::replace(name, '.', '_');
    answer = Issue(kernel, attr);
  } else if (answer.error() == Errno{E2BIG}) {
    name = {};  // none before Linux 4.15
    answer = Issue(kernel, attr);
  }
  return answer;
}

}  // namespace

bool TakesBtf(MapType type) {
  switch (type) {
    // Their map_check_btf is map_check_no_btf: kernel/bpf/{arraymap,hashtab,stackmap,devmap,
    // cpumap}.c, net/xdp/xskmap.c, net/core/sock_map.c.
    case MapType::kPerfEventArray:
    case MapType::kStackTrace:
    case MapType::kCgroupArray:
    case MapType::kArrayOfMaps:
    case MapType::kHashOfMaps:
    case MapType::kDevmap:
    case MapType::kDevmapHash:
    case MapType::kCpumap:
    case MapType::kXskmap:
    case MapType::kSockmap:
    case MapType::kSockhash:
    // No keys, so no key's type, and no map_check_btf that would do without.
    case MapType::kQueue:
    case MapType::kStack:
    case MapType::kRingbuf:
    case MapType::kUserRingbuf:
    case MapType::kArena:
      return false;
    default:
      return true;
  }
}

std::string KernelName(std::string_view name) {
  std::string taken(name.substr(0, kObjNameLen - 1));
  for (char& c : taken) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '.';
    if (!fine) c = '_';
  }
  return taken;
}

Result<uint32_t> CpusOf(Kernel& kernel, const MapParams& params) {
  if (!IsPerCpu(params.type)) return 1;
  auto possible = PossibleCpus(kernel);
  if (!possible) return std::unexpected(std::move(possible).error().Within(NameOf(params)));
  if (internal::LookupSize(params, *possible) > UINT32_MAX)
    return std::unexpected(internal::MapInvalid(Command::kMapCreate, params,
                                                "the values of all " + std::to_string(*possible) +
                                                    " CPUs have more than 4 GiB; value_size is " +
                                                    std::to_string(params.value_size)));
  return *possible;
}

Result<Map> Map::Create(Kernel& kernel, const MapParams& params) {
  const uint32_t cpus = PUREBPF_TRY(CpusOf(kernel, params));
  MapParams wanted = params;
  if (!TakesBtf(params.type)) LeaveOutBtf(wanted);
  Memlock memlock = Memlock::kNotCharged;
  const auto fd = IssueWithMemlock(
      kernel, memlock, [&] { return CreateFallingBack(kernel, wanted); },
      IsSoundDevmap(params) ? Errno{EINVAL} : Errno{});
  if (!fd)
    return std::unexpected(
        internal::MapRefused(kernel, Command::kMapCreate, params, fd.error(), memlock));
  return Map(Fd(kernel, *fd), std::move(wanted), cpus);
}

}  // namespace purebpf
