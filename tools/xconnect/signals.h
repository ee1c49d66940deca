// Signals as something to wait for.
#ifndef PUREBPF_TOOLS_XCONNECT_SIGNALS_H_
#define PUREBPF_TOOLS_XCONNECT_SIGNALS_H_

#include <optional>
#include <string_view>

#include "purebpf/bpf/error.h"

namespace purebpf::xconnect {

// SIGTERM, SIGINT and SIGHUP, blocked from its making on, and SIGPIPE ignored: a reader that goes
// must not end the process with interfaces attached.
class Signals {
 public:
  [[nodiscard]] static Result<Signals> Open();
  Signals(Signals&& other) noexcept;
  Signals& operator=(Signals&&) = delete;
  ~Signals();

  [[nodiscard]] int fd() const { return fd_; }
  // The number of the next one that came; never blocks.
  [[nodiscard]] std::optional<int> Read();

  static std::string_view NameOf(int signal);

 private:
  explicit Signals(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_SIGNALS_H_
