// The machine's libbpf, loading the same object into the same kernel. It is loaded at run time,
// where there is one.
#ifndef PUREBPF_TESTS_BENCH_LIBBPF_RIVAL_H_
#define PUREBPF_TESTS_BENCH_LIBBPF_RIVAL_H_

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "purebpf/tests/bench/measure.h"

namespace purebpf::bench {

class LibbpfRival {
 public:
  // Null where there is none of version 1.0 or newer.
  static std::unique_ptr<LibbpfRival> Open();

  struct Loaded {
    Clock::duration whole{};
    Clock::duration in_bpf{};
    int bpf_calls = 0;
  };
  // Opens, loads and closes; closing is not measured. Nothing where it is refused.
  std::optional<Loaded> Load(std::span<const std::byte> object);

  [[nodiscard]] const std::string& version() const { return version_; }

 private:
  LibbpfRival() = default;

  void* (*open_mem_)(const void*, size_t, const void*) = nullptr;
  int (*load_)(void*) = nullptr;
  void (*close_)(void*) = nullptr;
  std::string version_;
};

}  // namespace purebpf::bench

#endif  // PUREBPF_TESTS_BENCH_LIBBPF_RIVAL_H_
