// The one error type of the library. An Error answers what a person asks: what was being done, to
// which object, what was found, what the kernel said, and what can be done about it.
//
// Callers branch on `code`; people read ToString(). Absence (a map key, a next key) is a value and
// never an Error.
#ifndef PUREBPF_BPF_ERROR_H_
#define PUREBPF_BPF_ERROR_H_

#if __cplusplus < 202100L
#error "purebpf needs C++23: compile with -std=c++23 (g++ 12, clang 19, or newer)"
#endif

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace purebpf {

enum class Code : uint8_t {
  kInvalidArgument,  // the caller asked for something that cannot be
  kMalformed,        // the input bytes (object file, message, fixture) are wrong
  kNotFound,         // a named thing (file, interface, program, map) is not there
  kConflict,         // something else is there already: EEXIST, EBUSY
  kPermission,       // EPERM, EACCES that is not the verifier's
  kRejected,         // by the kernel's verifier; `log` has its words
  kUnsupported,      // valid, but not on this kernel or not in this library
  kSystem,           // any other errno
};

// The field's name in lower case: "not found".
std::string_view CodeName(Code code);

struct [[nodiscard]] Error {
  Code code = Code::kSystem;
  std::string operation;  // "load program"
  std::string object;     // "count.o: xdp: count_packets", outermost first
  std::string detail;     // "sh_offset 0x400 + sh_size 0x90 ends past the file's 0x420 bytes"
  std::string hint;       // "needs CAP_BPF"; may be empty
  std::string log;        // the verifier's whole log, or the extended ack's text; may be empty
  int sys_errno = 0;      // 0 when no system call failed

  // One line: operation 'object': ERRNO (its text): detail; hint. The log is not in it.
  std::string ToString() const;

  // Puts `outer` in front of `object`, on the way up.
  [[gnu::cold]] Error Within(std::string_view outer) &&;
};

template <typename T = void>
using Result = std::expected<T, Error>;

// An error number as the kernel returned it, positive: ENOENT is 2.
struct Errno {
  int value = 0;
  bool operator==(const Errno&) const = default;
};

// What the system-call seam returns (bpf/kernel.h).
template <typename T = void>
using SysResult = std::expected<T, Errno>;

// "ENOENT", or "errno 4242" where the number is unknown.
std::string ErrnoName(int sys_errno);
// "No such file or directory", or "" where the number is unknown. No libc call, no locale.
std::string_view ErrnoText(int sys_errno);
// The number of "ENOENT"; nothing where the name is unknown.
std::optional<int> ErrnoNamed(std::string_view name);

// The code that fits an errno where nothing more is known.
Code CodeOf(Errno error);

// An Error for a failed system call; the code is CodeOf(error).
[[gnu::cold]] Error SystemError(Errno error, std::string_view operation, std::string_view object);

}  // namespace purebpf

#endif  // PUREBPF_BPF_ERROR_H_
