// BPF programs: load, run on trial, pin, and what the kernel says of them. bpf/attach.h attaches
// them.
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
#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/fd.h"
#include "purebpf/bpf/insn.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf {

class Map;

// bpf_func_info or bpf_line_info records (include/uapi/linux/bpf.h), one behind the other.
struct InfoRecords {
  uint32_t record_size = 0;  // bytes; the kernel takes larger ones whose rest is zero
  std::vector<std::byte> records;

  bool operator==(const InfoRecords&) const = default;
};

// What BPF_PROG_LOAD needs.
struct ProgramParams {
  std::string name;  // the kernel keeps 15 characters: see KernelName() in bpf/map.h
  ProgType type = ProgType::kUnspec;
  AttachType expected_attach_type = AttachType{0};  // Linux 4.17; 0 where the type has none
  uint32_t flags = 0;                               // BPF_F_*, ProgFlag in bpf/abi.h
  std::string license;
  uint32_t kern_version = 0;  // only kprobes before Linux 5.0 are checked for it
  std::vector<Insn> insns;    // relocated: maps are descriptors
  // What functions and source lines are where, as types of the BTF behind btf_fd (-1: none). Left
  // out where the kernel refuses them. Linux 5.0.
  int btf_fd = -1;
  InfoRecords func_info;
  InfoRecords line_info;
  // The target of a tracing, LSM or freplace program: a type of the kernel's BTF, or of that which
  // attach_fd is (a module's, Linux 5.11) or has (a program's). Linux 5.5.
  uint32_t attach_btf_id = 0;
  int attach_fd = -1;
  // What kfunc calls (their off) and BPF_PSEUDO_MAP_IDX count in: BTF objects of modules, and maps.
  // Linux 5.14. `bind_fd_array` (6.14) binds all of them to the program, used or not.
  std::vector<int> fd_array;
  bool bind_fd_array = false;
  int token_fd = -1;     // of BPF_TOKEN_CREATE: who may not load programs may with it; Linux 6.9
  uint32_t ifindex = 0;  // of the device that runs it, or that it is bound to; Linux 4.15
  // The attach type is only said for kernels that know it (4.17): left out where it is refused.
  bool attach_type_optional = false;

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

// BPF_OBJ_GET_INFO_BY_FD (Linux 4.13); 0 and empty where the kernel is older than the field.
struct ProgramInfo {
  uint32_t id = 0;
  ProgType type = ProgType::kUnspec;
  std::string name;  // Linux 4.15
  // A hash over the instructions with the maps blanked. Equal code gives equal tags within one
  // kernel; the hash itself changed in Linux 6.18.
  std::array<uint8_t, 8> tag{};
  uint32_t translated_size = 0;    // bytes of the instructions after the verifier; 0 where hidden
  uint32_t jited_size = 0;         // bytes of machine code
  uint64_t load_time = 0;          // ns since boot; Linux 4.15, with the next two
  uint32_t created_by_uid = 0;     //
  uint32_t map_count = 0;          // see Program::MapIds
  bool gpl_compatible = false;     // Linux 4.18
  uint32_t ifindex = 0;            // Linux 4.16
  uint32_t btf_id = 0;             // Linux 5.0, with the next two
  uint32_t func_info_count = 0;    //
  uint32_t line_info_count = 0;    //
  uint64_t run_time = 0;           // ns, while statistics are enabled; Linux 5.1, with the next
  uint64_t run_count = 0;          //
  uint64_t recursion_misses = 0;   // Linux 5.12
  uint32_t verified_insns = 0;     // what the verifier walked; Linux 5.16
  uint32_t attach_btf_obj_id = 0;  // Linux 6.0, with the next
  uint32_t attach_btf_id = 0;      //

  bool operator==(const ProgramInfo&) const = default;
};

// What a program is given in a trial run. What its type has no use for the kernel refuses (EINVAL).
struct TestRunInput {
  Bytes data;               // a packet
  size_t data_room = 0;     // bytes for what becomes of the packet; 0: its own size and 256 more
  Bytes context;            // Linux 5.2: struct xdp_md, __sk_buff, the arguments of a tracepoint
  size_t context_room = 0;  // bytes for what becomes of the context
  uint32_t repeat = 0;      // times; 0 is 1
  uint32_t flags = 0;       // TestRunFlag in bpf/abi.h; Linux 5.10
  uint32_t cpu = 0;         // with kTestRunOnCpu
  uint32_t batch_size = 0;  // with kTestXdpLiveFrames
};

struct TestRunResult {
  uint32_t retval = 0;             // what the program returned
  uint32_t duration = 0;           // ns of one run, on average
  std::vector<std::byte> data;     // what fitted of
  uint32_t data_size = 0;          // the packet after the run
  std::vector<std::byte> context;  // the same of the context
  uint32_t context_size = 0;
};

// What a program printed with bpf_stream_printk, or the kernel about it.
enum class ProgramStream : uint32_t { kOut = 1, kError = 2 };

class Program {
 public:
  // Errors: kRejected (the verifier: `log` is its whole log, `detail` the line that tells),
  // kPermission (needs CAP_BPF, and CAP_NET_ADMIN or CAP_PERFMON for most types), kInvalidArgument,
  // kUnsupported (e.g. a type that this kernel lacks), kSystem.
  // One BPF_PROG_LOAD where it succeeds and no log is asked for. After a failure one more with a
  // log, and more where the log has to grow. Where the kernel refuses what it is given besides the
  // instructions, the same again without: func_info and line_info, an optional attach type, a dot
  // in the name (before Linux 5.2), the name (before 4.15).
  [[nodiscard]] static Result<Program> Load(Kernel& kernel, const ProgramParams& params,
                                            const VerifierLog& log = {});
  // A descriptor for the loaded program of this id (Linux 4.13, CAP_SYS_ADMIN).
  // kNotFound where no program has it.
  [[nodiscard]] static Result<Program> FromId(Kernel& kernel, uint32_t id);
  // The program behind a pin (Linux 4.4), or behind a descriptor, which is taken over (and closed
  // on failure). kInvalidArgument where it is no program. Both read its /proc/self/fdinfo too.
  [[nodiscard]] static Result<Program> FromPin(Kernel& kernel, const std::string& path);
  [[nodiscard]] static Result<Program> FromFd(Kernel& kernel, int fd);

  Program(Program&&) noexcept = default;
  Program& operator=(Program&&) noexcept = default;

  [[nodiscard]] Result<ProgramInfo> Info() const;
  // The ids of the maps that it uses or is bound to (Linux 4.15), its instructions after the
  // verifier (empty where the kernel hides them). Two calls.
  [[nodiscard]] Result<std::vector<uint32_t>> MapIds() const;
  [[nodiscard]] Result<std::vector<Insn>> Translated() const;

  // A name in a BPF file system, which keeps the program when nobody else does (Linux 4.4).
  // kConflict where the path is taken. Unpin removes the name, whatever it stands for.
  Result<void> Pin(const std::string& path) const;
  static Result<void> Unpin(Kernel& kernel, const std::string& path);
  // A second handle for the same program.
  [[nodiscard]] Result<Program> Duplicate() const;

  // Runs it without attaching it (Linux 4.12): one call, whatever the program returns.
  // kUnsupported where its type cannot be run so.
  [[nodiscard]] Result<TestRunResult> TestRun(const TestRunInput& input) const;
  // Keeps `map` as long as the program lives, and shows it among its maps (Linux 5.10).
  Result<void> BindMap(const Map& map) const;
  // What it printed since it was last asked; empty where nothing is there (Linux 6.17).
  [[nodiscard]] Result<std::string> ReadStream(ProgramStream stream) const;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] ProgType type() const { return type_; }
  // What it was loaded with; 0 where it was opened, which the kernel does not tell.
  [[nodiscard]] AttachType expected_attach_type() const { return expected_attach_type_; }
  // The verifier's log of a successful load; empty unless VerifierLog::level asked for one.
  [[nodiscard]] const std::string& log() const { return log_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] Kernel& kernel() const { return fd_.kernel(); }

 private:
  Program(Fd fd, std::string name, ProgType type, std::string log);
  static Result<Program> Opened(Fd fd, std::string object);

  Fd fd_;
  std::string name_;
  ProgType type_;
  AttachType expected_attach_type_ = AttachType{0};
  std::string log_;
};

}  // namespace purebpf

#endif  // PUREBPF_BPF_PROGRAM_H_
