// Internal. What maps, programs, links and BTF objects have in common: ids, pins, descriptors.
#ifndef PUREBPF_BPF_HANDLE_H_
#define PUREBPF_BPF_HANDLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/fd.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf::internal {

// The kind of object, as messages name it, and as its /proc/self/fdinfo begins.
struct ObjectKind {
  std::string_view name;         // "map"
  std::string_view fdinfo_line;  // "map_type:"
};
inline constexpr ObjectKind kMapKind = {"map", "map_type:"};
inline constexpr ObjectKind kProgramKind = {"program", "prog_type:"};
inline constexpr ObjectKind kLinkKind = {"link", "link_type:"};
inline constexpr ObjectKind kBtfKind = {"BTF", "btf_id:"};

// How messages name what has an id alone: "id 7".
std::string NameOfId(uint32_t id);

// A descriptor for the object of that id: kNotFound where no object has it.
Result<Fd> OpenById(Kernel& kernel, Command command, const ObjectKind& kind, uint32_t id,
                    uint32_t open_flags = 0);

// BPF_OBJ_GET_INFO_BY_FD into `info`, which the kernel fills as far as it knows it: how much it
// filled. `nested` are memory that pointers in `info` lead to: regions whose holder is 0.
Result<uint32_t> AskInfo(Kernel& kernel, int fd, MutableBytes info, const ObjectKind& kind,
                         std::string_view object, std::span<const Region> nested = {});

// A name that the kernel wrote.
std::string TextOf(std::span<const char> field);

// The object of that kind behind a pin. kInvalidArgument where another kind is there.
Result<Fd> OpenPin(Kernel& kernel, const std::string& path, const ObjectKind& kind,
                   uint32_t file_flags = 0);
Result<void> Pin(Kernel& kernel, int fd, const std::string& path, const ObjectKind& kind,
                 std::string_view object);
Result<void> Unpin(Kernel& kernel, const std::string& path, const ObjectKind& kind);

// A second descriptor for the same object.
Result<Fd> Duplicate(const Fd& fd, const ObjectKind& kind, std::string_view object);

// /proc/self/fdinfo of a descriptor; empty where there is no /proc.
std::string FdInfo(Kernel& kernel, int fd);
// What follows "name:" in it; empty where there is no such line.
std::string_view FdInfoField(std::string_view fdinfo, std::string_view name);
// kInvalidArgument where `fd` is known to be of another kind.
Result<void> CheckKind(Kernel& kernel, int fd, const ObjectKind& kind, std::string_view object);

}  // namespace purebpf::internal

#endif  // PUREBPF_BPF_HANDLE_H_
