#include "purebpf/bpf/load_log.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

namespace purebpf::internal {
namespace {

// kernel/bpf/log.c: bpf_verifier_log_attr_valid; before Linux 6.4 there was the lower bound too.
constexpr uint32_t kLeastLogSize = 128;
constexpr uint32_t kMostLogSize = UINT32_MAX >> 2;
constexpr uint32_t kFirstLogSize = 64U << 10;

// What to try after a buffer of `size` was too small; `size` itself where nothing is left to try.
// `true_size` is what the kernel said that it needs, 0 before Linux 6.4: larger steps then, for
// each try verifies the program anew, which may take a second.
uint32_t GrownLogSize(uint32_t size, uint32_t true_size, uint32_t limit) {
  const uint64_t wanted = true_size > size ? true_size : uint64_t{size} * 4;
  return static_cast<uint32_t>(std::min<uint64_t>(wanted, limit));
}

// Lines that follow the verifier's last word: kernel/bpf/verifier.c: print_verification_stats.
constexpr std::string_view kStatistics[] = {"processed ", "verification time ", "stack depth "};

bool IsTelling(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return false;
  return std::ranges::none_of(kStatistics,
                              [line](std::string_view start) { return line.starts_with(start); });
}

struct LogSummary {
  std::string_view telling;  // the last line that is no statistics
  size_t lines = 0;
};

LogSummary Summarize(std::string_view log) {
  LogSummary summary;
  while (!log.empty()) {
    const size_t end = std::min(log.find('\n'), log.size());
    const std::string_view line = log.substr(0, end);
    log.remove_prefix(std::min(end + 1, log.size()));
    ++summary.lines;
    if (IsTelling(line)) summary.telling = line;
  }
  return summary;
}

}  // namespace

Loaded LoadWithLog(uint32_t max_bytes, FunctionRef<LoadAnswer(MutableBytes log)> issue) {
  const uint32_t limit = std::clamp(max_bytes, kLeastLogSize, kMostLogSize);
  uint32_t size = std::min(kFirstLogSize, limit);
  Loaded kept{.answer = std::unexpected(Errno{ENOSPC})};
  while (true) {
    std::string log(size, '\0');
    auto [answer, true_size] = issue(std::as_writable_bytes(std::span(log.data(), log.size())));
    log.resize(strnlen(log.data(), log.size()));
    // Told that the log fitted: ENOSPC was about something else.
    const bool fitted = true_size != 0 && true_size <= size;
    if (answer || answer.error() != Errno{ENOSPC} || fitted) {
      // Refused for the buffer's size alone (16 MiB before Linux 5.2): what came before counts.
      if (!answer && log.empty() && !kept.log.empty()) return kept;
      return {.answer = answer, .log = std::move(log)};
    }
    kept = {.answer = answer, .log = std::move(log), .whole = false};
    const uint32_t grown = GrownLogSize(size, true_size, limit);
    if (grown == size) return kept;
    size = grown;
  }
}

bool VerifierMayHaveSaid(Errno error) {
  switch (error.value) {
    case ENOMEM:
    case ENFILE:
    case EMFILE:
    case EFAULT:
    case ENOSYS:
    case EAGAIN:
      return false;
    default:
      return true;
  }
}

std::string_view TellingLine(std::string_view log) { return Summarize(log).telling; }

std::string LogDetail(std::string_view log, bool whole) {
  constexpr size_t kLongest = 500;  // a line may hold all registers; the log has it whole
  const LogSummary summary = Summarize(log);
  std::string detail(summary.telling.substr(0, kLongest));
  if (summary.telling.size() > kLongest) detail += "...";
  if (!detail.empty()) detail += ' ';
  detail += '(' + std::to_string(summary.lines) + (summary.lines == 1 ? " log line" : " log lines");
  if (!whole) detail += ", more than the log may take";
  return detail + ')';
}

}  // namespace purebpf::internal
