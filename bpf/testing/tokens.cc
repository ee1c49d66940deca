#include "purebpf/bpf/testing/tokens.h"

#include <algorithm>
#include <limits>

#include "purebpf/bpf/testing/values.h"

namespace purebpf::testing::internal {
namespace {

// Ids that a replay hands out: apart from those that a caller might bring along.
constexpr uint32_t kFirstId = 1000;

bool IsForeign(std::string_view token) {
  const auto parts = SplitToken(token, ':');
  return parts && parts->first == kForeignKind;
}

}  // namespace

std::optional<std::pair<std::string_view, uint32_t>> SplitToken(std::string_view token, char mark) {
  const size_t at = token.find(mark);
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  const std::string_view kind = token.substr(0, at);
  if (!std::ranges::all_of(kind, [](char c) { return c >= 'a' && c <= 'z'; })) return std::nullopt;
  const std::string_view digits = token.substr(at + 1);
  if (digits.empty() || digits.front() < '1' || digits.front() > '9') return std::nullopt;
  const std::optional<uint64_t> number = ParseNumber(digits);
  if (!number || *number >= std::numeric_limits<uint32_t>::max()) return std::nullopt;
  return std::pair{kind, static_cast<uint32_t>(*number)};
}

std::string Tokens::OfFd(int fd) {
  if (fd < 0) return SignedDecimal(fd);
  if (const auto found = fds_.find(fd); found != fds_.end()) return found->second;
  return Open(kForeignKind, fd);
}

std::string Tokens::Open(std::string_view kind, int fd) {
  std::string token = New(kind, ':');
  Close(fd);  // another library's close is not seen here
  fds_[fd] = token;
  fd_of_[token] = fd;
  return token;
}

bool Tokens::OpenAs(std::string_view token, int fd) {
  const auto parts = SplitToken(token, ':');
  if (!parts || fd_of_.contains(token)) return false;
  Counts(parts->first, ':', parts->second);
  fds_[fd] = token;
  fd_of_[std::string(token)] = fd;
  return true;
}

void Tokens::Close(int fd) {
  const auto found = fds_.find(fd);
  if (found == fds_.end()) return;
  fd_of_.erase(found->second);
  fds_.erase(found);
}

std::optional<int> Tokens::FdOf(std::string_view token) const {
  const auto found = fd_of_.find(token);
  if (found == fd_of_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> Tokens::OpenTokens() const {
  std::vector<std::string> tokens;
  for (const auto& [token, fd] : fd_of_)
    if (!IsForeign(token)) tokens.push_back(token);
  return tokens;
}

std::string Tokens::OfId(std::string_view kind, uint32_t id) {
  if (id == 0) return "0";
  std::string& token = ids_[{std::string(kind), id}];
  if (token.empty()) {
    token = New(kind, '#');
    id_of_[token] = id;
  }
  return token;
}

uint32_t Tokens::IdOf(std::string_view token) {
  if (const auto found = id_of_.find(token); found != id_of_.end()) return found->second;
  const auto parts = SplitToken(token, '#');
  if (!parts) return 0;
  Counts(parts->first, '#', parts->second);
  uint32_t id = kFirstId;
  while (ids_.contains({std::string(parts->first), id + parts->second})) id += kFirstId;
  id += parts->second;
  ids_[{std::string(parts->first), id}] = token;
  id_of_[std::string(token)] = id;
  return id;
}

const MapFacts* Tokens::FindFacts(const std::string& token) const {
  const auto found = facts_.find(token);
  return found == facts_.end() ? nullptr : &found->second;
}

std::string Tokens::New(std::string_view kind, char mark) {
  const std::string counted = std::string(kind) + mark;
  return counted + std::to_string(++last_[counted]);
}

void Tokens::Counts(std::string_view kind, char mark, uint32_t number) {
  uint32_t& last = last_[std::string(kind) + mark];
  last = std::max(last, number);
}

}  // namespace purebpf::testing::internal
