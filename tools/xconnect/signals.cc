#include "purebpf/tools/xconnect/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace purebpf::xconnect {

Result<Signals> Signals::Open(Kernel& kernel) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&set, number);
    // What is ignored (nohup, a shell's background job) never reaches a signalfd.
    signal(number, SIG_DFL);
  }
  signal(SIGPIPE, SIG_IGN);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0)
    return std::unexpected(SystemError(Errno{errno}, "block signals", ""));
  const int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd < 0) return std::unexpected(SystemError(Errno{errno}, "watch signals", ""));
  return Signals(kernel, fd);
}

Signals::Signals(Signals&& other) noexcept
    : kernel_(other.kernel_), fd_(std::exchange(other.fd_, -1)) {}

Signals::~Signals() {
  if (fd_ >= 0) close(fd_);
}

std::optional<int> Signals::Read() {
  signalfd_siginfo info{};
  const SysResult<size_t> size = kernel_->Read(fd_, MutableBytesOf(info));
  if (!size || *size != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

std::string_view Signals::NameOf(int signal) {
  switch (signal) {
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    case SIGHUP:
      return "SIGHUP";
    default:
      return "a signal";
  }
}

}  // namespace purebpf::xconnect
