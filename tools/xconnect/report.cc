#include "purebpf/tools/xconnect/report.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

namespace purebpf::xconnect {

void LineReport::Tell(const Event& event) {
  WriteAll(event.error ? error_fd_ : out_fd_,
           format_ == Format::kJson ? ToJson(event) : ToText(event));
}

void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    // A pipe that polls writable takes PIPE_BUF bytes without blocking (pipe(7)).
    pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
    if (poll(&writable, 1, /*timeout=*/100) != 1) return;
    const ssize_t written =
        write(fd, text.data(), std::min(text.size(), static_cast<size_t>(PIPE_BUF)));
    if (written < 0 && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace purebpf::xconnect
