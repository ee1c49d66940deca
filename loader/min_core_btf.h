// The part of a kernel's types that objects need: for kernels without CONFIG_DEBUG_INFO_BTF, whose
// types are then carried along with the objects, some kilobytes for each kernel instead of
// megabytes.
//
//   auto least = MinCoreBtf({&spec, 1}, vmlinux_btf);       // where the whole is at hand
//   LoadOptions options;
//   options.kernel.btf = std::move(*least);                 // where the objects are loaded
#ifndef PUREBPF_LOADER_MIN_CORE_BTF_H_
#define PUREBPF_LOADER_MIN_CORE_BTF_H_

#include <cstddef>
#include <span>
#include <vector>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/loader/collection_spec.h"

namespace purebpf {

// Raw BTF with which the CO-RE relocations of all programs in `specs` resolve to the same values
// and absences as with `kernel`, raw BTF itself; but for ids of types in the kernel, which mean
// nothing without the whole. Of structs it has the members that are asked for, with their offsets,
// and the structs' sizes. Only relocations are served: a program whose attach target or extern is
// found by its type needs the whole. kMalformed where the types of the kernel or of an object
// cannot be read. Memory and time are bounded by those of resolving.
[[nodiscard]] Result<std::vector<std::byte>> MinCoreBtf(std::span<const CollectionSpec> specs,
                                                        Bytes kernel);

}  // namespace purebpf

#endif  // PUREBPF_LOADER_MIN_CORE_BTF_H_
