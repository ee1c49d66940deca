// Internal. Memory that is mapped, and unmapped through the Kernel it came from.
#ifndef PUREBPF_BPF_MAPPING_H_
#define PUREBPF_BPF_MAPPING_H_

#include <utility>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf {

// Always valid, or moved from. Not thread-safe.
class Mapping {
 public:
  // Takes over `memory`, which `kernel` mapped.
  Mapping(Kernel& kernel, MutableBytes memory) : kernel_(&kernel), memory_(memory) {}
  Mapping(Mapping&& other) noexcept
      : kernel_(other.kernel_), memory_(std::exchange(other.memory_, {})) {}
  Mapping& operator=(Mapping&& other) noexcept {
    Mapping old(std::move(*this));
    kernel_ = other.kernel_;
    memory_ = std::exchange(other.memory_, {});
    return *this;
  }
  ~Mapping() {
    // NOLINTNEXTLINE(clang-analyzer-core.*): it loses track in PUREBPF_TRY's early return
    if (!memory_.empty()) kernel_->UnmapMemory(memory_);
  }

  [[nodiscard]] MutableBytes memory() const { return memory_; }
  [[nodiscard]] Kernel& kernel() const { return *kernel_; }

 private:
  Kernel* kernel_;
  MutableBytes memory_;
};

}  // namespace purebpf

#endif  // PUREBPF_BPF_MAPPING_H_
