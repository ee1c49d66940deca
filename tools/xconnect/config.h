// The configuration file: a small subset of YAML, read without a kernel. Any byte string gives a
// Config or a ConfigError.
//
//   links:              # pairs of interfaces, by name or altname
//     eth0: tap0
//     "veth2": 'veth3'  # quoted or not
//
// or in one piece, as flow mapping or JSON: links: {eth0: tap0, veth2: veth3}
#ifndef PUREBPF_TOOLS_XCONNECT_CONFIG_H_
#define PUREBPF_TOOLS_XCONNECT_CONFIG_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace purebpf::xconnect {

inline constexpr size_t kMaxConfigBytes = size_t{1} << 20;
// Each takes two entries of the map (xconnect.bpf.c), which has room for old and new ones at once.
inline constexpr size_t kMaxPairs = 2048;
// ALTIFNAMSIZ without its NUL (include/uapi/linux/if.h).
inline constexpr size_t kMaxNameBytes = 127;

// Two interfaces to connect both ways; one with itself sends every frame back.
struct Pair {
  std::string a;
  std::string b;

  bool operator==(const Pair&) const = default;
};

struct Config {
  // In the order of the file. No interface stands in two of them.
  std::vector<Pair> pairs;

  bool operator==(const Config&) const = default;
};

// What is wrong and where. Both count from 1; columns count characters, not bytes.
struct ConfigError {
  uint32_t line = 0;
  uint32_t column = 0;
  std::string message;

  bool operator==(const ConfigError&) const = default;
};

[[nodiscard]] std::expected<Config, ConfigError> ParseConfig(std::string_view text);

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_CONFIG_H_
