// Writes events to stdout, errors to stderr.
#ifndef PUREBPF_TOOLS_XCONNECT_REPORT_H_
#define PUREBPF_TOOLS_XCONNECT_REPORT_H_

#include <cstdint>
#include <string_view>

#include "purebpf/tools/xconnect/event.h"

namespace purebpf::xconnect {

enum class Format : uint8_t { kText, kJson };

// Takes events. An interface so that tests can listen.
class Report {
 public:
  virtual ~Report() = default;
  virtual void Tell(const Event& event) = 0;
};

// Never blocks for long and never fails: a reader that has gone or does not read loses lines, the
// interfaces lose nothing. SIGPIPE must be ignored.
class LineReport final : public Report {
 public:
  LineReport(Format format, int out_fd, int error_fd)
      : format_(format), out_fd_(out_fd), error_fd_(error_fd) {}
  void Tell(const Event& event) override;

 private:
  Format format_;
  int out_fd_;
  int error_fd_;
};

// All of `text`, or what a reader takes who does not keep us waiting longer than 100 ms a piece.
void WriteAll(int fd, std::string_view text);

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_REPORT_H_
