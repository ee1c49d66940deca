// The kernel's functions, as tracefs lists them.
#ifndef PUREBPF_LOADER_INTERNAL_ATTACH_KERNEL_FUNCTIONS_H_
#define PUREBPF_LOADER_INTERNAL_ATTACH_KERNEL_FUNCTIONS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf::internal {

// By address where the kernel tells addresses (Linux 6.5), so that functions of one name are all
// there; else by name, each once. One of the two is empty.
struct KernelFunctions {
  std::vector<uint64_t> addresses;
  std::vector<std::string> names;
};

// Those that `pattern` matches, of the functions that may be traced. kNotFound where none does, or
// where tracefs is not mounted; kInvalidArgument where there are more than the kernel takes.
Result<KernelFunctions> FindKernelFunctions(Kernel& kernel, std::string_view pattern);

// "; near it: vfs_reader", or "" where there is nothing near, or tracefs does not tell.
std::string NearKernelFunctions(Kernel& kernel, std::string_view name);

// The same of a tracepoint; where tracefs is not mounted, that is said.
std::string NearTracepoints(Kernel& kernel, const std::string& group, const std::string& name);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_ATTACH_KERNEL_FUNCTIONS_H_
