// The header that a C++ program includes to use one BPF object: its bytes, its types, and typed
// members for its maps, programs and variables (loader/skeleton.h). A pure function of the object.
#ifndef PUREBPF_TOOLS_SKELETON_SKELETON_H_
#define PUREBPF_TOOLS_SKELETON_SKELETON_H_

#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"

namespace purebpf::skeleton {

struct SkeletonOptions {
  // What the object is called: the start of its data maps' names in the kernel, and the header's
  // namespace where none is given.
  std::string name;
  std::string name_space;  // "a::b"; empty: the name, as an identifier
  // How the header is included, where the object's bytes are to be in a source of their own. Empty:
  // they are in the header.
  std::string include;
  // Types of C that are wanted besides those of maps and variables: records of ring buffers whose
  // definition does not name them.
  std::vector<std::string> types;
};

struct SkeletonText {
  std::string header;
  std::string source;  // empty without SkeletonOptions::include
};

// "count" of "build/count.bpf.o": what SkeletonOptions::name is where nobody says.
[[nodiscard]] std::string SkeletonName(std::string_view path);

// Any bytes give text or an Error: what CollectionSpec::Parse says; kInvalidArgument for a
// namespace that is none, kUnsupported for another byte order than this machine's, and for types
// that repeat each other so often that their text would be out of all proportion.
[[nodiscard]] Result<SkeletonText> WriteSkeleton(Bytes object, const SkeletonOptions& options);

}  // namespace purebpf::skeleton

#endif  // PUREBPF_TOOLS_SKELETON_SKELETON_H_
