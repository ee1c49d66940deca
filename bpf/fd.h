// A file descriptor that is owned, and closed through the Kernel it came from.
#ifndef PUREBPF_BPF_FD_H_
#define PUREBPF_BPF_FD_H_

#include <utility>

#include "purebpf/bpf/kernel.h"

namespace purebpf {

// Always valid, or moved from. Not thread-safe.
class Fd {
 public:
  // Takes over `fd`, which `kernel` opened.
  Fd(Kernel& kernel, int fd) : kernel_(&kernel), fd_(fd) {}
  Fd(Fd&& other) noexcept : kernel_(other.kernel_), fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    Fd old(std::move(*this));
    kernel_ = other.kernel_;
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  ~Fd() {
    // NOLINTNEXTLINE(clang-analyzer-core.*): it loses track in PUREBPF_TRY's early return
    if (fd_ >= 0) kernel_->Close(fd_);
  }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] Kernel& kernel() const { return *kernel_; }
  // Gives up ownership: the caller closes it.
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }

 private:
  Kernel* kernel_;
  int fd_;
};

}  // namespace purebpf

#endif  // PUREBPF_BPF_FD_H_
