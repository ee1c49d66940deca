// Places in executable files and shared libraries.
#ifndef PUREBPF_LOADER_INTERNAL_ATTACH_EXECUTABLE_PLACES_H_
#define PUREBPF_LOADER_INTERNAL_ATTACH_EXECUTABLE_PLACES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf::internal {

struct FilePlaces {
  std::string path;
  std::vector<uint64_t> offsets;  // in the file, ascending; at least one
};

// "FILE:FUNCTION" or "FILE:FUNCTION+OFFSET" (unless `whole`): one offset.
// kInvalidArgument where it reads otherwise; kNotFound: no such file or function, or it is another
// file's; kConflict: several of that name; kMalformed, kUnsupported: the file.
Result<FilePlaces> FindFilePlace(Kernel& kernel, std::string_view text, bool whole);

// "FILE:FUNCTION" or "FILE:PATTERN": an offset for each function. The same errors.
Result<FilePlaces> FindFilePlaces(Kernel& kernel, std::string_view text);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_ATTACH_EXECUTABLE_PLACES_H_
