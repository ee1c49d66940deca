// The program of docs/SKELETON.md.
#ifndef PUREBPF_TESTS_SKELETON_PAGE_H_
#define PUREBPF_TESTS_SKELETON_PAGE_H_

#include <cstdint>

#include "purebpf/bpf/error.h"

purebpf::Result<uint64_t> CountPackets();

#endif  // PUREBPF_TESTS_SKELETON_PAGE_H_
