// The file of networks that are blocked: one a line, as 192.0.2.0/24, 192.0.2.7 or 2001:db8::/32;
// '#' begins a comment.
#ifndef EXAMPLES_FIREWALL_BLOCK_LIST_H_
#define EXAMPLES_FIREWALL_BLOCK_LIST_H_

#include <array>
#include <compare>
#include <cstdint>
#include <set>
#include <string>

#include "purebpf/bpf/error.h"

// As IPv6 has it: 192.0.2.0/24 is ::ffff:192.0.2.0/120. Bits behind the prefix are 0.
struct Network {
  uint32_t length = 0;  // of the prefix, in bits
  std::array<uint8_t, 16> address{};
  auto operator<=>(const Network&) const = default;
};

using Networks = std::set<Network>;

// All of them, or what is wrong with the file and in which line.
purebpf::Result<Networks> ReadBlockList(const std::string& path);

std::string ToString(const Network& network);

#endif  // EXAMPLES_FIREWALL_BLOCK_LIST_H_
