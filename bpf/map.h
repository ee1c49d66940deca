// BPF maps: create, look up, put, delete, pin. Map is untyped (bytes); TypedMap<K, V> and
// PerCpuMap<K, V> (bpf/typed_map.h) stand before it; bpf/map_batch.h has many elements a call,
// bpf/map_walk.h a walk over all of them, bpf/map_memory.h their memory. Each operation on elements
// is exactly one system call.
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
  // The map like which those in a map of maps must be; -1 for other types. Linux 4.12.
  int inner_map_fd = -1;
  // What a debugger prints, and what values with locks, timers or pointers need: types of the BTF
  // behind btf_fd (-1: none). Left out where the type takes none (TakesBtf) or the kernel refuses
  // them; params() of the map then lacks them. Linux 4.18.
  int btf_fd = -1;
  uint32_t btf_key_type_id = 0;
  uint32_t btf_value_type_id = 0;
  // Of a struct_ops map: a structure in the kernel's BTF (Linux 5.6), or in that of the module
  // behind value_type_btf_obj_fd (Linux 6.9).
  uint32_t btf_vmlinux_value_type_id = 0;
  int value_type_btf_obj_fd = -1;
  int token_fd = -1;     // of BPF_TOKEN_CREATE: who may not create maps may with it; Linux 6.9
  uint32_t ifindex = 0;  // of the device that holds the map; Linux 4.16

  bool operator==(const MapParams&) const = default;
};

// Put's condition: BPF_ANY, BPF_NOEXIST, BPF_EXIST.
enum class PutFlag : uint64_t {
  kAny = 0,      // create or replace
  kNoExist = 1,  // create only: kConflict where the key is there
  kExist = 2,    // replace only: kNotFound where it is not
  kLock = 4,     // as kAny, under the value's bpf_spin_lock; Linux 5.1
};

// BPF_OBJ_GET_INFO_BY_FD (Linux 4.13); 0 and empty where the kernel is older than the field.
struct MapInfo {
  uint32_t id = 0;
  MapType type = MapType::kUnspec;
  std::string name;  // Linux 4.15
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  uint32_t max_entries = 0;
  uint32_t flags = 0;
  uint64_t map_extra = 0;                  // Linux 5.16
  uint32_t ifindex = 0;                    // Linux 4.16
  uint32_t btf_id = 0;                     // Linux 4.18, with the next two
  uint32_t btf_key_type_id = 0;            //
  uint32_t btf_value_type_id = 0;          //
  uint32_t btf_vmlinux_value_type_id = 0;  // Linux 5.6

  bool operator==(const MapInfo&) const = default;
};

// What /proc/self/fdinfo tells beyond that.
struct MapUsage {
  uint64_t memory = 0;  // bytes
  bool frozen = false;  // Linux 5.2

  bool operator==(const MapUsage&) const = default;
};

// Who may do what through a descriptor that is opened from a pin or an id. Linux 4.15.
enum class MapAccess : uint32_t {
  kReadWrite = 0,
  kReadOnly = 1U << 3,   // BPF_F_RDONLY
  kWriteOnly = 1U << 4,  // BPF_F_WRONLY
};

class Map {
 public:
  // Errors: kInvalidArgument (EINVAL: sizes, flags or type that the kernel refuses), kPermission
  // (needs CAP_BPF; RLIMIT_MEMLOCK before Linux 5.11, which is raised here if it may be),
  // kSystem (ENOMEM, E2BIG, ...).
  // One BPF_MAP_CREATE where the kernel takes all of it; one more without what it may be refused
  // for: the BTF, a dot in the name (before Linux 5.2), the name (before 4.15).
  // Per-CPU types also read /sys/devices/system/cpu/possible.
  [[nodiscard]] static Result<Map> Create(Kernel& kernel, const MapParams& params);
  // The map behind a pin, of an id (CAP_SYS_ADMIN), or behind a descriptor, which is taken over
  // (and closed on failure). kNotFound where there is none; kInvalidArgument where it is no map.
  // BPF_OBJ_GET or BPF_MAP_GET_FD_BY_ID, and BPF_OBJ_GET_INFO_BY_FD (Linux 4.13); what has no id
  // reads its /proc/self/fdinfo, to know that it is a map.
  [[nodiscard]] static Result<Map> FromPin(Kernel& kernel, const std::string& path,
                                           MapAccess access = MapAccess::kReadWrite);
  [[nodiscard]] static Result<Map> FromId(Kernel& kernel, uint32_t id,
                                          MapAccess access = MapAccess::kReadWrite);
  [[nodiscard]] static Result<Map> FromFd(Kernel& kernel, int fd);

  Map(Map&&) noexcept = default;
  Map& operator=(Map&&) noexcept = default;

  // Copies the value of `key` out; false where it is not there. `value` has lookup_size() bytes.
  [[nodiscard]] Result<bool> Lookup(Bytes key, MutableBytes value) const;
  // The same under the value's bpf_spin_lock (Linux 5.1): never half of what a program writes.
  [[nodiscard]] Result<bool> LookupLocked(Bytes key, MutableBytes value) const;
  // `value` has lookup_size() bytes. Queues and stacks: an empty key pushes.
  Result<void> Put(Bytes key, Bytes value, PutFlag flag = PutFlag::kAny) const;
  // False where it was not there.
  Result<bool> Delete(Bytes key) const;
  // Takes the value out: queues and stacks (an empty key pops; Linux 4.20), hash kinds (5.14).
  [[nodiscard]] Result<bool> LookupAndDelete(Bytes key, MutableBytes value) const;
  // The key after `key` (the first one for nullopt) into `next`; false where there is none. Where
  // `key` vanished meanwhile the kernel starts again at the first key: bound your walk.
  [[nodiscard]] Result<bool> NextKey(std::optional<Bytes> key, MutableBytes next) const;

  // User space may never write again (Linux 5.2). kConflict where something still could: a writable
  // mapping, or an operation under way.
  Result<void> Freeze() const;
  [[nodiscard]] Result<MapInfo> Info() const;
  [[nodiscard]] Result<MapUsage> Usage() const;
  // A name in a BPF file system, which keeps the map when nobody else does (Linux 4.4). kConflict
  // where the path is taken. Unpin removes the name, whatever it stands for.
  Result<void> Pin(const std::string& path) const;
  static Result<void> Unpin(Kernel& kernel, const std::string& path);
  // A second handle for the same map.
  [[nodiscard]] Result<Map> Duplicate() const;

  // What it was created with; where it was opened, what the kernel says (name cut to 15 characters,
  // no descriptors).
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
  static Result<Map> Opened(Fd fd, std::string_view object);
  Result<bool> LookupWith(Bytes key, MutableBytes value, uint64_t flags) const;
  // The one way to an element.
  [[nodiscard]] SysResult<void> Element(Command command, Bytes key, MutableBytes value,
                                        Direction direction, uint64_t flags) const;
  // ENOENT is false; any other refusal is an Error that names the map.
  [[nodiscard]] Result<bool> FoundOrNot(Command command, SysResult<void> answer) const;
  [[nodiscard, gnu::cold]] std::unexpected<Error> WrongSize(Command command, std::string_view what,
                                                            size_t found, uint32_t wanted) const;

  Fd fd_;
  MapParams params_;
  uint32_t cpus_;
  uint32_t lookup_size_;
};

// How messages name a map: maps without a name go by their type.
std::string NameOf(const MapParams& params);

// kInvalidArgument, or how many CPUs a value of the map is for: 1, or for per-CPU types the
// possible CPUs, which are read.
Result<uint32_t> CpusOf(Kernel& kernel, const MapParams& params);

// Whether a map of that type may have BTF types for key and value. A kernel refuses the others, and
// may take its time: a DEVMAP that is refused waits for a grace period, some 20 ms.
bool TakesBtf(MapType type);

// The name as the kernel takes it: the first 15 characters, each that the kernel refuses replaced
// by an underscore (kernel/bpf/syscall.c: bpf_obj_name_cpy).
std::string KernelName(std::string_view name);

}  // namespace purebpf

#endif  // PUREBPF_BPF_MAP_H_
