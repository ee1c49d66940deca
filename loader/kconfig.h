// How a kernel was built: the options of /proc/config.gz or /boot/config-RELEASE, and how one
// becomes the value of a BPF program's extern.
#ifndef PUREBPF_LOADER_KCONFIG_H_
#define PUREBPF_LOADER_KCONFIG_H_

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf {

// Options by name. Copyable; owns its text.
class KernelConfig {
 public:
  KernelConfig() = default;
  // Lines of `CONFIG_NAME=value`; others are comments. Where an option is set twice the last line
  // counts: text put behind a kernel's own overrides it.
  [[nodiscard]] static KernelConfig Parse(std::string text);
  // The same of a file's bytes, which may be gzipped. kMalformed where they are, and damaged.
  [[nodiscard]] static Result<KernelConfig> ParseFile(Bytes file);
  // The running kernel's: /proc/config.gz, else /boot/config-RELEASE. kNotFound where neither is
  // there; the Error says what would help.
  [[nodiscard]] static Result<KernelConfig> OfRunning(Kernel& kernel);

  // "y", "m", "250", "\"text\"" with its quotes; nothing where the option is not set.
  [[nodiscard]] std::optional<std::string_view> Find(std::string_view option) const;
  // Of which kernel it is: "6.12.0" where a comment before the options says "# Linux/x86 6.12.0
  // Kernel Configuration" (Kconfig: mainmenu), as all do that the kernel's build wrote.
  [[nodiscard]] std::optional<std::string_view> Release() const;

 private:
  // Extents, not views: a copy's text lies elsewhere.
  struct Option {
    uint32_t name, name_size, value, value_size;
  };
  [[nodiscard]] std::string_view NameOf(const Option& option) const {
    return std::string_view(text_).substr(option.name, option.name_size);
  }

  std::string text_;
  std::vector<Option> options_;  // by name
};

// What the extern's type can hold. (include/bpf/bpf_helpers.h: enum libbpf_tristate)
enum class ConfigKind : uint8_t {
  kBool,      // y, n
  kTristate,  // y, m, n as 1, 2, 0
  kChar,      // a number, or the letter of y, m, n
  kInt,       // a number of 1, 2, 4 or 8 bytes
  kString,    // a quoted text, cut where it does not fit; NUL-terminated
};

struct ConfigType {
  ConfigKind kind = ConfigKind::kInt;
  uint32_t size = 0;  // bytes
  bool is_signed = false;
};

// Writes `value`, an option's text, into `out` (of type.size bytes) in the program's byte order.
// kInvalidArgument where the type cannot hold it: a text for an int, 300 for one byte.
Result<void> EncodeConfig(std::string_view option, std::string_view value, const ConfigType& type,
                          MutableBytes out, std::endian order = std::endian::native);

}  // namespace purebpf

#endif  // PUREBPF_LOADER_KCONFIG_H_
