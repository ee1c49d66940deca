// What the tool says: lines on stdout, complaints on stderr, an exit code.
#ifndef PUREBPF_TOOLS_PUREBPF_OUTPUT_H_
#define PUREBPF_TOOLS_PUREBPF_OUTPUT_H_

#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/error.h"

namespace purebpf::tool {

// Exit codes.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;  // something failed, or something was found
inline constexpr int kUsage = 2;

// An interface so that tests can listen.
class Output {
 public:
  virtual ~Output() = default;
  // Written at once, whole: a reader sees what is done while the rest still runs. False where
  // nobody reads any more.
  virtual bool Write(std::string_view text) = 0;
  virtual void Complain(std::string_view text) = 0;
};

class FdOutput final : public Output {
 public:
  FdOutput(int out_fd, int error_fd) : out_fd_(out_fd), error_fd_(error_fd) {}
  bool Write(std::string_view text) override;
  void Complain(std::string_view text) override;

 private:
  int out_fd_;
  int error_fd_;
};

// "purebpf: " + error + its hint and, where there is one, the verifier's log, indented.
std::string ErrorText(const Error& error);

// A name from a file, fit for a terminal: what is no printable ASCII reads as '?'.
std::string Clean(std::string_view name);
std::string Decimal(uint64_t value);
std::string Hex(uint64_t value);  // "0x1f"

// Columns, each as wide as its widest cell; the last is not padded.
class Table {
 public:
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  // Every row behind `indent`.
  [[nodiscard]] std::string Text(std::string_view indent) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace purebpf::tool

#endif  // PUREBPF_TOOLS_PUREBPF_OUTPUT_H_
