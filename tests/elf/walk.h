// Looks at everything that the parsers of elf/ give for some bytes: what sweeps and fuzzers do.
#ifndef PUREBPF_TESTS_ELF_WALK_H_
#define PUREBPF_TESTS_ELF_WALK_H_

#include <string>

#include "purebpf/elf/bytes.h"

namespace purebpf::elf {

struct Walk {
  bool parsed = false;
  std::string error;      // why not
  std::string violation;  // of a promise in file.h or btf.h: a defect of the parser; "" for none
};

Walk WalkFile(Bytes bytes);
Walk WalkBtf(Bytes bytes);

}  // namespace purebpf::elf

#endif  // PUREBPF_TESTS_ELF_WALK_H_
