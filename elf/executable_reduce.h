// An executable file of which only a few functions are asked: its headers and those functions'
// symbols, some hundred bytes in the place of megabytes. For recordings.
#ifndef PUREBPF_ELF_EXECUTABLE_REDUCE_H_
#define PUREBPF_ELF_EXECUTABLE_REDUCE_H_

#include <cstddef>
#include <span>
#include <vector>

#include "purebpf/elf/executable.h"

namespace purebpf::elf {

// A file whose segments are those of `executable` and whose functions are `kept`, which are some of
// its own; EachFunction visits them in that order.
std::vector<std::byte> ReduceExecutable(const Executable& executable,
                                        std::span<const FunctionSymbol> kept);

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_EXECUTABLE_REDUCE_H_
