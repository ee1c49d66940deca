#include "examples/firewall/block_list.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <span>
#include <sstream>
#include <utility>

namespace {

constexpr std::array<uint8_t, 12> kIpv4Prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<Network> Parse(const std::string& text) {
  const size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  Network network;
  uint32_t before = 0;  // bits of the prefix that the text does not count
  if (inet_pton(AF_INET, address.c_str(), &network.address[12]) == 1) {
    std::ranges::copy(kIpv4Prefix, network.address.begin());
    before = 96;
  } else if (inet_pton(AF_INET6, address.c_str(), network.address.data()) != 1) {
    return std::nullopt;
  }
  uint32_t length = 128 - before;
  if (slash != std::string::npos) {
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data() + slash + 1, end, length);
    if (error != std::errc() || stopped != end || length > 128 - before) return std::nullopt;
  }
  network.length = before + length;
  // What lies behind the prefix.
  for (uint32_t bit = network.length; bit < 128; ++bit)
    network.address[bit / 8] &= static_cast<uint8_t>(~(0x80U >> (bit % 8)));
  return network;
}

std::unexpected<purebpf::Error> Refused(std::string where, std::string what, std::string hint) {
  return std::unexpected(purebpf::Error{.code = purebpf::Code::kInvalidArgument,
                                        .operation = "read block list",
                                        .object = std::move(where),
                                        .detail = std::move(what),
                                        .hint = std::move(hint)});
}

}  // namespace

purebpf::Result<Networks> ReadBlockList(const std::string& path) {
  std::ifstream file(path);
  Networks networks;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    std::istringstream words(line.substr(0, line.find('#')));
    for (std::string word; words >> word;) {
      const auto network = Parse(word);
      if (!network)
        return Refused(path + ":" + std::to_string(number), "'" + word + "' is no network",
                       "write 192.0.2.0/24 or 2001:db8::/32");
      networks.insert(*network);
    }
  }
  if (!file.eof()) return Refused(path, "cannot be read", "");
  return networks;
}

std::string ToString(const Network& network) {
  const bool ipv4 = network.length >= 96 &&
                    std::ranges::equal(kIpv4Prefix, std::span(network.address).first<12>());
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(ipv4 ? AF_INET : AF_INET6, &network.address[ipv4 ? 12 : 0], text.data(), text.size());
  return std::string(text.data()) + "/" + std::to_string(network.length - (ipv4 ? 96 : 0));
}
