// A fixture: a recorded conversation with a kernel, as text for people.
//
//   purebpf fixture 1
//   kernel 6.12.0
//   arch x86_64
//   about load and attach xconnect
//
//   BPF_MAP_CREATE map_type=BPF_MAP_TYPE_ARRAY key_size=4 value_size=8 max_entries=1 = map:1
//   BPF_MAP_LOOKUP_ELEM map_fd=map:1 key=hex:01000000 = ENOENT (No such file or directory)
//   BPF_PROG_LOAD prog_type=BPF_PROG_TYPE_XDP insn_cnt=2 license="GPL" = prog:1
//       insns
//           0: b7 00 0000 02000000  # r0 = 2
//           1: 95 00 0000 00000000  # exit
//
// One call a line: the verb, what the caller passed, " = ", what the kernel answered, and what it
// wrote. What is too long for the line follows in blocks, indented by 4 for each level; one that
// starts with "= " is the kernel's. "#" starts a comment. A value after "~" is shown but not
// compared. docs/TESTING.md has the whole grammar.
//
// Pure: text in, values out. Parsing what was written and writing it again gives the same text.
#ifndef PUREBPF_BPF_TESTING_FIXTURE_H_
#define PUREBPF_BPF_TESTING_FIXTURE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/bpf/error.h"

namespace purebpf::testing {

// The newest format that is understood here.
inline constexpr int kFixtureVersion = 1;

// One "name=value"; the name may be empty. The value is as written: quoted, a token, a number.
struct Field {
  std::string name;
  std::string value;

  bool operator==(const Field&) const = default;
};

// One line below a call, and what is indented below it.
struct Block {
  bool answered = false;  // the kernel's: written after "= "
  std::string head;       // the first word where it is no field; may be empty
  std::vector<Field> fields;
  std::string comment;
  std::vector<Block> blocks;
};

// One call.
struct Call {
  std::string verb;
  std::vector<Field> inputs;
  std::string result;  // a token, a number, or the name of an errno; empty: it has none
  std::vector<Field> outputs;
  std::vector<Block> blocks;  // what did not fit the line
  std::string comment;
  std::vector<std::string> before;  // comment lines above it, without "# "
  size_t line = 0;                  // in the text that it was parsed from, from 1
};

// Bytes that a value "blob:NAME" stands for. The name is the hash of the bytes.
struct Blob {
  size_t size = 0;
  std::vector<std::string> lines;  // of hexadecimal digits, with repeats
};

// The machine that this was built for, as uname(2) calls it: a fixture's "arch".
[[nodiscard]] std::string_view Architecture();

struct Fixture {
  std::string kernel;  // uname(2)'s release
  std::string arch;    // "x86_64"
  std::string about;   // what was recorded
  std::vector<Call> calls;
  std::vector<std::string> after;  // comment lines below the last call
  std::vector<std::pair<std::string, Blob>> blobs;
};

// kMalformed: the text is no fixture; the detail names the line. kUnsupported: a newer format.
[[nodiscard]] Result<Fixture> ParseFixture(std::string_view text);

[[nodiscard]] std::string WriteFixture(const Fixture& fixture);
// One call with its blocks, without a blob's bytes.
[[nodiscard]] std::string WriteCall(const Call& call);

}  // namespace purebpf::testing

#endif  // PUREBPF_BPF_TESTING_FIXTURE_H_
