#include "purebpf/tests/differential/libbpf_peer.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>

namespace {

bool answer_bpf = false;

// include/uapi/linux/bpf.h: enum bpf_cmd.
constexpr long kMapCreate = 0;
constexpr long kProgLoad = 5;
constexpr long kBtfLoad = 18;
constexpr long kBtfGetNextId = 23;

long AnswerBpf(long command) {
  if (command == kMapCreate || command == kProgLoad || command == kBtfLoad)
    return open("/dev/null", O_RDWR | O_CLOEXEC);
  if (command == kBtfGetNextId) {  // no modules
    errno = ENOENT;
    return -1;
  }
  return 0;
}

long RawSyscall(long number, const long (&args)[6]) {
#if defined(__x86_64__)
  long result;
  register long r10 asm("r10") = args[3];
  register long r8 asm("r8") = args[4];
  register long r9 asm("r9") = args[5];
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(args[0]), "S"(args[1]), "d"(args[2]), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = args[0];
  register long x1 asm("x1") = args[1];
  register long x2 asm("x2") = args[2];
  register long x3 asm("x3") = args[3];
  register long x4 asm("x4") = args[4];
  register long x5 asm("x5") = args[5];
  asm volatile("svc 0"
               : "+r"(x0)
               : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
               : "memory");
  return x0;
#else
  (void)number;
  (void)args;
  return -ENOSYS;
#endif
}

}  // namespace

// Instead of libc's, for the whole process.
extern "C" long syscall(long number, ...) {
  long args[6];
  va_list list;
  va_start(list, number);
  for (long& arg : args) arg = va_arg(list, long);
  va_end(list);
  if (number == SYS_bpf && answer_bpf) return AnswerBpf(args[0]);
  const long result = RawSyscall(number, args);
  if (result < 0 && result > -4096) {
    errno = static_cast<int>(-result);
    return -1;
  }
  return result;
}

namespace purebpf::testing {
namespace {

// As far as it is used of libbpf's options for opening; their size says where they end.
struct OpenOptions {
  size_t size = sizeof(OpenOptions);
  const char* object_name = nullptr;
  bool relaxed_maps = false;
  const char* pin_root_path = nullptr;
  uint64_t unused = 0;
  const char* kconfig = nullptr;
  const char* btf_custom_path = nullptr;
};

std::string* current_log = nullptr;

int Print(int level, const char* format, va_list args) {
  constexpr int kWarning = 0;
  char line[1024];
  if (level == kWarning && current_log != nullptr &&
      std::vsnprintf(line, sizeof line, format, args) > 0)
    *current_log += line;
  return 0;
}

}  // namespace

struct LibbpfPeer::Functions {
  int (*(*set_print)(int (*)(int, const char*, va_list)))(int, const char*, va_list) = nullptr;
  void* (*open_mem)(const void*, size_t, const OpenOptions*) = nullptr;
  int (*load)(void*) = nullptr;
  void (*close)(void*) = nullptr;
  void* (*next_program)(const void*, void*) = nullptr;
  const char* (*name)(const void*) = nullptr;
  const Insn* (*insns)(const void*) = nullptr;
  size_t (*insn_count)(const void*) = nullptr;
  int (*set_autoload)(void*, bool) = nullptr;
  const char* (*version)() = nullptr;

  template <typename F>
  static bool Find(void* library, const char* symbol, F& function) {
    function = reinterpret_cast<F>(dlsym(library, symbol));
    return function != nullptr;
  }
  bool FindAll(void* library) {
    return Find(library, "libbpf_set_print", set_print) &&
           Find(library, "bpf_object__open_mem", open_mem) &&
           Find(library, "bpf_object__load", load) && Find(library, "bpf_object__close", close) &&
           Find(library, "bpf_object__next_program", next_program) &&
           Find(library, "bpf_program__name", name) && Find(library, "bpf_program__insns", insns) &&
           Find(library, "bpf_program__insn_cnt", insn_count) &&
           Find(library, "bpf_program__set_autoload", set_autoload) &&
           Find(library, "libbpf_version_string", version);
  }
};

LibbpfPeer::~LibbpfPeer() = default;

std::unique_ptr<LibbpfPeer> LibbpfPeer::Open(std::string& why) {
  auto peer = std::unique_ptr<LibbpfPeer>(new LibbpfPeer());
  peer->library_ = dlopen("libbpf.so.1", RTLD_NOW);
  if (peer->library_ == nullptr) {
    why = dlerror();
    return nullptr;
  }
  peer->functions_ = std::make_unique<Functions>();
  if (!peer->functions_->FindAll(peer->library_)) {
    why = "this libbpf.so.1 lacks a function";
    return nullptr;
  }
  peer->functions_->set_print(Print);
  peer->version_ = peer->functions_->version();
  return peer;
}

// Opens the object as it is, or with only the program at `only` to be loaded, and loads it.
void LibbpfPeer::Run(std::span<const std::byte> object, const std::string& btf_path,
                     std::optional<size_t> only, Outcome& outcome) {
  current_log = &outcome.log;
  const OpenOptions options{.object_name = "peer",
                            .btf_custom_path = btf_path.empty() ? nullptr : btf_path.c_str()};
  answer_bpf = true;
  void* opened = functions_->open_mem(object.data(), object.size(), &options);
  if (opened != nullptr) {
    void* program = nullptr;
    for (size_t i = 0; (program = functions_->next_program(opened, program)) != nullptr; ++i)
      functions_->set_autoload(program, !only || i == *only);
    if (functions_->load(opened) == 0) {
      if (!outcome.programs) outcome.programs.emplace();
      for (size_t i = 0; (program = functions_->next_program(opened, program)) != nullptr; ++i) {
        if (only && i != *only) continue;
        const Insn* insns = functions_->insns(program);
        (*outcome.programs)[functions_->name(program)] = {insns,
                                                          insns + functions_->insn_count(program)};
      }
    }
    functions_->close(opened);
  }
  answer_bpf = false;
  current_log = nullptr;
}

LibbpfPeer::Outcome LibbpfPeer::Load(std::span<const std::byte> object,
                                     std::span<const std::byte> btf) {
  Outcome outcome;
  const int file = memfd_create("btf", 0);
  if (file < 0 || write(file, btf.data(), btf.size()) != static_cast<ssize_t>(btf.size())) {
    outcome.log = "cannot write the types to memory";
    return outcome;
  }
  Run(object, "/proc/self/fd/" + std::to_string(file), std::nullopt, outcome);
  close(file);
  return outcome;
}

LibbpfPeer::Outcome LibbpfPeer::LoadEach(std::span<const std::byte> object) {
  Outcome outcome;
  current_log = &outcome.log;
  const OpenOptions options{.object_name = "peer"};
  answer_bpf = true;
  void* opened = functions_->open_mem(object.data(), object.size(), &options);
  size_t programs = 0;
  if (opened != nullptr) {
    outcome.programs.emplace();
    void* program = nullptr;
    while ((program = functions_->next_program(opened, program)) != nullptr) ++programs;
    functions_->close(opened);
  }
  answer_bpf = false;
  current_log = nullptr;
  for (size_t i = 0; i < programs; ++i) Run(object, "", i, outcome);
  return outcome;
}

std::string Words(const Insn& insn) {
  char text[64];
  std::snprintf(text, sizeof text, "%02x %02x off %d imm 0x%x", insn.code, insn.registers, insn.off,
                static_cast<uint32_t>(insn.imm));
  return text;
}

}  // namespace purebpf::testing
