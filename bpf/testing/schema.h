// Internal. What a structure that is passed to the kernel consists of: its fields, where they lie,
// and what their numbers mean. One row a field; what no row covers is shown as bytes, so nothing is
// ever lost. A test holds names, offsets and sizes against the running kernel's BTF.
#ifndef PUREBPF_BPF_TESTING_SCHEMA_H_
#define PUREBPF_BPF_TESTING_SCHEMA_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/testing/tokens.h"

namespace purebpf::testing::internal {

enum class Kind : uint8_t {
  kNumber,
  kSigned,
  kHex,
  kEnum,
  kFlags,
  kFd,
  kFdOrId,  // an id of `token` where the flags at `tag_offset` have BPF_F_ID
  kId,
  kName,  // a character array, filled up with NULs
  kBytes,
  kErrno,    // 0, or a negative errno: "-EBUSY"
  kTime,     // or an address: different in every run, told only whether it is there
  kPointer,  // of what `content` says
};

// What a pointer leads to.
enum class Content : uint8_t {
  kBytes,
  kText,  // ends with a NUL
  kLog,   // text up to a NUL; the kernel's
  kCode,  // instructions
  kFds,   // of any kind, 4 bytes each
  kIds,   // of `token`, 4 bytes each
  kIntegers,
  kWords,  // 8 bytes each
  kValue,  // of a map: perhaps a descriptor
  kInfo,   // structure by the kind of the descriptor that is asked about
  kIterInfo,
};

struct FieldSpec {
  std::string_view name;
  uint16_t offset;
  uint16_t size;
  Kind kind;
  std::span<const EnumRow> (*rows)() = nullptr;
  std::string_view token = {};
  Content content = Content::kBytes;
  // Only where the u32 at `tag_offset` is a number whose bit is set here; 0: always.
  uint64_t tags = 0;
  uint16_t tag_offset = 0;
  uint64_t first_tags = 0;  // the same of the u32 at 0
  bool free = false;        // shown, and not compared
};
using Schema = std::span<const FieldSpec>;

// Whether the row counts in a structure of these bytes.
bool Applies(const FieldSpec& spec, Bytes bytes);

struct CommandSpec {
  Command command;
  Schema attr;
  std::string_view makes = {};  // the kind of descriptor that it answers with; empty: a number
};

// Commands that are not known here have an empty attr.
CommandSpec SpecOf(Command command);

// What BPF_OBJ_GET_INFO_BY_FD writes, by the kind of the descriptor; empty where unknown.
Schema InfoSchema(std::string_view kind);
// union bpf_iter_link_info: of a cgroup's iterator, or of a map's.
Schema IterInfoSchema(bool of_cgroup);
Schema PerfAttrSchema();

// PERF_EVENT_IOC_*
std::span<const EnumRow> IoctlRows();
std::span<const EnumRow> PerfOpenFlagRows();
std::span<const EnumRow> ResourceRows();
std::span<const EnumRow> NetlinkProtocolRows();
std::span<const EnumRow> LinkGroupRows();

}  // namespace purebpf::testing::internal

#endif  // PUREBPF_BPF_TESTING_SCHEMA_H_
