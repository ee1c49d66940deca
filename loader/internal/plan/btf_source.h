// Where a kernel's types may be found on disk, and how they are got out of a file.
#ifndef PUREBPF_LOADER_INTERNAL_PLAN_BTF_SOURCE_H_
#define PUREBPF_LOADER_INTERNAL_PLAN_BTF_SOURCE_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"

namespace purebpf::internal {

// The BTF in `file`: all of it, where it begins as BTF does; of an ELF file of 64 bits (vmlinux, a
// module) its section .BTF. kMalformed; kUnsupported for an ELF file of 32 bits or a compressed
// section; kNotFound where it has no such section, and where it is neither.
[[nodiscard]] Result<Bytes> RawBtf(Bytes file);

// Files in which distributions have the vmlinux of a release, the likeliest first.
[[nodiscard]] std::vector<std::string> VmlinuxPaths(std::string_view release);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_PLAN_BTF_SOURCE_H_
