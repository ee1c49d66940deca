#include "purebpf/bpf/error.h"

#include <cerrno>
#include <utility>

namespace purebpf {
namespace {

struct ErrnoRow {
  int number;
  std::string_view name;
  std::string_view text;
};

// include/uapi/asm-generic/errno-base.h and errno.h: the numbers of x86, arm, riscv and most
// others (alpha, mips, parisc and sparc differ, and HostKernel does not know them). The last rows
// are include/linux/errno.h: never meant for user space, but bpf(2) does answer ENOTSUPP.
constexpr ErrnoRow kErrnoRows[] = {
    {1, "EPERM", "Operation not permitted"},
    {2, "ENOENT", "No such file or directory"},
    {3, "ESRCH", "No such process"},
    {4, "EINTR", "Interrupted system call"},
    {5, "EIO", "Input/output error"},
    {6, "ENXIO", "No such device or address"},
    {7, "E2BIG", "Argument list too long"},
    {8, "ENOEXEC", "Exec format error"},
    {9, "EBADF", "Bad file descriptor"},
    {10, "ECHILD", "No child processes"},
    {11, "EAGAIN", "Resource temporarily unavailable"},
    {12, "ENOMEM", "Cannot allocate memory"},
    {13, "EACCES", "Permission denied"},
    {14, "EFAULT", "Bad address"},
    {15, "ENOTBLK", "Block device required"},
    {16, "EBUSY", "Device or resource busy"},
    {17, "EEXIST", "File exists"},
    {18, "EXDEV", "Invalid cross-device link"},
    {19, "ENODEV", "No such device"},
    {20, "ENOTDIR", "Not a directory"},
    {21, "EISDIR", "Is a directory"},
    {22, "EINVAL", "Invalid argument"},
    {23, "ENFILE", "Too many open files in system"},
    {24, "EMFILE", "Too many open files"},
    {25, "ENOTTY", "Inappropriate ioctl for device"},
    {26, "ETXTBSY", "Text file busy"},
    {27, "EFBIG", "File too large"},
    {28, "ENOSPC", "No space left on device"},
    {29, "ESPIPE", "Illegal seek"},
    {30, "EROFS", "Read-only file system"},
    {31, "EMLINK", "Too many links"},
    {32, "EPIPE", "Broken pipe"},
    {33, "EDOM", "Numerical argument out of domain"},
    {34, "ERANGE", "Numerical result out of range"},
    {35, "EDEADLK", "Resource deadlock avoided"},
    {36, "ENAMETOOLONG", "File name too long"},
    {37, "ENOLCK", "No locks available"},
    {38, "ENOSYS", "Function not implemented"},
    {39, "ENOTEMPTY", "Directory not empty"},
    {40, "ELOOP", "Too many levels of symbolic links"},
    {42, "ENOMSG", "No message of desired type"},
    {43, "EIDRM", "Identifier removed"},
    {60, "ENOSTR", "Device not a stream"},
    {61, "ENODATA", "No data available"},
    {62, "ETIME", "Timer expired"},
    {63, "ENOSR", "Out of streams resources"},
    {67, "ENOLINK", "Link has been severed"},
    {71, "EPROTO", "Protocol error"},
    {74, "EBADMSG", "Bad message"},
    {75, "EOVERFLOW", "Value too large for defined data type"},
    {76, "ENOTUNIQ", "Name not unique on network"},
    {77, "EBADFD", "File descriptor in bad state"},
    {84, "EILSEQ", "Invalid or incomplete multibyte or wide character"},
    {85, "ERESTART", "Interrupted system call should be restarted"},
    {87, "EUSERS", "Too many users"},
    {88, "ENOTSOCK", "Socket operation on non-socket"},
    {89, "EDESTADDRREQ", "Destination address required"},
    {90, "EMSGSIZE", "Message too long"},
    {91, "EPROTOTYPE", "Protocol wrong type for socket"},
    {92, "ENOPROTOOPT", "Protocol not available"},
    {93, "EPROTONOSUPPORT", "Protocol not supported"},
    {94, "ESOCKTNOSUPPORT", "Socket type not supported"},
    {95, "EOPNOTSUPP", "Operation not supported"},
    {96, "EPFNOSUPPORT", "Protocol family not supported"},
    {97, "EAFNOSUPPORT", "Address family not supported by protocol"},
    {98, "EADDRINUSE", "Address already in use"},
    {99, "EADDRNOTAVAIL", "Cannot assign requested address"},
    {100, "ENETDOWN", "Network is down"},
    {101, "ENETUNREACH", "Network is unreachable"},
    {102, "ENETRESET", "Network dropped connection on reset"},
    {103, "ECONNABORTED", "Software caused connection abort"},
    {104, "ECONNRESET", "Connection reset by peer"},
    {105, "ENOBUFS", "No buffer space available"},
    {106, "EISCONN", "Transport endpoint is already connected"},
    {107, "ENOTCONN", "Transport endpoint is not connected"},
    {110, "ETIMEDOUT", "Connection timed out"},
    {111, "ECONNREFUSED", "Connection refused"},
    {112, "EHOSTDOWN", "Host is down"},
    {113, "EHOSTUNREACH", "No route to host"},
    {114, "EALREADY", "Operation already in progress"},
    {115, "EINPROGRESS", "Operation now in progress"},
    {116, "ESTALE", "Stale file handle"},
    {122, "EDQUOT", "Disk quota exceeded"},
    {125, "ECANCELED", "Operation canceled"},
    {126, "ENOKEY", "Required key not available"},
    {127, "EKEYEXPIRED", "Key has expired"},
    {128, "EKEYREVOKED", "Key has been revoked"},
    {129, "EKEYREJECTED", "Key was rejected by service"},
    {133, "EHWPOISON", "Memory page has hardware error"},
    {512, "ERESTARTSYS", "Interrupted system call should be restarted"},
    {524, "ENOTSUPP", "Operation is not supported"},
};

// include/linux/errno.h, which no libc has.
constexpr int kEnotsupp = 524;

const ErrnoRow* FindErrno(int number) {
  for (const ErrnoRow& row : kErrnoRows)
    if (row.number == number) return &row;
  return nullptr;
}

// Names come from files: no control character of theirs may reach a terminal, or break the line.
void AppendVisible(std::string& line, std::string_view text) {
  const auto is_control = [](unsigned char c) { return c < ' ' || c == 0x7f; };
  for (const char c : text) line += is_control(static_cast<unsigned char>(c)) ? '?' : c;
}

}  // namespace

std::string_view CodeName(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
      return "invalid argument";
    case Code::kMalformed:
      return "malformed";
    case Code::kNotFound:
      return "not found";
    case Code::kConflict:
      return "conflict";
    case Code::kPermission:
      return "permission";
    case Code::kRejected:
      return "rejected";
    case Code::kUnsupported:
      return "unsupported";
    case Code::kSystem:
      return "system";
  }
  return "unknown";
}

std::string Error::ToString() const {
  std::string line;
  AppendVisible(line, operation);
  if (!object.empty()) {
    if (!line.empty()) line += ' ';
    // "program 'count'" stands without quotes of its own.
    const std::string_view quote = object.contains('\'') ? "" : "'";
    line += quote;
    AppendVisible(line, object);
    line += quote;
  }
  const auto add = [&line](std::string_view separator, std::string_view text) {
    if (!line.empty()) line += separator;
    AppendVisible(line, text);
  };
  if (sys_errno != 0) {
    add(": ", ErrnoName(sys_errno));
    const std::string_view text = ErrnoText(sys_errno);
    if (!text.empty()) line.append(" (").append(text).append(")");
  }
  if (!detail.empty()) add(": ", detail);
  // Something must be said of what went wrong.
  if (sys_errno == 0 && detail.empty()) add(": ", CodeName(code));
  if (!hint.empty()) add("; ", hint);
  return line;
}

Error Error::Within(std::string_view outer) && {
  if (object.empty()) {
    object = outer;
  } else if (!outer.empty()) {
    object.insert(0, ": ").insert(0, outer);
  }
  return std::move(*this);
}

std::string ErrnoName(int sys_errno) {
  const ErrnoRow* row = FindErrno(sys_errno);
  if (row != nullptr) return std::string(row->name);
  return "errno " + std::to_string(sys_errno);
}

std::string_view ErrnoText(int sys_errno) {
  const ErrnoRow* row = FindErrno(sys_errno);
  return row == nullptr ? std::string_view() : row->text;
}

std::optional<int> ErrnoNamed(std::string_view name) {
  for (const ErrnoRow& row : kErrnoRows)
    if (row.name == name) return row.number;
  return std::nullopt;
}

Code CodeOf(Errno error) {
  switch (error.value) {
    case EINVAL:
      return Code::kInvalidArgument;
    case ENOENT:
    case ESRCH:
    case ENXIO:
    case ENODEV:
      return Code::kNotFound;
    case EEXIST:
    case EBUSY:
      return Code::kConflict;
    case EPERM:
    case EACCES:
      return Code::kPermission;
    case ENOSYS:
    case ENOPROTOOPT:
    case EPROTONOSUPPORT:
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
    case kEnotsupp:
      return Code::kUnsupported;
    default:
      return Code::kSystem;
  }
}

Error SystemError(Errno error, std::string_view operation, std::string_view object) {
  return {.code = CodeOf(error),
          .operation = std::string(operation),
          .object = std::string(object),
          .sys_errno = error.value};
}

}  // namespace purebpf
