// The configuration file as it is on the disk now.
#ifndef PUREBPF_TOOLS_XCONNECT_CONFIG_FILE_H_
#define PUREBPF_TOOLS_XCONNECT_CONFIG_FILE_H_

#include <string>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf::xconnect {

// Its text, whatever it says. An Error where it cannot be read or is larger than 1 MiB.
[[nodiscard]] Result<std::string> ReadConfigFile(Kernel& kernel, const std::string& path);

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_CONFIG_FILE_H_
