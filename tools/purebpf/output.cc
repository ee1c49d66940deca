#include "purebpf/tools/purebpf/output.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>

namespace purebpf::tool {
namespace {

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

std::string Digits(uint64_t value, int base, std::string_view prefix) {
  std::array<char, 20> digits;  // 2^64 - 1 has 20 in decimal
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
  return std::string(prefix).append(digits.data(), end);
}

}  // namespace

// Who reads through a pipe may have enough; a full disk is to be told.
bool FdOutput::Write(std::string_view text) {
  if (WriteAll(out_fd_, text)) return true;
  if (errno != EPIPE) {
    const Error error = SystemError(Errno{errno}, "write to", "standard output");
    Complain("purebpf: " + ErrorText(error));
  }
  return false;
}

void FdOutput::Complain(std::string_view text) { WriteAll(error_fd_, text); }

std::string ErrorText(const Error& error) {
  std::string text = error.ToString() + "\n";
  std::string_view log = error.log;
  while (!log.empty()) {
    const size_t end = std::min(log.find('\n'), log.size());
    text.append("    ").append(log.substr(0, end)).append("\n");
    log.remove_prefix(std::min(end + 1, log.size()));
  }
  return text;
}

std::string Clean(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return text;
}

std::string Decimal(uint64_t value) { return Digits(value, 10, ""); }
std::string Hex(uint64_t value) { return Digits(value, 16, "0x"); }

std::string Table::Text(std::string_view indent) const {
  std::vector<size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i + 1 < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows_) {
    text += indent;
    for (size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths[i] - row[i].size() + 2, ' ');
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    text += '\n';
  }
  return text;
}

}  // namespace purebpf::tool
