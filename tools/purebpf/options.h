// The command line: a verb, its options, its files.
#ifndef PUREBPF_TOOLS_PUREBPF_OPTIONS_H_
#define PUREBPF_TOOLS_PUREBPF_OPTIONS_H_

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/loader/load_options.h"

namespace purebpf::tool {

enum class DumpFormat : uint8_t { kRaw, kC };

// --set: a constant of an object's, and what user space gives it.
struct SetVariable {
  std::string name;
  // 64 bits, sign-extended where it is negative; nothing: what it has in the object.
  std::optional<uint64_t> value;
  bool negative = false;
};

struct Options {
  std::vector<std::string> files;  // objects; `btf dump`: one file, "vmlinux" or a module
  std::vector<std::string> btf;    // --btf: files, for `check` also folders
  std::string base;                // --base
  std::string kconfig;             // --kconfig
  DumpFormat format = DumpFormat::kRaw;
  bool each = false;
  bool json = false;
  std::vector<MaxEntries> max_entries;
  uint32_t default_max_entries = 0;
  std::vector<SetVariable> set;  // --set
  // The conversation with the kernel (conversation.h).
  std::string record;  // --record: a file to be written
  std::string replay;  // --replay: a file to answer from
  bool trace = false;  // --trace
  std::string output;  // -o
  // Of generated code.
  std::string name;                // --name
  std::string name_space;          // --namespace
  std::vector<std::string> types;  // --type
};

// Which options a verb takes; the others are refused.
enum OptionBit : uint32_t {
  kJsonBit = 1,
  kBtfBit = 2,  // one file
  // all arguments that follow, up to the next option; of --btf=FILE, that one
  kBtfListBit = 4,
  kKconfigBit = 8,
  kEachBit = 16,
  kEntriesBit = 32,  // --max-entries, --default-max-entries
  kFormatBit = 64,
  kBaseBit = 128,
  kTalkBit = 256,    // --record, --replay, --trace
  kOutputBit = 512,  // -o
  kNamesBit = 1024,  // --name, --namespace, --type
  kSetBit = 2048,    // --set
};

// The arguments after the verb, or what is wrong with them. `--` ends the options.
[[nodiscard]] std::expected<Options, std::string> ParseOptions(
    std::span<const std::string_view> arguments, uint32_t allowed);

}  // namespace purebpf::tool

#endif  // PUREBPF_TOOLS_PUREBPF_OPTIONS_H_
