// An object file that a verb works on.
#ifndef PUREBPF_TOOLS_PUREBPF_OBJECT_FILE_H_
#define PUREBPF_TOOLS_PUREBPF_OBJECT_FILE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/loader/collection_spec.h"

namespace purebpf::tool {

struct ObjectFile {
  std::vector<std::byte> bytes;
  CollectionSpec spec;
};

// The Error names the file.
[[nodiscard]] Result<ObjectFile> OpenObject(Kernel& kernel, const std::string& path);

}  // namespace purebpf::tool

#endif  // PUREBPF_TOOLS_PUREBPF_OBJECT_FILE_H_
