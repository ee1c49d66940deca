// BPF maps: create, look up, put, delete, walk. Map is untyped (bytes); TypedMap<K, V> and
// PerCpuMap<K, V> (bpf/typed_map.h) stand before it. Each operation is exactly one system call.
//
// Lifetime: a Map owns its descriptor; the kernel frees the map when nobody holds it any more.
// Thread-safety: const members may be called from several threads (the kernel serialises).
// Source: include/uapi/linux/bpf.h, kernel/bpf/syscall.c. Linux 3.19 unless said otherwise.
#ifndef PUREBPF_BPF_MAP_H_
#define PUREBPF_BPF_MAP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/fd.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf {

// What BPF_MAP_CREATE needs.
struct MapParams {
  std::string name;  // the kernel keeps 15 characters of [A-Za-z0-9_.]: see KernelName()
  MapType type = MapType::kUnspec;
  uint32_t key_size = 0;    // bytes
  uint32_t value_size = 0;  // bytes, of one CPU's value where the type is per CPU
  uint32_t max_entries = 0;
  uint32_t flags = 0;      // BPF_F_*, MapFlag in bpf/abi.h
  uint32_t numa_node = 0;  // counts only with BPF_F_NUMA_NODE in flags
  uint64_t map_extra = 0;  // Linux 5.16; meaning depends on the type

  bool operator==(const MapParams&) const = default;
};

// Put's condition: BPF_ANY, BPF_NOEXIST, BPF_EXIST.
enum class PutFlag : uint64_t {
  kAny = 0,      // create or replace
  kNoExist = 1,  // create only: kConflict where the key is there
  kExist = 2,    // replace only: kNotFound where it is not
};

class Map {
 public:
  // Errors: kInvalidArgument (EINVAL: sizes, flags or type that the kernel refuses), kPermission
  // (needs CAP_BPF; RLIMIT_MEMLOCK before Linux 5.11, which is raised here if it may be),
  // kSystem (ENOMEM, E2BIG, ...).
  // One BPF_MAP_CREATE; per-CPU types also read /sys/devices/system/cpu/possible.
  [[nodiscard]] static Result<Map> Create(Kernel& kernel, const MapParams& params);

  Map(Map&&) noexcept = default;
  Map& operator=(Map&&) noexcept = default;

  // Copies the value of `key` out; false where it is not there. `value` has lookup_size() bytes.
  [[nodiscard]] Result<bool> Lookup(Bytes key, MutableBytes value) const;
  // `value` has lookup_size() bytes. Queues and stacks: an empty key pushes.
  Result<void> Put(Bytes key, Bytes value, PutFlag flag = PutFlag::kAny) const;
  // False where it was not there.
  Result<bool> Delete(Bytes key) const;
  // Takes the value out: queues and stacks (an empty key pops; Linux 4.20), hash kinds (5.14).
  [[nodiscard]] Result<bool> LookupAndDelete(Bytes key, MutableBytes value) const;
  // The key after `key` (the first one for nullopt) into `next`; false where there is none. Where
  // `key` vanished meanwhile the kernel starts again at the first key: bound your walk.
  [[nodiscard]] Result<bool> NextKey(std::optional<Bytes> key, MutableBytes next) const;

  [[nodiscard]] const std::string& name() const { return params_.name; }
  [[nodiscard]] const MapParams& params() const { return params_; }
  [[nodiscard]] uint32_t key_size() const { return params_.key_size; }
  [[nodiscard]] uint32_t value_size() const { return params_.value_size; }
  // What Lookup and Put copy, in bytes: value_size, or for per-CPU types the value rounded up to 8
  // for each possible CPU (kernel/bpf/syscall.c: bpf_map_value_size).
  [[nodiscard]] uint32_t lookup_size() const { return lookup_size_; }
  [[nodiscard]] uint32_t cpus() const { return cpus_; }  // 1 unless the type is per CPU
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] Kernel& kernel() const { return fd_.kernel(); }

 private:
  Map(Fd fd, MapParams params, uint32_t cpus);
  // The one way to an element.
  [[nodiscard]] SysResult<void> Element(Command command, Bytes key, MutableBytes value,
                                        Direction direction, uint64_t flags) const;
  // ENOENT is false; any other refusal is an Error that names the map.
  [[nodiscard]] Result<bool> FoundOrNot(Command command, SysResult<void> answer) const;
  [[nodiscard]] std::unexpected<Error> WrongSize(Command command, std::string_view what,
                                                 size_t found, uint32_t wanted) const;

  Fd fd_;
  MapParams params_;
  uint32_t cpus_;
  uint32_t lookup_size_;
};

// The name as the kernel takes it: the first 15 characters, each that the kernel refuses replaced
// by an underscore (kernel/bpf/syscall.c: bpf_obj_name_cpy).
std::string KernelName(std::string_view name);

}  // namespace purebpf

#endif  // PUREBPF_BPF_MAP_H_
