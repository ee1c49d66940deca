// BPF programs: load, and what the kernel says of them.
//
// Lifetime: a Program owns its descriptor; the kernel keeps the program while anything (a
// descriptor, an attachment, a pin) refers to it.
// Source: include/uapi/linux/bpf.h, kernel/bpf/syscall.c. Linux 3.19 unless said otherwise.
#ifndef PUREBPF_BPF_PROGRAM_H_
#define PUREBPF_BPF_PROGRAM_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/fd.h"
#include "purebpf/bpf/insn.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf {

// What BPF_PROG_LOAD needs.
struct ProgramParams {
  std::string name;  // the kernel keeps 15 characters: see KernelName() in bpf/map.h
  ProgType type = ProgType::kUnspec;
  AttachType expected_attach_type = AttachType{0};  // Linux 4.17; 0 where the type has none
  uint32_t flags = 0;                               // BPF_F_*, ProgFlag in bpf/abi.h
  std::string license;
  uint32_t kern_version = 0;  // only kprobes before Linux 5.0 are checked for it
  std::vector<Insn> insns;    // relocated: maps are descriptors

  bool operator==(const ProgramParams&) const = default;
};

// The verifier's words. Where the log does not fit in max_bytes, what fitted is kept (its end since
// Linux 6.4, its start before), and the program is loaded all the same.
struct VerifierLog {
  // Bits of log_level: 1 branches, 2 every instruction, 4 statistics. 0: no log, unless loading
  // fails; it is then done again with level 1 to learn why.
  uint32_t level = 0;
  uint32_t max_bytes = 64U << 20;  // the buffer grows up to this; the kernel's own limit is 1 GiB
};

// BPF_OBJ_GET_INFO_BY_FD (Linux 4.13).
struct ProgramInfo {
  uint32_t id = 0;
  ProgType type = ProgType::kUnspec;
  std::string name;  // Linux 4.15
  // A hash over the instructions with the maps blanked. Equal code gives equal tags within one
  // kernel; the hash itself changed in Linux 6.18.
  std::array<uint8_t, 8> tag{};

  bool operator==(const ProgramInfo&) const = default;
};

class Program {
 public:
  // Errors: kRejected (the verifier: `log` is its whole log, `detail` the line that tells),
  // kPermission (needs CAP_BPF, and CAP_NET_ADMIN or CAP_PERFMON for most types), kInvalidArgument,
  // kUnsupported (e.g. a type that this kernel lacks), kSystem.
  // One BPF_PROG_LOAD where it succeeds and no log is asked for. After a failure one more with a
  // log, and more where the log has to grow.
  [[nodiscard]] static Result<Program> Load(Kernel& kernel, const ProgramParams& params,
                                            const VerifierLog& log = {});
  // A descriptor for the loaded program of this id (Linux 4.13, CAP_SYS_ADMIN).
  // kNotFound where no program has it.
  [[nodiscard]] static Result<Program> FromId(Kernel& kernel, uint32_t id);

  Program(Program&&) noexcept = default;
  Program& operator=(Program&&) noexcept = default;

  [[nodiscard]] Result<ProgramInfo> Info() const;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] ProgType type() const { return type_; }
  // The verifier's log of a successful load; empty unless VerifierLog::level asked for one.
  [[nodiscard]] const std::string& log() const { return log_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] Kernel& kernel() const { return fd_.kernel(); }

 private:
  Program(Fd fd, std::string name, ProgType type, std::string log);

  Fd fd_;
  std::string name_;
  ProgType type_;
  std::string log_;
};

}  // namespace purebpf

#endif  // PUREBPF_BPF_PROGRAM_H_
