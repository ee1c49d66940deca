// Tells a program that a living xconnect has attached from one that a killed xconnect left behind.
#ifndef PUREBPF_TOOLS_XCONNECT_CLAIM_H_
#define PUREBPF_TOOLS_XCONNECT_CLAIM_H_

#include <cstdint>
#include <utility>

#include "purebpf/bpf/error.h"

namespace purebpf::xconnect {

// Held as long as its process lives: a socket in the abstract namespace, named after the program's
// id. It belongs to the network namespace, as the interfaces do (net/unix/af_unix.c).
class Claim {
 public:
  [[nodiscard]] static Result<Claim> Take(uint32_t program_id);

  Claim(Claim&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Claim& operator=(Claim&&) = delete;
  ~Claim();

 private:
  explicit Claim(int fd) : fd_(fd) {}
  int fd_;
};

// Whether a process holds the claim to that program.
[[nodiscard]] bool IsClaimed(uint32_t program_id);

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_CLAIM_H_
