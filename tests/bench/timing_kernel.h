// A kernel that counts what is asked of it, and measures how long bpf(2) takes.
#ifndef PUREBPF_TESTS_BENCH_TIMING_KERNEL_H_
#define PUREBPF_TESTS_BENCH_TIMING_KERNEL_H_

#include <string>
#include <vector>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/forwarding_kernel.h"
#include "purebpf/tests/bench/measure.h"

namespace purebpf::bench {

class TimingKernel final : public ForwardingKernel {
 public:
  using ForwardingKernel::ForwardingKernel;

  void Reset() {
    in_bpf = {};
    in_files = {};
    bpf_calls = 0;
    files = 0;
  }

  SysResult<int> Bpf(Command command, MutableBytes attr, std::span<const Region> regions) override {
    const auto begin = Clock::now();
    auto result = ForwardingKernel::Bpf(command, attr, regions);
    in_bpf += Clock::now() - begin;
    ++bpf_calls;
    return result;
  }
  SysResult<Bytes> OpenFile(const std::string& path, size_t max_bytes) override {
    const auto begin = Clock::now();
    auto result = ForwardingKernel::OpenFile(path, max_bytes);
    in_files += Clock::now() - begin;
    ++files;
    return result;
  }

  Clock::duration in_bpf{};
  Clock::duration in_files{};  // opening and mapping them
  int bpf_calls = 0;
  int files = 0;
};

}  // namespace purebpf::bench

#endif  // PUREBPF_TESTS_BENCH_TIMING_KERNEL_H_
