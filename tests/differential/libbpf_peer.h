// The machine's libbpf as a peer to compare with: what it makes of an object's instructions. It is
// loaded at run time, where there is one; none of it is needed to build or to run purebpf.
//
// libbpf makes its system calls through libc's syscall(). This binary has a syscall() of its own,
// which answers bpf(2) without the kernel: everything is loaded, nothing happens. So it needs no
// root, and any types can stand for the kernel's.
#ifndef PUREBPF_TESTS_DIFFERENTIAL_LIBBPF_PEER_H_
#define PUREBPF_TESTS_DIFFERENTIAL_LIBBPF_PEER_H_

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "purebpf/bpf/insn.h"

namespace purebpf::testing {

class LibbpfPeer {
 public:
  // Null where the machine has no libbpf 1.0 or newer; `why` says so.
  static std::unique_ptr<LibbpfPeer> Open(std::string& why);
  ~LibbpfPeer();
  LibbpfPeer(const LibbpfPeer&) = delete;
  LibbpfPeer& operator=(const LibbpfPeer&) = delete;

  struct Outcome {
    // Instructions as they would reach the kernel, by program; none where the object is refused.
    std::optional<std::map<std::string, std::vector<Insn>>> programs;
    std::string log;  // libbpf's warnings
  };
  // Loads every program of `object`, for a kernel with these types.
  [[nodiscard]] Outcome Load(std::span<const std::byte> object, std::span<const std::byte> btf);
  // Loads each program of `object` alone, for the running kernel. Programs that are refused are not
  // among the outcome's.
  [[nodiscard]] Outcome LoadEach(std::span<const std::byte> object);

  [[nodiscard]] const std::string& version() const { return version_; }

 private:
  struct Functions;
  LibbpfPeer() = default;
  void Run(std::span<const std::byte> object, const std::string& btf_path,
           std::optional<size_t> only, Outcome& outcome);

  std::unique_ptr<Functions> functions_;
  void* library_ = nullptr;
  std::string version_;
};

// An instruction's fields, for messages.
std::string Words(const Insn& insn);

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_DIFFERENTIAL_LIBBPF_PEER_H_
