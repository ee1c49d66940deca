// The files that stand for kernels which are not here.
#ifndef PUREBPF_TOOLS_PUREBPF_KERNEL_FILES_H_
#define PUREBPF_TOOLS_PUREBPF_KERNEL_FILES_H_

#include <string>
#include <vector>

#include "purebpf/bpf/function_ref.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/loader/target_kernel.h"

namespace purebpf::tool {

struct KernelFiles {
  std::string btf;                 // the kernel's types, and the name by which it is reported
  bool listed = false;             // found in a folder, which may hold other files too
  std::vector<ModuleBtf> modules;  // by file name: what may be their types, over the kernel's
  std::string kconfig;             // its configuration; empty: none is there
};

// What `path` names, one after the other, by name: a file itself; of a folder, the files in it and
// in its folders. Where one of a folder's files is "vmlinux", as in /sys/kernel/btf, those beside
// it that are types over others are its modules', and "config" is its configuration.
void EachKernel(Kernel& kernel, const std::string& path,
                FunctionRef<void(const KernelFiles&)> found);

}  // namespace purebpf::tool

#endif  // PUREBPF_TOOLS_PUREBPF_KERNEL_FILES_H_
