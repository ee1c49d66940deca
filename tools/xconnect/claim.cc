#include "purebpf/tools/xconnect/claim.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "purebpf/tools/xconnect/text.h"

namespace purebpf::xconnect {
namespace {

// A socket of that name, or the errno: EADDRINUSE where another process has it.
SysResult<int> Bind(uint32_t program_id) {
  const std::string name = "purebpf-xconnect/" + Decimal(program_id);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());  // behind a NUL: abstract
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::unexpected(Errno{errno});
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0) return fd;
  const Errno error{errno};
  close(fd);
  return std::unexpected(error);
}

}  // namespace

Result<Claim> Claim::Take(uint32_t program_id) {
  const SysResult<int> fd = Bind(program_id);
  if (!fd)
    return std::unexpected(SystemError(fd.error(), "claim program", "id " + Decimal(program_id)));
  return Claim(*fd);
}

Claim::~Claim() {
  if (fd_ >= 0) close(fd_);
}

bool IsClaimed(uint32_t program_id) {
  const SysResult<int> fd = Bind(program_id);
  if (fd) close(*fd);
  return !fd && fd.error().value == EADDRINUSE;
}

}  // namespace purebpf::xconnect
