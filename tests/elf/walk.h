// Looks at everything that the parsers of elf/ give for some bytes: what sweeps and fuzzers do.
#ifndef PUREBPF_TESTS_ELF_WALK_H_
#define PUREBPF_TESTS_ELF_WALK_H_

#include <string>

#include "purebpf/elf/bytes.h"

namespace purebpf::elf {

struct Walk {
  bool parsed = false;
  std::string error;      // why not
  std::string violation;  // of a promise in file.h or btf*.h: a defect of the parser; "" for none
};

Walk WalkFile(Bytes bytes);  // and its .BTF and .BTF.ext, without what follows
// Every accessor on every type, parsed and indexed; then writes it again in both byte orders,
// sanitises and reduces it, and searches its own names.
Walk WalkBtf(Bytes bytes);
// The accessors alone, for what is too large or too many.
Walk WalkBtfLightly(Bytes bytes);
// The functions of an executable file, and again of what it is reduced to.
Walk WalkExecutable(Bytes bytes);
// The three parts of a .BTF.ext that belongs to these types.
Walk WalkBtfExt(Bytes types, Bytes extension);

}  // namespace purebpf::elf

#endif  // PUREBPF_TESTS_ELF_WALK_H_
