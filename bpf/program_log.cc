#include "purebpf/bpf/program_log.h"

#include <algorithm>

namespace purebpf::internal {
namespace {

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
