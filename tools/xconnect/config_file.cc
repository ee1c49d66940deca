#include "purebpf/tools/xconnect/config_file.h"

#include <cerrno>
#include <utility>

#include "purebpf/tools/xconnect/config.h"

namespace purebpf::xconnect {

Result<std::string> ReadConfigFile(Kernel& kernel, const std::string& path) {
  const SysResult<std::vector<std::byte>> bytes = kernel.ReadFile(path, kMaxConfigBytes);
  if (!bytes) {
    Error error = SystemError(bytes.error(), "read", path);
    if (error.sys_errno == EFBIG) error.detail = "larger than 1 MiB: no configuration file";
    return std::unexpected(std::move(error));
  }
  return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

}  // namespace purebpf::xconnect
