// Internal. What the kernel numbered by chance, by tokens that count up: descriptors "map:1", ids
// "prog#2". A token is never used again; a number may be, once its descriptor is closed.
//
// Recording, tokens are made as numbers are first seen. A replay makes them in the same order, so
// what the caller brought along (a descriptor that another part of it opened) has the same token.
#ifndef PUREBPF_BPF_TESTING_TOKENS_H_
#define PUREBPF_BPF_TESTING_TOKENS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/abi.h"

namespace purebpf::testing::internal {

// The kinds of descriptors, and with "#" of ids.
inline constexpr std::string_view kMapKind = "map";
inline constexpr std::string_view kProgKind = "prog";
inline constexpr std::string_view kBtfKind = "btf";
inline constexpr std::string_view kLinkKind = "link";
inline constexpr std::string_view kNetlinkKind = "nl";
inline constexpr std::string_view kFileKind = "file";
inline constexpr std::string_view kPerfKind = "perf";
inline constexpr std::string_view kIterKind = "iter";
inline constexpr std::string_view kStatsKind = "stats";
inline constexpr std::string_view kTokenKind = "token";
inline constexpr std::string_view kObjectKind = "obj";  // pinned: a map, a program or a link
inline constexpr std::string_view kForeignKind = "fd";  // not of this kernel: the caller brought it

// What is known of a map: what its values mean depends on it.
struct MapFacts {
  MapType type = MapType::kUnspec;
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  uint32_t max_entries = 0;
};

// "map:1" is {"map", 1}; `mark` is ':' or '#'. Nothing where it has another form.
std::optional<std::pair<std::string_view, uint32_t>> SplitToken(std::string_view token, char mark);

class Tokens {
 public:
  // The token of a descriptor; one that is not known is foreign. A negative number stands as it is.
  std::string OfFd(int fd);
  [[nodiscard]] bool KnowsFd(int fd) const { return fds_.contains(fd); }
  // A new token for a descriptor that was handed out just now.
  std::string Open(std::string_view kind, int fd);
  // With the token that it is to have. False where that is none, or is taken.
  bool OpenAs(std::string_view token, int fd);
  void Close(int fd);
  // Of an open descriptor.
  [[nodiscard]] std::optional<int> FdOf(std::string_view token) const;
  // All that are open and were handed out, by token.
  [[nodiscard]] std::vector<std::string> OpenTokens() const;

  // The token of an id; 0 stands for none.
  std::string OfId(std::string_view kind, uint32_t id);
  // The id of a token: where it is new, one that no other has.
  uint32_t IdOf(std::string_view token);

  MapFacts& FactsOf(const std::string& token) { return facts_[token]; }
  [[nodiscard]] const MapFacts* FindFacts(const std::string& token) const;

 private:
  std::string New(std::string_view kind, char mark);
  void Counts(std::string_view kind, char mark, uint32_t number);

  std::map<int, std::string> fds_;
  std::map<std::string, int, std::less<>> fd_of_;
  std::map<std::pair<std::string, uint32_t>, std::string> ids_;
  std::map<std::string, uint32_t, std::less<>> id_of_;
  std::map<std::string, uint32_t, std::less<>> last_;  // by kind and mark
  std::map<std::string, MapFacts> facts_;
};

}  // namespace purebpf::testing::internal

#endif  // PUREBPF_BPF_TESTING_TOKENS_H_
