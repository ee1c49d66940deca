#include "purebpf/tests/bench/libbpf_rival.h"

#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>

namespace {

purebpf::bench::Clock::duration in_bpf{};
int bpf_calls = 0;

using Syscall = long (*)(long, ...);

}  // namespace

// libbpf makes its system calls through libc's syscall(), which is this one for the whole process:
// it measures and hands them on.
extern "C" long syscall(long number, ...) {
  static const auto real = reinterpret_cast<Syscall>(dlsym(RTLD_NEXT, "syscall"));
  long args[6];
  va_list list;
  va_start(list, number);
  for (long& arg : args) arg = va_arg(list, long);
  va_end(list);
  if (number != SYS_bpf) return real(number, args[0], args[1], args[2], args[3], args[4], args[5]);
  const auto begin = purebpf::bench::Clock::now();
  const long result = real(number, args[0], args[1], args[2]);
  in_bpf += purebpf::bench::Clock::now() - begin;
  ++bpf_calls;
  return result;
}

namespace purebpf::bench {
namespace {

int Silent(int, const char*, va_list) { return 0; }

template <typename F>
bool Find(void* library, const char* symbol, F& function) {
  function = reinterpret_cast<F>(dlsym(library, symbol));
  return function != nullptr;
}

}  // namespace

std::unique_ptr<LibbpfRival> LibbpfRival::Open() {
  void* library = dlopen("libbpf.so.1", RTLD_NOW);
  if (library == nullptr) return nullptr;
  auto rival = std::unique_ptr<LibbpfRival>(new LibbpfRival());
  void* (*set_print)(int (*)(int, const char*, va_list)) = nullptr;
  const char* (*version)() = nullptr;
  if (!Find(library, "libbpf_set_print", set_print) ||
      !Find(library, "libbpf_version_string", version) ||
      !Find(library, "bpf_object__open_mem", rival->open_mem_) ||
      !Find(library, "bpf_object__load", rival->load_) ||
      !Find(library, "bpf_object__close", rival->close_))
    return nullptr;
  set_print(Silent);
  rival->version_ = version();
  return rival;
}

std::optional<LibbpfRival::Loaded> LibbpfRival::Load(std::span<const std::byte> object) {
  in_bpf = {};
  bpf_calls = 0;
  const auto begin = Clock::now();
  void* opened = open_mem_(object.data(), object.size(), nullptr);
  if (opened == nullptr) return std::nullopt;
  const bool ok = load_(opened) == 0;
  const Loaded loaded{.whole = Clock::now() - begin, .in_bpf = in_bpf, .bpf_calls = bpf_calls};
  close_(opened);
  if (!ok) return std::nullopt;
  return loaded;
}

}  // namespace purebpf::bench
