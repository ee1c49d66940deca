// Gzip files unpacked: /proc/config.gz. Pure.
// Source: RFC 1951 (DEFLATE), RFC 1952 (gzip).
#ifndef PUREBPF_LOADER_INTERNAL_INFLATE_H_
#define PUREBPF_LOADER_INTERNAL_INFLATE_H_

#include <cstddef>
#include <vector>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"

namespace purebpf::internal {

// The first member of a gzip file; its checksum and length are checked. Any bytes give contents of
// at most `max_bytes` or an Error (kMalformed, which says at which byte). Takes time in proportion
// to what goes in and what comes out.
[[nodiscard]] Result<std::vector<std::byte>> Gunzip(Bytes file, size_t max_bytes);

// Whether `file` begins as a gzip file does.
bool IsGzip(Bytes file);

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_INFLATE_H_
