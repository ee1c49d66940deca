// Signals as something to wait for.
#ifndef PUREBPF_TOOLS_XCONNECT_SIGNALS_H_
#define PUREBPF_TOOLS_XCONNECT_SIGNALS_H_

#include <optional>
#include <string_view>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf::xconnect {

// SIGTERM, SIGINT and SIGHUP, blocked from its making on, and SIGPIPE ignored: a reader that goes
// must not end the process with interfaces attached.
class Signals {
 public:
  // `kernel` reads them, and must outlive it.
  [[nodiscard]] static Result<Signals> Open(Kernel& kernel);
  Signals(Signals&& other) noexcept;
  Signals& operator=(Signals&&) = delete;
  ~Signals();

  [[nodiscard]] int fd() const { return fd_; }
  // The number of the next one that came; never blocks.
  [[nodiscard]] std::optional<int> Read();

  static std::string_view NameOf(int signal);

 private:
  Signals(Kernel& kernel, int fd) : kernel_(&kernel), fd_(fd) {}
  Kernel* kernel_;
  int fd_;
};

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_SIGNALS_H_
