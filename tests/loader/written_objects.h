// Objects that no compiler of Debian's makes, written instruction by instruction.
#ifndef PUREBPF_TESTS_LOADER_WRITTEN_OBJECTS_H_
#define PUREBPF_TESTS_LOADER_WRITTEN_OBJECTS_H_

#include <cstddef>
#include <vector>

namespace purebpf::testing {

// An arena of two pages with two global variables of 4 bytes, 1 and "number", which is 7. The
// socket filter "program" returns "number" and sets it to 42.
std::vector<std::byte> ArenaObject();

// The socket filter "program" returns 1 for a packet of an even length, 2 for others, by a jump
// table whose entries lead to its instructions 8 and 10.
std::vector<std::byte> JumpTableObject();

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_LOADER_WRITTEN_OBJECTS_H_
