// BTF objects in the kernel: the types that maps and programs are loaded with, those of the kernel
// and of its modules. What is in them is elf/btf.h's to read.
//
// Lifetime: a BtfObject owns its descriptor; maps and programs keep the object that they were
// loaded with.
// Source: include/uapi/linux/bpf.h, kernel/bpf/btf.c. Linux 4.18 unless said otherwise.
#ifndef PUREBPF_BPF_BTF_H_
#define PUREBPF_BPF_BTF_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/fd.h"
#include "purebpf/bpf/function_ref.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf {

struct BtfInfo {
  uint32_t id = 0;
  uint32_t size = 0;    // bytes
  std::string name;     // "vmlinux", a module's name, or empty; Linux 5.11
  bool kernel = false;  // of the kernel or one of its modules; Linux 5.11

  bool operator==(const BtfInfo&) const = default;
};

struct BtfLoadOptions {
  int token_fd = -1;                   // of BPF_TOKEN_CREATE; Linux 6.9
  uint32_t max_log_bytes = 16U << 20;  // of the log that is asked for after a refusal
};

class BtfObject {
 public:
  // Errors: kRejected (`log` is the kernel's log, `detail` the line that tells), kPermission
  // (needs CAP_BPF), kUnsupported (before Linux 4.18), kSystem.
  // One BPF_BTF_LOAD where it succeeds; after a failure one more with a log, and more where the log
  // has to grow.
  [[nodiscard]] static Result<BtfObject> Load(Kernel& kernel, Bytes btf,
                                              const BtfLoadOptions& options = {});
  // CAP_SYS_ADMIN; kNotFound where no object has the id.
  [[nodiscard]] static Result<BtfObject> FromId(Kernel& kernel, uint32_t id);

  BtfObject(BtfObject&&) noexcept = default;
  BtfObject& operator=(BtfObject&&) noexcept = default;

  // One call; one more before Linux 5.11, which knows no names.
  [[nodiscard]] Result<BtfInfo> Info() const;
  // The BTF itself, of a module that which is split from the kernel's. Two calls.
  [[nodiscard]] Result<std::vector<std::byte>> Contents() const;

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] Kernel& kernel() const { return fd_.kernel(); }

 private:
  explicit BtfObject(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

// Gives the BTF of each module to `visit`, which may keep the object, until it says false. One that
// vanishes meanwhile is passed over. Linux 5.11, CAP_SYS_ADMIN. Three calls a BTF object that is
// loaded, whoever loaded it.
Result<void> VisitModules(Kernel& kernel, FunctionRef<bool(BtfObject, const BtfInfo&)> visit);

}  // namespace purebpf

#endif  // PUREBPF_BPF_BTF_H_
